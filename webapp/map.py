"""What the maps ask for: a search's cells in a view, its count per commune, the outlines."""

import json
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from shapely.geometry import shape
from sqlalchemy import ColumnElement, and_, false, func, or_, select

from maps.ground import BEYOND_DEGREES, Commune
from maps.marks import mark
from sourcing import stale
from sourcing.model import Place, Qpv
from sourcing.search import search
from sourcing.search.cells import Cell, cells, unplaced
from sourcing.search.coverage import coverage
from sourcing.search.query import BBox, Query
from webapp.context import session, site
from webapp.outlines import FINE, Outlines, draw, packed

PAGES = Blueprint("map", __name__)
FARTHEST_ZOOM = 19
# Suppliers listed for one place of the map.
MOST_HERE = 50


@PAGES.get("/carte/cellules.json")
def cells_json() -> Response:
    """The search's cells in this view: [lon, lat, count, [uid, name, mark]…]; and who has none."""
    query = Query.from_args(request.args)
    asked = (session(), site().nomenclature, query)
    found = [_cell(cell) for cell in cells(*asked, _bbox(), _zoom())]
    return jsonify(cellules=found, sans_position=unplaced(*asked))


@PAGES.get("/carte/ici.json")
def here_json() -> Response:
    """The search's suppliers in a small box, by name: [uid, name, mark]."""
    query = replace(Query.from_args(request.args), bbox=_bbox(), page=1, per_page=MOST_HERE)
    page = search(session(), site().nomenclature, query)
    names = [[hit.uid, hit.name, mark(hit.statuses).name] for hit in page.hits]
    return jsonify(total=page.total, fournisseurs=names)


@PAGES.get("/carte/communes.json")
def communes_json() -> Response:
    """Per commune of the territory: the suppliers there, and those who say they serve it."""
    found = coverage(session(), site().nomenclature, Query.from_args(request.args))
    return jsonify({each.code: [each.here, each.serving] for each in found})


@PAGES.get("/carte/contours.json")
def outlines_json() -> Response:
    """The communes with their names, and the edge of the territory."""
    response = Response(outlines().body, mimetype="application/json")
    response.cache_control.max_age = 3600
    response.add_etag()
    response.make_conditional(request)
    return response


@PAGES.get("/carte/qpv.json")
def qpv_json() -> Response:
    """The priority districts with their names, as shapes in the manner of the outlines."""
    rows = session().execute(select(Qpv.name, Qpv.contour).order_by(Qpv.code))
    response = jsonify(
        parts=FINE,
        quartiers=[
            {"name": name, "shape": packed(shape(json.loads(contour)), FINE)}
            for name, contour in rows
        ],
    )
    response.cache_control.max_age = 3600
    return response


def outlines() -> Outlines:
    """The ground of the map, drawn once per version of the data."""
    state = stale.state(session())
    drawn = site().drawn
    if not state.version or drawn is None or drawn[0] != state:
        drawn = site().drawn = (state, _outlines())
    return drawn[1]


def _outlines() -> Outlines:
    columns = (Place.code, Place.name, Place.population, Place.lon, Place.lat,
               Place.in_territory, Place.contour)  # fmt: skip
    statement = select(*columns).where(or_(Place.in_territory, Place.contour != "", _is_around()))
    rows = session().execute(statement.order_by(Place.code))
    districts = session().scalar(select(func.count()).select_from(Qpv)) or 0
    return draw([Commune(*row) for row in rows], districts)


def _is_around() -> ColumnElement[bool]:
    """In a box around the territory's centres."""
    lon, lat = Place.lon, Place.lat
    edges = select(func.min(lon), func.max(lon), func.min(lat), func.max(lat))
    found = session().execute(edges.where(Place.in_territory)).one()
    sides = [float(each) for each in found if each is not None]
    if not sides:
        return false()
    west, east, south, north = sides
    return and_(
        lon.between(west - BEYOND_DEGREES, east + BEYOND_DEGREES),
        lat.between(south - BEYOND_DEGREES, north + BEYOND_DEGREES),
    )


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
