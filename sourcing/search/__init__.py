"""A Query becomes a Page of Hits, each with its reasons; the same results on both databases."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from sqlalchemy.orm import Session

from sourcing.search.cells import Cell, cells
from sourcing.search.evidence import Found, find
from sourcing.search.facets import Facet, Hidden, count
from sourcing.search.filters import (
    labels,
    mask,
    resolve,
    sentence,
)
from sourcing.search.ground import BEYOND_KM
from sourcing.search.hits import Hit, hits
from sourcing.search.query import Near, Query
from sourcing.search.shelf import columns
from sourcing.search.tally import Array, Columns
from sourcing.segments import Nomenclature
from sourcing.segments.classify import Guess

__all__ = [
    "Cell",
    "Facet",
    "Hit",
    "Near",
    "Page",
    "Query",
    "all_hits",
    "cells",
    "describe",
    "search",
    "those",
    "uids",
]

Key = Callable[[Array], Array]
NOWHERE = 9.0  # sorts after any distance
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search and everything the page counts."""

    query: Query
    # The place measured from, where it is known.
    near: Near | None
    hits: tuple[Hit, ...]
    total: int
    pages: int
    # Hidden as noise, by reason; `with_noise` shows them.
    hidden_by: tuple[Hidden, ...]
    # Matching beyond the place asked for, and the query that shows them.
    outside: int
    beyond: Query | None
    # How the words are understood, and the next likeliest ways.
    guesses: tuple[Guess, ...]
    offered: tuple[Guess, ...]
    # The words searched, when one that was typed seemed wrong.
    corrected: str
    facets: tuple[Facet, ...]
    sentence: str
    # What could not be understood, one French sentence each.
    problems: tuple[str, ...] = ()

    @property
    def hidden(self) -> int:
        return sum(each.count for each in self.hidden_by)


def search(session: Session, nomenclature: Nomenclature, query: Query) -> Page:
    """The page asked for: hits by relevance then distance, counts, facets."""
    found = find(session, nomenclature, query)
    names = labels(nomenclature, found.data.ground, found.query)
    wider = _beyond(found.data, found.query)
    counts = count(nomenclature, found.query, found.data, wider, names)
    total = len(counts.kept)
    return Page(
        query=query,
        near=found.query.near,
        hits=tuple(_page(session, nomenclature, found, counts.kept)),
        total=total,
        pages=max(1, ceil(total / query.per_page)),
        hidden_by=counts.hidden,
        outside=counts.outside,
        beyond=wider[0] if counts.outside else None,
        guesses=found.guesses,
        offered=found.offered,
        corrected=found.text if found.typed else "",
        facets=counts.facets,
        sentence=sentence(replace(found.query, text=found.text or query.text), names),
        problems=tuple(_problems(found.query)),
    )


def all_hits(session: Session, nomenclature: Nomenclature, query: Query) -> Iterator[Hit]:
    """Every hit of the query in its order, for exports and maps."""
    found = find(session, nomenclature, query)
    kept = np.flatnonzero(mask(found.data, found.query, nomenclature))
    ordered = first(_keys(found), kept, len(kept))
    for start in range(0, len(ordered), CHUNK):
        yield from hits(session, nomenclature, found, ordered[start : start + CHUNK])


def uids(session: Session, nomenclature: Nomenclature, query: Query) -> list[str]:
    """The identifiers of every hit of the query."""
    found = find(session, nomenclature, query)
    kept = np.flatnonzero(mask(found.data, found.query, nomenclature))
    return [found.data.uids.at(place) for place in found.data.places[kept].tolist()]


def those(
    session: Session, nomenclature: Nomenclature, ids: Sequence[int], query: Query | None = None
) -> list[Hit]:
    """These suppliers as anyone may see them, by id; with the query, why it finds them."""
    found = find(session, nomenclature, query or Query(territory_only=False, with_noise=True))
    places = found.data.find(np.asarray(sorted(set(ids)), dtype=found.data.ids.dtype))
    return hits(session, nomenclature, found, places)


def describe(session: Session, nomenclature: Nomenclature, query: Query) -> str:
    """The query as one French sentence."""
    ground = columns(session).ground
    return sentence(resolve(session, ground, query), labels(nomenclature, ground, query))


def _problems(query: Query) -> Iterator[str]:
    if query.near and not query.near.point:
        yield (
            f"Lieu inconnu : « {query.near.text} ». Indiquer une commune, un code postal ou "
            "« latitude,longitude »."
        )


def _beyond(data: Columns, query: Query) -> tuple[Query | None, list[str]]:
    """The same search a little further, and the communes it counts (none: all it finds)."""
    if query.near and query.near.point and query.radius_km:
        wider = max(query.radius_km, BEYOND_KM)
        if query.territory_only or wider > query.radius_km:
            return replace(query, territory_only=False, radius_km=wider, page=1), []
    elif query.territory_only and (near := data.ground.nearby):
        return replace(query, territory_only=False, page=1), list(near)
    return None, []


# --- order and page ---


def _page(session: Session, nomenclature: Nomenclature, found: Found, kept: Array) -> list[Hit]:
    size = found.query.per_page
    start = (found.query.page - 1) * size
    if start >= len(kept):
        return []
    ordered = first(_keys(found), kept, start + size)
    return hits(session, nomenclature, found, ordered[start:])


def first(keys: Sequence[Key], places: Array, wanted: int) -> Array:
    """The first of these positions in the order of the keys; the last key leaves no tie."""
    chosen: list[Array] = []
    room = min(wanted, len(places))
    for key in keys:
        if len(places) <= room or not room:
            break
        values = key(places)
        last = np.partition(values, room - 1)[room - 1]
        chosen.append(places[values < last])
        places = places[values == last]
        room -= len(chosen[-1])
    found = np.concatenate([*chosen, places])
    order = np.lexsort([key(found) for key in reversed(keys)])
    ordered: Array = found[order][:wanted]
    return ordered


def _keys(found: Found) -> list[Key]:
    """What sorts the hits, the smallest first; names and identifiers always come last."""
    query, data = found.query, found.data

    def score(places: Array) -> Array:
        return -found.scores[places]

    def size(places: Array) -> Array:
        return -data.sizes[places]

    def name(places: Array) -> Array:
        return data.rank[places]

    near = _distance(found)
    if query.sort == "nom":
        return [name]
    if query.sort == "effectif":
        return [size, name]
    if query.sort == "distance" or not found.is_ranked:
        return [*near, name]
    return [score, *near, name]


def _distance(found: Found) -> list[Key]:
    """From the place asked for, else from the territory's centre where the order needs it."""
    point = found.query.near.point if found.query.near else None
    if point is None and (found.is_ranked or found.query.sort == "distance"):
        point = found.data.ground.centre
    if point is None:
        return []
    return [lambda places: np.nan_to_num(found.data.half_chords(places, point), nan=NOWHERE)]
