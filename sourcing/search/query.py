"""What a search asks, and the one set of URL names it is written with."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import isfinite

SORTS = ("pertinence", "distance", "nom", "effectif")
PER_PAGE = 20
BBox = tuple[float, float, float, float]  # west, south, east, north
Polygon = tuple[tuple[float, float], ...]  # (lon, lat) of its corners
MOST_CORNERS = 100
_POINT = re.compile(r"(?:([^@]+?) ?@ ?)?(-?\d{1,2}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Near:
    """A place to measure from: what was typed, then where it is once `resolve` has found it."""

    text: str
    lon: float | None = None
    lat: float | None = None
    label: str = ""

    @property
    def point(self) -> tuple[float, float] | None:
        """(lon, lat), or None while the place is unknown."""
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)

    @property
    def typed(self) -> str:
        """As a person writes it: an address without the position that goes with it."""
        return self.label if "@" in self.text and self.label else self.text


@dataclass(frozen=True, slots=True)
class Query:
    """Everything a search depends on; equal queries give equal pages."""

    text: str = ""
    # The words as they are, even where one seems mistyped.
    exact: bool = False
    # Segments the words are not to be understood as, and others to look for with them.
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    near: Near | None = None
    radius_km: float | None = None
    sizes: tuple[str, ...] = ()
    territory_only: bool = True
    bbox: BBox | None = None
    polygon: Polygon = ()
    sort: str = SORTS[0]
    page: int = 1
    per_page: int = PER_PAGE
    with_noise: bool = False
    # Whoever works in all of France, wherever its address.
    with_national: bool = False

    @classmethod
    def from_args(cls, args: Mapping[str, Sequence[str]]) -> "Query":
        """The query of URL arguments; a value that cannot be used is as if it were absent."""
        one = partial(_first, args)
        near = one("autour")
        return cls(
            text=" ".join(one("q").split()),
            # It names the words it is about: other words are corrected again.
            exact=bool(one("q")) and " ".join(one("exact").split()) == " ".join(one("q").split()),
            dropped=_values(args, "sans"),
            added=_values(args, "avec"),
            segments=_values(args, "segment"),
            families=_values(args, "famille"),
            statuses=_values(args, "statut"),
            labels=_values(args, "label"),
            communes=_values(args, "commune"),
            near=_near(near) if near else None,
            radius_km=_positive(one("rayon")),
            sizes=_values(args, "effectif"),
            territory_only=one("territoire") != "0",
            bbox=_bbox(one("zone")),
            polygon=_polygon(one("zone")),
            sort=one("tri") if one("tri") in SORTS else SORTS[0],
            page=max(1, int(_positive(one("page")) or 1)),
            with_noise=one("masques") == "1",
            with_national=one("nationaux") == "1",
        )

    def to_args(self) -> list[tuple[str, str]]:
        """The URL arguments that give this query back; defaults are left out."""
        many = (
            ("sans", self.dropped),
            ("avec", self.added),
            ("segment", self.segments),
            ("famille", self.families),
            ("statut", self.statuses),
            ("label", self.labels),
            ("commune", self.communes),
            ("effectif", self.sizes),
        )
        single = (
            ("exact", self.text if self.exact else ""),
            ("autour", self.near.text if self.near else ""),
            ("rayon", number(self.radius_km) if self.radius_km else ""),
            ("territoire", "" if self.territory_only else "0"),
            ("zone", ",".join(map(number, self.bbox or chain.from_iterable(self.polygon)))),
            ("tri", self.sort if self.sort != SORTS[0] else ""),
            ("masques", "1" if self.with_noise else ""),
            ("nationaux", "1" if self.with_national else ""),
            ("page", str(self.page) if self.page > 1 else ""),
        )
        return (
            ([("q", self.text)] if self.text else [])
            + [(name, value) for name, values in many for value in values]
            + [(name, value) for name, value in single if value]
        )


def _values(args: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    """The distinct non-empty values of one name; knows werkzeug's MultiDict, whose [] gives one."""
    getlist = getattr(args, "getlist", None)
    found = getlist(name) if getlist else args.get(name, ())
    found = [found] if isinstance(found, str) else found
    return tuple(dict.fromkeys(text for value in found if (text := str(value).strip())))


def _first(args: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(_values(args, name)), "")


def _positive(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return min(value, 1e6) if isfinite(value) and value > 0 else None


def number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _near(text: str) -> Near:
    """A place's name, « latitude,longitude », or a name with its « @latitude,longitude »."""
    point = _POINT.fullmatch(text)
    if not point:
        return Near(text)
    lat, lon, label = float(point[2]), float(point[3]), point[1] or "ce point"
    return Near(text, lon, lat, label) if abs(lat) <= 90 and abs(lon) <= 180 else Near(text)


def _bbox(text: str) -> BBox | None:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    finite = all(map(isfinite, (west, south, east, north)))
    return (west, south, east, north) if finite and west < east and south < north else None


def _polygon(text: str) -> Polygon:
    """ "lon,lat,lon,lat,…" of at least three corners; () for anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return ()
    corners = list(zip(values[::2], values[1::2], strict=False))
    is_whole = len(values) % 2 == 0 and 3 <= len(corners) <= MOST_CORNERS
    on_earth = all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in corners)
    return tuple(corners) if is_whole and on_earth else ()
