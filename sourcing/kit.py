"""The inclusive purchase kit of a sub-segment: model clauses and contacts, from tables of ours."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sourcing.law import Rule
from sourcing.reservability import Answer

DATA = Path(__file__).parent / "data"


class Contact(NamedTuple):
    """Who helps."""

    name: str
    role: str
    topic: str
    website: str


class Clause(NamedTuple):
    """A model text, and the rule it stands on."""

    title: str
    rule: str
    text: str


def contacts() -> tuple[Contact, ...]:
    """Those of the charter, in its order."""
    return tuple(Contact(**row) for row in _rows("contacts.csv"))


def clauses(answer: Answer, law: dict[str, Rule]) -> list[Clause]:
    """The model clauses that can be used for this sub-segment here, with the rate of today."""
    usable = {v.code for v in answer.verdicts if v.state in ("enough", "few")}
    rate = law["PART_TRAVAILLEURS"].amount if "PART_TRAVAILLEURS" in law else "[…] %"
    return [
        Clause(row["title"], row["rule"], row["text"].replace("{part}", rate))
        for row in _rows("clauses.csv")
        if row["rule"] in usable or not row["code"].startswith("RESERVE_")
    ]


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))
