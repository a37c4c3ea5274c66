"""Map cells: every hit of a query in a view, clustered by the database for the zoom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Listing, Supplier
from sourcing.search.evidence import Found, find
from sourcing.search.filters import conditions, in_box
from sourcing.search.hits import MASKED, status_codes
from sourcing.search.query import BBox, Query
from sourcing.segments import Nomenclature

# Clusters are about this wide on the screen.
CELL_PIXELS = 64
# Names given for one address, and positions asked in one go.
STACK, CHUNK = 50, 2_000


Point = tuple[float, float]


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
    grouped = session.execute(_grid(_points(nomenclature, found, bbox), bbox, zoom)).all()
    alone = [row for row in grouped if row.west == row.east and row.south == row.north]
    ids = {identity for row in alone for identity in (row.first, row.last)}
    ids.update(_crowd(session, nomenclature, found, [r for r in alone if r.suppliers > 2]))
    here = _named(session, ids)
    return [
        Cell(*_centre(row), row.suppliers, tuple(here.get((row.west, row.south), ())[:STACK]))
        for row in grouped
    ]


def _points(nomenclature: Nomenclature, found: Found, bbox: BBox) -> Select[Any]:
    points: Any = select(Listing.supplier_id, Listing.lon, Listing.lat)
    if found.evidence is not None:
        points = points.join(found.evidence, found.evidence.c.supplier_id == Listing.supplier_id)
    narrowed: Select[Any] = points.where(in_box(bbox), *conditions(found.query, nomenclature))
    return narrowed


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
            func.min(each.c.supplier_id).label("first"),
            func.max(each.c.supplier_id).label("last"),
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


def _crowd(
    session: Session, nomenclature: Nomenclature, found: Found, stacks: Sequence[Any]
) -> set[int]:
    """The hits at addresses of three suppliers or more: the grid already names two."""
    if not stacks:
        return set()
    latitudes = sorted({row.south for row in stacks})
    there: set[int] = set()
    for some in db.chunks(latitudes, CHUNK):
        everyone = select(Listing.supplier_id).where(
            Listing.lat.in_(some), *conditions(found.query, nomenclature)
        )
        there.update(session.scalars(everyone))
    if found.evidence is None:
        return there
    # Joined here: planners that misjudge the text take seconds over it.
    return there.intersection(session.scalars(select(found.evidence.c.supplier_id)))


def _named(session: Session, ids: Iterable[int]) -> Mapping[Point, list[CellSupplier]]:
    """These suppliers by their exact position, in the order of their names."""
    here: defaultdict[Point, list[CellSupplier]] = defaultdict(list)
    columns = (
        Listing.lon,
        Listing.lat,
        Listing.statuses,
        Listing.name_key,
        Supplier.uid,
        Supplier.name,
        Supplier.diffusion,
        Supplier.is_person,
    )
    rows: list[Any] = []
    for some in db.chunks(sorted(ids), CHUNK):
        named = select(*columns).join(Supplier, Supplier.id == Listing.supplier_id)
        rows += session.execute(named.where(Listing.supplier_id.in_(some)))
    for row in sorted(rows, key=lambda row: (row.name_key, row.uid)):
        name = MASKED if row.diffusion == "P" and row.is_person else row.name
        here[row.lon, row.lat].append(CellSupplier(row.uid, name, status_codes(row.statuses)))
    return here
