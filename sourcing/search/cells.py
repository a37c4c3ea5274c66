"""Map cells: every hit of a query in a view, clustered for the zoom."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import cos, radians
from typing import NamedTuple

import numpy as np
from sqlalchemy.orm import Session

from sourcing.search.evidence import find
from sourcing.search.filters import mask
from sourcing.search.hits import status_codes
from sourcing.search.query import BBox, Query
from sourcing.search.tally import Array, Columns, Mask
from sourcing.segments import Nomenclature

# Clusters are about this wide on the screen.
CELL_PIXELS = 64
# Names given for one address.
STACK = 50
MOST_SQUARES = 1_000_000


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
    """Every hit of the query in this view, clustered for this zoom; an address alone is named."""
    found = find(session, nomenclature, query)
    data = found.data
    here = data.in_box(bbox) & mask(data, found.query, nomenclature)
    there = data.take(np.flatnonzero(here))
    return list(_grouped(there, _squares(there, bbox, zoom))) if len(there.ids) else []


def _squares(data: Columns, bbox: BBox, zoom: int) -> Array:
    """The number of each supplier's square of the screen; squares are fixed to the ground."""
    width = 360 / 2 ** max(0, min(zoom, 22)) * CELL_PIXELS / 256
    height = width * max(0.05, cos(radians((bbox[1] + bbox[3]) / 2)))
    across = np.floor((data.lon + 180) / width).astype(np.int64)
    up = np.floor((data.lat + 90) / height).astype(np.int64)
    across -= across.min()
    up -= up.min()
    number: Array = up * (across.max() + 1) + across
    # Close up, squares are many more than suppliers: only those in use are numbered.
    return number if number.max() < MOST_SQUARES else np.unique(number, return_inverse=True)[1]


def _grouped(data: Columns, squares: Array) -> Iterator[Cell]:
    """Each square with its mean place, or its one address and who is there."""
    counts = np.bincount(squares)
    one = np.zeros(len(counts), dtype=np.int64)
    one[squares] = np.arange(len(squares))
    first = one[squares]
    is_apart = (data.lon != data.lon[first]) | (data.lat != data.lat[first])
    is_spread = np.bincount(squares[is_apart], minlength=len(counts)) > 0
    sums = [np.bincount(squares, weights=each) for each in (data.lon, data.lat)]
    named = _by_square(data, squares, ~is_spread)
    for square in np.flatnonzero(counts).tolist():
        count = int(counts[square])
        if is_spread[square]:
            lon, lat = (float(each[square]) / count for each in sums)
            yield Cell(round(lon, 6), round(lat, 6), count)
        else:
            place = one[square]
            lon, lat = float(data.lon[place]), float(data.lat[place])
            yield Cell(round(lon, 6), round(lat, 6), count, tuple(named[square][:STACK]))


def _by_square(data: Columns, squares: Array, is_alone: Mask) -> Mapping[int, list[CellSupplier]]:
    """Who is in each square of one address, in the order of names."""
    members = np.flatnonzero(is_alone[squares])
    members = members[np.argsort(data.rank[members])]
    named: defaultdict[int, list[CellSupplier]] = defaultdict(list)
    for member, square in zip(members.tolist(), squares[members].tolist(), strict=True):
        if len(named[square]) < STACK:
            named[square].append(_named(data, member))
    return named


def _named(data: Columns, place: int) -> CellSupplier:
    whole = int(data.places[place])
    statuses = status_codes(int(data.statuses.values[data.statuses.index[place]]))
    return CellSupplier(data.uids.at(whole), data.names.at(whole), statuses)
