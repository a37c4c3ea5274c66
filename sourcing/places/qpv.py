"""Priority districts (QPV): read from the official file, kept where the territory is."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sourcing.model import Place, Qpv
from sourcing.normalise.coordinates import in_france
from sourcing.source import SourceError

# The official files of 2015 and 2024 name their columns differently, in capitals or not.
CODES, NAMES = ("code_qp", "qp"), ("lib_qp", "nom_qp")
# Districts this far from the territory's centres are kept.
AROUND_DEGREES = 0.5
WHERE = "prendre le périmètre des QPV au format GeoJSON sur data.gouv.fr."


def load_qpv(session: Session, path: Path) -> int:
    """Replace the districts by those of a GeoJSON file near the territory; how many there are."""
    near = _near(session)
    kept = {found.code: found for found in _read(path) if near is None or _is_in(found, near)}
    session.execute(delete(Qpv))
    session.add_all(kept.values())
    session.flush()
    return len(kept)


def _near(session: Session) -> tuple[float, ...] | None:
    """West, south, east and north of the ground looked at; None without a territory."""
    lon, lat = Place.lon, Place.lat
    edges = select(func.min(lon), func.min(lat), func.max(lon), func.max(lat))
    found = session.execute(edges.where(Place.in_territory)).one()
    sides = [float(each) for each in found if each is not None]
    if not sides:
        return None
    west, south, east, north = sides
    return (
        west - AROUND_DEGREES, south - AROUND_DEGREES, east + AROUND_DEGREES, north + AROUND_DEGREES
    )  # fmt: skip


def _is_in(found: Qpv, near: tuple[float, ...]) -> bool:
    return bool(shapely.from_geojson(found.contour).intersects(shapely.box(*near)))


def _read(path: Path) -> Iterator[Qpv]:
    try:
        features = json.loads(path.read_text("utf-8-sig"))["features"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path.name} n'est pas un fichier GeoJSON : {WHERE}") from error
    for place, feature in enumerate(features, start=1):
        said = {str(key).lower(): value for key, value in (feature.get("properties") or {}).items()}
        code = _first(said, CODES)
        if not code:
            raise SourceError(
                f"{path.name}, élément {place} : pas de code de quartier (code_qp) ; {WHERE}"
            )
        contour = json.dumps(feature.get("geometry"))
        _check(contour, f"{path.name}, quartier {code}")
        yield Qpv(code=code, name=_first(said, NAMES) or code, contour=contour)


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(said[name]).strip() for name in names if said.get(name)), "")


def _check(contour: str, where: str) -> None:
    """A shape in longitude and latitude."""
    try:
        middle = shapely.from_geojson(contour).centroid
    except shapely.errors.GEOSException:
        raise SourceError(f"{where} : contour illisible ; {WHERE}") from None
    if middle.is_empty or not in_france(middle.x, middle.y):
        raise SourceError(
            f"{where} : le contour n'est pas en longitude et latitude (WGS 84) ; {WHERE}"
        )
