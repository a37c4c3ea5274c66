"""The outbox: letters that wait to be sent, and the trace of those that were."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Message(Base):
    """A letter, written in the transaction of what it tells; emptied once it is sent."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    # Which letter: the name of its template.
    kind: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    headers: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    # NULL once it is sent, or given up.
    next_try_at: Mapped[datetime | None] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    # What the server answered last, without any address.
    error: Mapped[str] = mapped_column(default="")
