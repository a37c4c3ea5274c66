"""The communes as light shapes for a first view; approached when contours are missing."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from shapely import coverage_simplify, union_all
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry

from maps.ground import BEYOND_DEGREES, Commune, approached, centre

# Corners are whole numbers of this part of a degree: ten metres.
PARTS = 10_000
# Of a district's corners, one metre.
FINE = 100_000
# The side, in degrees, of the corners a contour may lose: in the territory, and around it.
INSIDE, AROUND = 0.0012, 0.008
# An islet smaller than this is not drawn beyond the territory.
SMALLEST = 0.00002
Ring = list[int]
Shape = list[list[Ring]]


@lru_cache(maxsize=2)
def collection(communes: tuple[Commune, ...], districts: int) -> bytes:
    """The communes in and near the territory, its edge and how many districts there are, as JSON.

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
    drawn = {
        "parts": PARTS,
        "approached": bool(guessed),
        "qpv": districts,
        "edge": packed(union_all(list(inside.values()))),
        "communes": [_drawn(commune, shapes.get(commune.code)) for commune in near],
    }
    return json.dumps(drawn, ensure_ascii=False, separators=(",", ":")).encode()


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
