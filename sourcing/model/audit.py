"""Who did what that others may have to account for."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class AuditEntry(Base):
    """One gesture: never changed; erased when it is older than the privacy page says."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
