"""What structures say of themselves, what the team answered, what invited them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Registration(Base):
    """What a structure says of itself through the form, until and after the team has decided."""

    __tablename__ = "registration"
    id: Mapped[int] = mapped_column(primary_key=True)
    # '' for a structure that is being created.
    siret: Mapped[str] = mapped_column(index=True)
    answers: Mapped[dict[str, Any]]
    # unconfirmed, pending, asked, accepted, refused, replaced
    state: Mapped[str] = mapped_column(default="pending", index=True)
    received_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    mention_id: Mapped[int | None] = mapped_column(ForeignKey("mention.id"))
    # Who speaks for the structure: the address that was written to; erased when it serves no more.
    email: Mapped[str] = mapped_column(default="", index=True, server_default="")
    confirmed_at: Mapped[datetime | None]
    # One undecided registration per structure and address: NULL once it is decided.
    open_key: Mapped[str | None] = mapped_column(unique=True)
    # The work the visitor's browser proved: it serves once. NULL without JavaScript.
    proof: Mapped[str | None] = mapped_column(unique=True)
    # A digest of the six digits sent to the address, how often they were tried, and until when.
    code: Mapped[str] = mapped_column(default="", server_default="")
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    code_until: Mapped[datetime | None]
    # The slug of the invitation that brought it.
    campaign: Mapped[str] = mapped_column(default="", server_default="")
    # When it was last asked whether what it says still holds.
    asked_at: Mapped[datetime | None]


class Ruling(Base):
    """One thing the team decided of a registration; it outlives it, without personal data."""

    __tablename__ = "ruling"
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(index=True)
    siret: Mapped[str]
    # accepted, asked, refused, withdrawn
    action: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    by: Mapped[str]
    at: Mapped[datetime]


class Campaign(Base):
    """A printed invitation to register, for an event or a segment of purchases."""

    __tablename__ = "campaign"
    slug: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    # The code of a family or of a segment, '' for all.
    segment: Mapped[str] = mapped_column(default="")
    event_on: Mapped[date | None]
    created_at: Mapped[datetime]
    # How often its address was opened.
    opened: Mapped[int] = mapped_column(default=0)
