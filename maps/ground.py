"""The ground of drawn maps: communes as SVG paths in a plane of tens of metres."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians
from typing import NamedTuple

from shapely import MultiPoint, Point, Polygon, coverage_simplify, union_all, voronoi_polygons
from shapely.affinity import scale
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sourcing.model import Place

# A degree of latitude, in tens of metres.
DEGREE = 11_132
# Neighbours are drawn this far from the territory.
BEYOND_DEGREES = 0.25
# Of a contour, the corners a drawing of the whole territory does not show.
TOLERANCE_DEGREES = 0.0006
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


class View(NamedTuple):
    """A rectangle of the plane."""

    x: float
    y: float
    width: float
    height: float

    def __str__(self) -> str:
        return " ".join(f"{value:.0f}" for value in self)


class Land(NamedTuple):
    """A commune as drawn: its path, the rectangle it fills and where its name goes."""

    code: str
    name: str
    people: int
    is_inside: bool
    path: str
    box: View
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ground:
    """The communes in and near the territory, largest first, and the territory's edge."""

    west: float
    north: float
    width: float  # of a degree of longitude, in degrees of latitude
    lands: tuple[Land, ...]
    edge: str
    box: View
    is_approached: bool

    def at(self, lon: float, lat: float) -> tuple[int, int]:
        """Tens of metres east and south of the corner."""
        return (
            round((lon - self.west) * self.width * DEGREE),
            round((self.north - lat) * DEGREE),
        )

    def degrees(self, view: View) -> tuple[float, float, float, float]:
        """West, south, east and north of a view."""
        east = (view.x + view.width) / DEGREE / self.width
        west = view.x / DEGREE / self.width
        south, north = (view.y + view.height) / DEGREE, view.y / DEGREE
        return (self.west + west, self.north - south, self.west + east, self.north - north)


def communes(session: Session) -> tuple[Commune, ...]:
    """The territory's communes, and those whose contour is known."""
    columns = (Place.code, Place.name, Place.population, Place.lon, Place.lat,
               Place.in_territory, Place.contour)  # fmt: skip
    drawn = or_(Place.in_territory, Place.contour != "")
    return tuple(
        Commune(*row) for row in session.execute(select(*columns).where(drawn).order_by(Place.code))
    )


@lru_cache(maxsize=2)
def ground(known: tuple[Commune, ...]) -> Ground:
    """The drawing of these communes."""
    contours = {c.code: shape(json.loads(c.contour)).buffer(0) for c in known if c.contour}
    bare = [c for c in known if c.is_inside and c.code not in contours and c.lon is not None]
    shapes = contours or approached(bare)
    edge = union_all([shapes[c.code] for c in known if c.is_inside and c.code in shapes])
    seen = edge.buffer(BEYOND_DEGREES)
    near = [c for c in known if c.code in shapes and shapes[c.code].intersects(seen)]
    if edge.is_empty or not near:
        return Ground(0, 0, 1, (), "", View(0, 0, 1, 1), True)
    light = coverage_simplify([shapes[c.code] for c in near], TOLERANCE_DEGREES)
    west, _south, _east, north = seen.bounds
    plane = Ground(west, north, cos(radians(edge.centroid.y)), (), "", View(0, 0, 1, 1), False)
    lands = [_land(plane, c, drawn) for c, drawn in zip(near, light, strict=True)]
    inside = union_all([drawn for c, drawn in zip(near, light, strict=True) if c.is_inside])
    return Ground(
        plane.west,
        plane.north,
        plane.width,
        tuple(sorted(lands, key=lambda land: (-land.people, land.code))),
        _path(plane, inside),
        _box(plane, inside),
        not contours,
    )


def lines(path: str) -> Iterator[list[tuple[int, int]]]:
    """The closed lines of a path of ours, corner by corner."""
    for line in path.split("M")[1:]:
        start, _, steps = line.rstrip("z").partition("l")
        x, y = map(int, start.split())
        corners = [(x, y)]
        numbers = list(map(int, steps.split()))
        for right, down in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + right, y + down
            corners.append((x, y))
        yield corners


def framed(box: View, ratio: float, margin: float) -> View:
    """The view of this width over height that holds the box, with this part of it around."""
    width = max(box.width, box.height * ratio) * (1 + 2 * margin)
    height = width / ratio
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return View(x - width / 2, y - height / 2, width, height)


def approached(known: Sequence[Commune]) -> dict[str, BaseGeometry]:
    """To each commune the ground nearest its centre, within reach: a shape, not a boundary."""
    if len(known) < 2:
        return {c.code: centre(c).buffer(REACH_DEGREES) for c in known}
    wide = 1 / cos(radians(centre(known[0]).y))
    flat = {c.code: scale(centre(c), 1 / wide, 1, origin=(0, 0)) for c in known}
    land = union_all([each.buffer(REACH_DEGREES) for each in flat.values()])
    land = land.buffer(GAP_DEGREES).buffer(-GAP_DEGREES)
    cells = voronoi_polygons(MultiPoint(list(flat.values())), extend_to=land).geoms
    found = {}
    for code, middle in flat.items():
        cell = next((cell for cell in cells if cell.contains(middle)), middle.buffer(0.01))
        found[code] = scale(cell.intersection(land), wide, 1, origin=(0, 0))
    return found


def centre(commune: Commune) -> Point:
    """Where a commune's name goes."""
    return Point(commune.lon, commune.lat)


def _land(plane: Ground, commune: Commune, drawn: BaseGeometry) -> Land:
    named = drawn.representative_point() if commune.lon is None else centre(commune)
    return Land(commune.code, commune.name, commune.population or 0, commune.is_inside,
                _path(plane, drawn), _box(plane, drawn), plane.at(named.x, named.y))  # fmt: skip


def _box(plane: Ground, drawn: BaseGeometry) -> View:
    west, south, east, north = drawn.bounds
    (x, y), (right, down) = plane.at(west, north), plane.at(east, south)
    return View(x, y, right - x, down - y)


def _path(plane: Ground, drawn: BaseGeometry) -> str:
    polygons = [p for p in getattr(drawn, "geoms", [drawn]) if isinstance(p, Polygon)]
    rings = (ring for each in polygons for ring in (each.exterior, *each.interiors))
    return "".join(_ring(plane, list(ring.coords)) for ring in rings)


def _ring(plane: Ground, corners: Sequence[tuple[float, ...]]) -> str:
    """A closed line in relative steps: half as long as absolute ones."""
    points = [plane.at(corner[0], corner[1]) for corner in corners]
    (x, y), told = points[0], [f"M{points[0][0]} {points[0][1]}l"]
    for right, down in points[1:-1]:
        if (right, down) != (x, y):
            told.append(f"{right - x} {down - y} ")
            x, y = right, down
    return "".join(told).rstrip() + "z"
