"""The places a search counts in, read once per version of the data."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Place
from sourcing.places import KM_PER_DEGREE, distance_km

# How far beyond the territory "hors périmètre" looks.
BEYOND_KM = 30.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Communes of each EPCI, centres of the territory's as (lon, lat), communes around it."""

    epcis: Mapping[str, frozenset[str]]
    centres: tuple[tuple[float, float], ...]
    nearby: tuple[str, ...]


def ground(session: Session) -> Ground:
    """As the base knows them now."""
    return Ground(_epcis(session), _centres(session), tuple(nearby_communes(session)))


def _epcis(session: Session) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for epci, code in session.execute(select(Place.epci, Place.code).where(Place.epci != "")):
        found.setdefault(epci, set()).add(code)
    return {epci: frozenset(codes) for epci, codes in found.items()}


def _centres(session: Session) -> tuple[tuple[float, float], ...]:
    located = select(Place.lon, Place.lat).where(Place.in_territory, Place.lon.is_not(None))
    rows = session.execute(located.order_by(Place.code))
    return tuple((lon, lat) for lon, lat in rows if lon is not None and lat is not None)


def nearby_communes(session: Session) -> list[str]:
    """Communes beyond the territory whose centre is within BEYOND_KM of one of its centres."""
    located = select(Place.code, Place.lon, Place.lat).where(
        Place.lon.is_not(None), Place.lat.is_not(None)
    )
    inside = session.execute(located.where(Place.in_territory.is_(True))).all()
    if not inside:
        return []
    high, wide = BEYOND_KM / KM_PER_DEGREE, 2 * BEYOND_KM / KM_PER_DEGREE
    lons, lats = [place.lon for place in inside], [place.lat for place in inside]
    around = located.where(
        Place.in_territory.is_(False),
        Place.lat.between(min(lats) - high, max(lats) + high),
        Place.lon.between(min(lons) - wide, max(lons) + wide),
    )
    return [
        place.code
        for place in session.execute(around)
        if any(distance_km(place.lon, place.lat, c.lon, c.lat) <= BEYOND_KM for c in inside)
    ]
