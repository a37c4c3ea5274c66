"""Is this record of the territory, near it, elsewhere, or nowhere we can tell?"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

from sourcing.normalise import Problem, departement_of
from sourcing.normalise.columns import REMEMBERED, Columns, Problems, column
from sourcing.places import Place, Places, distance_km
from sourcing.source import SourceError

# What a commune is found by, and what a record gets from it.
WHERE = ("commune_code", "commune", "postcode", "departement")
Key = tuple[str, str, str, str]
SETTLED = ("commune_code", "commune", "departement", "lon", "lat", "precision")
BEYOND = ("", "", "", None, None, "")
Verdict = Literal["inside", "outside", "unplaced"]
# A published position this far from the centre of its commune is somebody else's.
FAR_KM = 30.0


class Stated(NamedTuple):
    """What a record says of where it is."""

    commune_code: str
    commune: str
    postcode: str
    departement: str
    lon: float | None = None
    lat: float | None = None
    precision: str = ""


class Scope:
    """The territory and its margin, asked once per place."""

    def __init__(self, places: Places, everywhere: bool, margin_km: float) -> None:
        self.places = places
        self.everywhere = everywhere
        self.margin_km = margin_km
        self._known: dict[Key, tuple[Any, ...]] = {}
        self._found: dict[Key, Place | None] = {}
        self._by_postcode: dict[str, list[Place]] = {}
        for place in places.all:
            for postcode in place.postcodes:
                self._by_postcode.setdefault(postcode, []).append(place)
        self._departements = {place.departement for place in places.all}

    @cached_property
    def _near(self) -> frozenset[str]:
        return self.places.codes_near(self.margin_km)

    @cached_property
    def _within_reach(self) -> frozenset[str]:
        return self.places.codes_near(self.margin_km + FAR_KM + 1)

    def check(self) -> None:
        """SourceError when there is no territory to keep things by."""
        if not self.everywhere and not self.places.territory:
            raise SourceError(
                "Aucun territoire n'est chargé : lancer d'abord « sourcing territory "
                "CODE » (par exemple 200042174), ou ajouter --everywhere."
            )

    def _placed(self, said: Stated, problems: list[Problem]) -> tuple[Any, ...]:
        """SETTLED: the commune of today and a position; and where it stands."""
        place = self._find(said)
        if place:
            said = _located(said, place, problems)
        code, commune, _, departement, *position = said
        return code, commune, departement, *position, self._verdict(said, place)

    def _verdict(self, said: Stated, place: Place | None) -> Verdict:
        if self.everywhere:
            return "inside" if place else "unplaced"
        if said.lon is not None and said.lat is not None and said.precision != "commune":
            if place and place.in_territory:
                return "inside"
            is_near = self.places.is_near(said.lon, said.lat, self.margin_km)
            return "inside" if is_near else "outside"
        if place:
            return "inside" if place.code in self._near else "outside"
        return self._without_commune(said)

    def settle(self, columns: Columns, count: int, problems: Problems) -> list[Verdict]:
        """Where records in columns stand; they get their commune and position of today."""
        keys = zip(*(column(columns, field, count) for field in WHERE), strict=True)
        lons, lats = column(columns, "lon", count), column(columns, "lat", count)
        precisions = column(columns, "precision", count)
        if lons.count(None) == count:
            return self._spread(columns, [self._known.get(k) or self._settled(k) for k in keys])
        found = []
        for line, key in enumerate(keys):
            if lons[line] is None or lats[line] is None:
                found.append(self._settled(key))
            elif self._is_beyond(key):
                found.append((*BEYOND, "outside"))
            else:
                said = Stated._make((*key, lons[line], lats[line], precisions[line]))
                found.append(self._placed(said, problems[line]))
        return self._spread(columns, found)

    def _spread(self, columns: Columns, found: Sequence[tuple[Any, ...]]) -> list[Verdict]:
        *settled, verdicts = map(list, zip(*found, strict=True)) if found else [[]] * 7
        columns.update(zip(SETTLED, settled, strict=True))
        return verdicts

    def _settled(self, key: Key) -> tuple[Any, ...]:
        """What a record without a position gets: it depends on these four alone."""
        if key not in self._known:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            self._known[key] = self._placed(Stated(*key), [])
        return self._known[key]

    def _is_beyond(self, key: Key) -> bool:
        """So far that a position near its commune, or set aside, is outside either way."""
        place = self._found.get(key)
        if self.everywhere or place is None or place.lon is None or place.lat is None:
            return False
        return place.code not in self._within_reach

    def _find(self, said: Stated) -> Place | None:
        key = said.commune_code, said.commune, said.postcode, said.departement
        if key not in self._found:
            self._found[key] = self._find_by_name(*key)
        found = self._found[key]
        if found is None and said.lon is not None and said.lat is not None:
            found = self.places.at(said.lon, said.lat)
        return found

    def _find_by_name(self, code: str, name: str, postcode: str, departement: str) -> Place | None:
        if code and (found := self.places.resolve(code)):
            return found
        if name and (found := self.places.find(name, postcode, departement)):
            return found
        # A postcode says which commune only when it serves a single one.
        served = self._by_postcode.get(postcode, ()) if postcode and not name else ()
        return served[0] if len(served) == 1 else None

    def _without_commune(self, said: Stated) -> Verdict:
        """A département of which no commune is known is far away; else nobody can tell."""
        departement = departement_of(said.postcode) or said.departement
        is_known = not departement or departement in self._departements
        return "unplaced" if is_known else "outside"


def _located(said: Stated, place: Place, problems: list[Problem]) -> Stated:
    """Today's commune; its centre stands in for a missing or impossible position."""
    here = said._replace(
        commune_code=place.code, departement=place.departement, commune=said.commune or place.name
    )
    if place.lon is None or place.lat is None:
        return here
    if said.lon is not None and said.lat is not None:
        far = distance_km(said.lon, said.lat, place.lon, place.lat)
        if far <= FAR_KM:
            return here
        problems.append(Problem("position", f"position à {far:.0f} km de {place.name} : écartée"))
    return here._replace(lon=place.lon, lat=place.lat, precision="commune")
