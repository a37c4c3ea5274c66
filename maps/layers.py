"""LAYERS: what the map in one file shows, one function per layer, drawn from the bottom up."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapely import to_geojson, union_all
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from maps.geojson import Feature, rounded
from maps.marks import MARKS, mark
from sourcing.search.hits import Hit
from sourcing.tagging.statuses import STATUSES

# Positions travel as whole numbers of this fraction of a degree: one metre.
UNIT = 1e-5


@dataclass(frozen=True, slots=True)
class View:
    """What layers are made from."""

    hits: Sequence[Hit]
    contours: Sequence[Feature]


def communes(view: View) -> dict[str, Any]:
    """Outlines and names of the communes; a name alone where the contour is not known."""
    features = [
        {
            "type": "Feature",
            "geometry": rounded(feature["geometry"]),
            "properties": {"name": _name(feature), "at": _label_point(feature)},
        }
        for feature in view.contours
        if feature.get("geometry")
    ]
    return {"type": "FeatureCollection", "features": features}


def territory(view: View) -> dict[str, Any]:
    """The outer edge of the communes together."""
    shapes = [
        shape(feature["geometry"]).buffer(0)
        for feature in view.contours
        if _is_area(feature.get("geometry"))
    ]
    if not shapes:
        return {"type": "FeatureCollection", "features": []}
    edge = json.loads(to_geojson(union_all(shapes)))
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": rounded(edge), "properties": {}}],
    }


def suppliers(view: View) -> dict[str, Any]:
    """Columns, one line per supplier that has a position; texts said often are said once."""
    placed = [hit for hit in view.hits if hit.lon is not None and hit.lat is not None]
    towns, segments, bits = _Index(), _Index(), {s.code: s.bit for s in STATUSES}
    return {
        "x": [round((hit.lon or 0) / UNIT) for hit in placed],
        "y": [round((hit.lat or 0) / UNIT) for hit in placed],
        "name": [hit.name for hit in placed],
        "siret": [hit.siret for hit in placed],
        "address": [hit.address for hit in placed],
        "town": [towns.place(f"{hit.postcode} {hit.commune}".strip()) for hit in placed],
        "status": [sum(bits[code] for code in hit.statuses) for hit in placed],
        "segments": [[segments.place(label) for _, label in hit.segments] for hit in placed],
        "look": [MARKS.index(mark(hit.statuses)) for hit in placed],
        "towns": towns.texts,
        "segmentNames": segments.texts,
        "statuses": [[status.bit, status.label] for status in STATUSES],
        "looks": [[each.name, each.label, each.colour, each.path] for each in MARKS],
        "unplaced": len(view.hits) - len(placed),
    }


LAYERS: Mapping[str, Callable[[View], dict[str, Any]]] = {
    "communes": communes,
    "territory": territory,
    "suppliers": suppliers,
}


class _Index:
    """Texts numbered in the order they are met."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        return self._places.setdefault(text, len(self._places))

    @property
    def texts(self) -> list[str]:
        return list(self._places)


def _is_area(geometry: Mapping[str, Any] | None) -> bool:
    return bool(geometry) and str((geometry or {}).get("type")).endswith("Polygon")


def _name(feature: Feature) -> str:
    known = feature.get("properties") or {}
    return str(known.get("name") or known.get("nom") or "")


def _label_point(feature: Feature) -> list[float]:
    """Where the name is written, as [lat, lon]: the centre we are given, else a point inside."""
    known = feature.get("properties") or {}
    if known.get("lon") is not None and known.get("lat") is not None:
        return [round(known["lat"], 4), round(known["lon"], 4)]
    inside: BaseGeometry = shape(feature["geometry"]).representative_point()
    return [round(inside.y, 4), round(inside.x, 4)]
