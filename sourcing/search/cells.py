"""Map cells: every hit of a query in a view, clustered for the zoom."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import NamedTuple

import numpy as np
from sqlalchemy.orm import Session

from sourcing.search.evidence import find
from sourcing.search.filters import mask
from sourcing.search.hits import status_codes
from sourcing.search.query import SORTS, BBox, Query
from sourcing.search.shelf import columns
from sourcing.search.squares import DEPTH, bounds, touched
from sourcing.search.tally import Array, Columns
from sourcing.segments import Nomenclature

# Clusters are 64 pixels wide on the screen, a quarter of a tile.
FINER_THAN_TILES = 2
# Names given for one address; the map asks for the others when it is opened.
STACK = 12
# Hits whose mean is a cell's place: spread over its ground, so few are enough.
SAMPLED = 32
# Hits remembered between two views of one search, of all searches together.
MOST_REMEMBERED = 8_000_000


class CellSupplier(NamedTuple):
    uid: str
    name: str
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A place on the map: several suppliers counted, or one address and who is there."""

    lon: float
    lat: float
    count: int
    suppliers: tuple[CellSupplier, ...] = ()


def cells(
    session: Session, nomenclature: Nomenclature, query: Query, bbox: BBox, zoom: int
) -> list[Cell]:
    """Every hit in the squares this view touches, clustered; an address alone is named."""
    data = columns(session)
    spread = _spread(session, nomenclature, query, data)
    return list(_grouped(data, spread.spots, bbox, min(DEPTH, max(0, zoom) + FINER_THAN_TILES)))


def unplaced(session: Session, nomenclature: Nomenclature, query: Query) -> int:
    """How many hits no map can show: nobody says where they are."""
    return _spread(session, nomenclature, query, columns(session)).unplaced


# --- who is found, in the order of the ground ---


class _Spread(NamedTuple):
    """Where hits are: places in `Columns.order`, ascending; and how many have no place."""

    spots: Array
    unplaced: int


class _Remembered:
    """Where each of the last searches' hits are: one walks on the map without searching again."""

    def __init__(self) -> None:
        self.held: OrderedDict[object, tuple[Columns, _Spread]] = OrderedDict()
        self.lock = Lock()

    def get(self, key: object, data: Columns) -> _Spread | None:
        with self.lock:
            known = self.held.get(key)
            if known is None or known[0] is not data:
                return None
            self.held.move_to_end(key)
            return known[1]

    def put(self, key: object, data: Columns, spread: _Spread) -> None:
        with self.lock:
            self.held[key] = (data, spread)
            self.held.move_to_end(key)
            # Those of former data, then the oldest ones.
            for other in [k for k, (former, _) in self.held.items() if former is not data]:
                del self.held[other]
            while sum(len(each.spots) for _, each in self.held.values()) > MOST_REMEMBERED:
                self.held.popitem(last=False)


_remembered = _Remembered()


def _spread(session: Session, nomenclature: Nomenclature, query: Query, data: Columns) -> _Spread:
    key = (replace(query, page=1, per_page=1, sort=SORTS[0]), nomenclature.fingerprint)
    known = _remembered.get(key, data)
    if known is None:
        found = find(session, nomenclature, query)
        kept = np.zeros(len(data.ids), dtype=bool)
        hits = found.data.places[mask(found.data, found.query, nomenclature)]
        kept[hits] = True
        spots = np.flatnonzero(kept[data.order]).astype(np.int32)
        known = _Spread(spots, len(hits) - len(spots))
        _remembered.put(key, data, known)
    return known


# --- grouped for a view ---


def _grouped(data: Columns, spots: Array, bbox: BBox, depth: int) -> Iterator[Cell]:
    """Each square with its mean place, or its one address and who is there.

    A square is a range of the ground's order, so of the hits too: none of them is looked at.
    """
    asked, depth = touched(bbox, depth)
    starts, ends = bounds(data.squares, asked, depth)
    first, last = np.searchsorted(spots, starts), np.searchsorted(spots, ends)
    is_held = last > first
    first, last = first[is_held], last[is_held]
    is_alone = data.squares[spots[first]] == data.squares[spots[last - 1]]
    middle = _middles(data, spots, first, last).tolist()
    for (lon, lat), start, end, alone in zip(
        middle, first.tolist(), last.tolist(), is_alone.tolist(), strict=True
    ):
        named = _named(data, data.order[spots[start:end]]) if alone else ()
        yield Cell(round(lon, 6), round(lat, 6), end - start, named)


def _middles(data: Columns, spots: Array, first: Array, last: Array) -> Array:
    """The mean (lon, lat) of each run of spots, from a few of them taken all along it."""
    among = (2 * np.arange(SAMPLED) + 1) / (2 * SAMPLED)
    taken = first[:, None] + ((last - first)[:, None] * among).astype(np.int64)
    places = data.order[spots[taken]]
    found: Array = np.stack([data.lon[places].mean(axis=1), data.lat[places].mean(axis=1)], axis=1)
    return found


def _named(data: Columns, places: Array) -> tuple[CellSupplier, ...]:
    """Who is here, in the order of names."""
    first = places[np.argsort(data.rank[places])][:STACK]
    return tuple(
        CellSupplier(
            data.uids.at(place),
            data.names.at(place),
            status_codes(int(data.statuses.values[data.statuses.index[place]])),
        )
        for place in first.tolist()
    )
