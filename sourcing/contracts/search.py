"""Who won this elsewhere: contracts found by need, segment, CPV, buyer, winner, year or commune."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.contracts.winners import FIRM
from sourcing.model import MASKED, PARTIAL, Contract, ContractWinner, Supplier
from sourcing.normalise.text import fold, words
from sourcing.segments import Nomenclature
from sourcing.segments.classify import Guess

PER_PAGE = 25
# A typed need is understood as these sub-segments at most, each at least this likely.
UNDERSTOOD, LEAST_SCORE = 3, 0.15
FIRST_YEAR = 2015
CHUNK = 1_000
Clause = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of the contracts; equal queries give equal pages."""

    text: str = ""
    segment: str = ""
    cpv: str = ""
    # A name, or a SIREN or SIRET.
    buyer: str = ""
    # The SIREN of the firm that won.
    winner: str = ""
    year: int | None = None
    # Where the winner is, INSEE code.
    commune: str = ""
    page: int = 1

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "Query":
        """The query of URL arguments; a value that cannot be used is as if it were absent."""
        year, page = (_digits(args.get(name, "")) for name in ("annee", "page"))
        return cls(
            text=" ".join(args.get("q", "").split())[:300],
            segment=args.get("segment", "").strip(),
            cpv=_digits(args.get("cpv", "").split("-")[0])[:8],
            buyer=" ".join(args.get("acheteur", "").split())[:100],
            winner=_digits(args.get("titulaire", ""))[:9],
            year=int(year) if len(year) == 4 and int(year) >= FIRST_YEAR else None,
            commune=args.get("commune", "").strip()[:5],
            page=max(1, int(page[:6] or 1)),
        )

    def to_args(self) -> list[tuple[str, str]]:
        """The URL arguments that give this query back; defaults are left out."""
        pairs = (
            ("q", self.text), ("segment", self.segment), ("cpv", self.cpv),
            ("acheteur", self.buyer), ("titulaire", self.winner),
            ("annee", str(self.year or "")), ("commune", self.commune),
            ("page", str(self.page) if self.page > 1 else ""),
        )  # fmt: skip
        return [(name, value) for name, value in pairs if value]


@dataclass(frozen=True, slots=True)
class Winner:
    """Who won, as anyone may see it."""

    name: str
    siret: str
    # Of the supplier it is, '' when the base does not know it.
    uid: str
    commune: str
    # siret: this very supplier; successor: it took the winner over; siren: another of the firm.
    level: str


@dataclass(frozen=True, slots=True)
class Award:
    """A contract as it is shown, with its winners."""

    contract: Contract
    winners: tuple[Winner, ...]

    @property
    def considerations(self) -> tuple[str, ...]:
        """Social and environmental, then "Marché innovant"."""
        contract = self.contract
        said = " | ".join(filter(None, (contract.social, contract.environmental)))
        innovative = ("Marché innovant",) if contract.is_innovative else ()
        return (*filter(None, said.split(" | ")), *innovative)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the contracts found, and all of them counted."""

    query: Query
    awards: tuple[Award, ...]
    total: int
    # Of the contracts whose amount is known, each once.
    amount_eur: float
    without_amount: int
    understood: tuple[Guess, ...]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def find(session: Session, nomenclature: Nomenclature, query: Query) -> Page:
    """The contracts asked for: those whose object has the words first, then the latest."""
    understood = _understood(nomenclature, query)
    where = _where(query, understood)
    total, amount_eur, known = session.execute(
        select(func.count(), func.sum(Contract.amount_eur), func.count(Contract.amount_eur)).where(
            *where
        )
    ).one()
    page = replace(query, page=min(query.page, max(1, -(-total // PER_PAGE))))
    ids = _ordered(query).where(*where).limit(PER_PAGE).offset((page.page - 1) * PER_PAGE)
    found = awards(session, session.scalars(ids).all())
    return Page(page, tuple(found), total, amount_eur or 0.0, total - known, understood)


def all_awards(session: Session, nomenclature: Nomenclature, query: Query) -> Iterator[Award]:
    """Every contract asked for, in the order of the page."""
    where = _where(query, _understood(nomenclature, query))
    for ids in db.chunks(session.scalars(_ordered(query).where(*where)).all(), CHUNK):
        yield from awards(session, ids)


def won_here(session: Session, supplier_id: int, limit: int) -> list[Award]:
    """The latest contracts of a supplier."""
    won = exists().where(
        ContractWinner.contract_id == Contract.id, ContractWinner.supplier_id == supplier_id
    )
    return awards(session, session.scalars(_ordered(Query()).where(won).limit(limit)).all())


def won_by_firm(session: Session, siren: str) -> int:
    """How many contracts any establishment of this firm has won."""
    if not siren:
        return 0
    won = select(func.count(ContractWinner.contract_id.distinct()))
    return session.scalar(won.where(ContractWinner.siren == siren)) or 0


def years(session: Session) -> list[int]:
    """The years of the contracts of the base, latest first."""
    first, last = session.execute(
        select(func.min(Contract.notified_on), func.max(Contract.notified_on))
    ).one()
    if first is None or last is None:
        return []
    return list(range(last.year, max(first.year, FIRST_YEAR) - 1, -1))


def awards(session: Session, ids: Sequence[int]) -> list[Award]:
    """These contracts with their winners, in this order."""
    contracts = {c.id: c for c in session.scalars(select(Contract).where(Contract.id.in_(ids)))}
    winners = _winners(session, ids)
    return [Award(contracts[each], tuple(winners[each])) for each in ids]


# --- what is asked, as SQL ---


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit() and c.isascii())


def _understood(nomenclature: Nomenclature, query: Query) -> tuple[Guess, ...]:
    """What a typed need is understood as; nothing when the segment is chosen."""
    if not query.text or query.segment:
        return ()
    guesses = nomenclature.classify(query.text, UNDERSTOOD)
    return tuple(guess for guess in guesses if guess.score >= LEAST_SCORE)


def _where(query: Query, understood: Sequence[Guess]) -> list[Clause]:
    clauses = [_about(query.text, understood)] if query.text else []
    if query.segment:
        clauses.append(Contract.segment == query.segment)
    if query.cpv:
        clauses.append(Contract.cpv.like(f"{query.cpv}%"))
    if query.buyer:
        clauses.append(_bought_by(query.buyer))
    if query.year:
        first, last = date(query.year, 1, 1), date(query.year, 12, 31)
        clauses.append(Contract.notified_on.between(first, last))
    won = exists().where(ContractWinner.contract_id == Contract.id)
    if query.winner:
        clauses.append(won.where(ContractWinner.siren == query.winner))
    if query.commune:
        here = (Supplier.id == ContractWinner.supplier_id, Supplier.commune_code == query.commune)
        clauses.append(won.where(*here))
    return clauses


def _about(text: str, understood: Sequence[Guess]) -> Clause:
    """Of a sub-segment the words are understood as, or with every word in its object."""
    said = [_says(word) for word in words(text)]
    ways: list[Clause] = [and_(*said)] if said else []
    if understood:
        ways.append(Contract.segment.in_([guess.code for guess in understood]))
    return or_(*ways) if ways else literal(False)


def _says(word: str) -> Clause:
    """The object has a word that begins so."""
    return Contract.object_key.like(f"% {word.upper()}%")


def _bought_by(text: str) -> Clause:
    digits = _digits(text)
    if len(digits) in (9, 14) and not text.strip("0123456789 "):
        key = Contract.buyer_siren if len(digits) == 9 else Contract.buyer_siret
        return key == digits
    name = func.upper(Contract.buyer_name)
    said = [name.like(f"%{word}%") for word in fold(text).split()]
    return and_(*said) if said else literal(False)


def _ordered(query: Query) -> Any:
    """Identifiers of contracts, those that say the words of the need first, then the latest."""
    said = [case((_says(word), 1), else_=0) for word in words(query.text)]
    order: list[Any] = [sum(said, literal(0)).desc()] if said else []
    latest = Contract.notified_on.desc().nulls_last()
    return select(Contract.id).order_by(*order, latest, Contract.id)


# --- who won ---


def _winners(session: Session, ids: Sequence[int]) -> Mapping[int, list[Winner]]:
    found = (
        select(
            ContractWinner.contract_id, ContractWinner.name, ContractWinner.siret,
            ContractWinner.identifier, ContractWinner.level, Supplier.uid,
            Supplier.name.label("here"), Supplier.legal_name, Supplier.commune,
            Supplier.is_person, Supplier.diffusion,
        )
        .outerjoin(Supplier, Supplier.id == ContractWinner.supplier_id)
        .where(ContractWinner.contract_id.in_(ids))
        .order_by(ContractWinner.contract_id, ContractWinner.position)
    )  # fmt: skip
    winners: dict[int, list[Winner]] = defaultdict(list)
    for row in session.execute(found):
        winners[row.contract_id].append(_winner(row))
    return winners


def _winner(row: Any) -> Winner:
    """As anyone may see it: a person in partial diffusion has neither name nor number."""
    if row.uid and row.is_person and row.diffusion == PARTIAL:
        return Winner(MASKED, "", row.uid, row.commune, row.level)
    known = row.legal_name or row.here if row.level == FIRM else row.here
    name = known or row.name or f"{row.identifier} (nom inconnu)"
    return Winner(name, row.siret or row.identifier, row.uid or "", row.commune or "", row.level)
