"""Coordinates in any usual French system, told apart by range, to longitude and latitude."""

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

# (west, south, east, north) of the parts of France; the key is the département, "" the mainland.
BOXES: dict[str, tuple[float, float, float, float]] = {
    "": (-5.6, 41.2, 9.8, 51.3),
    "971": (-61.9, 15.7, -60.9, 16.6),
    "972": (-61.4, 14.3, -60.7, 15.0),
    "973": (-54.8, 2.0, -51.4, 5.9),
    "974": (55.1, -21.5, 55.9, -20.8),
    "975": (-56.6, 46.6, -56.0, 47.2),
    "976": (44.9, -13.2, 45.4, -12.5),
    "977": (-63.0, 17.8, -62.7, 18.0),
    "978": (-63.2, 18.0, -62.9, 18.2),
}
# Metric systems of the mainland, by the range of their coordinates in metres.
LAMBERT_93 = (2154, (90_000, 6_000_000, 1_100_000, 7_200_000))
LAMBERT_93_CORSICA = (2154, (1_100_000, 6_000_000, 1_300_000, 6_260_000))
LAMBERT_2_EXTENDED = (27572, (40_000, 1_600_000, 1_250_000, 2_720_000))
# The nine conical zones of land registers, each a million metres north of the one before.
CONICAL = tuple(
    (3900 + zone, (1_000_000, y - 130_000, 2_400_000, y + 130_000))
    for zone, y in ((zone, (zone - 41) * 1_000_000 + 200_000) for zone in range(42, 51))
)
# Web maps', where no other system has any: west of Greenwich.
MERCATOR = (3857, (-640_000, 5_000_000, -1, 6_700_000))
MAINLAND = (LAMBERT_93, LAMBERT_93_CORSICA, LAMBERT_2_EXTENDED, *CONICAL, MERCATOR)
# Overseas, the metric system INSEE uses for each département.
OVERSEAS = {"971": 5490, "972": 5490, "973": 2972, "974": 2975, "975": 4467, "976": 4471,
            "977": 5490, "978": 5490}  # fmt: skip
# INSEE's quality of a geolocation; 33 is a random point inside the commune: refused.
INSEE_QUALITY = {"11": "exact", "12": "street", "21": "street", "22": "street"}
PRECISIONS = {
    "exact": "exact", "street": "street", "commune": "commune",
    "housenumber": "exact", "numero": "exact", "rooftop": "exact", "interpolation": "exact",
    "voie": "street", "rue": "street", "locality": "street", "lieu-dit": "street",
    "municipality": "commune", "city": "commune", "town": "commune", "village": "commune",
}  # fmt: skip

# "47°44'55.2\"N", as a map copies it.
SEXAGESIMAL = re.compile(
    r"""(\d{1,3})\s?[°º]\s?(\d{1,2})\s?['′’]\s?(?:(\d{1,2}(?:[.,]\d+)?)\s?(?:["″”]|''))?"""
    r"\s?([NSEWO]?)",
    re.IGNORECASE,
)
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_PAIR = re.compile(rf"[\[(]?\s*({_NUMBER})\s*[,;\s]\s*({_NUMBER})\s*[\])]?")


def position(x: str, y: str, departement: str = "") -> tuple[float, float] | None:
    """Longitude and latitude, or None when absent, masked, null or outside France.

    The order of the two numbers does not matter. `departement` is only needed for the metric
    systems of overseas, whose ranges overlap those of the mainland.
    """
    numbers = _numbers(x, y)
    if numbers is None or numbers == (0, 0):
        return None
    for first, second in (numbers, numbers[::-1]):
        found = (_metres(first, second, departement) if max(abs(first), abs(second)) > 180
                 else _degrees(first, second))  # fmt: skip
        if found:
            return found
    return None


def in_france(lon: float, lat: float, departement: str | None = None) -> bool:
    """Inside the box of this département's part of France; of any part when None."""
    if departement is None:
        return any(_inside((lon, lat), box) for box in BOXES.values())
    return _inside((lon, lat), BOXES.get(departement, BOXES[""]))


def precision(text: str) -> str:
    """exact, street or commune, from a geocoder's or INSEE's word; '' when it says nothing."""
    text = text.strip().lower()
    return PRECISIONS.get(text, INSEE_QUALITY.get(text, ""))


def _numbers(x: str, y: str) -> tuple[float, float] | None:
    if not y.strip() or not x.strip():
        pair = _PAIR.fullmatch((x or y).strip())
        if pair is None:
            return None
        x, y = pair.groups()
    try:
        return number(x), number(y)
    except ValueError:
        return None


def number(text: str) -> float:
    """Degrees or metres, with a point or a comma; degrees, minutes and seconds; else ValueError."""
    if found := SEXAGESIMAL.fullmatch(text.strip()):
        degrees, minutes, seconds, side = found.groups("0")
        said = int(degrees) + int(minutes) / 60 + float(seconds.replace(",", ".")) / 3600
        return -said if side.upper() in ("S", "W", "O") else said
    text = "".join(text.split()).replace(",", ".")
    if not re.fullmatch(_NUMBER, text):
        raise ValueError(text)
    return float(text)


def _degrees(lon: float, lat: float) -> tuple[float, float] | None:
    return (lon, lat) if in_france(lon, lat) else None


def _metres(x: float, y: float, departement: str) -> tuple[float, float] | None:
    if departement in OVERSEAS:
        return _transformed(OVERSEAS[departement], x, y, departement)
    for epsg, box in MAINLAND:
        if _inside((x, y), box) and (found := _transformed(epsg, x, y, "")):
            return found
    return None


def _transformed(epsg: int, x: float, y: float, departement: str) -> tuple[float, float] | None:
    lon, lat = _transformer(epsg).transform(x, y)
    return (lon, lat) if _inside((lon, lat), BOXES[departement]) else None


@lru_cache
def _transformer(epsg: int) -> Any:
    # Dear to import, and few files give metres.
    return import_module("pyproj").Transformer.from_crs(epsg, 4326, always_xy=True)


def _inside(point: tuple[float, float], box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    return west <= point[0] <= east and south <= point[1] <= north
