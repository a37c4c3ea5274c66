"""The queue of what persons are asked: lines to look at, the most useful first."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from sourcing.linking.assignment import RIVALS, SHARED_SIRET
from sourcing.linking.decisions import FIRM, RULES, UNSURE
from sourcing.linking.kept import LINKED
from sourcing.linking.verdicts import REVIEW
from sourcing.model import Decision, Judgement, Mention, Run, Setting, Supplier, Tag
from sourcing.segments import Nomenclature

# What makes a line worth a look before another: what it would tell, how rare that is, how unsure
# the rules are. A line already at its firm can wait.
STATUS_WORTH, RARITY_WORTH, DOUBT_WORTH, FIRM_WORTH = 1.0, 1.0, 1.0, -2.0
# A segment is declared or described, not hinted at by a NAF code, from this weight on.
DECLARED = 0.6
# Reasons that no probability outweighs: these are looked at one by one.
ALONE = ("SIREN différents", "établissement fermé", SHARED_SIRET, RIVALS)


class Waiting(NamedTuple):
    """One line to look at, and the supplier it may be."""

    mention: int
    supplier: int
    source: str
    level: str
    score: float
    value: float
    # A person said that she does not know.
    is_aside: bool
    reasons: str


def count(session: Session) -> int:
    """How many lines wait, those put aside left out."""
    standing = _standing(func.count())
    return session.scalar(standing.where(Judgement.mention_id.not_in(_aside()))) or 0


def waiting(session: Session, nomenclature: Nomenclature) -> list[Waiting]:
    """Every line to look at, the most useful first."""
    aside = set(session.scalars(_aside()))
    # As text: few lines say different things, and each is understood once.
    statuses, sectors = cast(Mention.statuses, Text), cast(Mention.sectors, Text)
    wanted = _standing(
        Judgement.mention_id, Judgement.supplier_id, Mention.source, Judgement.level,
        Judgement.score, statuses, sectors, cast(Judgement.reasons, Text),
    ).join(Mention, Mention.id == Judgement.mention_id)  # fmt: skip
    worth = _Worth(nomenclature, _rarity(session))
    found = []
    for row in session.connection().execute(wanted.where(Mention.gone_on.is_(None))):
        mention, supplier, source, level, score, status, sector, reasons = row
        value = worth.of(score, level, status, sector)
        aside_too = mention in aside
        found.append(
            Waiting(mention, supplier or 0, source, level, score, value, aside_too, reasons)
        )
    found.sort(key=lambda one: (-one.value, one.mention))
    return found


def lot(found: Sequence[Waiting], source: str, least: float) -> list[Waiting]:
    """Of what waits, the lines of a source that may be accepted together: as probable as this."""
    return [
        one for one in found
        if one.source == source and one.score >= least and one.level != FIRM and not one.is_aside
        and not any(reason in json.loads(one.reasons) for reason in ALONE)
    ]  # fmt: skip


def _standing(*columns: Any) -> Any:
    """The rules' questions that hold."""
    return select(*columns).where(
        Judgement.author == RULES, Judgement.verdict == REVIEW, Judgement.withdrawn_at.is_(None)
    )


def _aside() -> Any:
    return select(Judgement.mention_id).where(
        Judgement.verdict == UNSURE, Judgement.withdrawn_at.is_(None)
    )


class _Worth:
    """How useful an answer is."""

    def __init__(self, nomenclature: Nomenclature, rarity: Mapping[str, int]) -> None:
        self.nomenclature, self.rarity = nomenclature, rarity
        self.known: dict[str, float] = {}

    def of(self, score: float, level: str, statuses: str, sectors: str) -> float:
        if sectors not in self.known:
            self.known[sectors] = self._rare(sectors)
        worth = DOUBT_WORTH * 4 * score * (1 - score) + RARITY_WORTH * self.known[sectors]
        return worth + STATUS_WORTH * (statuses != "[]") + FIRM_WORTH * (level == FIRM)

    def _rare(self, sectors: str) -> float:
        """1 when nobody else sells one of these, less and less as more do."""
        codes = {c for s in json.loads(sectors) for c, _ in self.nomenclature.from_sector(s)}
        return max((1 / (1 + self.rarity.get(code, 0)) ** 0.5 for code in codes), default=0.0)


def _rarity(session: Session) -> dict[str, int]:
    """Sub-segment -> how many suppliers say they sell it."""
    declared = select(Tag.value, func.count()).where(Tag.kind == "segment", Tag.weight >= DECLARED)
    return {row[0]: row[1] for row in session.execute(declared.group_by(Tag.value))}


def state(session: Session) -> str:
    """Changes when the queue may have: with links, decisions, lists and tags."""
    facts = (
        select(func.max(Judgement.id)),
        select(func.count()).where(Decision.withdrawn_at.is_not(None)),
        select(func.max(Run.id)),
        select(Setting.value).where(Setting.key == "data_version"),
        select(Setting.value).where(Setting.key == LINKED),
    )
    return "|".join(str(session.scalar(fact)) for fact in facts)


# --- history ---


class Gesture(NamedTuple):
    """One decision as the history tells it."""

    decision: Decision
    lines: int
    # Its first line, and where it was put.
    line: str
    mention: int
    supplier: str
    other: str

    @property
    def withdrawn_at(self) -> datetime | None:
        return self.decision.withdrawn_at


def history(
    session: Session, limit: int = 50, mention: int = 0, author: str = "", before: int = 0
) -> list[Gesture]:
    """Decisions, the newest first; of one line, or of one person that still hold."""
    wanted = select(Decision).order_by(Decision.id.desc()).limit(limit)
    if mention:
        about = select(Judgement.decision_id).where(
            (Judgement.mention_id == mention) | (Judgement.other_id == mention)
        )
        wanted = wanted.where(Decision.id.in_(about))
    if author:
        wanted = wanted.where(Decision.author == author, Decision.withdrawn_at.is_(None))
    if before:
        wanted = wanted.where(Decision.id < before)
    return [_gesture(session, decision) for decision in session.scalars(wanted)]


def _gesture(session: Session, decision: Decision) -> Gesture:
    of_it = Judgement.decision_id == decision.id
    lines = session.scalar(select(func.count(Judgement.mention_id.distinct())).where(of_it)) or 0
    # The last judgement says where the line went; those before it, where it no longer is.
    said = session.scalars(select(Judgement).where(of_it).order_by(Judgement.id.desc())).first()
    if said is None:
        return Gesture(decision, 0, "", 0, "", "")
    seen = said.seen or {}
    supplier = session.get(Supplier, said.supplier_id) if said.supplier_id else None
    return Gesture(
        decision, lines, seen.get("line", {}).get("name", ""), said.mention_id,
        supplier.uid if supplier else "", seen.get("other", {}).get("name", ""),
    )  # fmt: skip


def audit(session: Session) -> dict[str, int]:
    """How the links stand, for `sourcing status`."""
    standing = select(Judgement.verdict, Judgement.level, func.count()).where(
        Judgement.author == RULES, Judgement.withdrawn_at.is_(None)
    )
    rows = session.execute(standing.group_by(Judgement.verdict, Judgement.level)).all()
    rules = {(verdict, level): number for verdict, level, number in rows}
    held = select(func.count(Judgement.mention_id.distinct())).where(
        Judgement.author != RULES, Judgement.verdict != UNSURE, Judgement.withdrawn_at.is_(None)
    )
    taken_back = select(func.count()).where(Decision.withdrawn_at.is_not(None))
    return {
        "reliées par les règles": sum(n for (v, _), n in rules.items() if v == "same"),
        "à vérifier": sum(n for (v, level), n in rules.items() if v == REVIEW and level != FIRM),
        "établissement à préciser": rules.get((REVIEW, FIRM), 0),
        "seules": sum(n for (v, _), n in rules.items() if v == "different"),
        "décidées par une personne": session.scalar(held) or 0,
        "décisions annulées": session.scalar(taken_back) or 0,
    }
