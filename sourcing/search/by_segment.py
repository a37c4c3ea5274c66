"""A search's suppliers under each purchase segment: who answers for what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from sourcing.search.evidence import find
from sourcing.search.filters import mask
from sourcing.search.hits import Hit, hits
from sourcing.search.query import Query
from sourcing.search.tally import Array
from sourcing.segments import Nomenclature, Segment


@dataclass(frozen=True, slots=True)
class Answering:
    """A segment, how many of the search's suppliers sell it, and the first of them."""

    segment: Segment
    count: int
    first: tuple[Hit, ...]


def by_segment(
    session: Session, nomenclature: Nomenclature, query: Query, most: int
) -> list[Answering]:
    """Every segment of the nomenclature, in its order, with at most so many suppliers of each.

    The surest come first: those who declare the segment, then those their activity code hints at.
    A query with words is answered as without them.
    """
    found = find(session, nomenclature, replace(query, text="", added=()))
    kept = mask(found.data, found.query, nomenclature)
    held = {code: _kept(each.places, each.weights, kept, found.data.rank)
            for code, each in found.data.holders.items()}  # fmt: skip
    shown = np.unique(np.concatenate([np.empty(0, int), *(each[:most] for each in held.values())]))
    by_id = {hit.id: hit for hit in hits(session, nomenclature, found, shown)}
    known = {place: by_id[int(found.data.ids[place])] for place in shown.tolist()}
    nobody: Array = np.empty(0, dtype=int)
    return [
        _answering(segment, held.get(segment.code, nobody), known, most)
        for segment in nomenclature.segments
    ]


def _kept(places: Array, weights: Array, kept: Array, rank: Array) -> Array:
    """Those of these positions that are kept, the heaviest first, then by name."""
    is_kept = kept[places]
    places, weights = places[is_kept], weights[is_kept]
    found: Array = places[np.lexsort((rank[places], -weights))]
    return found


def _answering(segment: Segment, places: Array, known: dict[int, Hit], most: int) -> Answering:
    first: Sequence[int] = places[:most].tolist()
    return Answering(segment, len(places), tuple(known[place] for place in first))
