"""What the maps ask for while they move: cells of the current search, and the outlines of the communes."""

import json
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from shapely import to_geojson, union_all
from shapely.geometry import shape
from sqlalchemy import or_, select

from sourcing.cells import Cell, cells
from sourcing.model import Place
from sourcing.query import BBox, Query
from webapp.context import session, site
from webapp.marks import mark

PAGES = Blueprint("map", __name__)
# Decimals of an outline's degrees: 10 m, finer than a screen shows at the scale of a commune.
DECIMALS = 4
FARTHEST_ZOOM = 19
# code, name, population, centre, whether it is in the territory, contour
Commune = tuple[str, str, int | None, float | None, float | None, bool, str]


@PAGES.get("/carte/cellules.json")
def cells_json() -> Response:
    """The search's suppliers in this view, counted for this zoom: [lon, lat, count, [uid, name, mark]…]."""
    query = Query.from_args(request.args)
    found = cells(session(), site().nomenclature, query, _bbox(), _zoom())
    return jsonify(cellules=[_cell(cell) for cell in found])


@PAGES.get("/carte/contours.geojson")
def outlines() -> Response:
    """The communes as we draw them, with their names; centres alone when contours are not loaded."""
    columns = (
        Place.code,
        Place.name,
        Place.population,
        Place.lon,
        Place.lat,
        Place.in_territory,
        Place.contour,
    )
    statement = select(*columns).where(or_(Place.in_territory, Place.contour != ""))
    rows = session().execute(statement.order_by(Place.code)).tuples().all()
    response = Response(_collection(tuple(rows)), mimetype="application/geo+json")
    response.cache_control.max_age = 3600
    response.add_etag()
    response.make_conditional(request)
    return response


def _bbox() -> BBox:
    """West, south, east and north of the view, in degrees."""
    query = Query.from_args({"zone": [request.args.get("bbox", "")]})
    return query.bbox or abort(400)


def _zoom() -> int:
    zoom = request.args.get("zoom", type=float)
    return abort(400) if zoom is None else max(0, min(FARTHEST_ZOOM, round(zoom)))


def _cell(cell: Cell) -> list[Any]:
    names = [[s.uid, s.name, mark(s.statuses).name] for s in cell.suppliers]
    return [cell.lon, cell.lat, cell.count, *names]


@lru_cache(maxsize=2)
def _collection(communes: tuple[Commune, ...]) -> bytes:
    """The GeoJSON of these communes, and the outer edge of the territory."""
    features = [_feature(commune) for commune in communes]
    contours = [shape(json.loads(c[-1])) for c in communes if c[5] and c[-1]]
    if contours:
        edge = json.loads(to_geojson(union_all([c.buffer(0) for c in contours])))
        features.append(
            {"type": "Feature", "properties": {"kind": "edge"}, "geometry": _rounded(edge)}
        )
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


def _feature(commune: Commune) -> dict[str, Any]:
    code, name, population, lon, lat, is_inside, contour = commune
    properties = {
        "kind": "commune",
        "code": code,
        "name": name,
        "people": population or 0,
        "inside": is_inside,
        "lon": lon,
        "lat": lat,
    }
    centre = {"type": "Point", "coordinates": [lon, lat]} if lon is not None else None
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": _rounded(json.loads(contour)) if contour else centre,
    }


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    def walk(part: Any) -> Any:
        return (
            round(part, DECIMALS)
            if isinstance(part, float)
            else [walk(each) for each in part]
            if isinstance(part, list)
            else part
        )

    return {"type": geometry["type"], "coordinates": walk(geometry["coordinates"])}
