"""What lists say, line by line."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Mention(Base):
    """One line of one list, cleaned; what it says stays apart from the register's facts."""

    __tablename__ = "mention"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    # The source's identifier, else a digest of siret, name, place and statuses.
    key: Mapped[str]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    file: Mapped[str]
    line: Mapped[int]
    first_seen: Mapped[date]
    last_seen: Mapped[date]
    gone_on: Mapped[date | None]
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"), index=True)
    # The SIREN of the firm it is attached to as a whole, supplier_id being one of the firm's sites;
    # '' when it is attached to that site.
    firm: Mapped[str] = mapped_column(default="", index=True)
    siret: Mapped[str] = mapped_column(default="", index=True)
    siren: Mapped[str] = mapped_column(default="")
    # The SIRET of the supplier it was linked to when that one was masked: a line that gives none
    # would be linked to nobody any more, and name again whom it named.
    masked_siret: Mapped[str] = mapped_column(default="", server_default="")
    name: Mapped[str]
    other_names: Mapped[str] = mapped_column(default="")
    statuses: Mapped[list[Any]]
    # "siren": the list speaks of firms; such a line has its `firm` from the start, and no supplier.
    level: Mapped[str] = mapped_column(default="siret", server_default="siret")
    # The last day what it says holds.
    ends_on: Mapped[date | None]
    address: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    commune: Mapped[str] = mapped_column(default="")
    commune_code: Mapped[str] = mapped_column(default="")
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    precision: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    naf: Mapped[str] = mapped_column(default="")
    legal_form: Mapped[str] = mapped_column(default="")
    sectors: Mapped[list[Any]]
    description: Mapped[str] = mapped_column(default="")
    workers: Mapped[int | None]
    # Where it says it works, beyond its address: {"km": 50} or {"france": true}.
    zone: Mapped[dict[str, Any] | None]
    is_qpv: Mapped[bool | None]
    link: Mapped[str] = mapped_column(default="")
    # What cleaning had to say: [["siret", "zéro de tête rétabli"], …]
    problems: Mapped[list[Any]]
    # Of all that the line says: the same digest again changes nothing.
    digest: Mapped[int | None] = mapped_column(BigInteger)


class Awaited(Base):
    """Lines of a list that speak of firms the base does not have yet: see ingest.awaited."""

    __tablename__ = "awaited"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    # Four bytes each, in the order of the lines; 0 for one that has left.
    sirens: Mapped[bytes]
    lines: Mapped[bytes]


class Alias(Base):
    """The uid of a supplier that is no more; it leads where the line that founded it now is."""

    __tablename__ = "alias"
    uid: Mapped[str] = mapped_column(primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"))
