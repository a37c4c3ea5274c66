"""A supplier found, as anyone may see it, and why it was found."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import contracts, normalise
from sourcing.contracts import Won
from sourcing.model import MASKED, NATIONAL_KM, PARTIAL, Listing, Supplier
from sourcing.places import distance_km
from sourcing.search.evidence import Found, identifier
from sourcing.search.query import Query, number
from sourcing.search.tally import Array
from sourcing.search.words import spellings
from sourcing.segments import Nomenclature
from sourcing.tagging.listing import acronym
from sourcing.tagging.statuses import SIZES, STATUSES
from sourcing.tagging.told import Told, told

REASONS, SEGMENTS_SHOWN = 4, 6


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


class _Beside(NamedTuple):
    """What the base says of a supplier beside its own row."""

    tags: Sequence[Told]
    won: Won | None


class Said(NamedTuple):
    """The words of a supplier that may be shown: what reasons may quote."""

    names: tuple[str, str, str]
    description: str


def hits(
    session: Session,
    nomenclature: Nomenclature,
    found: Found,
    places: Array,
) -> list[Hit]:
    """Hits of the suppliers found at these positions, in their order."""
    ids = found.data.ids[places].tolist()
    scores = found.scores[places].tolist()
    chosen = select(*_SHOWN).join(Listing, Listing.supplier_id == Supplier.id)
    suppliers = {s.id: s for s in session.execute(chosen.where(Supplier.id.in_(ids)))}
    tags, won = told(session, ids), contracts.won_by(session, ids)
    return [
        _hit(nomenclature, found, suppliers[i], _Beside(tags[i], won.get(i)), score)
        for i, score in zip(ids, scores, strict=True)
        if i in suppliers
    ]


def _hit(
    nomenclature: Nomenclature,
    found: Found,
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
        reasons=_reasons(found, row, Said(names, description), tags),
        distance_km=_km(found.query, lon, lat),
        score=round(score, 3),
        won=beside.won,
    )


def status_codes(bits: int) -> tuple[str, ...]:
    """What it is, labels apart."""
    return tuple(s.code for s in STATUSES if bits & s.bit and not s.is_label)


def granted(tags: Iterable[Told]) -> tuple[Granted, ...]:
    """The labels among these tags; the establishment's own wins over its firm's."""
    held: dict[str, Granted] = {}
    by_strength = sorted(tags, key=lambda t: (t.level == "siret", t.ends_on or date.max))
    known = {status.kinds[0]: status for status in STATUSES if status.is_label}
    for tag in by_strength:
        if status := known.get((tag.kind, tag.value)):
            held[status.code] = Granted(status.code, status.label, tag.level, tag.ends_on)
    return tuple(held[status.code] for status in known.values() if status.code in held)


def _km(query: Query, lon: float | None, lat: float | None) -> float | None:
    point = query.near.point if query.near else None
    if point is None or lon is None or lat is None:
        return None
    return round(distance_km(*point, lon, lat), 3)


# --- reasons ---


def _reasons(found: Found, row: Any, said: Said, tags: Sequence[Told]) -> tuple[str, ...]:
    """Why this supplier is there, strongest first."""
    query = found.query
    reasons = [
        *_noise_reasons(tags),
        *_name_reasons(found.text, row, said),
        *_tag_reasons(found, tags),
        *_word_reasons(found, said),
        *_status_reasons(query, tags),
        *_reach_reasons(row),
    ]
    return tuple(dict.fromkeys(reasons))[:REASONS]


def _noise_reasons(tags: Sequence[Told]) -> Iterator[str]:
    """Why it is hidden, first: it is only there because someone asked for all of them."""
    yield from (f"masqué d’ordinaire : {c.because}" for c in tags if c.kind == "noise")


def _name_reasons(typed: str, row: Any, said: Said) -> Iterator[str]:
    digits = identifier(typed)
    if digits and digits == row.siret:
        yield "SIRET demandé"
    elif digits and digits[:9] == row.siren:
        yield "même SIREN" if len(digits) == 14 else "SIREN demandé"
    elif typed and normalise.fold(typed) == normalise.fold(said.names[0]):
        yield "nom exact"


def _tag_reasons(found: Found, tags: Sequence[Told]) -> Iterator[str]:
    confidence = {guess.code: guess.score for guess in found.guesses}
    confidence |= dict.fromkeys(found.query.segments, 1.0)
    telling = [c for c in tags if c.kind == "segment" and c.value in confidence]
    telling.sort(key=lambda c: -c.weight * confidence[c.value])
    yield from (clue.because for clue in telling)


def _word_reasons(found: Found, said: Said) -> Iterator[str]:
    typed = found.text
    if not typed or identifier(typed):
        return
    names = " ".join(said.names)
    for wanted in spellings(found.data.vocabulary, normalise.words(typed)):
        told = False
        for where, text in (("dans le nom", names), ("dans la description", said.description)):
            held = normalise.words(text)
            words = [w for w in dict.fromkeys(wanted) if _holds(held, w, w == wanted[-1])]
            if words:
                told = True
                yield f"{', '.join(f'« {_as_typed(typed, word)} »' for word in words)} {where}"
                wanted = [word for word in wanted if word not in words]
        if told:
            return
    if normalise.words(typed) in [[a] for a in map(acronym, said.names)]:
        yield f"« {typed} », initiales du nom"


def _holds(held: Sequence[str], word: str, is_last: bool) -> bool:
    return word in held or (is_last and any(each.startswith(word) for each in held))


def _as_typed(typed: str, word: str) -> str:
    """The word as the person wrote it: "erable" -> "érable"."""
    for piece in re.findall(r"\w+", typed):
        if normalise.words(piece) == [word]:
            return str(piece)
    return word


def _reach_reasons(row: Any) -> Iterator[str]:
    """Where it says it works, beyond its address."""
    if row.reach_km and row.reach_km >= NATIONAL_KM:
        yield "intervient dans toute la France"
    elif row.reach_km:
        yield f"intervient à {number(row.reach_km)} km"


def _status_reasons(query: Query, tags: Sequence[Told]) -> Iterator[str]:
    asked = (*query.statuses, *query.labels)
    kinds = {kind for status in STATUSES if status.code in asked for kind in status.kinds}
    yield from (c.because for c in tags if (c.kind, c.value) in kinds or (c.kind, "") in kinds)
