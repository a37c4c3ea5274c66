"""What the maps ask for: the cells of a search in a view, and the communes' outlines."""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from shapely import to_geojson, union_all
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import or_, select

from sourcing.cells import Cell, cells
from sourcing.model import Place
from sourcing.query import BBox, Query
from sourcing.search import search
from webapp.context import session, site
from webapp.marks import mark

PAGES = Blueprint("map", __name__)
# Neighbours are drawn this far from the territory.
BEYOND_DEGREES = 0.25
# Tolerance in degrees and decimals of an outline, in the territory and around it.
INSIDE, AROUND = (0.0002, 4), (0.001, 3)
FARTHEST_ZOOM = 19
# Suppliers listed for one place of the map.
MOST_HERE = 50
# code, name, population, centre, whether it is in the territory, contour
Commune = tuple[str, str, int | None, float | None, float | None, bool, str]


@PAGES.get("/carte/cellules.json")
def cells_json() -> Response:
    """The search's cells in this view: [lon, lat, count, [uid, name, mark]…]."""
    query = Query.from_args(request.args)
    found = cells(session(), site().nomenclature, query, _bbox(), _zoom())
    return jsonify(cellules=[_cell(cell) for cell in found])


@PAGES.get("/carte/ici.json")
def here_json() -> Response:
    """The search's suppliers in a small box, by name: [uid, name, mark]."""
    query = replace(Query.from_args(request.args), bbox=_bbox(), page=1, per_page=MOST_HERE)
    page = search(session(), site().nomenclature, query)
    names = [[hit.uid, hit.name, mark(hit.statuses).name] for hit in page.hits]
    return jsonify(total=page.total, fournisseurs=names)


@PAGES.get("/carte/contours.geojson")
def outlines() -> Response:
    """The communes with their names; centres alone when contours are not loaded."""
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
    rows = session().execute(statement.order_by(Place.code))
    response = Response(
        _collection(tuple(tuple(row) for row in rows)), mimetype="application/geo+json"
    )
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
    contours = {c[0]: shape(json.loads(c[-1])).buffer(0) for c in communes if c[-1]}
    edge = union_all([contours[c[0]] for c in communes if c[5] and c[0] in contours])
    seen = edge.buffer(BEYOND_DEGREES)
    features = [
        _feature(commune, contours.get(commune[0]))
        for commune in communes
        if commune[5] or contours[commune[0]].intersects(seen)
    ]
    if not edge.is_empty:
        features.append(
            {"type": "Feature", "properties": {"kind": "edge"}, "geometry": _geometry(edge, INSIDE)}
        )
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


def _feature(commune: Commune, contour: BaseGeometry | None) -> dict[str, Any]:
    code, name, population, lon, lat, is_inside, _ = commune
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
    geometry = _geometry(contour, INSIDE if is_inside else AROUND) if contour else centre
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
