"""The places a search counts in, read once per version of the data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Place, Setting
from sourcing.places import KM_PER_DEGREE, distance_km

# How far beyond the territory "hors périmètre" looks.
BEYOND_KM = 30.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """The territory, its communes, those around it, and the names of all; points are (lon, lat)."""

    territory: str
    # Names of the territory's communes, as a person looks them up.
    communes: tuple[str, ...]
    centres: tuple[Point, ...]
    nearby: tuple[str, ...]
    # Codes of the communes of each EPCI; the name of each commune.
    epcis: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]

    @property
    def centre(self) -> Point | None:
        """The mean of the centres of the territory's communes."""
        if not self.centres:
            return None
        lons, lats = zip(*self.centres, strict=True)
        return sum(lons) / len(lons), sum(lats) / len(lats)


def ground(session: Session) -> Ground:
    """As the base knows them now."""
    territory = session.get(Setting, "territory")
    columns = (Place.code, Place.name, Place.name_key, Place.epci, Place.in_territory)
    places = session.execute(select(*columns).order_by(Place.code)).all()
    epcis: dict[str, tuple[str, ...]] = {}
    for place in places:
        if place.epci:
            epcis[place.epci] = (*epcis.get(place.epci, ()), place.code)
    inside = sorted((place.name_key, place.name) for place in places if place.in_territory)
    return Ground(
        territory=territory.value if territory else "",
        communes=tuple(name for _, name in inside),
        centres=_centres(session),
        nearby=tuple(nearby_communes(session)),
        epcis=epcis,
        names={place.code: place.name for place in places},
    )


def restored(said: Mapping[str, Any]) -> Ground:
    """What `asdict` gave, once it went through JSON."""
    return Ground(
        said["territory"],
        tuple(said["communes"]),
        tuple((lon, lat) for lon, lat in said["centres"]),
        tuple(said["nearby"]),
        {epci: tuple(codes) for epci, codes in said["epcis"].items()},
        said["names"],
    )


def _centres(session: Session) -> tuple[Point, ...]:
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
