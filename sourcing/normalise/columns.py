"""`clean` for many records at once, in columns: each distinct text is cleaned once."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
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
from sourcing.source import Record

Columns = dict[str, list[Any]]
Problems = defaultdict[int, list[Problem]]
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Record)}
WHERE = ("departement", "commune_code", "postcode", "precision")
POSITION = ("lon", "lat", "x", "y")
# Distinct texts remembered per field; a list has as many names as lines.
REMEMBERED = 50_000


def column(columns: Columns, field: str, count: int) -> list[Any]:
    """The field's values; its default on every line when no column gives it."""
    found = columns.get(field)
    return [DEFAULTS[field]] * count if found is None else found


class Cleaning:
    """Cleans the batches of one list; remembers what it has seen."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Any, Any]] = defaultdict(dict)
        self._faults: dict[str, dict[str, Problem]] = defaultdict(dict)

    def clean(self, columns: Columns, count: int) -> tuple[Columns, Problems]:
        """What `clean` gives of each line; problems by the place of their line."""
        problems: Problems = defaultdict(list)
        done = dict(columns)
        for field, cleaner in CLEANERS:
            if field in columns:
                done[field] = self._texts(field, cleaner, columns[field], problems)
        for field in LISTS:
            if field in columns:
                done[field] = self._lists(field, columns[field])
        if "siret" in columns:
            _complete_identities(columns["siret"], done, count, problems)
        _settle_places(done, count, problems)
        return done, problems

    def _texts(
        self,
        field: str,
        cleaner: Callable[[str], str],
        values: Sequence[str],
        problems: Problems,
    ) -> list[str]:
        known, faults = self._known[field], self._faults[field]
        if len(known) > REMEMBERED:
            known.clear()
            faults.clear()
        for text in set(values).difference(known):
            found: list[Problem] = []
            known[text] = clean_text(field, cleaner, text, found) if text else ""
            if found:
                faults[text] = found[0]
        if faults:
            for place, text in enumerate(values):
                if text in faults:
                    problems[place].append(faults[text])
        return list(map(known.__getitem__, values))

    def _lists(self, field: str, values: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        known = self._known[field]
        if len(known) > REMEMBERED:
            known.clear()
        for texts in set(values).difference(known):
            known[texts] = clean_list(texts)
        return list(map(known.__getitem__, values))


def _complete_identities(raw: Sequence[str], done: Columns, count: int, problems: Problems) -> None:
    """The siren of each siret; where the two disagree, or the siret is none, as `clean` does."""
    sirets, declared = done["siret"], column(done, "siren", count)
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
    done["departement"] = [
        d or departement_of(c or p) for d, c, p in zip(departements, codes, postcodes, strict=True)
    ]
    given = [field for field in POSITION if field in done]
    done["precision"] = [""] * count
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
        done["precision"][place] = values["precision"]
    done["lon"], done["lat"] = lons, lats
