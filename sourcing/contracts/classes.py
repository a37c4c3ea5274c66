"""What each contract bought, in our sub-segments: its object's words, tipped by the buyer's CPV."""

import math
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sourcing import stale
from sourcing.model import Contract, ContractWinner, Setting
from sourcing.segments import Nomenclature

# The CPV is right two times in three, the words nineteen times in twenty (needs_dev.csv): it only
# tips the balance between sub-segments the words leave close.
CPV_ODDS = math.exp(1)
# What a sub-segment the words do not name among the first keeps as a chance.
LEAST_CHANCE, GUESSES = 0.0005, 5
# An object of which only the CPV is known.
CPV_ALONE = 0.7
KNOWN_BY = "contracts_nomenclature"
CHUNK, REMEMBERED = 20_000, 200_000


class Class(NamedTuple):
    """A sub-segment ('' when none is recognised) and how sure of it we are (0..1)."""

    segment: str
    score: float


class Classes:
    """Sub-segments of objects, remembered: the same object comes back year after year."""

    def __init__(self, nomenclature: Nomenclature) -> None:
        self.nomenclature = nomenclature
        self.beginnings = {
            code[:8].rstrip("0"): segment.code
            for segment in nomenclature.segments
            for code in segment.cpv
        }
        self.of = lru_cache(REMEMBERED)(self._of)

    def _of(self, text: str, cpv: str) -> Class:
        said = self.of_cpv(cpv)
        chances = {g.code: g.score for g in self.nomenclature.classify(text, GUESSES)}
        if not chances:
            return Class(said, CPV_ALONE if said else 0.0)
        if said:
            chances[said] = max(chances.get(said, 0.0), LEAST_CHANCE) * CPV_ODDS
        best = max(chances, key=lambda code: (chances[code], code))
        return Class(best, round(chances[best] / max(1.0, sum(chances.values())), 3))

    def of_cpv(self, cpv: str) -> str:
        """The sub-segment whose CPV is this one's longest beginning, '' when none is."""
        starts = (cpv[:length] for length in range(len(cpv), 1, -1))
        return next((self.beginnings[s] for s in starts if s in self.beginnings), "")


def classify(session: Session, nomenclature: Nomenclature) -> int:
    """Give each contract not looked at yet its sub-segment; how many.

    All of them are looked at again when the nomenclature has changed.
    """
    _forget_other(session, nomenclature)
    classes, count = Classes(nomenclature), 0
    unknown = select(Contract.id, Contract.object, Contract.cpv).where(Contract.segment.is_(None))
    while rows := session.execute(unknown.order_by(Contract.id).limit(CHUNK)).all():
        found = [(row.id, classes.of(row.object, row.cpv)) for row in rows]
        session.execute(
            update(Contract),
            [{"id": i, "segment": c.segment, "segment_score": c.score} for i, c in found],
        )
        ids = [row.id for row in rows]
        won = select(ContractWinner.supplier_id).where(
            ContractWinner.contract_id.between(ids[0], ids[-1])
        )
        stale.mark(session, session.scalars(won.distinct()))
        count += len(rows)
    return count


def _forget_other(session: Session, nomenclature: Nomenclature) -> None:
    """Forget what another nomenclature understood."""
    known = session.get(Setting, KNOWN_BY)
    if known is not None and known.value != nomenclature.fingerprint:
        session.execute(update(Contract).values(segment=None, segment_score=0.0))
    session.merge(Setting(key=KNOWN_BY, value=nomenclature.fingerprint))
    session.flush()
