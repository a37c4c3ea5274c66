"""Can a need be reserved here? Who could do it, by kind, how far, and what the law then allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Contract, ContractWinner, Tag
from sourcing.places import EARTH_RADIUS_KM
from sourcing.search import Near, Query, reach, those
from sourcing.search.filters import STATUS_BITS, resolve
from sourcing.search.hits import Hit
from sourcing.search.shelf import columns
from sourcing.search.tally import REASONS, Array, Columns, Mask
from sourcing.segments import Nomenclature, Segment
from sourcing.tagging.statuses import SIZES

# Fewer structures than this, and reserving risks finding nobody.
ENOUGH = 3
RADII_KM = (10.0, 20.0, 30.0, 50.0, 100.0)
USUAL_KM = 30.0
NAMED = 8
# What a need in words may be: so many sub-segments, from so sure.
UNDERSTOOD, LEAST_SURE = 3, 0.01
ADAPTED, SIAE, ESS, ORDINARY = "adapted", "siae", "ess", "ordinary"
PUBLIC, NOT_SIAE = "public", "insertion"
# kind -> what it is, in words
LABELS = {
    ADAPTED: "EA et ESAT", SIAE: "Insertion (SIAE : EI, ACI, AI, ETTI)",
    ESS: "Autres structures de l’ESS",
    ORDINARY: "Entreprises ordinaires", PUBLIC: "Porteurs publics (collectivité, CCAS…)",
    NOT_SIAE: "GEIQ et production en prison (pas des SIAE)",
}  # fmt: skip
# What the nomenclature calls each kind of structure -> the kind whose article covers it.
KINDS = {
    "EA": ADAPTED, "ESAT": ADAPTED, "EATT": ADAPTED, "EI": SIAE, "ACI": SIAE, "AI": SIAE,
    "ETTI": SIAE, "EITI": SIAE, "GEIQ": NOT_SIAE, "ESS": ESS,
}  # fmt: skip
# Insertion hours: who puts people at a contractor's disposal, and who works beside it.
STAFFING = {
    "AI": "Association intermédiaire", "ETTI": "Intérim d’insertion",
    "EITI": "Travail indépendant d’insertion", "EATT": "Intérim adapté", "GEIQ": "GEIQ",
}  # fmt: skip
BESIDE = {"EI": "Entreprise d’insertion", "ACI": "Chantier d’insertion",
          "EA": "Entreprise adaptée", "ESAT": "ESAT"}  # fmt: skip

NOT_ANNEX_3 = (
    "Ne s’applique pas : ce segment n’est pas parmi les services sociaux et spécifiques de "
    "l’annexe 3."
)


class Where(NamedTuple):
    """Around which point, how far."""

    label: str
    lon: float
    lat: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of structure: how many, how far, which size, who won public contracts."""

    kind: str
    count: int
    nearest_km: float | None
    median_km: float | None
    sizes: tuple[tuple[str, int], ...]
    won: int
    won_here: int
    named: tuple[Hit, ...]

    @property
    def label(self) -> str:
        return LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one article allows here; state: enough, few, none, no (it does not apply)."""

    code: str
    count: int
    state: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Lot:
    """A neighbouring sub-segment that could be a lot of its own, and be reserved."""

    segment: Segment
    count: int


@dataclass(frozen=True, slots=True)
class Host:
    """Who could host the hours of an insertion clause."""

    kind: str
    label: str
    # Puts people at disposal, or works beside the contractor.
    is_staffing: bool
    count: int
    nearest_km: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything the page and the command say of one sub-segment around one place."""

    segment: Segment
    where: Where
    rows: tuple[Row, ...]
    apart: tuple[Row, ...]
    verdicts: tuple[Verdict, ...]
    lots: tuple[Lot, ...]
    hosts: tuple[Host, ...]
    # radius -> kind -> how many
    by_radius: tuple[tuple[float, Mapping[str, int]], ...]
    # The sub-segments the need may be, this one first.
    understood: tuple[Segment, ...]

    @property
    def inclusive(self) -> int:
        return sum(row.count for row in self.rows if row.kind in (ADAPTED, SIAE))

    @property
    def ordinary(self) -> int:
        return sum(row.count for row in self.rows if row.kind == ORDINARY)

    @property
    def structures(self) -> tuple[str, ...]:
        """Who usually sells it, here or not, as the nomenclature calls them: ESAT, EA, ACI…"""
        names = (name.split(" ")[0] for each in self.understood for name in each.reservable)
        return tuple(dict.fromkeys(names))

    @property
    def usual(self) -> tuple[str, ...]:
        """The same by the article that covers them: one for EI, ACI, AI and ETTI together."""
        found = {KINDS.get(name) for name in self.structures}
        return tuple(kind for kind in LABELS if kind in found)

    @property
    def reservable(self) -> tuple[str, ...]:
        """The kinds an article lets it be reserved to, usual or present: EA and ESAT, SIAE, ESS."""
        annex_3 = any(each.annex_3 for each in self.understood)
        opened = (ADAPTED, SIAE, ESS) if annex_3 else (ADAPTED, SIAE)
        present = {row.kind for row in self.rows if row.count}
        return tuple(kind for kind in opened if kind in present or kind in self.usual)


def of_need(nomenclature: Nomenclature, text: str) -> tuple[Segment, ...]:
    """What a need in its own words may be: one may be wrong where the kinds of three are right."""
    guesses = nomenclature.classify(text, UNDERSTOOD)
    sure = [g for place, g in enumerate(guesses) if not place or g.score >= LEAST_SURE]
    return tuple(nomenclature.by_code[g.code] for g in sure)


def locate(session: Session, place: str, radius_km: float) -> Where | None:
    """The place named, or the middle of the territory; None when it is unknown."""
    ground = columns(session).ground
    near = resolve(session, ground, Query(near=Near(place))).near if place else None
    if near and near.point:
        return Where(near.label or place, *near.point, radius_km)
    centre = None if place else ground.centre
    return Where("centre du territoire", *centre, radius_km) if centre else None


def answer(
    session: Session, nomenclature: Nomenclature, understood: Sequence[Segment], where: Where
) -> Answer:
    """Count the structures of the first sub-segment around a place, and say what they allow."""
    segment, data = understood[0], columns(session)
    km = _distances(data, where)
    seen = _visible(data)
    kinds = _kinds(data)
    served = reach.covers(data, [(where.lon, where.lat)])
    sells = data.in_segments([segment.code]) & seen
    inside = (km <= where.radius_km) | served
    inclusive = seen & inside & (kinds[ADAPTED] | kinds[SIAE])
    of_kind = {kind: sells & inside & mask for kind, mask in kinds.items()}
    rows = {
        kind: _row(session, nomenclature, data, kind, (mask, km), segment.code)
        for kind, mask in of_kind.items()
    }
    return Answer(
        segment, where, tuple(rows[k] for k in (ADAPTED, SIAE, ESS, ORDINARY)),
        tuple(rows[k] for k in (PUBLIC, NOT_SIAE)), tuple(_verdicts(segment, rows)),
        tuple(_lots(nomenclature, understood, data, inclusive)),
        tuple(_hosts(session, data, (seen & inside, sells & inside), km)),
        tuple(
            (radius, {k: int((sells & m & ((km <= radius) | served)).sum())
                      for k, m in kinds.items()})
            for radius in RADII_KM
        ),
        tuple(understood),
    )  # fmt: skip


def _distances(data: Columns, where: Where) -> Array:
    """Kilometres from the place; infinite for who has no position."""
    chords = data.half_chords(np.arange(len(data.ids)), (where.lon, where.lat))
    km: Array = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chords, 0, 1)))
    return np.where(np.isnan(km), np.inf, km)


def _visible(data: Columns) -> Mask:
    """Not hidden, public bodies apart: an insertion workshop may be a commune's."""
    seen: Mask = (data.noise == 0) | (data.noise == 1 + REASONS.index("public"))
    return seen


def _kinds(data: Columns) -> dict[str, Mask]:
    """Each supplier in one kind only, the one whose article comes first."""

    def has(*codes: str) -> Mask:
        return data.statuses.any_of(sum(STATUS_BITS[code] for code in codes))

    inclusive = has("ea", "esat", "siae")
    public = has("public")
    return {
        ADAPTED: has("ea", "esat") & ~public,
        SIAE: has("siae") & ~has("ea", "esat") & ~public,
        ESS: has("ess") & ~inclusive & ~has("insertion") & ~public,
        ORDINARY: ~has("ess", "insertion") & ~inclusive & ~public,
        PUBLIC: inclusive & public,
        NOT_SIAE: has("insertion") & ~inclusive & ~public,
    }


def _row(
    session: Session, nomenclature: Nomenclature, data: Columns, kind: str,
    found: tuple[Mask, Array], segment: str,
) -> Row:  # fmt: skip
    places = np.flatnonzero(found[0])
    km = found[1][places]
    finite = km[np.isfinite(km)]
    ids = data.ids[places].tolist()
    won, won_here = _winners(session, ids, segment)
    nearest = [ids[i] for i in np.argsort(km, kind="stable")[:NAMED]] if kind != ORDINARY else []
    hits = {hit.id: hit for hit in those(session, nomenclature, nearest)} if nearest else {}
    return Row(
        kind, len(ids), _km(finite.min() if len(finite) else None),
        _km(np.median(finite) if len(finite) else None), _sizes(data.sizes[places]),
        won, won_here, tuple(hits[i] for i in nearest if i in hits),
    )  # fmt: skip


def _km(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)


def _sizes(sizes: Array) -> tuple[tuple[str, int], ...]:
    counts = np.bincount(sizes, minlength=len(SIZES))
    return tuple((size.label, int(n)) for size, n in zip(SIZES, counts, strict=True) if n)


def _winners(session: Session, ids: Sequence[int], segment: str) -> tuple[int, int]:
    """How many of these won a public contract, and one of this sub-segment."""
    won: set[int] = set()
    here: set[int] = set()
    for chunk in db.chunks(ids, 5_000):
        wanted = (
            select(ContractWinner.supplier_id, Contract.segment == segment)
            .join(Contract, Contract.id == ContractWinner.contract_id)
            .where(ContractWinner.supplier_id.in_(chunk))
            .distinct()
        )
        found = [(supplier, is_here) for supplier, is_here in session.execute(wanted) if supplier]
        won.update(supplier for supplier, _ in found)
        here.update(supplier for supplier, is_here in found if is_here)
    return len(won), len(here)


# --- what it allows ---


def _verdicts(segment: Segment, rows: Mapping[str, Row]) -> Sequence[Verdict]:
    adapted, siae = rows[ADAPTED].count, rows[SIAE].count
    ess = rows[ESS].count + adapted + siae
    found = [
        _verdict("L2113-12", adapted, "EA et ESAT"),
        _verdict("L2113-13", siae, "SIAE"),
        _verdict("L2113-14", adapted + siae if adapted and siae else 0,
                 "EA, ESAT et SIAE ensemble"),
    ]  # fmt: skip
    if segment.annex_3:
        found.append(_verdict("L2113-15", ess, "structures de l’ESS"))
    else:
        found.append(Verdict("L2113-15", ess, "no", NOT_ANNEX_3))
    return found


def _verdict(code: str, count: int, who: str) -> Verdict:
    if not count:
        return Verdict(code, 0, "none", f"Aucune possibilité connue ici ({who}).")
    if count < ENOUGH:
        return Verdict(code, count, "few", f"{count} ({who}) : moins de {ENOUGH}, risque de ne "
                       "recevoir aucune offre ; les rencontrer avant de réserver.")  # fmt: skip
    return Verdict(code, count, "enough", f"{count} ({who}) : réservation possible, à confirmer "
                   "par le sourcing (capacité, concurrence réelle).")  # fmt: skip


def _lots(
    nomenclature: Nomenclature, understood: Sequence[Segment], data: Columns, inclusive: Mask
) -> Sequence[Lot]:
    """What enough inclusive structures sell of the need's other meanings, family and extensions."""
    segment, counts = understood[0], data.by_segment(inclusive)
    near = [
        each for each in nomenclature.segments
        if each.code != segment.code
        and (
            each in understood
            or each.family_code == segment.family_code
            or each.code in segment.extends
        )
    ]  # fmt: skip
    found = [Lot(each, counts.get(each.code, 0)) for each in near]
    kept = [lot for lot in found if lot.count >= ENOUGH]
    return sorted(kept, key=lambda lot: (lot.segment not in understood, -lot.count))[:5]


def _hosts(session: Session, data: Columns, masks: tuple[Mask, Mask], km: Array) -> Sequence[Host]:
    """Whoever puts people at disposal around, whatever they sell; and who sells this segment."""
    around, sells = masks
    inclusive = data.statuses.any_of(
        sum(STATUS_BITS[c] for c in ("siae", "ea", "esat", "insertion"))
    )
    at = dict(zip(data.ids[around & inclusive].tolist(), km[around & inclusive].tolist(),
                  strict=True))  # fmt: skip
    own = set(data.ids[sells & inclusive].tolist())
    by_kind: dict[str, set[int]] = {kind: set() for kind in (*STAFFING, *BESIDE)}
    for chunk in db.chunks(list(at), 5_000):
        tags = select(Tag.supplier_id, Tag.value).where(
            Tag.supplier_id.in_(chunk), Tag.kind.in_(("siae", "handicap", "insertion"))
        )
        for supplier, value in session.execute(tags):
            if value in STAFFING or (value in BESIDE and supplier in own):
                by_kind[value].add(supplier)
    return [
        Host(kind, STAFFING.get(kind) or BESIDE[kind], kind in STAFFING, len(found),
             _nearest([at[i] for i in found]))
        for kind, found in by_kind.items()
    ]  # fmt: skip


def _nearest(km: Sequence[float]) -> float | None:
    finite = [each for each in km if np.isfinite(each)]
    return _km(min(finite)) if finite else None


# --- every sub-segment at once ---


class Line(NamedTuple):
    """One sub-segment of the overview: how many of each kind around."""

    segment: Segment
    counts: Mapping[str, int]

    @property
    def inclusive(self) -> int:
        return self.counts[ADAPTED] + self.counts[SIAE]

    @property
    def ratio(self) -> float | None:
        """Inclusive structures for one ordinary firm."""
        return self.inclusive / self.counts[ORDINARY] if self.counts[ORDINARY] else None


def overview(session: Session, nomenclature: Nomenclature, where: Where) -> list[Line]:
    """Every sub-segment around a place, in the order of the nomenclature."""
    data = columns(session)
    inside = _distances(data, where) <= where.radius_km
    inside |= reach.covers(data, [(where.lon, where.lat)])
    inside &= _visible(data)
    by_kind = {kind: data.by_segment(inside & mask) for kind, mask in _kinds(data).items()}
    return [
        Line(segment, {kind: counts.get(segment.code, 0) for kind, counts in by_kind.items()})
        for segment in nomenclature.segments
    ]
