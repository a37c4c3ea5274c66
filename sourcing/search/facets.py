"""Counts that equal what a click gives: each facet is counted without its own choice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sourcing.search.filters import (
    FACETS,
    LABEL_BITS,
    PLACE,
    STATUS_BITS,
    Labels,
    family_bits,
    mask,
)
from sourcing.search.filters import NOISE as NOISE_FILTER
from sourcing.search.query import Query
from sourcing.search.tally import Array, Columns, Mask
from sourcing.segments import Nomenclature
from sourcing.tagging.statuses import NOISE, SIZES

# Communes shown beside the chosen ones, when a search covers more than a territory.
MOST_COMMUNES = 40
TITLES = {
    "statut": "Statut",
    "label": "Labels",
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
class Hidden:
    """Suppliers left out as noise for one reason."""

    reason: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything a page counts."""

    # Who answers the query, by position among who was found.
    kept: Array
    # Left out as noise (closed, holdings, landlords…), by reason: what masques=1 adds.
    hidden: tuple[Hidden, ...]
    # Matching suppliers in the wider place and not in the one asked for.
    outside: int
    facets: tuple[Facet, ...]


def count(
    nomenclature: Nomenclature,
    query: Query,
    data: Columns,
    wider: tuple[Query | None, Sequence[str]],
    labels: Labels,
) -> Counts:
    """Who answers, hidden, outside and facets of a query, among these suppliers."""
    sieve = Sieve(data, nomenclature, query)
    everywhere = sieve.without("", sieve.is_shown)
    outside = _beyond(sieve, *wider) & everywhere & ~sieve.place
    return Counts(
        kept=np.flatnonzero(everywhere & sieve.place),
        hidden=() if query.with_noise else _hidden(sieve),
        outside=int(np.count_nonzero(outside)),
        facets=tuple(_facets(sieve, labels)),
    )


def _hidden(sieve: "Sieve") -> tuple[Hidden, ...]:
    counts = sieve.data.by_noise(sieve.without("", sieve.place))
    found = [Hidden(r, NOISE.get(r, "Autres"), number) for r, number in counts.items()]
    return tuple(sorted(found, key=lambda hidden: -hidden.count))


def _beyond(sieve: "Sieve", query: Query | None, communes: Sequence[str]) -> Mask:
    if query is None:
        return np.zeros(len(sieve.data.ids), dtype=bool)
    place = mask(sieve.data, query, sieve.nomenclature, PLACE)
    return place & sieve.data.in_communes(communes) if communes else place


class Sieve:
    """The query's filters as masks over the same suppliers."""

    def __init__(self, data: Columns, nomenclature: Nomenclature, query: Query) -> None:
        self.data, self.query, self.nomenclature = data, query, nomenclature
        self.place = mask(data, query, nomenclature, PLACE)
        self.is_shown = mask(data, query, nomenclature, [NOISE_FILTER])
        self.chosen = dict(self._chosen())
        self.within = self.place & self.is_shown

    def _chosen(self) -> Iterator[tuple[str, Mask]]:
        for each in FACETS:
            found = each.mask(self.data, self.query, self.nomenclature)
            if found is not None:
                yield each.name, found

    def without(self, facet: str, start: Mask | None = None) -> Mask:
        """Who remains when this facet's own choice is lifted."""
        kept = self.within if start is None else start
        for name, chosen in self.chosen.items():
            if name != facet:
                kept = kept & chosen
        return kept


def _facets(sieve: Sieve, labels: Labels) -> Iterator[Facet]:
    data, query, nomenclature = sieve.data, sieve.query, sieve.nomenclature
    statuses = data.statuses.by_bit(STATUS_BITS, sieve.without("statut"))
    yield _facet("statut", labels, query.statuses, statuses)
    granted = data.statuses.by_bit(LABEL_BITS, sieve.without("label"))
    yield _facet("label", labels, query.labels, granted)
    families = data.families.by_bit(family_bits(nomenclature), sieve.without("famille"))
    yield _facet("famille", labels, query.families, families)
    held = data.by_segment(sieve.without("segment"))
    segments = {s.code: held[s.code] for s in nomenclature.segments if held.get(s.code)}
    yield _facet("segment", labels, query.segments, segments)
    communes = _most(data.by_commune(sieve.without("commune")), query.communes)
    names = data.ground.names
    named = {f"commune:{code}": names[code] for code in communes if code in names}
    yield _facet("commune", {**named, **labels}, query.communes, communes)
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
