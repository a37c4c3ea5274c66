"""A mapping: which column is which field, what cells stand for, what every line says."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

from sourcing.mapping.kinds import LABELS as KNOWN_LABELS
from sourcing.mapping.kinds import asked, asked_status, labels_of, statuses_of
from sourcing.mapping.looks import HEADCOUNT, PAIR, TAIL, TOWN_LINE, YES, as_degrees, says_yes
from sourcing.normalise import siret
from sourcing.source import Record, Row, SourceError

PLACES = frozenset(
    ("postcode", "postcode_commune", "commune", "commune_code", "position", "full_address", "siret")
)
_SEPARATORS = re.compile(r"\s*[;|\n•]\s*")
_ASIDE = re.compile(r"\s*\([^)]*\)\s*")


def has_place(fields: Iterable[str]) -> bool:
    """Whether these fields say where a supplier is."""
    found = set(fields)
    return bool(PLACES & found) or {"x", "y"} <= found


@dataclass(frozen=True, slots=True)
class Always:
    """What every line of a list says, without any column for it."""

    statuses: tuple[str, ...] = ()
    # Codes of segments or words, as a column of sectors would hold.
    sectors: tuple[str, ...] = ()
    departement: str = ""
    # "siren": the list speaks of firms as a whole, known by their SIREN alone.
    level: str = "siret"


@dataclass(frozen=True)
class Mapping:
    """Column -> field; column -> cell -> status where a person decided; what is always true."""

    columns: Dict[str, str]
    values: Dict[str, Dict[str, str]] = field(default_factory=dict)
    always: Always = Always()
    _plan: dict[str, tuple[str, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for column, name in self.columns.items():
            self._plan[name] = (*self._plan.get(name, ()), column)

    @property
    def by_field(self) -> Dict[str, tuple[str, ...]]:
        """Field -> the columns that give it, in their order."""
        return self._plan

    def check(self, file: str = "", needs_place: bool = True, seen: Sequence[str] = ()) -> None:
        """SourceError when no name, or no place where one is needed, is among the columns."""
        missing = []
        is_of_firms = self.always.level == "siren" and "siren" in self._plan
        if not {"name", "siret"} & self._plan.keys() and not is_of_firms:
            missing.append("aucun nom")
        if needs_place and not has_place(self._plan) and not is_of_firms:
            missing.append("aucun lieu (commune, code postal, position ou SIRET)")
        if missing:
            columns = ", ".join(f"« {c} »" for c in list(seen or self.columns)[:8])
            raise SourceError(
                f"{file or 'Ce fichier'} : {' ni '.join(missing).replace('ni aucun', 'ni')} "
                f"n'est reconnu parmi les colonnes {columns} ; ajouter ou renommer une colonne "
                "(par exemple « Nom », « Commune »).")  # fmt: skip

    def __call__(self, row: Row) -> Record:
        """A mapping is the `parse` of its list."""
        return self.apply(row)

    def apply(self, row: Row) -> Record:
        """The row as a record, by this mapping; a GeoJSON position needs no column."""
        found: dict[str, Any] = {}
        for name, columns in self._plan.items():
            if read := _READ.get(name):
                found[name] = read(columns, [row.values.get(c, "").strip() for c in columns])
            else:
                found[name] = row.get(*columns)
        found.update(_position(row, found.pop("position", "")))
        found.update(glued(found))
        statuses = dict.fromkeys((*self.always.statuses, *self._statuses(row)))
        if statuses:
            found["statuses"] = tuple(statuses)
        if self.always.sectors:
            found["sectors"] = (*self.always.sectors, *found.get("sectors", ()))
        if self.always.level == "siren":
            found["level"] = "siren"
        if self.always.departement and not found.get("departement"):
            found["departement"] = self.always.departement
        return Record(**found)

    def _statuses(self, row: Row) -> Iterable[str]:
        for column in self._plan.get("kind", ()):
            yield from self.statuses_of(column, row.values.get(column, "").strip())
        for column in self._plan.get("labels", ()):
            yield from (f"label:{label}" for label in _labels(column, row.get(column)))

    def statuses_of(self, column: str, cell: str) -> tuple[str, ...]:
        """What a cell of types stands for: a person's decision, else the usual words."""
        decided = self.values.get(column, {}).get(cell)
        if decided is not None:
            return (decided,) if decided else ()
        if cell.lower() in YES:
            return tuple(filter(None, (asked_status(column),)))
        return statuses_of(cell)


def reader(name: str) -> Callable[[Sequence[str], Sequence[str]], Any] | None:
    """How the cells of a field make its value; None: the first that is filled."""
    return _READ.get(name)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))


def _labels(column: str, cell: str) -> tuple[str, ...]:
    """The labels of a cell; a cell that only says yes names its column."""
    if says_yes(cell):
        return (KNOWN_LABELS.get(asked(column), _ASIDE.sub(" ", column).strip()),)
    return () if cell.lower() in {"non", "n", "no", "false", "0"} else labels_of(cell)


def _sectors(columns: Sequence[str], cells: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for column, cell in zip(columns, cells, strict=True):
        if says_yes(cell):
            found.append(_ASIDE.sub(" ", column).strip())
        elif cell.startswith("["):
            found.extend(_json_texts(cell))
        elif cell.lower() not in {"non", "n", "no", "false", "0"}:
            parts = _SEPARATORS.split(cell)
            found.extend(parts if len(parts) > 1 else cell.split(","))
    return _texts(part.strip() for part in found)


def _json_texts(cell: str) -> list[str]:
    try:
        items = json.loads(cell)
    except ValueError:
        return [cell]
    return [
        str(i.get("name") or i.get("nom") or "") if isinstance(i, dict) else str(i) for i in items
    ]


def _first_siret(columns: Sequence[str], cells: Sequence[str]) -> str:
    """The first that is one; a list may have two columns of them, one half empty."""
    given = [cell for cell in cells if cell]
    for cell in given if len(given) > 1 else ():
        try:
            if siret(cell):
                return cell
        except ValueError:
            continue
    return given[0] if given else ""


def _workers(columns: Sequence[str], cells: Sequence[str]) -> str:
    text = next(filter(None, cells), "")
    number = HEADCOUNT.fullmatch(text)
    return number[1] if number else text


def _yes_or_no(columns: Sequence[str], cells: Sequence[str]) -> bool | None:
    text = next(filter(None, cells), "").lower()
    return True if text in YES else False if text in {"non", "n", "false", "0", "faux"} else None


_READ: Dict[str, Callable[[Sequence[str], Sequence[str]], Any]] = {
    "address": lambda columns, cells: " ".join(_texts(cells)),
    "full_address": lambda columns, cells: next(filter(None, cells), ""),
    "other_names": lambda columns, cells: _texts(cells),
    "sectors": _sectors,
    "description": lambda columns, cells: " — ".join(_texts(cells)),
    "siret": _first_siret,
    "workers": _workers,
    "is_qpv": _yes_or_no,
}


def _position(row: Row, pair: str) -> dict[str, str]:
    """x and y from the geometry, else from a "lat, lon" pair."""
    if row.values.get("_lon"):
        return {"x": row.values["_lon"], "y": row.values["_lat"]}
    if found := PAIR.fullmatch(pair):
        lon, lat = as_degrees(found[1], found[2])
        return {"x": lon, "y": lat}
    return {}


def glued(found: dict[str, Any]) -> dict[str, str]:
    """Two or three things in one column: "56850 Caudan", "3 rue du Port 56100 Lorient"."""
    for name in ("kind", "labels"):
        found.pop(name, None)
    whole, line = found.pop("full_address", ""), found.pop("postcode_commune", "")
    apart = TOWN_LINE.fullmatch(line) or TAIL.search(whole or found.get("address", ""))
    has_place = found.get("postcode") or found.get("commune") or found.get("commune_code")
    changes: dict[str, str] = {}
    if apart and not has_place:
        changes = {"postcode": apart["postcode"], "commune": apart["commune"]}
    elif line and not has_place:
        changes = {"postcode": line}
    if whole:
        street = whole[: apart.start()] if apart and not line else whole
        changes["address"] = " ".join(_texts((street.strip(" ,;-–"), found.get("address", ""))))
    elif apart and not has_place and not line:
        changes["address"] = found["address"][: apart.start()].strip(" ,;-–")
    return changes
