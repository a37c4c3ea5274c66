"""The communes as GeoJSON, light enough for a first view; approached when contours are missing."""

import json
from collections.abc import Sequence
from functools import lru_cache
from math import cos, radians
from typing import Any, NamedTuple

from shapely import MultiPoint, Point, to_geojson, union_all, voronoi_polygons
from shapely.affinity import scale
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

# Neighbours are drawn this far from the territory.
BEYOND_DEGREES = 0.25
# Tolerance in degrees and decimals of an outline, in the territory and around it.
INSIDE, AROUND = (0.0002, 4), (0.001, 3)
# Without contours: how far a commune reaches from its centre, and the gaps closed between two.
REACH_DEGREES, GAP_DEGREES = 0.038, 0.02


class Commune(NamedTuple):
    """What is drawn of a commune; contour is GeoJSON text or ''."""

    code: str
    name: str
    population: int | None
    lon: float | None
    lat: float | None
    is_inside: bool
    contour: str


@lru_cache(maxsize=2)
def collection(communes: tuple[Commune, ...]) -> bytes:
    """The GeoJSON of the communes in and near the territory, and of the territory's edge."""
    contours = {c.code: shape(json.loads(c.contour)).buffer(0) for c in communes if c.contour}
    bare = [c for c in communes if c.is_inside and c.code not in contours and c.lon is not None]
    approached = {} if contours else _approached(bare)
    known = contours | approached
    edge = union_all([known[c.code] for c in communes if c.is_inside and c.code in known])
    seen = edge.buffer(BEYOND_DEGREES)
    features = [
        _feature(commune, known.get(commune.code), commune.code in approached)
        for commune in communes
        if commune.is_inside or known[commune.code].intersects(seen)
    ]
    if not edge.is_empty:
        outline = {"kind": "edge", "approached": bool(approached)}
        features.append(
            {"type": "Feature", "properties": outline, "geometry": _geometry(edge, INSIDE)}
        )
    everything = {"type": "FeatureCollection", "features": features}
    return json.dumps(everything, ensure_ascii=False, separators=(",", ":")).encode()


def _approached(communes: Sequence[Commune]) -> dict[str, BaseGeometry]:
    """To each commune the ground nearest its centre, within reach: a shape, not a boundary."""
    if len(communes) < 2:
        return {c.code: _centre(c).buffer(REACH_DEGREES) for c in communes}
    wide = 1 / cos(radians(_centre(communes[0]).y))
    flat = {c.code: scale(_centre(c), 1 / wide, 1, origin=(0, 0)) for c in communes}
    ground = union_all([centre.buffer(REACH_DEGREES) for centre in flat.values()])
    ground = ground.buffer(GAP_DEGREES).buffer(-GAP_DEGREES)
    cells = voronoi_polygons(MultiPoint(list(flat.values())), extend_to=ground).geoms
    found = {}
    for code, centre in flat.items():
        cell = next((cell for cell in cells if cell.contains(centre)), centre.buffer(0.01))
        found[code] = scale(cell.intersection(ground), wide, 1, origin=(0, 0))
    return found


def _centre(commune: Commune) -> Point:
    return Point(commune.lon, commune.lat)


def _feature(commune: Commune, contour: BaseGeometry | None, approached: bool) -> dict[str, Any]:
    properties = {
        "kind": "commune",
        "code": commune.code,
        "name": commune.name,
        "people": commune.population or 0,
        "inside": commune.is_inside,
        "approached": approached,
        "lon": commune.lon,
        "lat": commune.lat,
    }
    geometry = _geometry(contour, INSIDE if commune.is_inside else AROUND) if contour else None
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _geometry(contour: BaseGeometry, detail: tuple[float, int]) -> dict[str, Any]:
    """A contour as light as its place on the screen allows."""
    tolerance, decimals = detail

    def rounded(part: Any) -> Any:
        if isinstance(part, list):
            return [rounded(each) for each in part]
        return round(part, decimals)

    drawn = json.loads(to_geojson(contour.simplify(tolerance)))
    return {"type": drawn["type"], "coordinates": rounded(drawn["coordinates"])}
