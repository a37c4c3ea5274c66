"""link: every mention to its supplier, all of them or those one decision touches."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from sourcing import db, duplicates, stale
from sourcing.linking import findings
from sourcing.linking import lines as of_lines
from sourcing.linking.assignment import Answer, Candidate, Given, Known, assign
from sourcing.linking.clusters import Edge
from sourcing.linking.decisions import FIRM, RULES, Journal, Ruling, replay
from sourcing.linking.founding import Founder
from sourcing.linking.kept import LINKED, code_state, register_state
from sourcing.linking.lines import Line
from sourcing.linking.verdicts import REVIEW, SAME
from sourcing.model import (
    PUBLIC,
    REGISTER,
    Finding,
    Judgement,
    Likeness,
    Mention,
    Run,
    Setting,
    Supplier,
)  # fmt: skip

Progress = Callable[[float, float], None]
# What the base was when all lines were last linked.
STATE = "linking_state"
OF_REGISTER = ("siret", "name", "legal_name", "other_names", "postcode", "commune_code")


class Counts(NamedTuple):
    """Lines that had no supplier: linked, to be looked at; and suppliers added."""

    same: int = 0
    review: int = 0
    new: int = 0


def link(session: Session, progress: Progress | None = None, cache: Path | None = None) -> Counts:
    """Give every mention its supplier and write down why; safe to run again."""
    session.flush()
    tell = progress or (lambda done, total: None)
    state = "#".join(_state(session))
    sites = select(Mention.id).where(Mention.level == "siret")
    pending = sites.where(Mention.supplier_id.is_(None)).limit(1)
    known = session.get(Setting, STATE)
    if known and known.value == state and session.scalar(pending) is None:
        return Counts()
    lines = of_lines.read(session)
    tell(1, 10)
    findings.refresh(session, lines, cache, lambda done, total: tell(1 + 6 * done / total, 10))
    replay(session, lines)
    tell(8, 10)
    counts, _ = _link(session, lines, is_all=True)
    session.merge(Setting(key=STATE, value="#".join(_state(session))))
    session.flush()
    session.expire_all()
    tell(10, 10)
    return counts


def relink(session: Session, mentions: Collection[int]) -> set[int]:
    """Link again the lines that a decision on these touches; the suppliers that changed.

    The answer is what `link` would give: lines that nothing ties to these are not looked at.
    """
    session.flush()
    lines = of_lines.read(session, _together(session, mentions))
    _, changed = _link(session, lines, is_all=False)
    base, people = _state(session)
    known = session.get(Setting, STATE)
    if known and known.value.startswith(f"{base}#"):
        known.value = f"{base}#{people}"
    session.flush()
    session.expire_all()
    return changed


def _link(session: Session, lines: Sequence[Line], is_all: bool) -> tuple[Counts, set[int]]:
    journal = Journal.read(session, lines, is_all)
    known = _known(session, lines, journal, is_all)
    given = assign(known)
    founder = Founder(session, lines, is_all, known.sirets)
    homes = {mention: one.home for mention, one in given.items()}
    firms = {m: one.home.siret[:9] for m, one in given.items() if one.level == FIRM}
    founder.settle(homes, firms)
    rulings = {
        mention: Ruling(
            mention, founder.supplier(one.about), one.verdict, one.level, one.score, one.reasons
        )
        for mention, one in given.items()
        if one.verdict
    }
    journal.write(session, rulings, given.keys())
    if founder.changed:
        session.merge(Setting(key=LINKED, value=datetime.now().isoformat()))
        stale.mark(session, founder.changed)
    pending = [given[line["id"]] for line in lines if line["supplier_id"] is None]
    return _counts(pending, founder.added), founder.changed


def _counts(pending: Sequence[Given], added: int) -> Counts:
    verdicts = [one.verdict or SAME for one in pending]
    return Counts(verdicts.count(SAME), verdicts.count(REVIEW), added)


def _state(session: Session) -> tuple[str, str]:
    """Changes with register, lists and engine; changes with what persons decide."""
    runs = session.execute(select(func.max(Run.id), func.max(Run.started_at))).one()
    people = session.execute(
        select(func.count(), func.max(Judgement.id), func.count(Judgement.withdrawn_at)).where(
            Judgement.author != RULES
        )
    ).one()
    lines = session.execute(select(func.count(), func.max(Mention.id))).one()
    base = (*runs, *lines, register_state(session), code_state())
    return "|".join(map(str, base)), "|".join(map(str, people))


# --- what is known of these lines ---


def _known(session: Session, lines: Sequence[Line], journal: Journal, is_all: bool) -> Known:
    ids = None if is_all else {line["id"] for line in lines}
    answers = _answers(session, ids)
    sure, held = _edges(session, ids)
    suppliers = {c.supplier for answer in answers.values() for c in answer.candidates}
    suppliers |= {pin.supplier for pin in journal.pinned.values()}
    suppliers |= set[int]().union(*journal.refused.values())
    return Known(
        lines, journal, answers, sure, held, _sirets(session, suppliers), _register(session, lines),
        duplicates.twins(session),
    )  # fmt: skip


def _answers(session: Session, ids: Collection[int] | None) -> dict[int, Answer]:
    wanted = select(Finding.mention_id, Finding.verdict, Finding.level, Finding.candidates)
    return {
        row.mention_id: Answer(row.verdict, row.level, tuple(map(_candidate, row.candidates)))
        for row in _among(session, wanted, Finding.mention_id, ids)
    }


def _candidate(kept: dict[str, Any]) -> Candidate:
    reasons = (*kept["speaks_for"], *kept["speaks_against"])
    return Candidate(kept["supplier"], kept["probability"], kept["firm"], reasons)


def _edges(session: Session, ids: Collection[int] | None) -> tuple[list[Edge], list[Edge]]:
    """Lines surely alike, and lines alike that something holds back."""
    columns = (Likeness.one_id, Likeness.other_id, Likeness.score, Likeness.reasons)
    sure: list[Edge] = []
    held: list[Edge] = []
    for row in _among(session, select(*columns, Likeness.is_sure), Likeness.one_id, ids):
        edge = Edge(row.one_id, row.other_id, row.score, tuple(row.reasons))
        (sure if row.is_sure else held).append(edge)
    return sure, held


def _sirets(session: Session, suppliers: Collection[int]) -> dict[int, str]:
    wanted = select(Supplier.id, Supplier.siret)
    rows = _among(session, wanted, Supplier.id, suppliers)
    return {row.id: row.siret for row in rows if row.siret}


def _register(session: Session, lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """What the register says of the sirets these lines publish; masked names say nothing."""
    wanted = select(*(getattr(Supplier, name) for name in OF_REGISTER), Supplier.diffusion)
    wanted = wanted.where(Supplier.origin == REGISTER)
    sirets = {line["published"] for line in lines} - {""}
    found = {}
    for row in _among(session, wanted, Supplier.siret, sirets):
        facts = dict(row._mapping)
        is_public = facts.pop("diffusion") == PUBLIC
        found[row.siret] = facts if is_public else facts | {"name": ""}
    return found


def _among(session: Session, statement: Any, column: Any, values: Collection[Any] | None) -> Any:
    """The rows whose column is one of these values; all of them for None."""
    if values is None:
        yield from session.execute(statement)
        return
    for chunk in db.chunks(sorted(values), of_lines.CHUNK):
        yield from session.execute(statement.where(column.in_(chunk)))


# --- what one decision touches ---


def _together(session: Session, mentions: Collection[int]) -> set[int]:
    """These lines, and all that likeness, a siret, a person or a supplier without siret ties."""
    found, new = set[int](), set(mentions)
    while new:
        found |= new
        new = set(_neighbours(session, new)) - found
    return found


def _neighbours(session: Session, mentions: Collection[int]) -> set[int]:
    pairs = ((Likeness.one_id, Likeness.other_id), (Judgement.mention_id, Judgement.other_id))
    found: set[int] = set()
    for chunk in db.chunks(sorted(mentions), of_lines.CHUNK):
        for one, other in pairs:
            rows = session.execute(
                select(one, other).where(or_(one.in_(chunk), other.in_(chunk)), other.is_not(None))
            )
            found |= {number for row in rows for number in row}
        sirets = select(Mention.siret).where(Mention.id.in_(chunk), Mention.siret != "")
        found |= set(session.scalars(select(Mention.id).where(Mention.siret.in_(sirets))))
    return found
