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
from sourcing.search.squares import DEPTH, column_and_row, corners, spans
from sourcing.search.tally import Array, Columns, Mask
from sourcing.segments import Nomenclature

# Clusters are 64 pixels wide on the screen, a quarter of a tile.
FINER_THAN_TILES = 2
# Names given for one address; the map asks for the others when it is opened.
STACK = 12
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
    spots = _spots(session, nomenclature, query, data)
    return list(_grouped(data, spots, bbox, min(DEPTH, max(0, zoom) + FINER_THAN_TILES)))


# --- who is found, in the order of the ground ---


class _Remembered:
    """Where each of the last searches' hits are: one walks on the map without searching again."""

    def __init__(self) -> None:
        self.held: OrderedDict[object, tuple[Columns, Array]] = OrderedDict()
        self.lock = Lock()

    def get(self, key: object, data: Columns) -> Array | None:
        with self.lock:
            known = self.held.get(key)
            if known is None or known[0] is not data:
                return None
            self.held.move_to_end(key)
            return known[1]

    def put(self, key: object, data: Columns, spots: Array) -> None:
        with self.lock:
            self.held[key] = (data, spots)
            self.held.move_to_end(key)
            # Those of former data, then the oldest ones.
            for other in [k for k, (former, _) in self.held.items() if former is not data]:
                del self.held[other]
            while sum(len(each) for _, each in self.held.values()) > MOST_REMEMBERED:
                self.held.popitem(last=False)


_remembered = _Remembered()


def _spots(session: Session, nomenclature: Nomenclature, query: Query, data: Columns) -> Array:
    """The hits that have a place, as places in `data.order`, ascending."""
    key = (replace(query, page=1, per_page=1, sort=SORTS[0]), nomenclature.fingerprint)
    known = _remembered.get(key, data)
    if known is None:
        found = find(session, nomenclature, query)
        kept = np.zeros(len(data.ids), dtype=bool)
        kept[found.data.places[mask(found.data, found.query, nomenclature)]] = True
        known = np.flatnonzero(kept[data.order]).astype(np.int32)
        _remembered.put(key, data, known)
    return known


# --- grouped for a view ---


def _grouped(data: Columns, spots: Array, bbox: BBox, depth: int) -> Iterator[Cell]:
    """Each square with its mean place, or its one address and who is there."""
    squares = data.squares[spots]
    slices = [slice(*span) for span in spans(squares, bbox, depth)]
    if not slices:
        return
    squares = np.concatenate([squares[each] for each in slices])
    places = data.order[np.concatenate([spots[each] for each in slices])]
    cell = squares >> (2 * (DEPTH - depth))
    first = np.append(0, np.flatnonzero(cell[1:] != cell[:-1]) + 1)
    last = np.append(first[1:], len(cell))
    is_alone = squares[first] == squares[last - 1]
    lon, lat = (
        np.add.reduceat(each[places], first) / (last - first) for each in (data.lon, data.lat)
    )
    for at in np.flatnonzero(_touched(cell[first], bbox, depth)).tolist():
        named = _named(data, places[first[at] : last[at]]) if is_alone[at] else ()
        yield Cell(
            round(float(lon[at]), 6), round(float(lat[at]), 6), int(last[at] - first[at]), named
        )


def _touched(cell: Array, bbox: BBox, depth: int) -> Mask:
    """Which of these squares the view touches."""
    across, down = column_and_row(cell)
    first, last, top, bottom = corners(bbox, depth)
    found: Mask = (across >= first) & (across <= last) & (down >= top) & (down <= bottom)
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
