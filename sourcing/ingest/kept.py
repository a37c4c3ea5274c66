"""Lines of lists as they are put aside until the base is written to: in columns, with their key."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any

from sourcing.normalise import Problem
from sourcing.normalise.columns import DEFAULTS, Columns, Problems, at, column
from sourcing.normalise.text import fold_all
from sourcing.source.texts import Texts, all_filled, taken

# Columns of a mention that a record gives as they are.
COPIED = (
    "siret", "siren", "name", "level", "address", "postcode", "commune", "commune_code", "lon",
    "lat", "precision", "phone", "email", "website", "naf", "legal_form", "description", "is_qpv",
    "link",
)  # fmt: skip
# All that one line says of them, and what a line says that gives nothing of it.
NOTHING: Mapping[str, Any] = {
    **{field: DEFAULTS[field] for field in COPIED},
    "firm": "", "ends_on": None, "other_names": "", "statuses": "[]", "workers": None,
    "problems": "[]",
}  # fmt: skip
KEPT = tuple(NOTHING)
# Key, file, line, sectors, and the values of KEPT.
Line = tuple[str, str, int, tuple[str, ...], tuple[Any, ...]]


def as_json(values: Iterable[Any]) -> str:
    """A JSON list as the base stores it."""
    return json.dumps(list(values), ensure_ascii=False)


def _problems_json(problems: Sequence[Problem]) -> str:
    return as_json([[problem.field, problem.sentence] for problem in problems])


@lru_cache(maxsize=4_096)
def _workers(text: str) -> int | None:
    """A declared number of workers; a band or a sentence is not one."""
    try:
        number = round(float(text.replace(",", ".").replace(" ", "")))
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 10_000_000 else None


# What the base stores of a record's field.
STORED: Mapping[str, Callable[[Any], Any]] = {
    "ends_on": lambda day: day or None,
    "other_names": " | ".join,
    "statuses": lru_cache(maxsize=4_096)(as_json),
    "workers": _workers,
}


@dataclass(slots=True)
class Kept:
    """Some lines: key, file, number and sectors of each; columns of KEPT where one says anything.

    On disk a column of texts is one text.
    """

    keys: Sequence[str]
    files: Sequence[str]
    numbers: Sequence[int]
    sectors: Sequence[tuple[str, ...]]
    columns: Columns

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Line]:
        values = zip(*map(self.of, KEPT), strict=True)
        return zip(self.keys, self.files, self.numbers, self.sectors, values, strict=True)

    def __reduce__(self) -> tuple[Any, ...]:
        columns = {name: _packed(values) for name, values in self.columns.items()}
        mine = (_packed(self.keys), _packed(self.files), _packed(self.sectors))
        return _unpacked, (self.numbers, *mine, columns)

    def of(self, name: str) -> Iterable[Any]:
        """What each line says of one of KEPT."""
        return self.columns.get(name) or repeat(NOTHING[name], len(self))

    def at(self, chosen: Sequence[int]) -> "Kept":
        """The lines at these places, which are in order."""
        if len(chosen) == len(self):
            return self
        return Kept(
            taken(self.keys, chosen),
            taken(self.files, chosen),
            taken(self.numbers, chosen),
            taken(self.sectors, chosen),
            at(self.columns, chosen),
        )

    @classmethod
    def of_lines(cls, lines: Sequence[Line]) -> "Kept":
        """The same from lines one by one."""
        if not lines:
            return cls([], [], [], [], {})
        keys, files, numbers, sectors, values = map(list, zip(*lines, strict=True))
        columns: Columns = dict(zip(KEPT, map(list, zip(*values, strict=True)), strict=True))
        return cls(keys, files, numbers, sectors, columns)


def _packed(values: Sequence[Any]) -> Any:
    if isinstance(values, Texts):
        return values.joined
    if values[0] == values[-1] and values.count(values[0]) == len(values):
        return values[:1]
    try:
        stuck = Texts.of(values)
    except TypeError:
        return values
    return stuck.joined if isinstance(stuck, Texts) else values


def _unpacked(numbers: Sequence[int], *packed: Any) -> Kept:
    keys, files, sectors, columns = packed

    def apart(given: Any) -> list[Any]:
        found: list[Any] = given.split("\n") if isinstance(given, str) else given
        return found * len(numbers) if len(found) == 1 else found

    found: Columns = {name: apart(values) for name, values in columns.items()}
    return Kept(apart(keys), apart(files), numbers, apart(sectors), found)


def kept_lines(
    files: list[str], numbers: Sequence[int], columns: Columns, problems: Problems
) -> Kept:
    """Lines of files, cleaned, as they are put aside."""
    count = len(numbers)
    said = {name: columns[name] for name in COPIED if name in columns}
    said |= {n: list(map(stored, columns[n])) for n, stored in STORED.items() if n in columns}
    if "level" in columns:
        levels = zip(column(columns, "siren", count), columns["level"], strict=True)
        said["firm"] = [siren if level == "siren" else "" for siren, level in levels]
    if problems:
        said["problems"] = [_problems_json(problems.get(i, ())) for i in range(count)]
    keys = column(columns, "key", count)
    if not all_filled(keys):
        keyless = [place for place, key in enumerate(keys) if not key]
        made = zip(keyless, digests(at(columns, keyless), len(keyless)), strict=True)
        given = list(keys)
        for place, key in made:
            given[place] = key
        keys = given
    return Kept(keys, files, numbers, column(columns, "sectors", count), said)


def digests(columns: Columns, count: int) -> list[str]:
    """A key for each line whose source gives none: the same supplier said to be the same thing."""

    def of(name: str) -> Sequence[Any]:
        return column(columns, name, count)

    sirets, statuses = of("siret"), of("statuses")
    streets: Sequence[str] = [""] * count
    if not all_filled(sirets):
        pairs = zip(sirets, of("address"), strict=True)
        streets = fold_all(["" if siret else address for siret, address in pairs])
    texts: Iterable[str] = map("\x1f".join, zip(
        sirets, fold_all(of("name")), of("postcode"), fold_all(of("commune")), streets,
        strict=True,
    ))  # fmt: skip
    if "level" in columns:
        firms = zip(of("siren"), of("level"), texts, strict=True)
        texts = (siren if level == "siren" else text for siren, level, text in firms)
    ends = {each: "".join(f"\x1f{status}" for status in sorted(each)) for each in set(statuses)}
    return [
        hashlib.blake2b((text + ends[said]).encode(), digest_size=12).hexdigest()
        for text, said in zip(texts, statuses, strict=True)
    ]
