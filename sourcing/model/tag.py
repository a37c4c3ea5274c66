"""What is true of a supplier, and the rows that search reads."""

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import CODE, Base


class Tag(Base):
    """Something true of a supplier, why, at which level, and how strongly.

    Its size and what its NAF code hints at are not here: its own columns tell them (tagging.told).
    """

    __tablename__ = "tag"
    __table_args__ = (
        UniqueConstraint("supplier_id", "kind", "value", "source"),
        # Covering: a segment's suppliers and their weights are read without touching the table.
        Index("ix_tag_kind_value", "kind", "value", "supplier_id", "weight"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id", ondelete="CASCADE"))
    # segment, siae, insertion, handicap, ess, innovation, label, mission, qpv, public, noise
    kind: Mapped[str] = mapped_column(CODE)
    value: Mapped[str] = mapped_column(CODE)
    level: Mapped[str]  # siret or siren
    because: Mapped[str]  # one French clause
    source: Mapped[str] = mapped_column(CODE)  # source name, or "sirene"
    # The last day it holds; the day after, the supplier is to be tagged again.
    ends_on: Mapped[date | None]
    weight: Mapped[float] = mapped_column(default=1.0)


class NafHint(Base):
    """A segment that a NAF code hints at, as the nomenclature said when tags were last made."""

    __tablename__ = "naf_hint"
    naf: Mapped[str] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(primary_key=True)
    weight: Mapped[float]


class Stale(Base):
    """A supplier whose tags and index must be redone: written with what changed it, in the same
    transaction; emptied by tagging in its own.
    """

    __tablename__ = "stale"
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("supplier.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class Listing(Base):
    """The search index's narrow row: what filters, facets, sorting and map cells read."""

    __tablename__ = "listing"
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("supplier.id", ondelete="CASCADE"), primary_key=True
    )
    commune_code: Mapped[str] = mapped_column(CODE)
    in_territory: Mapped[bool]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    statuses: Mapped[int]  # bits, in the order of tagging.STATUSES
    families: Mapped[int]  # bits, one per segment family, in the order of segments.csv
    size: Mapped[int]  # index into tagging.SIZES, 0 unknown
    is_noise: Mapped[bool]  # hidden by default: closed, holding, landlord…
    # How far from its address it says it works, in kilometres; NATIONAL_KM for all of France.
    reach_km: Mapped[float | None]
    name_key: Mapped[str] = mapped_column(CODE, index=True)
