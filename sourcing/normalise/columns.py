"""`clean` for many records at once, in columns: each distinct text is cleaned once."""

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain
from typing import Any

from sourcing.normalise import (
    CLEANERS,
    LISTS,
    Problem,
    clean_list,
    clean_text,
    complete_identity,
    departement_of,
    settle_place,
)
from sourcing.normalise.forms import FORMS, odd_ones, sirens_of
from sourcing.normalise.text import readable
from sourcing.source import Record
from sourcing.source.texts import Texts, all_filled, taken

Columns = dict[str, Sequence[Any]]
Problems = defaultdict[int, list[Problem]]
DEFAULTS: Mapping[str, Any] = {each.name: each.default for each in fields(Record)}
WHERE = ("departement", "commune_code", "postcode", "precision")
POSITION = ("lon", "lat", "x", "y")
# Where a line is, and by what name: enough to pass over most of a file.
PLACED = frozenset(("name", "commune", "commune_code", "postcode", "departement", "precision"))
WHO = frozenset(("siret", "siren"))
FIRST = PLACED | WHO | {"level", *POSITION}
REST = frozenset(field for field, _ in CLEANERS) - PLACED - WHO
ORDER = {field: place for place, (field, _) in enumerate(CLEANERS)}
# Distinct texts remembered per field, those found in their written form aside.
REMEMBERED = 50_000


def column(columns: Columns, field: str, count: int) -> Sequence[Any]:
    """The field's values; its default on every line when no column gives it."""
    found = columns.get(field)
    return [DEFAULTS[field]] * count if found is None else found


def at(columns: Columns, chosen: Sequence[int]) -> Columns:
    """The columns at these places, which are in order."""
    if all(len(values) == len(chosen) for values in columns.values()):
        return columns
    return {field: taken(values, chosen) for field, values in columns.items()}


def _none() -> Problems:
    return defaultdict(list)


@dataclass(slots=True)
class Cleaned:
    """Columns of some lines and what was wrong, by place: in a text, or between fields."""

    columns: Columns
    texts: Problems = field(default_factory=_none)
    together: Problems = field(default_factory=_none)

    def at(self, chosen: Sequence[int]) -> "Cleaned":
        """The lines at these places, which are in order."""
        moved = (_moved(each, chosen) for each in (self.texts, self.together))
        return Cleaned(at(self.columns, chosen), *moved)

    def __or__(self, other: "Cleaned") -> "Cleaned":
        """Other columns of the same lines, told after these."""
        texts, together = _none(), _none()
        for one in (self, other):
            for mine, theirs in ((texts, one.texts), (together, one.together)):
                for place, said in theirs.items():
                    mine[place] += said
        return Cleaned(self.columns | other.columns, texts, together)

    def problems(self) -> Problems:
        """As `clean` tells them: field by field, then of several fields together."""
        found = _none()
        for place in self.texts.keys() | self.together.keys():
            of_texts = sorted(self.texts.get(place, ()), key=lambda p: ORDER[p.field])
            found[place] = of_texts + self.together.get(place, [])
        return found


def _moved(problems: Problems, chosen: Sequence[int]) -> Problems:
    if not problems:
        return _none()
    found = {place: problems[i] for place, i in enumerate(chosen) if i in problems}
    return defaultdict(list, found)


class Cleaning:
    """Cleans the batches of one list; remembers what it has seen."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Any, Any]] = defaultdict(dict)
        self._faults: dict[str, dict[str, Problem]] = defaultdict(dict)

    def clean(self, columns: Columns, count: int) -> Cleaned:
        """What `clean` gives of each line."""
        return self.identify(columns, count) | self.place(columns, count) | self.rest(columns)

    def place(self, columns: Columns, count: int) -> Cleaned:
        """Only where each line is, and its name."""
        found = self._cleaned(columns, PLACED)
        given = ("level", *POSITION)
        done = {name: columns[name] for name in given if name in columns} | found.columns
        _settle_places(done, count, found.together)
        return Cleaned(done, found.texts, found.together)

    def identify(self, columns: Columns, count: int) -> Cleaned:
        """Only whom each line says it speaks of."""
        found = self._cleaned(columns, WHO)
        if "siret" in columns:
            _complete_identities(columns["siret"], found.columns, count, found.together)
        return found

    def rest(self, columns: Columns) -> Cleaned:
        """Every other field, of lines that are worth it."""
        found = self._cleaned(columns, REST)
        for name in LISTS:
            if name in columns:
                found.columns[name] = self._lists(name, columns[name])
        if "is_qpv" in columns:
            found.columns["is_qpv"] = columns["is_qpv"]
        return found

    def _cleaned(self, columns: Columns, wanted: Container[str]) -> Cleaned:
        found = Cleaned({})
        for name, cleaner in CLEANERS:
            if name in columns and name in wanted:
                found.columns[name] = self._texts(name, cleaner, columns[name], found.texts)
        return found

    def _texts(
        self,
        field: str,
        cleaner: Callable[[str], str],
        values: Sequence[str],
        problems: Problems,
    ) -> Sequence[str]:
        known, faults = self._known[field], self._faults[field]
        if len(known) > REMEMBERED:
            known.clear()
            faults.clear()
        if cleaner in FORMS:
            values = Texts.of(values)
        odd = odd_ones(cleaner, values)
        if not odd:
            return values
        for text in odd.difference(known):
            found: list[Problem] = []
            known[text] = clean_text(field, cleaner, text, found) if text else ""
            if found:
                faults[text] = found[0]
        if not odd.isdisjoint(faults):
            for place, text in enumerate(values):
                if text in faults:
                    problems[place].append(faults[text])
        return list(map(known.get, values, values))

    def _lists(self, field: str, values: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
        known = self._known[field]
        if len(known) > REMEMBERED:
            known.clear()
        distinct = set(values)
        said = set(chain.from_iterable(distinct))
        odd = odd_ones(readable, list(said)) | {""}
        if odd.isdisjoint(said) and max(map(len, distinct)) < 2:
            return values
        for texts in distinct.difference(known):
            if len(texts) > 1 or not odd.isdisjoint(texts):
                known[texts] = clean_list(texts)
        return list(map(known.get, values, values))


def _complete_identities(raw: Sequence[str], done: Columns, count: int, problems: Problems) -> None:
    """The siren of each siret; where the two disagree, or the siret is none, as `clean` does."""
    sirets = done["siret"]
    if "siren" not in done and all_filled(sirets):
        done["siren"] = sirens_of(sirets)
        return
    declared = column(done, "siren", count)
    sirens = [siret[:9] or siren for siret, siren in zip(sirets, declared, strict=True)]
    for place, siret in enumerate(sirets):
        siren = declared[place]
        if (siret and siren and siren != sirens[place]) or (not siret and raw[place] and not siren):
            values = {"siret": siret, "siren": siren}
            complete_identity(raw[place], values, problems[place])
            sirens[place] = values["siren"]
    done["siren"] = sirens


def _settle_places(done: Columns, count: int, problems: Problems) -> None:
    """Départements from the codes; positions, on the lines that give one."""
    where = [column(done, field, count) for field in WHERE]
    departements, codes, postcodes, _ = where
    if not all_filled(departements):
        departements = [
            d or departement_of(c or p)
            for d, c, p in zip(departements, codes, postcodes, strict=True)
        ]
    done["departement"] = departements
    given = [field for field in POSITION if field in done]
    precisions = done["precision"] = [""] * count
    if not given:
        return
    lons: list[float | None] = [None] * count
    lats: list[float | None] = [None] * count
    position = [column(done, field, count) for field in POSITION]
    for place, (lon, lat, x, y) in enumerate(zip(*position, strict=True)):
        if (lon is None or lat is None) and not x and not y:
            continue
        values = dict(zip(POSITION, (lon, lat, x, y), strict=True))
        values |= dict(zip(WHERE, (each[place] for each in where), strict=True))
        settle_place(values, problems[place])
        lons[place], lats[place] = values["lon"], values["lat"]
        precisions[place] = values["precision"]
    done["lon"], done["lat"] = lons, lats
