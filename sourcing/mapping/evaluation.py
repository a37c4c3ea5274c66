"""How often the proposed field is right, against headers labelled by hand."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sourcing.mapping.guess import SAMPLE, Guess, guess
from sourcing.source import Row, SourceError

NONE = "none"
Reader = Callable[[Path], Iterator[Row]]


class Case(NamedTuple):
    """A labelled list: its rows, and per column the fields that are right ("a|b": either)."""

    title: str
    rows: Sequence[Row]
    truth: Mapping[str, str]


class Error(NamedTuple):
    """A column whose proposed field is not the right one."""

    title: str
    column: str
    right: str
    guess: Guess


def cases(truth: Path, read: Reader, files: Path | None = None) -> Iterator[Case]:
    """The labelled lists of a JSON file; those that name a file are read in `files`, or skipped.

    [{"title", "columns": {header: field or [field, value, value…]}, "file"?}]
    """
    for item in json.loads(truth.read_text("utf-8")):
        columns = {c: [v] if isinstance(v, str) else v for c, v in item["columns"].items()}
        labels = {column: said[0] for column, said in columns.items()}
        if "file" not in item:
            yield Case(item["title"], _rows(columns), labels)
        elif files:
            yield Case(item["title"], list(islice(read(files / item["file"]), SAMPLE)), labels)


def _rows(columns: Mapping[str, Sequence[str]]) -> list[Row]:
    count = max(1, max(len(said) for said in columns.values()) - 1)
    return [
        Row("x", n, {c: said[n] if n < len(said) else "" for c, said in columns.items()})
        for n in range(1, count + 1)
    ]


def evaluate(found: Sequence[Case]) -> tuple[dict[str, Any], list[Error]]:
    """Shares of right columns, what became of the others, and each of them."""
    if not found:
        raise SourceError("Aucune liste étiquetée à mesurer : donner le dossier avec --files.")
    errors: list[Error] = []
    columns = ours = ours_right = doubted = 0
    for case in found:
        guesses = {g.column: g for g in guess(case.rows)}
        for column, right in case.truth.items():
            one = guesses.get(column, Guess(column, "", "unknown", "colonne absente"))
            is_right = (one.field or NONE) in right.split("|")
            columns, ours = columns + 1, ours + (NONE not in right)
            ours_right += is_right and NONE not in right
            doubted += is_right and one.confidence == "check"
            if not is_right:
                errors.append(Error(case.title, column, right, one))
    figures = {
        "lists": len(found), "columns": columns, "right": columns - len(errors),
        "accuracy": 1 - len(errors) / columns, "ours": ours, "ours_right": ours_right / ours,
        "wrong": sum(bool(e.guess.field) for e in errors),
        "wrong_and_sure": sum(bool(e.guess.field) and e.guess.confidence == "sure" for e in errors),
        "said_unknown": sum(e.guess.confidence == "unknown" for e in errors),
        "left_alone": sum(not e.guess.field and e.guess.confidence != "unknown" for e in errors),
        "right_but_doubted": doubted,
    }  # fmt: skip
    return figures, errors
