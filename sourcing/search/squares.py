"""The ground cut into nested squares, each numbered so that a square's own are consecutive.

Web Mercator, as the screen shows it; the number is a Morton code: the squares of one zoom are a
prefix of those of the next, and any view is a few ranges of numbers.
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
# A view is looked up in at most so many squares across.
ACROSS = 16
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


def column_and_row(numbers: Array) -> tuple[Array, Array]:
    """Where squares of these numbers are: the inverse of `number`."""
    return _gather(numbers), _gather(numbers >> 1)


def corners(bbox: BBox, depth: int) -> tuple[int, int, int, int]:
    """First and last column, first and last row of the squares a view touches."""
    west, south, east, north = bbox
    across, down = _cut(np.asarray([west, east]), np.asarray([north, south]), depth)
    return int(across[0]), int(across[1]), int(down[0]), int(down[1])


def spans(squares: Array, bbox: BBox, depth: int) -> list[tuple[int, int]]:
    """Where in these sorted squares the view is: slices that hold it and little around it."""
    first, last, top, bottom = corners(bbox, depth)
    while max(last - first, bottom - top) >= ACROSS:
        first, last, top, bottom = (edge >> 1 for edge in (first, last, top, bottom))
        depth -= 1
    columns, rows = np.meshgrid(np.arange(first, last + 1), np.arange(top, bottom + 1))
    asked = np.sort(number(columns.ravel(), rows.ravel()))
    narrower = 2 * (DEPTH - depth)
    starts = np.searchsorted(squares, asked << narrower).tolist()
    ends = np.searchsorted(squares, (asked + 1) << narrower).tolist()
    return _joined([pair for pair in zip(starts, ends, strict=True) if pair[0] < pair[1]])


def _joined(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in pairs:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _cut(lon: Array, lat: Array, depth: int) -> tuple[Array, Array]:
    most = (1 << depth) - 1
    tilt = np.radians(np.clip(lat, -FARTHEST_NORTH, FARTHEST_NORTH))
    down = (1 - np.arcsinh(np.tan(tilt)) / np.pi) / 2
    return tuple(  # type: ignore[return-value]
        np.clip(np.floor(part * (most + 1)), 0, most).astype(np.int64)
        for part in ((lon + 180) / 360, down)
    )


def _spread(values: Array) -> Array:
    """A zero bit put between every two bits."""
    found = values.astype(np.int64)
    for shift, kept in _SPREAD:
        found = (found | (found << shift)) & kept
    return found


def _gather(numbers: Array) -> Array:
    """Every other bit: what `_spread` spread."""
    found = numbers & _SPREAD[-1][1]
    for (shift, _), (_, kept) in zip(
        reversed(_SPREAD), [*reversed(_SPREAD[:-1]), (0, 0xFFFFFFFF)], strict=True
    ):
        found = (found | (found >> shift)) & kept
    return found
