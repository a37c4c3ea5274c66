"""The ground cut into nested squares, each numbered so that a square's own are consecutive.

Web Mercator, as the screen shows it; the number is a Morton code: the squares of one zoom are a
prefix of those of the next, so that a square of any zoom is one range of numbers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BBox = tuple[float, float, float, float]  # west, south, east, north
# Squares halve this many times: 0.6 m, one address.
DEPTH = 26
# Mercator ends here.
FARTHEST_NORTH = 85.0511
# A view is cut into so many squares at most: twice a wall screen's.
MOST_TOUCHED = 8_000
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def numbered(lon: Array, lat: Array) -> tuple[Array, Array]:
    """The positions of those that have a place, in the order of their squares; and the squares."""
    placed = np.flatnonzero(~np.isnan(lon) & ~np.isnan(lat))
    squares = number(*_cut(lon[placed], lat[placed], DEPTH))
    order = np.argsort(squares, kind="stable")
    return placed[order].astype(np.int32), squares[order]


def number(across: Array, down: Array) -> Array:
    """The number of the square at this column and row."""
    found: Array = _spread(across) | (_spread(down) << 1)
    return found


def touched(bbox: BBox, depth: int) -> tuple[Array, int]:
    """The squares a view touches, and their depth: less when they would be too many."""
    west, south, east, north = bbox
    edges = _cut(np.asarray([west, east]), np.asarray([north, south]), depth)
    (first, last), (top, bottom) = (edge.tolist() for edge in edges)
    while (last - first + 1) * (bottom - top + 1) > MOST_TOUCHED:
        first, last, top, bottom = (edge >> 1 for edge in (first, last, top, bottom))
        depth -= 1
    columns, rows = np.meshgrid(np.arange(first, last + 1), np.arange(top, bottom + 1))
    return np.sort(number(columns.ravel(), rows.ravel())), depth


def bounds(squares: Array, asked: Array, depth: int) -> tuple[Array, Array]:
    """Where each asked square of this depth starts and ends among these sorted ones."""
    narrower = 2 * (DEPTH - depth)
    starts = np.searchsorted(squares, asked << narrower)
    return starts, np.searchsorted(squares, (asked + 1) << narrower)


def _cut(lon: Array, lat: Array, depth: int) -> tuple[Array, Array]:
    most = (1 << depth) - 1
    tilt = np.radians(np.clip(lat, -FARTHEST_NORTH, FARTHEST_NORTH))
    down = (1 - np.arcsinh(np.tan(tilt)) / np.pi) / 2
    across, along = (
        np.clip(np.floor(part * (most + 1)), 0, most).astype(np.int64)
        for part in ((lon + 180) / 360, down)
    )
    return across, along


def _spread(values: Array) -> Array:
    """A zero bit put between every two bits."""
    found = values.astype(np.int64)
    for shift, kept in _SPREAD:
        found = (found | (found << shift)) & kept
    return found
