"""A supplier found, as anyone may see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sourcing import contracts
from sourcing.contracts import Won
from sourcing.model import MASKED, PARTIAL, Listing, Supplier
from sourcing.places import distance_km
from sourcing.search.evidence import Found
from sourcing.search.ground import Point
from sourcing.search.reasons import Asked, Said, reasons
from sourcing.search.tally import Array
from sourcing.segments import Nomenclature
from sourcing.tagging.statuses import SIZES, STATUSES
from sourcing.tagging.told import Told, told

SEGMENTS_SHOWN = 6
LABELS = {status.kinds[0]: status for status in STATUSES if status.is_label}


class Granted(NamedTuple):
    """A label a supplier holds: itself ("siret"), or its whole firm ("siren"); until when."""

    code: str
    label: str
    level: str
    ends_on: date | None

    @property
    def sentence(self) -> str:
        """ "RGE (rénovation énergétique), entreprise entière, jusqu'au 31/12/2026"."""
        firm = ", entreprise entière" if self.level == "siren" else ""
        return self.label + firm + (f", jusqu'au {self.ends_on:%d/%m/%Y}" if self.ends_on else "")


@dataclass(frozen=True, slots=True)
class Hit:
    """One supplier found, as anyone may see it, with the reasons that brought it."""

    id: int
    uid: str
    siret: str
    siren: str
    name: str
    legal_name: str
    other_names: str
    is_person: bool
    state: str
    address: str
    postcode: str
    commune: str
    commune_code: str
    lon: float | None
    lat: float | None
    precision: str
    naf: str
    size: str
    phone: str
    email: str
    website: str
    description: str
    statuses: tuple[str, ...]
    labels: tuple[Granted, ...]
    segments: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    reasons: tuple[str, ...]
    distance_km: float | None
    score: float
    # The public contracts it has won, None when it has won none that we know.
    won: Won | None = None
    # In partial diffusion: never in a file one prospects with.
    is_partial: bool = False

    @property
    def status_labels(self) -> tuple[str, ...]:
        return tuple(status.label for status in STATUSES if status.code in self.statuses)


_SHOWN = (
    Supplier.id,
    Supplier.uid,
    Supplier.siret,
    Supplier.siren,
    Supplier.name,
    Supplier.legal_name,
    Supplier.other_names,
    Supplier.is_person,
    Supplier.diffusion,
    Supplier.state,
    Supplier.address,
    Supplier.postcode,
    Supplier.commune,
    Supplier.commune_code,
    Supplier.lon,
    Supplier.lat,
    Supplier.precision,
    Supplier.naf,
    Supplier.phone,
    Supplier.email,
    Supplier.website,
    Supplier.description,
    Listing.statuses,
    Listing.size,
    Listing.reach_km,
)
_CHOSEN = (
    select(*_SHOWN)
    .join(Listing, Listing.supplier_id == Supplier.id)
    .where(Supplier.id.in_(bindparam("ids", expanding=True)))
)


class _Beside(NamedTuple):
    """What the base says of a supplier beside its own row."""

    tags: Sequence[Told]
    won: Won | None


def hits(
    session: Session,
    nomenclature: Nomenclature,
    found: Found,
    places: Array,
) -> list[Hit]:
    """Hits of the suppliers found at these positions, in their order."""
    ids = found.data.ids[places].tolist()
    scores = found.scores[places].tolist()
    suppliers = {s.id: s for s in session.execute(_CHOSEN, {"ids": ids})}
    tags, won, asked = told(session, ids), contracts.won_by(session, ids), Asked.of(found)
    return [
        _hit(nomenclature, asked, suppliers[i], _Beside(tags[i], won.get(i)), score)
        for i, score in zip(ids, scores, strict=True)
        if i in suppliers
    ]


def _hit(
    nomenclature: Nomenclature,
    asked: Asked,
    row: Any,
    beside: _Beside,
    score: float,
) -> Hit:
    tags = beside.tags
    is_partial = row.diffusion == PARTIAL
    # A partially diffused unit keeps neither name (a person's) nor address nor exact position.
    is_nameless = is_partial and row.is_person
    names = (MASKED, "", "") if is_nameless else (row.name, row.legal_name, row.other_names)
    description = "" if is_nameless else row.description
    is_placed = not is_partial or row.precision == "commune"
    lon, lat = (row.lon, row.lat) if is_placed else (None, None)
    codes = dict.fromkeys(c.value for c in tags if c.kind == "segment")
    return Hit(
        id=row.id,
        uid=row.uid,
        siret=row.siret or "",
        siren=row.siren,
        name=names[0],
        legal_name=names[1],
        other_names=names[2],
        is_person=row.is_person,
        state=row.state,
        address="" if is_partial else row.address,
        postcode="" if is_partial else row.postcode,
        commune=row.commune,
        commune_code=row.commune_code,
        lon=lon,
        lat=lat,
        precision=row.precision if is_placed else "",
        naf=row.naf,
        size=SIZES[row.size].label if row.size < len(SIZES) else "",
        phone="" if is_partial else row.phone,
        email="" if is_partial else row.email,
        website="" if is_nameless else row.website,
        description=description,
        statuses=status_codes(row.statuses),
        labels=granted(tags),
        segments=tuple(
            (code, nomenclature.by_code[code].label)
            for code in codes
            if code in nomenclature.by_code
        )[:SEGMENTS_SHOWN],
        sources=tuple(dict.fromkeys(sorted(c.source for c in tags))),
        reasons=reasons(asked, row, Said(names, description), tags),
        distance_km=_km(asked.point, lon, lat),
        score=round(score, 3),
        won=beside.won,
        is_partial=is_partial,
    )


def status_codes(bits: int) -> tuple[str, ...]:
    """What it is, labels apart."""
    return tuple(s.code for s in STATUSES if bits & s.bit and not s.is_label)


def granted(tags: Iterable[Told]) -> tuple[Granted, ...]:
    """The labels among these tags; the establishment's own wins over its firm's."""
    held: dict[str, Granted] = {}
    by_strength = sorted(tags, key=lambda t: (t.level == "siret", t.ends_on or date.max))
    for tag in by_strength:
        if status := LABELS.get((tag.kind, tag.value)):
            held[status.code] = Granted(status.code, status.label, tag.level, tag.ends_on)
    return tuple(held[status.code] for status in LABELS.values() if status.code in held)


def _km(point: Point | None, lon: float | None, lat: float | None) -> float | None:
    if point is None or lon is None or lat is None:
        return None
    return round(distance_km(*point, lon, lat), 3)
