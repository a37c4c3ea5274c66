"""GeoJSON of suppliers and of places."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sourcing.export import hits as export
from sourcing.model import Place
from sourcing.search.hits import Hit

Feature = dict[str, Any]
# Decimals of a degree kept in outlines: ten metres.
DECIMALS = 4


def suppliers(hits: Iterable[Hit]) -> Feature:
    """A feature collection of the hits that have a position."""
    features = [export.feature(hit) for hit in hits if hit.lon is not None]
    return {"type": "FeatureCollection", "features": features}


def contours(session: Session) -> list[Feature]:
    """The territory's communes: their contour when it is loaded, else their centre."""
    drawn = or_(Place.contour != "", Place.lon.is_not(None))
    places = session.scalars(select(Place).where(Place.in_territory, drawn).order_by(Place.code))
    return [commune(place) for place in places]


def commune(place: Place) -> Feature:
    """One commune, with where its name is written."""
    centre = {"type": "Point", "coordinates": [place.lon, place.lat]}
    geometry = json.loads(place.contour) if place.contour else centre
    return {
        "type": "Feature",
        "geometry": rounded(geometry),
        "properties": {"code": place.code, "name": place.name, "lon": place.lon, "lat": place.lat},
    }


def rounded(geometry: Feature) -> Feature:
    """The same geometry without decimals nobody sees, nor the points they made distinct."""
    return {**geometry, "coordinates": _rounded(geometry["coordinates"])}


def _rounded(part: Any) -> Any:
    if not isinstance(part, list):
        return round(part, DECIMALS)
    if part and isinstance(part[0], list) and part[0] and not isinstance(part[0][0], list):
        points = [_rounded(point) for point in part]
        return [
            point for place, point in enumerate(points) if not place or point != points[place - 1]
        ]
    return [_rounded(each) for each in part]
