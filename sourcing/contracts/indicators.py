"""What contracts say of the charter's indicators: shares by number and by amount, of these buyers.

Only contracts from 40,000 € excluding tax are published for certain; and what a contract does not
say (its amount, its considerations before 2024) is counted apart, never taken for a no.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.orm import Session

from sourcing.model import Contract, ContractWinner, Place, Supplier, Tag

RESERVED = "Marché réservé"
LIGHT = ("%adapt%", "%sans publicit%")
Clause = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Share:
    """How much of what the contracts say; amounts excluding tax, of those that are known."""

    number: int
    of_number: int
    amount_eur: float
    of_amount_eur: float
    # Contracts that do not say: neither above nor below the line.
    silent: int = 0

    @property
    def by_number(self) -> float | None:
        """0..1; None when no contract says."""
        return self.number / self.of_number if self.of_number else None

    @property
    def by_amount(self) -> float | None:
        return self.amount_eur / self.of_amount_eur if self.of_amount_eur else None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose contracts: buyers by SIREN, notified in a year (None: ever), in a sub-segment or ''."""

    buyers: Collection[str]
    year: int | None = None
    segment: str = ""
    # Only those of a formal procedure: neither adapted nor without publication.
    is_formal: bool = False

    def clauses(self) -> list[Clause]:
        found: list[Clause] = [Contract.buyer_siren.in_(self.buyers)]
        if self.year:
            days = date(self.year, 1, 1), date(self.year, 12, 31)
            found.append(Contract.notified_on.between(*days))
        if self.segment:
            found.append(Contract.segment == self.segment)
        if self.is_formal:
            found += [Contract.procedure != "", *(~Contract.procedure.ilike(p) for p in LIGHT)]
        return found


def reserved(session: Session, scope: Scope) -> Share:
    """Contracts reserved to EA, ESAT, SIAE or the ESS."""
    return _share(session, scope, Contract.social.like(f"%{RESERVED}%"), Contract.social)


def social(session: Session, scope: Scope) -> Share:
    """Contracts with a social clause or criterion, or reserved."""
    return _share(session, scope, Contract.social != "", Contract.social)


def environmental(session: Session, scope: Scope) -> Share:
    """Contracts with an environmental clause or criterion."""
    return _share(session, scope, Contract.environmental != "", Contract.environmental)


def innovative_object(session: Session, scope: Scope) -> Share:
    """Contracts said to buy something innovative."""
    return _share(session, scope, Contract.is_innovative.is_(True), Contract.is_innovative)


def innovative_and_local(session: Session, scope: Scope) -> Share:
    """Contracts won by a firm of the territory that a list calls innovative."""
    is_innovative = exists().where(Tag.supplier_id == Supplier.id, Tag.kind == "innovation")
    return _won_by(session, scope, and_(_is_local(), is_innovative))


def local(session: Session, scope: Scope) -> Share:
    """Contracts won by a firm of the territory."""
    return _won_by(session, scope, _is_local())


def won_by_status(session: Session, scope: Scope, kinds: Collection[str]) -> Share:
    """Contracts won by a supplier that has a tag of these kinds (siae, handicap, ess…)."""
    has = exists().where(Tag.supplier_id == Supplier.id, Tag.kind.in_(kinds))
    return _won_by(session, scope, has)


def modified(session: Session, scope: Scope) -> Share:
    """What modifications added to the amounts first signed, of contracts that say both."""
    added = func.sum(Contract.amount_eur - Contract.initial_eur)
    row = session.execute(
        select(
            func.sum(case((Contract.modifications > 0, 1), else_=0)),
            func.count(),
            added,
            func.sum(Contract.initial_eur),
            func.count() - func.count(Contract.initial_eur),
        ).where(*scope.clauses())
    ).one()
    return Share(row[0] or 0, row[1], row[2] or 0.0, row[3] or 0.0, row[4])


def years(session: Session, buyers: Collection[str]) -> list[int]:
    """The years these buyers have notified contracts in, latest first."""
    days = select(func.min(Contract.notified_on), func.max(Contract.notified_on))
    first, last = session.execute(days.where(Contract.buyer_siren.in_(buyers))).one()
    return list(range(last.year, first.year - 1, -1)) if first and last else []


def by_segment(
    session: Session, scope: Scope, share: Callable[[Session, Scope], Share]
) -> dict[str, Share]:
    """A share for each sub-segment these buyers bought, the largest amounts first."""
    amount = func.coalesce(func.sum(Contract.amount_eur), 0.0)
    found = session.execute(
        select(Contract.segment)
        .where(*scope.clauses(), Contract.segment != "")
        .group_by(Contract.segment)
        .order_by(amount.desc(), Contract.segment)
    )
    return {
        code: share(session, Scope(scope.buyers, scope.year, code)) for (code,) in found if code
    }


def _is_local() -> Clause:
    return Supplier.commune_code.in_(select(Place.code).where(Place.in_territory))


def _won_by(session: Session, scope: Scope, is_such: Clause) -> Share:
    """Contracts of which one winner at least is such a supplier."""
    won = exists().where(
        ContractWinner.contract_id == Contract.id, Supplier.id == ContractWinner.supplier_id,
        is_such,
    )  # fmt: skip
    return _share(session, scope, won, None)


def _share(session: Session, scope: Scope, is_counted: Clause, says: Any) -> Share:
    """The contracts counted among those whose column `says` (None: all of them) is filled."""
    said: Clause = is_counted.is_not(None) if says is None else says.is_not(None)
    counted = and_(said, is_counted)
    row = session.execute(
        select(
            func.sum(case((counted, 1), else_=0)),
            func.sum(case((said, 1), else_=0)),
            func.sum(case((counted, Contract.amount_eur))),
            func.sum(case((said, Contract.amount_eur))),
            func.count(),
        ).where(*scope.clauses())
    ).one()
    number, of_number = row[0] or 0, row[1] or 0
    return Share(number, of_number, row[2] or 0.0, row[3] or 0.0, row[4] - of_number)
