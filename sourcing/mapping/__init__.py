"""Columns of an unknown list -> fields of a Record, proposed from headers and values, saved."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from sourcing.mapping.columns import FIELDS, LABELS, LEGAL_WORD, PAIR, Field
from sourcing.model import SavedMapping
from sourcing.normalise.text import fold
from sourcing.source import Record, Row, SourceChanged, SourceError

SAMPLE = 300
# Below this a column is left over; below SURE it is mapped, and said to be doubtful.
ENOUGH, SURE = 0.55, 0.75
# Fields several columns may feed together; the others take the first column that has a value.
JOINED = frozenset({"address", "other_names", "sectors", "description"})
PLACES = ("postcode", "commune", "commune_code", "position", "siret")
_NOISE = frozenset(
    [
        "de",
        "du",
        "des",
        "la",
        "le",
        "les",
        "l",
        "d",
        "votre",
        "notre",
        "vos",
        "nos",
        "quel",
        "quelle",
        "est",
        "sont",
        "quels",
        "au",
        "a",
        "et",
        "en",
        "un",
        "une",
    ]
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ASIDE = re.compile(r"\([^)]*\)|\*|\bSIREN?E?\b(?= \d{4})")
_SEPARATORS = re.compile(r"\s*[;|\n•]\s*")
_TAIL = re.compile(r"\b(?P<postcode>\d{2} ?\d{3})\s+(?P<commune>[^\W\d].*)$")
_YES = frozenset({"oui", "o", "true", "1", "vrai", "yes", "x"})
_NO = frozenset({"non", "n", "false", "0", "faux", "no"})


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column is which field, with what is doubtful and what the columns hold."""

    columns: dict[str, str]
    doubts: tuple[str, ...] = ()
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _plan: dict[str, list[str]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for column, name in self.columns.items():
            self._plan.setdefault(name, []).append(column)

    def check(self, file: str = "", needs_place: bool = True) -> None:
        """SourceError when no name, or no place where one is needed, is among the columns."""
        found = set(self.columns.values())
        missing = []
        if "name" not in found:
            missing.append("aucun nom")
        if needs_place and not self._has_place(found):
            missing.append("aucun lieu (commune, code postal, position ou SIRET)")
        if missing:
            columns = ", ".join(f"« {c} »" for c in list(self.examples or self.columns)[:8])
            raise SourceError(
                f"{file or 'Ce fichier'} : {' ni '.join(missing).replace('ni aucun', 'ni')} "
                f"n'est reconnu parmi les colonnes {columns} ; ajouter ou renommer une colonne "
                "(par exemple « Nom », « Commune »).")  # fmt: skip

    def _has_place(self, found: set[str]) -> bool:
        if found & set(PLACES) or {"x", "y"} <= found:
            return True
        values = [v for c in self._plan.get("address", ()) for v in self.examples.get(c, ())]
        return any(_TAIL.search(value) for value in values)

    def require(self, row: Row) -> None:
        """SourceChanged when a column this mapping was made for is not in the file."""
        for column in self.columns:
            if column not in row.values:
                near = get_close_matches(column, row.values, 1, 0.4)
                hint = f" ; l'en-tête le plus proche est « {near[0]} »" if near else ""
                raise SourceChanged(
                    f"{row.file} : la colonne « {column} » de la correspondance enregistrée est "
                    f"absente{hint} ; corriger l'en-tête ou enregistrer une autre correspondance."
                )

    def apply(self, row: Row) -> Record:
        """The row as a record, by this mapping; a GeoJSON position needs no column."""
        values: dict[str, Any] = {}
        for name, columns in self._plan.items():
            if name in JOINED:
                values[name] = _JOIN[name]([row.get(column) for column in columns])
            else:
                values[name] = row.get(*columns)
        if "is_qpv" in values:
            values["is_qpv"] = _yes_or_no(values["is_qpv"])
        values.update(_position(row, values.pop("position", "")))
        values.update(_unglued(values))
        return Record(**values)

    def sentences(self) -> list[str]:
        """What a person reads before the list is taken: one line per column."""
        lines = []
        for column, name in self.columns.items():
            shown = ", ".join(f"« {e} »" for e in self.examples.get(column, ())[:2])
            lines.append(f"{column} → {LABELS[name]}" + (f" (ex. {shown})" if shown else ""))
        return [*lines, *self.doubts]


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))


def _sectors(values: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for value in values:
        if value.startswith("["):
            found.extend(_json_texts(value))
            continue
        parts = _SEPARATORS.split(value)
        found.extend(parts if len(parts) > 1 else value.split(","))
    return _texts([part.strip() for part in found])


def _json_texts(value: str) -> list[str]:
    try:
        items = json.loads(value)
    except ValueError:
        return [value]
    return [
        str(i.get("name") or i.get("nom") or "") if isinstance(i, dict) else str(i) for i in items
    ]


_JOIN: dict[str, Callable[[Sequence[str]], Any]] = {
    "address": lambda values: " ".join(_texts(values)),
    "other_names": _texts,
    "sectors": _sectors,
    "description": lambda values: " — ".join(_texts(values)),
}


def _yes_or_no(text: str) -> bool | None:
    return True if text.lower() in _YES else False if text.lower() in _NO else None


def _position(row: Row, pair: str) -> dict[str, str]:
    """x and y from the geometry, else from a "lat, lon" pair."""
    if row.values.get("_lon"):
        return {"x": row.values["_lon"], "y": row.values["_lat"]}
    found = PAIR.fullmatch(pair)
    if not found:
        return {}
    first, second = found[1], found[2]
    is_lon_first = not 41 <= float(first) <= 52 and 41 <= float(second) <= 52
    return {"x": first, "y": second} if is_lon_first else {"x": second, "y": first}


def _unglued(values: dict[str, Any]) -> dict[str, str]:
    """Two things in one column: "56850 Caudan", or "3 rue du Port 56100 Lorient"."""
    if values.get("commune") or values.get("commune_code"):
        return {}
    if glued := _TAIL.match(values.get("postcode") or ""):
        return glued.groupdict()
    if values.get("postcode"):
        return {}
    address = values.get("address", "")
    found = _TAIL.search(address)
    if not found:
        return {}
    return {"address": address[: found.start()].strip(" ,;-"), "postcode": found["postcode"],
            "commune": found["commune"]}  # fmt: skip


def propose(rows: Sequence[Row]) -> Mapping:
    """The likely field of each column, from its header and from what it holds."""
    columns = dict.fromkeys(c for row in rows[:SAMPLE] for c in row.values if not c.startswith("_"))
    held = {
        c: [v for row in rows[:SAMPLE] if (v := row.values.get(c, "").strip())] for c in columns
    }
    found: dict[str, tuple[str, float]] = {}
    for column in columns:
        name, score = _best(column, held[column])
        if score >= ENOUGH and not name.startswith("-"):
            found[column] = name, score
    _settle_names(found, held, columns)
    _settle_keys(found, held)
    examples = {c: tuple(dict.fromkeys(v[:60] for v in held[c]))[:3] for c in columns}
    doubts = tuple(f"Colonne « {c} » : {LABELS[name]} sous réserve, à vérifier."
                   for c, (name, score) in found.items() if score < SURE)  # fmt: skip
    return Mapping({c: name for c, (name, _) in found.items()}, doubts, examples)


def _best(column: str, values: Sequence[str]) -> tuple[str, float]:
    """The best field for a column, and how sure that is."""
    key = header_key(column)
    scores = [(_weighed(f, header_score(key, f), values), f.name) for f in FIELDS]
    best, name = max(scores, key=lambda item: item[0])
    if best >= SURE or (name.startswith("-") and best >= ENOUGH):
        return name, best
    for candidate in FIELDS:
        if len(values) >= 3 and candidate.looks and _share(candidate, values) >= candidate.alone:
            return (candidate.name, max(best, 0.6)) if best < ENOUGH else (name, best)
    if best < ENOUGH and re.fullmatch(r"Colonne \d+", column) and _is_like_names(values):
        return "name", 0.56
    return name, best


def _weighed(candidate: Field, score: float, values: Sequence[str]) -> float:
    """A header's score, corrected by what the column really holds."""
    if score < ENOUGH or not candidate.is_strict or len(values) < 3:
        return score
    share = _share(candidate, values)
    return score * 0.3 if share < 0.15 else score + 0.1 if share >= 0.6 else score


def _share(candidate: Field, values: Sequence[str]) -> float:
    looks = candidate.looks
    return sum(map(looks, values)) / len(values) if looks and values else 0.0


def _is_like_names(values: Sequence[str]) -> bool:
    """Many different short texts, mostly letters."""
    if len(values) < 3 or len(set(values)) < 0.9 * len(values):
        return False
    short = [v for v in values if len(v) <= 80 and sum(map(str.isalpha, v)) >= len(v) / 2]
    return len(short) >= 0.9 * len(values) and any(
        LEGAL_WORD.search(v) or v[0].isupper() for v in values
    )


@cache
def header_key(column: str) -> str:
    """A header as compared: folded, lower case, without asides, camel case and numbers cut."""
    text = fold(_ASIDE.sub(" ", _CAMEL.sub(" ", column))).lower()
    words = re.sub(r"(?<=[a-z])(?=\d)", " ", text).split()
    return " ".join(words)


@cache
def header_score(key: str, candidate: Field) -> float:
    """1 for a known header, less for one that contains a known one or is spelt nearly so."""
    bare = " ".join(w for w in key.split() if w not in _NOISE and not w.isdigit())
    best = 0.0
    for known in candidate.headers:
        plain = " ".join(w for w in known.split() if w not in _NOISE)
        if key == known:
            return 1.0
        if bare and bare == plain:
            best = max(best, 0.95)
        elif f" {plain} " in f" {bare} " and len(plain) > 2:
            best = max(best, 0.5 + 0.45 * len(plain.split()) / len(bare.split()))
        elif len(plain) > 5 and fuzz.ratio(bare, plain) >= 88:
            best = max(best, 0.8)
    return best


def _settle_names(
    found: dict[str, tuple[str, float]],
    held: dict[str, list[str]],
    columns: Sequence[str] | dict[str, None],
) -> None:
    """One column is the name: others are other names. "Nom" beside "Prénom" is a person's."""
    keys = {c: header_key(c) for c in columns}
    numbers = {
        k.removeprefix("prenom").strip() for k in keys.values() if re.fullmatch(r"prenom( \d+)?", k)
    }
    for column, key in keys.items():
        kind = re.fullmatch(r"(nom|email|telephone)( (\d+))?", key)
        is_contact = kind and (kind[3] or "") in numbers and (kind[1] == "nom" or kind[3])
        if is_contact:
            found.pop(column, None)
    names = [c for c, (name, _) in found.items() if name == "name"]
    names.sort(key=lambda c: (-round(found[c][1], 1), -_distinct(held[c]), list(columns).index(c)))
    for column in names[1:]:
        if found[column][1] >= SURE and (not held[column] or _distinct(held[column]) > 0.3):
            found[column] = "other_names", found[column][1]
        else:
            del found[column]


def _settle_keys(found: dict[str, tuple[str, float]], held: dict[str, list[str]]) -> None:
    """The one identifier, whose values all differ; the others are left over."""
    keys = [c for c, (name, _) in found.items() if name == "key"]
    sound = [c for c in keys if not held[c] or _distinct(held[c]) == 1]
    for column in keys:
        if column not in sound[:1]:
            del found[column]


def _distinct(values: Sequence[str]) -> float:
    return len(set(values)) / len(values) if values else 0.0


def save(session: Session, name: str, mapping: Mapping) -> None:
    """Keep a mapping under a name, replacing the one it had."""
    session.merge(
        SavedMapping(name=name, columns=dict(mapping.columns), saved_at=datetime.now(UTC))
    )


def load(session: Session, name: str) -> Mapping | None:
    """The mapping saved under this name, or None."""
    saved = session.get(SavedMapping, name)
    return Mapping(dict(saved.columns)) if saved else None


def by_field(mapping: Mapping) -> dict[str, list[str]]:
    """Field -> its columns, in the order of FIELDS: what a person edits."""
    found: dict[str, list[str]] = defaultdict(list)
    for column, name in mapping.columns.items():
        found[name].append(column)
    return {name: found[name] for name in LABELS if name in found}
