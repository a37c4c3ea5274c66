"""Purchase law as data: each rule with its value, its first day, its source, and who checked."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import LawRule

LAW = Path(__file__).parent / "data" / "law.csv"
TOPICS = {
    "dispense": "Seuils de dispense", "reservation": "Réservation", "innovation": "Innovation",
    "europe": "Seuils européens", "lots": "Allotissement", "clauses": "Clauses et schémas",
    "sourcing": "Sourcing", "publication": "Publication", "agec": "Loi AGEC",
}  # fmt: skip


class LawError(ValueError):
    """The rule cannot be kept; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the law says from a day on, and how sure we are of it."""

    code: str
    topic: str
    label: str
    value: float | None
    unit: str
    starts_on: date | None
    ends_on: date | None
    article: str
    source: str
    is_verified: bool
    note: str
    # Who wrote it over ours, '' for ours.
    edited_by: str = ""

    @property
    def amount(self) -> str:
        """ "60 000 € HT", "50 %", or '' for a rule without a figure."""
        if self.value is None:
            return ""
        text = f"{self.value:,.0f}" if self.value % 1 == 0 else f"{self.value:,.2f}"
        return f"{text.replace(',', chr(0x202F)).replace('.', ',')}\u00a0{self.unit}"

    def holds(self, day: date) -> bool:
        """Whether it is in force that day."""
        return (self.starts_on or day) <= day and day <= (self.ends_on or day)


def every(session: Session) -> list[Rule]:
    """All rules, past and to come: ours, those an administrator wrote in their place, and hers."""
    found = {(rule.code, rule.starts_on): rule for rule in _ours()}
    for row in session.scalars(select(LawRule).order_by(LawRule.code, LawRule.since)):
        rule = _edited(row)
        found[rule.code, rule.starts_on] = rule
    return sorted(found.values(), key=_order)


def in_force(session: Session, day: date | None = None) -> dict[str, Rule]:
    """Code -> the rule in force that day (today); the latest start wins."""
    day = day or date.today()
    held = [rule for rule in every(session) if rule.holds(day)]
    return {rule.code: rule for rule in sorted(held, key=lambda r: r.starts_on or date.min)}


def by_topic(rules: Iterable[Rule]) -> list[tuple[str, list[Rule]]]:
    """(topic in words, its rules), in the order of TOPICS."""
    listed = list(rules)
    groups = [(label, [r for r in listed if r.topic == code]) for code, label in TOPICS.items()]
    return [(label, group) for label, group in groups if group]


def write(session: Session, rule: Rule, by: str) -> None:
    """Keep this rule over ours of the same code and day, or beside; signed."""
    if not rule.code or not rule.label or not rule.source or not rule.article:
        raise LawError("Donner à la règle un intitulé, un article et une source.")
    if rule.starts_on and rule.ends_on and rule.ends_on < rule.starts_on:
        raise LawError("La règle finit avant de commencer : revoir ses dates.")
    session.merge(LawRule(
        code=rule.code, since=rule.starts_on.isoformat() if rule.starts_on else "",
        topic=rule.topic, label=rule.label, value=rule.value, unit=rule.unit,
        ends_on=rule.ends_on, article=rule.article, source=rule.source,
        is_verified=rule.is_verified, note=rule.note, edited_by=by, edited_at=datetime.now(),
    ))  # fmt: skip
    session.flush()


def restore(session: Session, code: str, since: str) -> None:
    """Forget what an administrator wrote: ours holds again."""
    if row := session.get(LawRule, (code, since)):
        session.delete(row)
        session.flush()


def _edited(row: LawRule) -> Rule:
    return Rule(
        row.code, row.topic, row.label, row.value, row.unit,
        date.fromisoformat(row.since) if row.since else None, row.ends_on, row.article,
        row.source, row.is_verified, row.note, row.edited_by,
    )  # fmt: skip


@cache
def _ours() -> Sequence[Rule]:
    with LAW.open(encoding="utf-8", newline="") as lines:
        return tuple(_read(row) for row in csv.DictReader(lines))


def _read(row: dict[str, str]) -> Rule:
    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    return Rule(
        row["code"], row["topic"], row["label"], float(row["value"]) if row["value"] else None,
        row["unit"], day(row["starts_on"]), day(row["ends_on"]), row["article"], row["source"],
        row["is_verified"] == "oui", row["note"],
    )  # fmt: skip


def _order(rule: Rule) -> tuple[int, str, date]:
    place = list(TOPICS).index(rule.topic) if rule.topic in TOPICS else len(TOPICS)
    return place, rule.code, rule.starts_on or date.min
