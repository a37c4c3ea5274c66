"""Who works somewhere without being there; what lies within a drawn outline."""

from collections.abc import Sequence

import numpy as np

from sourcing.model import NATIONAL_KM
from sourcing.places import EARTH_RADIUS_KM
from sourcing.search.query import Polygon
from sourcing.search.tally import Array, Columns, Mask

Point = tuple[float, float]


def is_national(data: Columns) -> Mask:
    """Who says it works in all of France."""
    found: Mask = data.reach_km >= NATIONAL_KM
    return found


def covers(data: Columns, points: Sequence[Point]) -> Mask:
    """Who says it works as far as one of these points; not those who work everywhere."""
    found: Mask = np.zeros(len(data.ids), dtype=bool)
    local = np.flatnonzero((data.reach_km > 0) & (data.reach_km < NATIONAL_KM))
    for point in points if len(local) else ():
        found[local] |= data.half_chords(local, point) <= _half_chord(data.reach_km[local])
    return found


def _half_chord(kilometres: Array) -> Array:
    found: Array = np.sin(np.minimum(np.pi / 2, kilometres / (2 * EARTH_RADIUS_KM))) ** 2
    return found


def within(data: Columns, corners: Polygon) -> Mask:
    """Whose position lies in the outline; a line that crosses itself leaves holes."""
    lons, lats = (np.asarray(each) for each in zip(*corners, strict=True))
    found = data.in_box((lons.min(), lats.min(), lons.max(), lats.max()))
    near = np.flatnonzero(found)
    lon, lat, inside = data.lon[near], data.lat[near], np.zeros(len(near), dtype=bool)
    for here, there in zip(corners, (*corners[1:], corners[0]), strict=True):
        if here[1] == there[1]:
            continue
        crosses = (here[1] > lat) != (there[1] > lat)
        at = here[0] + (lat - here[1]) * (there[0] - here[0]) / (there[1] - here[1])
        inside ^= crosses & (lon < at)
    found[near] = inside
    return found
