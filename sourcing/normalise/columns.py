"""`clean` for many records at once, in columns: each distinct text is cleaned once."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
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
from sourcing.normalise.forms import OWN_FORMS, plain_texts
from sourcing.source import Record

Columns = dict[str, list[Any]]
Problems = defaultdict[int, list[Problem]]
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Record)}
WHERE = ("departement", "commune_code", "postcode", "precision")
POSITION = ("lon", "lat", "x", "y")
# Fields that tell who a line speaks of and where it is: enough to pass over most of a file.
FIRST = frozenset(
    ("name", "siret", "siren", "commune", "commune_code", "postcode", "departement", "precision")
)
# Not texts, or settled with the place.
KEPT = frozenset(("level", "is_qpv", "lon", "lat", "x", "y"))
ORDER = {field: place for place, (field, _) in enumerate(CLEANERS)}
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
        done, together, texts = self.place(columns, count)
        rest, others = self.rest(columns)
        return done | rest, merged(together, texts, others)

    def place(self, columns: Columns, count: int) -> tuple[Columns, Problems, Problems]:
        """Only what tells who a line speaks of and where it is, and what was wrong in it.

        The texts' problems come last; the first are of what was made from several of them.
        """
        texts, problems = self._cleaned(columns, lambda field: field in FIRST)
        done = {field: v for field, v in columns.items() if field in KEPT} | texts
        together: Problems = defaultdict(list)
        if "siret" in columns:
            _complete_identities(columns["siret"], done, count, together)
        _settle_places(done, count, together)
        return done, together, problems

    def rest(self, columns: Columns) -> tuple[Columns, Problems]:
        """Every other field, of lines that are worth it."""
        done, problems = self._cleaned(columns, lambda field: field not in FIRST)
        for field in LISTS:
            if field in columns:
                done[field] = self._lists(field, columns[field])
        return done, problems

    def _cleaned(
        self, columns: Columns, is_wanted: Callable[[str], bool]
    ) -> tuple[Columns, Problems]:
        done: Columns = {}
        problems: Problems = defaultdict(list)
        for field, cleaner in CLEANERS:
            if field in columns and is_wanted(field):
                done[field] = self._texts(field, cleaner, columns[field], problems)
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
        fresh = set(values).difference(known)
        own = OWN_FORMS[cleaner](fresh) if cleaner in OWN_FORMS else set[str]()
        known.update(zip(own, own, strict=True))
        for text in fresh - own:
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
        fresh = set(values).difference(known)
        own = plain_texts(set(chain.from_iterable(fresh)))
        for texts in fresh:
            is_own = len(texts) < 2 and own.issuperset(texts)
            known[texts] = texts if is_own else clean_list(texts)
        return list(map(known.__getitem__, values))


def merged(together: Problems, *texts: Problems) -> Problems:
    """Problems as `clean` tells them: field by field, then of several fields together."""
    found: Problems = defaultdict(list)
    for place in {*together, *(place for each in texts for place in each)}:
        of_texts = [problem for each in texts for problem in each.get(place, ())]
        found[place] = sorted(of_texts, key=lambda p: ORDER[p.field]) + together.get(place, [])
    return found


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
