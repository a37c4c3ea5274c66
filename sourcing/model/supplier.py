"""Suppliers as the register and the lists know them."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import CODE, Base

LEADS = text("merged_into IS NOT NULL")


class Supplier(Base):
    """An establishment that can sell. Identity from the register when it has a siret there."""

    __tablename__ = "supplier"
    # Nearly nobody leads to another.
    __table_args__ = (
        Index("ix_supplier_merged_into", "merged_into", sqlite_where=LEADS, postgresql_where=LEADS),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    # What URLs and exports use: the siret, or a stable digest for a supplier without one.
    uid: Mapped[str] = mapped_column(CODE, unique=True)
    siret: Mapped[str | None] = mapped_column(CODE, unique=True)
    siren: Mapped[str] = mapped_column(CODE, default="", index=True)
    # "register" or the name of the list that made it known.
    origin: Mapped[str]
    # Display name: enseigne, then usual name, then legal name; "[Non diffusible]" when masked.
    name: Mapped[str]
    legal_name: Mapped[str] = mapped_column(default="")
    # enseignes, usual names, acronym: " | "-separated
    other_names: Mapped[str] = mapped_column(default="")
    is_person: Mapped[bool] = mapped_column(default=False)
    is_head_office: Mapped[bool] = mapped_column(default=False)
    # "O" public, "P" partial: name (persons) and address masked everywhere.
    diffusion: Mapped[str] = mapped_column(default="O")
    # "A" open, "F" closed
    state: Mapped[str] = mapped_column(default="A")
    created_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    address: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    commune_code: Mapped[str] = mapped_column(CODE, default="", index=True)
    commune: Mapped[str] = mapped_column(default="")
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    # exact, street, approximate (an uncertain address), commune or '' (nowhere)
    precision: Mapped[str] = mapped_column(default="")
    naf: Mapped[str] = mapped_column(CODE, default="")  # "81.30Z", rev. 2
    naf25: Mapped[str] = mapped_column(default="")
    legal_form: Mapped[str] = mapped_column(default="")  # INSEE category, 4 digits
    size_code: Mapped[str] = mapped_column(default="")  # INSEE headcount band, "" unknown
    category: Mapped[str] = mapped_column(default="")  # PME, ETI, GE or ''
    is_ess: Mapped[bool | None]  # SIRENE flag
    is_mission: Mapped[bool | None]
    is_qpv: Mapped[bool | None]
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    first_seen: Mapped[date]
    # The register's: the day its line last differed; the run says when the file was last read.
    last_seen: Mapped[date]
    # The run that last wrote the register's facts.
    run_id: Mapped[int | None]
    # The day the register no longer knew it; the day its address changed there, and the old one.
    gone_on: Mapped[date | None]
    moved_on: Mapped[date | None]
    moved_from: Mapped[str] = mapped_column(default="")
    # Of the register's line as last composed: the same digest again changes nothing.
    digest: Mapped[int | None] = mapped_column(BigInteger)
    # The supplier its lines are now at; its address leads there. None: it stands for itself.
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"))


class Succession(Base):
    """An establishment that closed, and the one that took it over, as the register says."""

    __tablename__ = "succession"
    closed_siret: Mapped[str] = mapped_column(primary_key=True)
    successor_siret: Mapped[str] = mapped_column(primary_key=True)
    on: Mapped[date | None]


class DuplicateSiren(Base):
    """Two numbers the register gave to one firm; `siren` is the one it keeps."""

    __tablename__ = "duplicate_siren"
    siren: Mapped[str] = mapped_column(primary_key=True)
    duplicate: Mapped[str] = mapped_column(primary_key=True)
