"""Is this record of the territory, near it, elsewhere, or nowhere we can tell?"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal

from sourcing.normalise import Problem, departement_of
from sourcing.normalise.columns import REMEMBERED, Columns, Problems, column
from sourcing.places import Place, Places, distance_km
from sourcing.source import Record, SourceError

# What a commune is found by, and what a record gets from it.
WHERE = ("commune_code", "commune", "postcode", "departement")
SETTLED = ("commune_code", "commune", "departement", "lon", "lat", "precision")
BEYOND = ("", "", "", None, None, "")
Verdict = Literal["inside", "outside", "unplaced"]
# A published position this far from the centre of its commune is somebody else's.
FAR_KM = 30.0


class Scope:
    """The territory and its margin, asked once per record."""

    def __init__(self, places: Places, everywhere: bool, margin_km: float) -> None:
        self.places = places
        self.everywhere = everywhere
        self.margin_km = margin_km
        self._known: dict[tuple[str, str, str, str], tuple[Any, ...]] = {}
        self._found: dict[tuple[str, str, str, str], Place | None] = {}
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

    def place(self, record: Record, problems: list[Problem]) -> tuple[Record, Verdict]:
        """The record with its commune of today and a position, and where it stands."""
        place = self._find(record)
        if place:
            record = _located(record, place, problems)
        if self.everywhere:
            return record, "inside" if place else "unplaced"
        if record.lon is not None and record.lat is not None and record.precision != "commune":
            if place and place.in_territory:
                return record, "inside"
            near = self.places.is_near(record.lon, record.lat, self.margin_km)
            return record, "inside" if near else "outside"
        if place:
            return record, "inside" if place.code in self._near else "outside"
        return record, self._without_commune(record)

    def settle(self, columns: Columns, count: int, problems: Problems) -> list[Verdict]:
        """The same for many records in columns, which get their commune and position of today."""
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
                position = {"lon": lons[line], "lat": lats[line], "precision": precisions[line]}
                record = Record(**dict(zip(WHERE, key, strict=True)), **position)
                found.append(_values(*self.place(record, problems[line])))
        return self._spread(columns, found)

    def _spread(self, columns: Columns, found: Sequence[tuple[Any, ...]]) -> list[Verdict]:
        *settled, verdicts = map(list, zip(*found, strict=True)) if found else [[]] * 7
        columns.update(zip(SETTLED, settled, strict=True))
        return verdicts

    def _settled(self, key: tuple[str, str, str, str]) -> tuple[Any, ...]:
        """What a record without a position gets: it depends on these four alone."""
        if key not in self._known:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            code, commune, postcode, departement = key
            record = Record(
                commune_code=code, commune=commune, postcode=postcode, departement=departement
            )
            self._known[key] = _values(*self.place(record, []))
        return self._known[key]

    def _is_beyond(self, key: tuple[str, str, str, str]) -> bool:
        """So far that a position near its commune, or set aside, is outside either way."""
        place = self._found.get(key)
        if self.everywhere or place is None or place.lon is None or place.lat is None:
            return False
        return place.code not in self._within_reach

    def _find(self, record: Record) -> Place | None:
        key = (record.commune_code, record.commune, record.postcode, record.departement)
        if key not in self._found:
            self._found[key] = self._find_by_name(*key)
        found = self._found[key]
        if found is None and record.lon is not None and record.lat is not None:
            found = self.places.at(record.lon, record.lat)
        return found

    def _find_by_name(self, code: str, name: str, postcode: str, departement: str) -> Place | None:
        if code and (found := self.places.resolve(code)):
            return found
        if name and (found := self.places.find(name, postcode, departement)):
            return found
        # A postcode says which commune only when it serves a single one.
        served = self._by_postcode.get(postcode, ()) if postcode and not name else ()
        return served[0] if len(served) == 1 else None

    def _without_commune(self, record: Record) -> Verdict:
        """A département of which no commune is known is far away; else nobody can tell."""
        departement = departement_of(record.postcode) or record.departement
        is_known = not departement or departement in self._departements
        return "unplaced" if is_known else "outside"


def _values(record: Record, verdict: Verdict) -> tuple[Any, ...]:
    return (*attrgetter(*SETTLED)(record), verdict)


def _located(record: Record, place: Place, problems: list[Problem]) -> Record:
    """Today's commune; its centre stands in for a missing or impossible position."""
    changes: dict[str, Any] = {"commune_code": place.code, "departement": place.departement}
    if not record.commune:
        changes["commune"] = place.name
    if place.lon is not None and place.lat is not None:
        if record.lon is None or record.lat is None:
            changes.update(lon=place.lon, lat=place.lat, precision="commune")
        elif (far := distance_km(record.lon, record.lat, place.lon, place.lat)) > FAR_KM:
            problems.append(
                Problem("position", f"position à {far:.0f} km de {place.name} : écartée")
            )
            changes.update(lon=place.lon, lat=place.lat, precision="commune")
    return replace(record, **changes)
