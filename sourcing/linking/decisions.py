"""The journal of judgements: what persons said holds until they take it back; rules' follow."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.linking import lines as of_lines
from sourcing.linking.lines import Line
from sourcing.linking.verdicts import SAME
from sourcing.model import Judgement, Mention

RULES = "rules"
UNSURE = "unsure"
SITE, FIRM, DUPLICATE = "siret", "siren", "duplicate"


class Ruling(NamedTuple):
    """The rules' verdict on one mention, and the supplier it is about."""

    mention: int
    supplier: int
    verdict: str
    level: str
    score: float
    reasons: tuple[str, ...]


class Pin(NamedTuple):
    """Where a person put a line."""

    supplier: int
    level: str


@dataclass
class Journal:
    """What holds today of these lines."""

    # mention -> where a person put it
    pinned: dict[int, Pin] = field(default_factory=dict)
    # mention -> suppliers a person said it is not
    refused: dict[int, set[int]] = field(default_factory=dict)
    # Two mentions, lower first -> the one of which a person said that it is the other's structure;
    # 0 when she said that they are two.
    ties: dict[tuple[int, int], int] = field(default_factory=dict)
    # mention -> the rules' judgement that holds
    standing: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session, lines: Sequence[Line], is_all: bool) -> "Journal":
        """Judgements in force, oldest first: a person's latest word counts."""
        known = {line["id"]: line for line in lines}
        journal = cls()
        for row in _in_force(session, None if is_all else known):
            if row["author"] == RULES:
                journal.standing[row["mention_id"]] = row
            elif is_about(row, known):
                journal._hear(row)
        return journal

    def _hear(self, row: Mapping[str, Any]) -> None:
        mention, supplier, other = row["mention_id"], row["supplier_id"], row["other_id"]
        if row["verdict"] == UNSURE:
            return
        is_same = row["verdict"] == SAME
        if other is not None:
            self.ties[min(mention, other), max(mention, other)] = mention if is_same else 0
            if is_same:
                self.pinned.pop(mention, None)
        elif supplier is not None:
            self._place(mention, Pin(supplier, row["level"]), is_same)

    def _place(self, mention: int, pin: Pin, is_same: bool) -> None:
        refused = self.refused.setdefault(mention, set())
        if is_same:
            self.pinned[mention] = pin
            refused.discard(pin.supplier)
            return
        refused.add(pin.supplier)
        if mention in self.pinned and self.pinned[mention].supplier == pin.supplier:
            del self.pinned[mention]

    def placed(self) -> set[int]:
        """Mentions that persons put with another one."""
        return {mention for mention in self.ties.values() if mention}

    def together(self) -> list[tuple[int, int]]:
        """Mentions that persons say are one structure."""
        return [pair for pair, mention in self.ties.items() if mention]

    def apart(self, mention: int) -> set[int]:
        """Mentions a person told apart from this one."""
        return self._apart.get(mention, set())

    @cached_property
    def _apart(self) -> dict[int, set[int]]:
        apart: dict[int, set[int]] = {}
        for (one, other), mention in self.ties.items():
            if not mention:
                apart.setdefault(one, set()).add(other)
                apart.setdefault(other, set()).add(one)
        return apart

    def write(
        self, session: Session, rulings: Mapping[int, Ruling], asked: Collection[int]
    ) -> None:
        """Of the lines asked about, withdraw the rules' judgements that changed; add the new."""
        news = [r for r in rulings.values() if self._is_news(r)]
        stale = [self.standing[r.mention]["id"] for r in news if r.mention in self.standing]
        stale += [
            row["id"] for mention, row in self.standing.items()
            if mention in asked and mention not in rulings
        ]  # fmt: skip
        now = datetime.now()
        _withdraw(session, stale, now)
        if news:
            session.execute(insert(Judgement), [_row(ruling, now) for ruling in news])

    def _is_news(self, ruling: Ruling) -> bool:
        known = self.standing.get(ruling.mention)
        told = (ruling.verdict, ruling.level, ruling.supplier, list(ruling.reasons))
        return known is None or told != tuple(
            known[name] for name in ("verdict", "level", "supplier_id", "reasons")
        )


def is_about(row: Mapping[str, Any], known: Mapping[int, Line]) -> bool:
    """Do the lines still say what the person saw? Keys may be numbers that others have now."""
    seen = row["seen"] or {}
    sides = ((row["mention_id"], seen.get("line")), (row["other_id"], seen.get("other")))
    for mention, was in sides:
        if mention is not None and mention not in known:
            return False
        if mention is not None and was and not of_lines.says_the_same(known[mention], was):
            return False
    return True


COLUMNS = (
    "id", "mention_id", "supplier_id", "other_id", "verdict", "level", "score", "reasons",
    "author", "decided_at", "decision_id", "seen",
)  # fmt: skip


def _in_force(session: Session, only: Collection[int] | None) -> Iterator[Mapping[str, Any]]:
    wanted = select(*(getattr(Judgement, name) for name in COLUMNS))
    wanted = wanted.where(Judgement.withdrawn_at.is_(None))
    if only is None:
        yield from _rows(session, wanted.order_by(Judgement.id))
        return
    found: dict[int, Mapping[str, Any]] = {}
    for chunk in db.chunks(sorted(only), of_lines.CHUNK):
        about = or_(Judgement.mention_id.in_(chunk), Judgement.other_id.in_(chunk))
        found |= {row["id"]: row for row in _rows(session, wanted.where(about))}
    yield from (found[number] for number in sorted(found))


def _rows(session: Session, statement: Select[Any]) -> Iterator[Mapping[str, Any]]:
    for row in session.execute(statement):
        yield dict(row._mapping)


def _withdraw(session: Session, judgements: Sequence[int], when: datetime) -> None:
    for chunk in db.chunks(judgements, of_lines.CHUNK):
        session.execute(
            update(Judgement)
            .where(Judgement.id.in_(chunk))
            .values(withdrawn_at=when)
            .execution_options(synchronize_session=False)
        )


def _row(ruling: Ruling, now: datetime) -> dict[str, Any]:
    return {
        "mention_id": ruling.mention,
        "supplier_id": ruling.supplier,
        "verdict": ruling.verdict,
        "level": ruling.level,
        "score": round(ruling.score, 4),
        "reasons": list(ruling.reasons),
        "author": RULES,
        "decided_at": now,
    }


# --- replay: a line that came back under another key keeps what persons said of it ---


def replay(session: Session, lines: Sequence[Line]) -> None:
    """Say again of new lines what persons said of the lines they were."""
    rows = [r for r in _in_force(session, None) if r["author"] != RULES and r["seen"]]
    if not rows:
        return
    heirs = _Heirs(lines)
    said = {(r["decision_id"], r["mention_id"], r["supplier_id"], r["other_id"]) for r in rows}
    again = []
    for row in rows:
        for mention, other in heirs.of(row):
            told = (row["decision_id"], mention, row["supplier_id"], other)
            if told not in said:
                said.add(told)
                again.append(_said_again(row, mention, other, heirs.known))
    if again:
        session.execute(insert(Judgement), again)


def _said_again(
    row: Mapping[str, Any], mention: int, other: int | None, known: Mapping[int, Line]
) -> dict[str, Any]:
    copied = {name: row[name] for name in COLUMNS if name != "id"}
    sides = {"line": mention, "other": other}
    seen = {side: of_lines.seen(known[m]) for side, m in sides.items() if m is not None}
    return copied | {
        "mention_id": mention, "other_id": other, "seen": seen | {"last": row["seen"]["last"]},
    }  # fmt: skip


class _Heirs:
    """The lines a judged line is now, when its key changed or says something else."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.known = {line["id"]: line for line in lines}
        self.exact: dict[tuple[str, ...], list[Line]] = {}
        self.loose: dict[tuple[str, ...], list[Line]] = {}
        for line in lines:
            trace = (line["source"], *of_lines.trace(line))
            self.exact.setdefault(trace, []).append(line)
            self.loose.setdefault(trace[:3], []).append(line)

    def of(self, row: Mapping[str, Any]) -> Iterator[tuple[int, int | None]]:
        """(mention, other mention or None) of every line that takes this judgement over."""
        seen, other = row["seen"], row["other_id"]
        for mention in self._side(row["mention_id"], seen["line"], seen["last"]):
            if other is None:
                yield mention, None
            else:
                others = self._side(other, seen["other"], seen["last"])
                yield from ((mention, each) for each in others if each != mention)

    def _side(self, mention: int, was: Mapping[str, str], last: int) -> list[int]:
        """The judged line itself while it says the same, and those that came later in its stead."""
        line = self.known.get(mention)
        if line is None:
            return []
        is_same = of_lines.says_the_same(line, was)
        trace = (line["source"], *of_lines.trace(was))
        later = [
            o["id"] for o in self.exact.get(trace, ())
            if o["id"] != mention and not _conflict(o, was) and (o["id"] > last or not is_same)
        ]  # fmt: skip
        if not later and (not is_same or line["gone_on"]):
            later = [o["id"] for o in self.loose.get(trace[:3], ()) if o["id"] > last]
            later = later if len(later) == 1 else []
        return [mention] * is_same + later


def _conflict(line: Line, was: Mapping[str, str]) -> bool:
    return bool(line["siret"] and was["siret"] and line["siret"] != was["siret"])


def last_mention(session: Session) -> int:
    """The newest line there is: what comes after it did not exist when a person decided."""
    return session.scalar(select(func.max(Mention.id))) or 0
