"""The rules of purchase law that an administrator wrote over ours."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class LawRule(Base):
    """One value of one rule from a day on; the same code and day as one of ours replaces it."""

    __tablename__ = "law_rule"
    code: Mapped[str] = mapped_column(primary_key=True)
    # "" when it always held
    since: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str]
    label: Mapped[str]
    value: Mapped[float | None]
    unit: Mapped[str]
    ends_on: Mapped[date | None]
    article: Mapped[str]
    source: Mapped[str]
    is_verified: Mapped[bool]
    note: Mapped[str]
    edited_by: Mapped[str]
    edited_at: Mapped[datetime]
