"""Purchases to come, what was told of them, and who follows them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import CODE, Base


class Purchase(Base):
    """A purchase the authority means to make; nothing of it binds her."""

    __tablename__ = "purchase"
    id: Mapped[int] = mapped_column(primary_key=True)
    # What addresses, calendars and feeds call it.
    uid: Mapped[str] = mapped_column(unique=True)
    object: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    segment: Mapped[str] = mapped_column(CODE, default="", index=True)
    # A code of purchases.BANDS, '' when it is not said.
    band: Mapped[str] = mapped_column(default="")
    # "2027-T1"
    quarter: Mapped[str] = mapped_column(CODE, index=True)
    months: Mapped[int | None]
    place: Mapped[str] = mapped_column(default="")
    # A code of purchases.RESERVED, '' for an open one.
    reserved: Mapped[str] = mapped_column(default="")
    is_innovative: Mapped[bool] = mapped_column(default=False)
    # Who is to be told beyond the page: codes of purchases.PARTNERS.
    partners: Mapped[list[Any]]
    # A function's address, shown to everybody.
    contact: Mapped[str] = mapped_column(default="")
    # A code of purchases.STATES
    state: Mapped[str] = mapped_column(default="planned")
    # Where the notice is, once published.
    link: Mapped[str] = mapped_column(default="")
    is_public: Mapped[bool] = mapped_column(default=False, index=True)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PurchaseNote(Base):
    """Something told to everybody alike: on the page, and to each who follows."""

    __tablename__ = "purchase_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    purchase_id: Mapped[int] = mapped_column(
        ForeignKey("purchase.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Interest(Base):
    """Someone who said "intéressé"; seen by the buyers only."""

    __tablename__ = "interest"
    __table_args__ = (UniqueConstraint("purchase_id", "email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(index=True)
    siret: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    line: Mapped[str] = mapped_column(default="")
    consent: Mapped[str]
    created_at: Mapped[datetime]
    # NULL until the address is confirmed: nobody sees it before.
    confirmed_at: Mapped[datetime | None]


class Follower(Base):
    """An address that asked to be told of the purchases of some segments."""

    __tablename__ = "follower"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    # Codes of families; empty for all.
    families: Mapped[list[Any]]
    consent: Mapped[str]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    # What was chosen later and waits for its own confirmation.
    wanted: Mapped[list[Any]]
