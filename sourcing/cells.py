"""Map cells: every hit of a query in a view, clustered by the database for the zoom."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.evidence import Found, find
from sourcing.filters import conditions, in_box
from sourcing.hits import MASKED, status_codes
from sourcing.model import Listing, Supplier
from sourcing.query import BBox, Query
from sourcing.segments import Nomenclature

# Clusters are about this wide on the screen.
CELL_PIXELS = 64
# Names given for one address, and positions asked in one go.
STACK, CHUNK = 50, 2_000


class CellSupplier(NamedTuple):
    uid: str
    name: str
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A place on the map: several suppliers counted, or one address and who is there."""

    lon: float
    lat: float
    count: int
    suppliers: tuple[CellSupplier, ...] = ()


def cells(
    session: Session, nomenclature: Nomenclature, query: Query, bbox: BBox, zoom: int
) -> list[Cell]:
    """Every hit of the query in this view, clustered for this zoom; an address alone is named."""
    found = find(session, nomenclature, query)
    points = _points(nomenclature, found, bbox)
    grouped = session.execute(_grid(points, bbox, zoom)).all()
    alone = [
        (row.west, row.south) for row in grouped if row.west == row.east and row.south == row.north
    ]
    here = _at(session, points, alone)
    return [
        Cell(*_centre(row), row.suppliers, tuple(here.get((row.west, row.south), ())))
        for row in grouped
    ]


def _points(nomenclature: Nomenclature, found: Found, bbox: BBox) -> Select[Any]:
    points: Any = select(
        Listing.supplier_id, Listing.lon, Listing.lat, Listing.statuses, Listing.name_key
    )
    if found.evidence is not None:
        points = points.join(found.evidence, found.evidence.c.supplier_id == Listing.supplier_id)
    return points.where(in_box(bbox), *conditions(found.query, nomenclature))


def _grid(points: Select[Any], bbox: BBox, zoom: int) -> Select[Any]:
    """Count, mean and extent of each square of the screen; the squares are fixed to the ground."""
    width = 360 / 2 ** max(0, min(zoom, 22)) * CELL_PIXELS / 256
    height = width * max(0.05, cos(radians((bbox[1] + bbox[3]) / 2)))
    each = points.subquery()
    square = (_floor((each.c.lat + 90) / height), _floor((each.c.lon + 180) / width))
    lon, lat = each.c.lon, each.c.lat
    return (
        select(
            func.count().label("suppliers"),
            func.avg(lon).label("lon"),
            func.avg(lat).label("lat"),
            func.min(lon).label("west"),
            func.max(lon).label("east"),
            func.min(lat).label("south"),
            func.max(lat).label("north"),
        )
        .group_by(*square)
        .order_by(*square)
    )


def _floor(positive: ColumnElement[float]) -> ColumnElement[int]:
    """The same on both databases: one's CAST truncates and the other's rounds."""
    whole = cast(positive, Integer)
    return whole - case((whole > positive, 1), else_=0)


def _centre(row: Any) -> tuple[float, float]:
    lon = row.west if row.west == row.east else row.lon
    lat = row.south if row.south == row.north else row.lat
    return round(lon, 6), round(lat, 6)


def _at(
    session: Session,
    points: Select[Any],
    places: Sequence[tuple[float, float]],
) -> Mapping[tuple[float, float], list[CellSupplier]]:
    """Who is at each of these exact positions, by name, at most STACK of them."""
    here: defaultdict[tuple[float, float], list[CellSupplier]] = defaultdict(list)
    for some in db.chunks(places, CHUNK):
        each = points.where(Listing.lat.in_({lat for _, lat in some})).subquery()
        named = (
            select(
                each.c.lon,
                each.c.lat,
                each.c.statuses,
                Supplier.uid,
                Supplier.name,
                Supplier.diffusion,
                Supplier.is_person,
            )
            .join(each, each.c.supplier_id == Supplier.id)
            .order_by(each.c.name_key, Supplier.uid)
        )
        wanted = set(some)
        for row in session.execute(named):
            place = (row.lon, row.lat)
            if place in wanted and len(here[place]) < STACK:
                name = MASKED if row.diffusion == "P" and row.is_person else row.name
                here[place].append(CellSupplier(row.uid, name, status_codes(row.statuses)))
    return here
