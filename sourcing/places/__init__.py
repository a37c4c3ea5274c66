"""Communes and the territory: load them, look them up by code, name, postcode or position."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import shapely
from rapidfuzz import fuzz
from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from sourcing.fetch import Fetcher
from sourcing.model import OldPlace, Setting
from sourcing.model import Place as PlaceRow
from sourcing.normalise import ARRONDISSEMENTS, departement_of, place_key
from sourcing.normalise.coordinates import in_france
from sourcing.places.communes import Gathered
from sourcing.places.territory import gather
from sourcing.source import SourceError

EARTH_RADIUS_KM = 6_371.0
KM_PER_DEGREE = math.pi * EARTH_RADIUS_KM / 180
# A position outside every contour belongs to the nearest centre, no further than this…
NEAREST_CENTRE_KM = 5.0
# …and to a commune with a contour only when it is this close: contours cut corners and quays.
CONTOUR_SLACK_KM = 0.3
ARTICLES = frozenset({"LE", "LA", "LES", "DE", "DU", "DES", "EN", "SUR", "SOUS", "AUX", "ET"})
LEADING = frozenset({"LE", "LA", "LES"})
ALIKE = 88


@dataclass(frozen=True, slots=True)
class Place:
    """A commune of today."""

    code: str
    name: str
    postcodes: tuple[str, ...]
    departement: str
    region: str
    epci: str
    population: int | None
    lon: float | None
    lat: float | None
    in_territory: bool
    has_contour: bool = False


def distance_km(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_lat, half_lon = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    a = math.sin(half_lat) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(a)))


class Places:
    """Every commune in memory, built once per command or process."""

    def __init__(
        self,
        places: Sequence[Place],
        keys: Sequence[str],
        old: Mapping[str, tuple[str, str]],
        contours: Mapping[str, str],
    ) -> None:
        self.all = list(places)
        self.territory = [place for place in places if place.in_territory]
        # the compared name of each place of `all`, in the same order
        self._keys = keys
        self._by_code = {place.code: place for place in places}
        # old code -> (today's code, key of its old name)
        self._old = old
        self._contours = contours

    @classmethod
    def read(cls, session: Session) -> "Places":
        """From the base: communes, old codes and contours, one query each."""
        row = PlaceRow
        contours = dict(session.execute(
            select(row.code, row.contour).where(row.contour != "")).all())  # fmt: skip
        query = select(
            row.code, row.name, row.postcodes, row.departement, row.region, row.epci,
            row.population, row.lon, row.lat, row.in_territory, row.name_key,
        ).order_by(row.code)  # fmt: skip
        rows = session.execute(query).all()
        keys = [str(row[-1]) for row in rows]
        places = [
            Place(code, name, tuple(postcodes.split()), departement, region, epci, population,
                  lon, lat, in_territory, code in contours)
            for code, name, postcodes, departement, region, epci, population,
                lon, lat, in_territory, _key in rows
        ]  # fmt: skip
        old = session.execute(select(OldPlace.code, OldPlace.today, OldPlace.name_key))
        formerly = {code: (today, key) for code, today, key in old}
        return cls(places, keys, formerly, contours)

    def resolve(self, code: str) -> Place | None:
        """The commune of a code, be it old, delegated or an arrondissement's."""
        code = code.strip().upper()
        code = ARRONDISSEMENTS.get(code, code)
        if code not in self._by_code and code in self._old:
            code = self._old[code][0]
        return self._by_code.get(code)

    def find(self, name: str, postcode: str = "", departement: str = "") -> Place | None:
        """The one commune so named there; None when there are several, or when they disagree.

        The name wins over the postcode inside a département (postcodes are shared, and CEDEX ones
        belong to no commune); a name known only in another département is a contradiction.
        """
        key = place_key(name)
        postcode = postcode.strip() or _leading_postcode(name)
        where = departement_of(postcode) or departement
        for names, named in (
            (self._by_name, key),
            (self._by_old_name, key),
            (self._by_bare_name, _bare(key)),
        ):
            if found := _choose(names.get(named, ()), postcode, where):
                return found
        served = self._by_postcode.get(postcode, [])
        if not key:
            return _only(served)
        nearby = served or self._by_departement.get(where, [])
        if found := _alike(key, nearby):
            return found
        is_elsewhere = key in self._by_name or key in self._by_old_name
        return None if is_elsewhere else _only(served)

    def at(self, lon: float, lat: float) -> Place | None:
        """The commune whose contour holds the point, else the nearest centre within 5 km."""
        tree, codes = self._contour_tree
        point = shapely.Point(lon, lat)
        inside = tree.query(point, predicate="intersects")
        if len(inside):
            return self._by_code[codes[min(inside)]]
        touched = set(
            tree.query(point, predicate="dwithin", distance=CONTOUR_SLACK_KM / KM_PER_DEGREE)
        )
        close = {codes[i] for i in touched}
        best, best_km = None, NEAREST_CENTRE_KM
        for place in self._centres_around(lon, lat):
            if place.has_contour and place.code not in close:
                continue
            km = distance_km(lon, lat, place.lon or 0.0, place.lat or 0.0)
            if km <= best_km:
                best, best_km = place, km
        return best

    def is_near(self, lon: float, lat: float, margin_km: float) -> bool:
        """Within this distance of the territory: of its contours, of its centres without them."""
        if self._shape.is_empty:
            return False
        return bool(shapely.dwithin(self._shape, self._flat_point(lon, lat), margin_km))

    def codes_near(self, margin_km: float) -> frozenset[str]:
        """Codes, old ones too, of the territory and of the communes centred within the margin."""
        kept = {place.code for place in self.territory}
        placed = [p for p in self.all if p.lon is not None and p.lat is not None]
        if placed and not self._shape.is_empty:
            flat = self._flat(np.array([(p.lon, p.lat) for p in placed], dtype=float))
            near = shapely.dwithin(self._shape, shapely.points(flat), margin_km)
            kept |= {place.code for place, is_kept in zip(placed, near, strict=True) if is_kept}
        kept |= {code for code, (today, _) in self._old.items() if today in kept}
        return frozenset(kept | {code for code, today in ARRONDISSEMENTS.items() if today in kept})

    @cached_property
    def names(self) -> frozenset[str]:
        """The compared name of every commune of today."""
        return frozenset(self._keys)

    @cached_property
    def _by_name(self) -> Mapping[str, list[Place]]:
        return _grouped(zip(self._keys, self.all, strict=True))

    @cached_property
    def _by_bare_name(self) -> Mapping[str, list[Place]]:
        """Without the article that lists put behind the name, or lose."""
        return _grouped(
            (_bare(key), place) for key, place in zip(self._keys, self.all, strict=True)
        )

    @cached_property
    def _by_old_name(self) -> Mapping[str, list[Place]]:
        known = ((key, self._by_code[today]) for today, key in self._old.values() if key)
        return _grouped(known)

    @cached_property
    def _by_postcode(self) -> Mapping[str, list[Place]]:
        return _grouped((postcode, place) for place in self.all for postcode in place.postcodes)

    @cached_property
    def _by_departement(self) -> Mapping[str, list[Place]]:
        return _grouped((place.departement, place) for place in self.all)

    @cached_property
    def _contour_tree(self) -> tuple[shapely.STRtree, list[str]]:
        codes = sorted(self._contours)
        return shapely.STRtree(shapely.from_geojson([self._contours[c] for c in codes])), codes

    @cached_property
    def _cells(self) -> Mapping[tuple[int, int], list[Place]]:
        """Places by tenth of a degree: at least 6.5 km wide in France."""
        cells: dict[tuple[int, int], list[Place]] = defaultdict(list)
        for place in self.all:
            if place.lon is not None and place.lat is not None:
                cells[math.floor(place.lon * 10), math.floor(place.lat * 10)].append(place)
        return cells

    def _centres_around(self, lon: float, lat: float) -> Iterable[Place]:
        x, y = math.floor(lon * 10), math.floor(lat * 10)
        for i in (x - 1, x, x + 1):
            for j in (y - 1, y, y + 1):
                yield from self._cells.get((i, j), ())

    @cached_property
    def _scale(self) -> tuple[float, float]:
        """Kilometres per degree of longitude and latitude, in the middle of the territory."""
        lats = [place.lat for place in self.territory if place.lat is not None]
        middle = math.radians(sum(lats) / len(lats)) if lats else 0.0
        return KM_PER_DEGREE * math.cos(middle), KM_PER_DEGREE

    @cached_property
    def _shape(self) -> Any:
        """The territory in kilometres on a flat map: contours, and centres where there is none."""
        drawn = [
            shapely.from_geojson(self._contours[p.code]) for p in self.territory if p.has_contour
        ]
        centres = [shapely.Point(p.lon, p.lat) for p in self.territory
                   if not p.has_contour and p.lon is not None]  # fmt: skip
        shape = shapely.union_all([shapely.make_valid(part) for part in drawn] + centres)
        shape = shapely.transform(shape, self._flat)
        shapely.prepare(shape)
        return shape

    def _flat(self, points: Any) -> Any:
        return points * np.array(self._scale)

    def _flat_point(self, lon: float, lat: float) -> Any:
        return shapely.Point(lon * self._scale[0], lat * self._scale[1])


def _grouped(pairs: Iterable[tuple[str, Place]]) -> Mapping[str, list[Place]]:
    groups: dict[str, list[Place]] = defaultdict(list)
    for key, place in pairs:
        if place not in groups[key][-1:]:
            groups[key].append(place)
    return dict(groups)


def _only(places: Iterable[Place]) -> Place | None:
    distinct = {place.code: place for place in places}
    return next(iter(distinct.values())) if len(distinct) == 1 else None


def _choose(named: Sequence[Place], postcode: str, departement: str) -> Place | None:
    """Among communes of one name: that of this postcode, else of this département, else alone."""
    if served := [place for place in named if postcode and postcode in place.postcodes]:
        return _only(served)
    if departement:
        return _only(place for place in named if place.departement == departement)
    return _only(named)


def _alike(key: str, places: Sequence[Place]) -> Place | None:
    """The one commune written almost so: an article more or less, half of a double name, a typo."""
    core = _core(key)
    keys = [(place_key(place.name), place) for place in places]
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: _core(name) == core,
        lambda name: bool(core) and _core(name)[: len(core)] == core,
        lambda name: fuzz.ratio(name, key) >= ALIKE,
    )
    for is_alike in tests:
        if found := [place for name, place in keys if is_alike(name)]:
            return _only(found)
    return None


def _bare(key: str) -> str:
    """PALAIS for LE PALAIS and for PALAIS LE."""
    parts = key.split()
    while len(parts) > 1 and parts[0] in LEADING:
        del parts[0]
    while len(parts) > 1 and parts[-1] in LEADING:
        del parts[-1]
    return " ".join(parts)


def _core(key: str) -> tuple[str, ...]:
    return tuple(word for word in key.split() if word not in ARTICLES)


def _leading_postcode(name: str) -> str:
    start = name.strip()[:5]
    return start if len(start) == 5 and start.isdigit() else ""


# --- loading ---


def load_territory(
    session: Session,
    codes: Sequence[str],
    *,
    files: Sequence[Path] = (),
    fetch: Fetcher | None = None,
) -> list[Place]:
    """Replace the communes of the base; returns those of the territory.

    `codes`: EPCI (9 digits), départements (2 or 3 characters) or communes (5), in any mix. From
    geo.api.gouv.fr the territory comes with contours and the rest of France with centres, so that
    any margin and any address work; from files, what the files hold.
    """
    gathered, members, name = gather(codes, files, fetch)
    _write(session, gathered, members)
    session.merge(Setting(key="territory", value=name))
    session.flush()
    return Places.read(session).territory


def _write(session: Session, gathered: Gathered, members: set[str]) -> None:
    """Replace every commune and every old code."""
    departements = {gathered.facts[code].departement for code in members}
    rows = []
    for code, facts in gathered.facts.items():
        if facts.departement not in departements:
            facts.contour = ""
        if facts.contour:
            centre = _centre(code, facts.contour)
            facts.lon, facts.lat = facts.lon or centre[0], facts.lat or centre[1]
        rows.append({
            "code": code, "name": facts.name, "name_key": place_key(facts.name),
            "postcodes": " ".join(facts.postcodes), "departement": facts.departement,
            "region": facts.region, "epci": facts.epci, "population": facts.population,
            "lon": facts.lon, "lat": facts.lat, "in_territory": code in members,
            "contour": facts.contour,
        })  # fmt: skip
    session.execute(delete(OldPlace))
    session.execute(delete(PlaceRow))
    # The tables rather than the mapped classes: 35,000 rows in half the time.
    session.execute(insert(cast(Table, PlaceRow.__table__)), rows)
    if old := _old_rows(gathered):
        session.execute(insert(cast(Table, OldPlace.__table__)), old)


def _old_rows(gathered: Gathered) -> list[dict[str, str]]:
    rows = []
    for code, (_, name) in gathered.old.items():
        today = gathered.today(code)
        is_same = code == today and place_key(name) == place_key(gathered.facts[today].name)
        if today and not is_same:
            rows.append({"code": code, "today": today, "name_key": place_key(name)})
    return rows


def _centre(code: str, contour: str) -> tuple[float, float]:
    """A point inside the contour: its centroid, or another when that one falls outside."""
    try:
        shape = shapely.make_valid(shapely.from_geojson(contour))
    except (shapely.errors.GEOSException, ValueError):
        raise SourceError(f"Le contour de la commune {code} est illisible.") from None
    point = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    if shape.is_empty or not in_france(point.x, point.y):
        raise SourceError(f"Le contour de la commune {code} n'est pas en longitude et latitude "
                          "(WGS 84) : convertir le fichier.")  # fmt: skip
    return round(point.x, 6), round(point.y, 6)
