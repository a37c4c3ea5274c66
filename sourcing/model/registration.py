"""What structures say of themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Registration(Base):
    """What a structure says of itself through the form, until and after the team has decided."""

    __tablename__ = "registration"
    id: Mapped[int] = mapped_column(primary_key=True)
    siret: Mapped[str] = mapped_column(index=True)
    answers: Mapped[dict[str, Any]]
    # pending, accepted, refused
    state: Mapped[str] = mapped_column(default="pending", index=True)
    received_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    mention_id: Mapped[int | None] = mapped_column(ForeignKey("mention.id"))
