"""Counts that equal what a click gives: each facet is counted without its own choice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Subquery, select
from sqlalchemy.orm import Session

from sourcing.places import EARTH_RADIUS_KM
from sourcing.search.filters import STATUS_BITS, Labels, commune_names, family_bits
from sourcing.search.query import BBox, Query
from sourcing.search.tally import Array, Columns, Mask, columns
from sourcing.segments import Nomenclature
from sourcing.tagging.statuses import SIZES

# Communes shown beside the chosen ones, when a search covers more than a territory.
MOST_COMMUNES = 40
TITLES = {
    "statut": "Statut",
    "famille": "Famille d’achat",
    "segment": "Segment d’achat",
    "commune": "Commune",
    "effectif": "Effectif",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet; `count` is what choosing it alone would give."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow the search: its URL name, its title and its values."""

    name: str
    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything a page counts."""

    total: int
    # Left out as noise (closed, holdings, landlords…): what masques=1 adds.
    hidden: int
    # Matching suppliers in the wider place and not in the one asked for.
    outside: int
    facets: tuple[Facet, ...]


def count(
    session: Session,
    nomenclature: Nomenclature,
    query: Query,
    found: Subquery | None,
    wider: tuple[Query | None, Sequence[str]],
    labels: Labels,
) -> Counts:
    """Total, hidden, outside and facets of a query, among who was found (None: everyone)."""
    data = columns(session)
    if found is not None:
        ids = session.connection().execute(select(found.c.supplier_id)).scalars()
        data = data.take(np.fromiter(ids, dtype=np.int64))
    sieve = Sieve(data, nomenclature, query)
    counted = sieve.without("")
    noise = sieve.place & sieve.facets & data.is_noise
    beyond = _beyond(data, *wider) & sieve.facets & sieve.is_shown & ~sieve.place
    return Counts(
        total=int(np.count_nonzero(counted)),
        hidden=0 if query.with_noise else int(np.count_nonzero(noise)),
        outside=int(np.count_nonzero(beyond)),
        facets=tuple(_facets(session, sieve, labels)),
    )


def _beyond(data: Columns, query: Query | None, communes: Sequence[str]) -> Mask:
    if query is None:
        return np.zeros(len(data.ids), dtype=bool)
    place = place_mask(data, query)
    return place & data.in_communes(communes) if communes else place


def place_mask(data: Columns, query: Query) -> Mask:
    """Who lies in the place asked for: filters.PLACE, in memory."""
    kept = data.is_inside.copy() if query.territory_only else np.ones(len(data.ids), dtype=bool)
    if query.bbox:
        kept &= _in_box(data, query.bbox)
    if query.near and query.radius_km is not None:
        kept &= _within(data, query.near.point, query.radius_km)
    return kept


def _in_box(data: Columns, bbox: BBox) -> Mask:
    west, south, east, north = bbox
    box: Mask = (data.lat >= south) & (data.lat <= north) & (data.lon >= west) & (data.lon <= east)
    return box


def _within(data: Columns, point: tuple[float, float] | None, radius_km: float) -> Mask:
    if point is None:
        return np.zeros(len(data.ids), dtype=bool)
    lon, lat = np.radians(data.lon), np.radians(data.lat)
    lon0, lat0 = np.radians(point)
    half = (
        np.sin((lat - lat0) / 2) ** 2 + np.cos(lat0) * np.cos(lat) * np.sin((lon - lon0) / 2) ** 2
    )
    circle: Mask = half <= np.sin(min(np.pi / 2, radius_km / (2 * EARTH_RADIUS_KM))) ** 2
    return circle


class Sieve:
    """The query's filters as masks over the same suppliers."""

    def __init__(self, data: Columns, nomenclature: Nomenclature, query: Query) -> None:
        self.data, self.query, self.nomenclature = data, query, nomenclature
        self.place = place_mask(data, query)
        everyone = np.ones(len(data.ids), dtype=bool)
        self.is_shown: Mask = everyone if query.with_noise else ~data.is_noise
        self.chosen = dict(self._chosen())
        self.facets: Mask = np.logical_and.reduce([everyone, *self.chosen.values()])

    def _chosen(self) -> Iterator[tuple[str, Mask]]:
        query, data = self.query, self.data
        if query.statuses:
            yield "statut", _any_bit(data.statuses, STATUS_BITS, query.statuses)
        if query.families:
            yield "famille", _any_bit(data.families, family_bits(self.nomenclature), query.families)
        if query.segments:
            yield "segment", data.in_segments(query.segments)
        if query.communes:
            yield "commune", data.in_communes(query.communes)
        if query.sizes:
            sizes = [place for place, size in enumerate(SIZES) if size.code in query.sizes]
            yield "effectif", np.isin(data.sizes, sizes)

    def without(self, facet: str) -> Mask:
        """Who remains when this facet's own choice is lifted."""
        others = [mask for name, mask in self.chosen.items() if name != facet]
        kept: Mask = np.logical_and.reduce([self.place, self.is_shown, *others])
        return kept


def _any_bit(column: Array, bits: Mapping[str, int], chosen: Iterable[str]) -> Mask:
    held: Mask = column & sum(bits.get(code, 0) for code in chosen) != 0
    return held


def _facets(session: Session, sieve: Sieve, labels: Labels) -> Iterator[Facet]:
    data, query, nomenclature = sieve.data, sieve.query, sieve.nomenclature
    statuses = data.by_bit(data.statuses, STATUS_BITS, sieve.without("statut"))
    yield _facet("statut", labels, query.statuses, statuses)
    families = data.by_bit(data.families, family_bits(nomenclature), sieve.without("famille"))
    yield _facet("famille", labels, query.families, families)
    held = data.by_segment(sieve.without("segment"))
    segments = {s.code: held[s.code] for s in nomenclature.segments if held.get(s.code)}
    yield _facet("segment", labels, query.segments, segments)
    communes = _most(data.by_commune(sieve.without("commune")), query.communes)
    named = {f"commune:{code}": name for code, name in commune_names(session, list(communes))}
    yield _facet("commune", {**labels, **named}, query.communes, communes)
    sizes = np.bincount(data.sizes[sieve.without("effectif")], minlength=len(SIZES))
    by_size = {size.code: int(n) for size, n in zip(SIZES, sizes, strict=False) if size.code}
    yield _facet("effectif", labels, query.sizes, by_size)


def _most(counts: Mapping[str, int], chosen: Sequence[str]) -> dict[str, int]:
    """The largest counts first, and the chosen values whatever their count."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(
        ranked[:MOST_COMMUNES] + [pair for pair in ranked[MOST_COMMUNES:] if pair[0] in chosen]
    )


def _facet(name: str, labels: Labels, chosen: Sequence[str], counts: Mapping[str, int]) -> Facet:
    known = {**counts, **{value: 0 for value in chosen if value not in counts}}
    return Facet(
        name,
        TITLES[name],
        tuple(
            Option(value, labels.get(f"{name}:{value}", value), number, value in chosen)
            for value, number in known.items()
        ),
    )
