"""Public contracts: what suppliers have won, and what that says of what they sell."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from sourcing.contracts import buyers, classes, winners
from sourcing.contracts.classes import classify as classify
from sourcing.model import Contract, ContractWinner
from sourcing.segments import Nomenclature


@dataclass(frozen=True, slots=True)
class Won:
    """What one supplier has won; an amount shared with others is counted apart."""

    count: int
    # Won alone, excluding tax; contracts whose amount is not known are counted, not summed.
    amount_eur: float
    shared: int
    shared_eur: float
    last_on: date | None


@dataclass(slots=True)
class SegmentWon:
    """What one supplier has won in one sub-segment."""

    segment: str
    count: int = 0
    # The chance that at least one of them is truly of this sub-segment.
    score: float = 0.0
    last_on: date | None = None
    last_buyer: str = ""
    source: str = ""
    # siret: won by this very establishment, or by the one it took over; siren: by another one.
    level: str = "siren"

    def add(self, row: Any) -> None:
        """One more contract, later than those before."""
        self.count += 1
        self.score = 1 - (1 - self.score) * (1 - row.segment_score)
        if row.level in (winners.HERE, winners.HEIR):
            self.level = winners.HERE
        self.source = row.source
        if row.notified_on:
            self.last_on, self.last_buyer = row.notified_on, row.buyer_name


def settle(session: Session, nomenclature: Nomenclature) -> None:
    """Bring contracts up to the base of today: who won, who bought, and what.

    The suppliers this concerns are noted in the to-tag queue.
    """
    winners.attach(session)
    buyers.name(session)
    classes.classify(session, nomenclature)


def won_by(session: Session, supplier_ids: Collection[int]) -> Mapping[int, Won]:
    """What each of these suppliers has won; those that have won nothing are not in it."""
    found = session.execute(_won_by(), {"suppliers": list(supplier_ids)})
    return {row[0]: Won(*row[1:]) for row in found}


@cache
def _won_by() -> Select[*tuple[Any, ...]]:
    """What each of `suppliers` has won; composed once."""
    alone = Contract.winners < 2
    return (
        select(
            ContractWinner.supplier_id,
            func.count(),
            func.coalesce(func.sum(case((alone, Contract.amount_eur))), 0.0),
            func.sum(case((alone, 0), else_=1)),
            func.coalesce(func.sum(case((~alone, Contract.amount_eur))), 0.0),
            func.max(Contract.notified_on),
        )
        .join(Contract, Contract.id == ContractWinner.contract_id)
        .where(ContractWinner.supplier_id.in_(bindparam("suppliers", expanding=True)))
        .group_by(ContractWinner.supplier_id)
    )


def segments_won(
    session: Session, supplier_ids: Collection[int] | Select[int] | None = None
) -> Iterator[tuple[int, list[SegmentWon]]]:
    """(supplier, what it won by sub-segment) for these suppliers, or for all that won something."""
    found = (
        select(
            ContractWinner.supplier_id,
            ContractWinner.level,
            Contract.segment,
            Contract.segment_score,
            Contract.notified_on,
            Contract.buyer_name,
            Contract.source,
        )
        .join(Contract, Contract.id == ContractWinner.contract_id)
        .where(ContractWinner.supplier_id.is_not(None), Contract.segment > "")
        .order_by(ContractWinner.supplier_id, Contract.notified_on, Contract.id)
    )
    if supplier_ids is not None:
        found = found.where(ContractWinner.supplier_id.in_(supplier_ids))
    for supplier_id, rows in groupby(session.execute(found), attrgetter("supplier_id")):
        told: dict[str, SegmentWon] = {}
        for row in rows:
            told.setdefault(row.segment, SegmentWon(row.segment)).add(row)
        yield supplier_id, list(told.values())
