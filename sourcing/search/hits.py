"""A supplier found, as anyone may see it, and why it was found."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from sourcing import normalise
from sourcing.model import Listing, Supplier, Tag
from sourcing.places import distance_km
from sourcing.search.evidence import Found, identifier
from sourcing.search.query import Query
from sourcing.segments import Nomenclature
from sourcing.tagging.statuses import SIZES, STATUSES

MASKED = "[Non diffusible]"
REASONS, SEGMENTS_SHOWN = 4, 6


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
    segments: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    reasons: tuple[str, ...]
    distance_km: float | None
    score: float

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
)


class _Clue(NamedTuple):
    kind: str
    value: str
    because: str
    source: str
    weight: float


def hits(
    session: Session,
    nomenclature: Nomenclature,
    found: Found,
    rows: Sequence[Row[Any]],
) -> list[Hit]:
    """Hits of (supplier_id, score, …) rows, in their order."""
    ids = [row.supplier_id for row in rows]
    chosen = select(*_SHOWN).join(Listing, Listing.supplier_id == Supplier.id)
    suppliers = {s.id: s for s in session.execute(chosen.where(Supplier.id.in_(ids)))}
    clues = _clues(session, ids)
    return [
        _hit(nomenclature, found, suppliers[row.supplier_id], clues[row.supplier_id], row.score)
        for row in rows
    ]


def _clues(session: Session, ids: Sequence[int]) -> Mapping[int, list[_Clue]]:
    tags = (
        select(Tag.supplier_id, Tag.kind, Tag.value, Tag.because, Tag.source, Tag.weight)
        .where(Tag.supplier_id.in_(ids))
        .order_by(Tag.weight.desc(), Tag.kind, Tag.value, Tag.source)
    )
    clues: defaultdict[int, list[_Clue]] = defaultdict(list)
    for row in session.execute(tags):
        clues[row[0]].append(_Clue(*row[1:]))
    return clues


def _hit(
    nomenclature: Nomenclature,
    found: Found,
    row: Any,
    clues: Sequence[_Clue],
    score: float,
) -> Hit:
    is_partial = row.diffusion == "P"
    # A partially diffused unit keeps neither name (a person's) nor address nor exact position.
    is_nameless = is_partial and row.is_person
    is_placed = not is_partial or row.precision == "commune"
    lon, lat = (row.lon, row.lat) if is_placed else (None, None)
    codes = dict.fromkeys(c.value for c in clues if c.kind == "segment")
    return Hit(
        id=row.id,
        uid=row.uid,
        siret=row.siret or "",
        siren=row.siren,
        name=MASKED if is_nameless else row.name,
        legal_name="" if is_nameless else row.legal_name,
        other_names="" if is_nameless else row.other_names,
        is_person=row.is_person,
        state=row.state,
        address="" if is_partial else row.address,
        postcode=row.postcode,
        commune=row.commune,
        commune_code=row.commune_code,
        lon=lon,
        lat=lat,
        precision=row.precision if is_placed else "",
        naf=row.naf,
        size=SIZES[row.size].label if row.size < len(SIZES) else "",
        phone="" if is_partial else row.phone,
        email="" if is_partial else row.email,
        website=row.website,
        description=row.description,
        statuses=status_codes(row.statuses),
        segments=tuple(
            (code, nomenclature.by_code[code].label)
            for code in codes
            if code in nomenclature.by_code
        )[:SEGMENTS_SHOWN],
        sources=tuple(dict.fromkeys(sorted(c.source for c in clues))),
        reasons=_reasons(found, row, clues),
        distance_km=_km(found.query, lon, lat),
        score=round(score, 3),
    )


def status_codes(bits: int) -> tuple[str, ...]:
    return tuple(status.code for status in STATUSES if bits & status.bit)


def _km(query: Query, lon: float | None, lat: float | None) -> float | None:
    point = query.near.point if query.near else None
    if point is None or lon is None or lat is None:
        return None
    return round(distance_km(*point, lon, lat), 3)


# --- reasons ---


def _reasons(found: Found, row: Any, clues: Sequence[_Clue]) -> tuple[str, ...]:
    """Why this supplier is there, strongest first."""
    query = found.query
    reasons = [
        *_name_reasons(query.text, row),
        *_tag_reasons(found, clues),
        *_word_reasons(query.text, row),
        *_status_reasons(query, clues),
    ]
    return tuple(dict.fromkeys(reasons))[:REASONS]


def _name_reasons(typed: str, row: Any) -> Iterator[str]:
    digits = identifier(typed)
    if digits and digits == row.siret:
        yield "SIRET demandé"
    elif digits and digits[:9] == row.siren:
        yield "même SIREN" if len(digits) == 14 else "SIREN demandé"
    elif typed and normalise.fold(typed) == normalise.fold(row.name):
        yield "nom exact"


def _tag_reasons(found: Found, clues: Sequence[_Clue]) -> Iterator[str]:
    confidence = {guess.code: guess.score for guess in found.guesses}
    confidence |= dict.fromkeys(found.query.segments, 1.0)
    telling = [c for c in clues if c.kind == "segment" and c.value in confidence]
    telling.sort(key=lambda c: -c.weight * confidence[c.value])
    yield from (clue.because for clue in telling)


def _word_reasons(typed: str, row: Any) -> Iterator[str]:
    if not typed or identifier(typed):
        return
    wanted = list(dict.fromkeys(normalise.words(typed)))
    names = normalise.words(f"{row.name} {row.legal_name} {row.other_names}")
    described = normalise.words(row.description)
    for where, held in (("dans le nom", names), ("dans la description", described)):
        told = [word for word in wanted if _holds(held, word, is_last=word == wanted[-1])]
        if told:
            yield f"{', '.join(f'« {_as_typed(typed, word)} »' for word in told)} {where}"
            wanted = [word for word in wanted if word not in told]


def _holds(held: Sequence[str], word: str, is_last: bool) -> bool:
    return word in held or (is_last and any(each.startswith(word) for each in held))


def _as_typed(typed: str, word: str) -> str:
    """The word as the person wrote it: "erable" -> "érable"."""
    for piece in re.findall(r"\w+", typed):
        if normalise.words(piece) == [word]:
            return str(piece)
    return word


def _status_reasons(query: Query, clues: Sequence[_Clue]) -> Iterator[str]:
    kinds = {kind for status in STATUSES if status.code in query.statuses for kind in status.kinds}
    yield from (c.because for c in clues if (c.kind, c.value) in kinds or (c.kind, "") in kinds)
