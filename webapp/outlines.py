"""The communes as light shapes for a first view; approached when contours are missing."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from shapely import coverage_simplify, union_all
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry

from maps.ground import BEYOND_DEGREES, Commune, approached, centre

# Corners are whole numbers of this part of a degree: 28 metres, less than a contour may lose.
PARTS = 4_000
# Of a district's corners, one metre.
FINE = 100_000
# The side, in degrees, of the corners a contour may lose: in the territory, and around it.
INSIDE, AROUND = 0.0012, 0.008
# An islet smaller than this is not drawn beyond the territory.
SMALLEST = 0.00002
# Around centres alone, this part of what they span.
MARGIN = 0.12
Ring = list[int]
Shape = list[list[Ring]]


class Outlines(NamedTuple):
    """What the map draws under the suppliers, as JSON; and the territory's box, when it has one."""

    body: bytes
    box: tuple[float, ...] | None  # west, south, east, north


def draw(communes: Sequence[Commune], districts: int) -> Outlines:
    """The communes in and near the territory, its edge and how many districts there are.

    A shape is a list of polygons, each a list of rings of whole numbers: a corner's longitude and
    latitude in PARTS of a degree, then the steps to the next ones.
    """
    contours = {c.code: shape(json.loads(c.contour)).buffer(0) for c in communes if c.contour}
    bare = [c for c in communes if c.is_inside and c.code not in contours and c.lon is not None]
    guessed = {} if contours else approached(bare)
    known = contours | guessed
    edge = union_all([known[c.code] for c in communes if c.is_inside and c.code in known])
    seen = edge.buffer(BEYOND_DEGREES)
    near = [c for c in communes if c.is_inside or _is_seen(c, known, seen)]
    around = _light({c.code: known[c.code] for c in near if c.code in known}, AROUND)
    inside = _light(
        {c.code: known[c.code] for c in near if c.is_inside and c.code in known}, INSIDE
    )
    shapes = around | inside
    whole = union_all(list(inside.values()))
    drawn = {
        "parts": PARTS,
        "approached": bool(guessed),
        "qpv": districts,
        "edge": packed(whole),
        "communes": [_drawn(commune, shapes.get(commune.code)) for commune in near],
    }
    body = json.dumps(drawn, ensure_ascii=False, separators=(",", ":")).encode()
    centres = [centre(c) for c in near if c.is_inside and c.lon is not None]
    return Outlines(body, _box(whole, centres))


def _box(whole: BaseGeometry, centres: list[BaseGeometry]) -> tuple[float, ...] | None:
    """Around the territory; without its shape, around the centres of its communes."""
    if not whole.is_empty:
        return tuple(round(side, 4) for side in whole.bounds)
    if not centres:
        return None
    west, south, east, north = union_all(centres).bounds
    wide, high = MARGIN * (east - west), MARGIN * (north - south)
    return tuple(round(s, 4) for s in (west - wide, south - high, east + wide, north + high))


def _is_seen(commune: Commune, known: dict[str, BaseGeometry], seen: BaseGeometry) -> bool:
    contour = known.get(commune.code)
    if contour is None:
        return commune.lon is not None and bool(seen.contains(centre(commune)))
    return bool(contour.intersects(seen))


def _light(shapes: dict[str, BaseGeometry], tolerance: float) -> dict[str, BaseGeometry]:
    """The same shapes with fewer corners; two neighbours keep one border."""
    lighter = coverage_simplify(list(shapes.values()), tolerance)
    return dict(zip(shapes, lighter, strict=True))


def packed(contour: BaseGeometry, per_degree: int = PARTS) -> Shape:
    """A shape as whole numbers."""
    parts: Iterable[Any] = getattr(contour, "geoms", [contour])
    polygons = [part for part in parts if isinstance(part, Polygon) and not part.is_empty]
    # Of many islets the largest are enough.
    seen = [each for each in polygons if each.area > SMALLEST] or polygons[:1]
    return [
        [_steps(ring, per_degree) for ring in (each.exterior, *each.interiors)] for each in seen
    ]


def _steps(ring: Any, per_degree: int) -> Ring:
    corners = [(round(x * per_degree), round(y * per_degree)) for x, y, *_ in ring.coords]
    found, (x, y) = [], (0, 0)
    for corner in corners:
        if corner != (x, y):
            found += [corner[0] - x, corner[1] - y]
            x, y = corner
    return found


def _drawn(commune: Commune, contour: BaseGeometry | None) -> dict[str, Any]:
    lon, lat = (None if at is None else round(at, 4) for at in (commune.lon, commune.lat))
    shown: dict[str, Any] = {
        "name": commune.name,
        "lon": lon,
        "lat": lat,
        "people": commune.population or 0,
    }
    if contour is not None:
        shown["shape"] = packed(contour)
    # Only those of the territory are ever chosen.
    return shown | {"code": commune.code} if commune.is_inside else shown
