"""The buyer's work: her basket, her sourcing files and all that is done on them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import CODE, Base


class BasketItem(Base):
    """A supplier a person put aside, and the search it came from."""

    __tablename__ = "basket_item"
    __table_args__ = (UniqueConstraint("person_id", "uid"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    uid: Mapped[str] = mapped_column(CODE)
    asked: Mapped[str]  # the arguments of the search's address, '' from a sheet
    added_at: Mapped[datetime]


class Dossier(Base):
    """A sourcing file: a need, and the trace of how its suppliers were sought and met."""

    __tablename__ = "dossier"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    need: Mapped[str] = mapped_column(default="")
    segment: Mapped[str] = mapped_column(CODE, default="")
    place: Mapped[str] = mapped_column(default="")
    estimate_eur: Mapped[float | None]
    # Until when suppliers may answer, and when the consultation should be published.
    answers_by: Mapped[date | None]
    launch_on: Mapped[date | None]
    # What every supplier is told, the same for all, and the questions: [{code, text}].
    information: Mapped[str] = mapped_column(default="")
    questions: Mapped[list[Any]]
    # What the sourcing taught for the need: lots, reservation, clauses.
    lessons: Mapped[str] = mapped_column(default="")
    organisation: Mapped[str] = mapped_column(default="", index=True)
    # open, launched (no more exchange with suppliers), closed (frozen)
    state: Mapped[str] = mapped_column(default="open")
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    launched_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class DossierShare(Base):
    """Another organisation whose buyers work on the file, and whose readers read it."""

    __tablename__ = "dossier_share"
    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("dossier.id", ondelete="CASCADE"), primary_key=True
    )
    organisation: Mapped[str] = mapped_column(primary_key=True, index=True)


class DossierQuery(Base):
    """A search that fed the file, as it was asked: criteria, order, count, how old the data."""

    __tablename__ = "dossier_query"
    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("dossier.id", ondelete="CASCADE"), index=True
    )
    asked: Mapped[str]
    sentence: Mapped[str]
    ordering: Mapped[str]
    total: Mapped[int]
    sources: Mapped[list[Any]]  # [[title, ISO date]]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]


class Panelist(Base):
    """A supplier of the file. Its name and address are read from the supplier: masked if it is."""

    __tablename__ = "panelist"
    __table_args__ = (UniqueConstraint("dossier_id", "supplier_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id", ondelete="CASCADE"))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    query_id: Mapped[int | None] = mapped_column(ForeignKey("dossier_query.id"))
    # Why it was found, then why it is kept or dropped.
    because: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    # found, contacted, answered, met, dropped
    state: Mapped[str] = mapped_column(default="found")
    added_at: Mapped[datetime]
    # When it was told of the need, and the digest of what it was told.
    sent_at: Mapped[datetime | None]
    sent_digest: Mapped[str] = mapped_column(default="")
    # The letter that told it, as long as the outbox remembers it; NULL when it has no address.
    message_id: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    answers: Mapped[dict[str, Any]]  # question code -> text


class Act(Base):
    """Something done on a file: never changed, never removed, sealed with the act before it."""

    __tablename__ = "dossier_act"
    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("dossier.id", ondelete="CASCADE"), index=True
    )
    panelist_id: Mapped[int | None] = mapped_column(ForeignKey("panelist.id"))
    kind: Mapped[str]
    # Never a supplier's name: the panelist gives it, masked when it must be.
    text: Mapped[str]
    # Business secrecy: read in the file, left out of what is handed over.
    is_confidential: Mapped[bool] = mapped_column(default=False)
    author: Mapped[str]
    at: Mapped[datetime]
    digest: Mapped[str]


class Document(Base):
    """A file attached to a sourcing file."""

    __tablename__ = "dossier_document"
    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("dossier.id", ondelete="CASCADE"), index=True
    )
    panelist_id: Mapped[int | None] = mapped_column(ForeignKey("panelist.id"))
    name: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]  # SHA-256 of the content
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_by: Mapped[str]
    added_at: Mapped[datetime]
