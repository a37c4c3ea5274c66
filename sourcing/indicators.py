"""The charter's indicators: from the ledger, from contracts, or entered by hand and marked so."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import spending
from sourcing.contracts import indicators as contracts
from sourcing.contracts.indicators import Scope, Share
from sourcing.model import IndicatorValue, Place
from sourcing.spending import Spent

LIST = Path(__file__).parent / "data" / "indicators.csv"
LEDGER, CONTRACTS, HAND = "depenses", "marches", "saisie"
BASE_YEAR, TARGET_YEAR = 2022, 2027
By = Literal["segment", "directorate"]


class IndicatorError(ValueError):
    """The value cannot be kept; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of the charter: where it was, where it should go, how it is worked out."""

    code: str
    objective: str
    label: str
    unit: str
    value_2022: float | None
    target_2027: float | None
    source: str
    formula: str


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator in a year; `value` in its own unit, None when nothing says."""

    indicator: Indicator
    year: int
    value: float | None
    # What is above and below the line: euros, or contracts.
    counted: float | None = None
    total: float | None = None
    measure: str = ""
    # Contracts that do not say.
    silent: int = 0
    entered: IndicatorValue | None = None


@cache
def every() -> tuple[Indicator, ...]:
    """The indicators in the charter's order of sources: ledger, contracts, by hand."""
    with LIST.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Indicator(
                row["code"], row["objective"], row["label"], row["unit"],
                float(row["value_2022"]) if row["value_2022"] else None,
                float(row["target_2027"]) if row["target_2027"] else None,
                row["source"], row["formula"],
            )
            for row in csv.DictReader(lines)
        )  # fmt: skip


def by_code() -> dict[str, Indicator]:
    return {indicator.code: indicator for indicator in every()}


# --- a year ---


def board(session: Session, year: int, directorate: str = "") -> list[Figure]:
    """Every indicator in a year; with a directorate, the ledger's are of that one alone."""
    spent, buyers = spending.spent(session), buyers_here(session)
    entered = {v.code: v for v in _entered(session) if v.year == year}
    return [
        _with_hand(_figure(session, each, year, (spent, buyers, directorate)), entered)
        for each in every()
    ]


def _figure(
    session: Session, each: Indicator, year: int, known: tuple[Spent, Sequence[str], str]
) -> Figure:
    spent, buyers, directorate = known
    if each.source == LEDGER:
        part = spent.part(each.code, spent.where(year, directorate))
        return Figure(each, year, _percent(part.share), part.counted_eur, part.total_eur, "€")
    if each.source == CONTRACTS and buyers:
        return _of_share(each, year, SHARES[each.code](session, Scope(buyers, year)))
    return Figure(each, year, None)


def _of_share(each: Indicator, year: int, share: Share) -> Figure:
    if each.code in BY_AMOUNT:
        counted, total, measure = share.amount_eur, share.of_amount_eur, "€ HT"
        value = share.by_amount
    else:
        counted, total, measure = share.number, share.of_number, "marchés"
        value = share.by_number
    return Figure(each, year, _percent(value), counted, total, measure, share.silent)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _with_hand(figure: Figure, entered: Mapping[str, IndicatorValue]) -> Figure:
    """What was entered by hand speaks only where nothing is worked out."""
    hand = entered.get(figure.indicator.code)
    if figure.value is not None or hand is None:
        return figure
    return replace(figure, value=hand.value, entered=hand)


def _formal(session: Session, scope: Scope) -> Share:
    return contracts.social(session, replace(scope, is_formal=True))


BY_AMOUNT = ("MARCHES_INNOVANTS_LOCAUX", "AVENANTS")
SHARES: Mapping[str, Callable[[Session, Scope], Share]] = {
    "MARCHES_INNOVANTS_LOCAUX": contracts.innovative_and_local,
    "MARCHES_INNOVANTS": contracts.innovative_object,
    "RESERVES": contracts.reserved,
    "SOCIAL": contracts.social,
    "SOCIAL_FORMALISE": _formal,
    "ENVIRONNEMENT": contracts.environmental,
    "AVENANTS": contracts.modified,
}


def buyers_here(session: Session) -> Sequence[str]:
    """The SIREN of the territory's EPCI: whose contracts are counted."""
    codes = select(Place.epci).where(Place.in_territory, Place.epci != "").distinct()
    return session.scalars(codes.order_by(Place.epci)).all()


def years(session: Session) -> list[int]:
    """Years that something speaks of, the latest first."""
    found = {*spending.spent(session).years, *contracts.years(session, buyers_here(session))}
    return sorted(found | {value.year for value in _entered(session)}, reverse=True)


# --- over the years, and in detail ---


def series(session: Session, code: str) -> list[Figure]:
    """An indicator over the years, from the first."""
    each, known = by_code()[code], (spending.spent(session), buyers_here(session), "")
    entered = {(v.code, v.year): v for v in _entered(session)}
    found = [
        _with_hand(_figure(session, each, year, known),
                   {code: v} if (v := entered.get((code, year))) else {})
        for year in sorted(years(session))
    ]  # fmt: skip
    return [figure for figure in found if figure.value is not None]


def detail(session: Session, code: str, year: int, by: By) -> list[tuple[str, Figure]]:
    """(segment or directorate, its figure), the largest amounts first."""
    each = by_code()[code]
    if each.source == LEDGER:
        return _of_ledger(spending.spent(session), each, year, by)
    if each.source == CONTRACTS and by == "segment":
        scope = Scope(buyers_here(session), year)
        shares = contracts.by_segment(session, scope, SHARES[code])
        return [(segment, _of_share(each, year, share)) for segment, share in shares.items()]
    return []


def _of_ledger(spent: Spent, each: Indicator, year: int, by: By) -> list[tuple[str, Figure]]:
    names = spent.segments if by == "segment" else spent.directorates
    found = []
    for name in names:
        where = spent.where(year)
        where &= (spent.segment if by == "segment" else spent.directorate) == names.index(name)
        part = spent.part(each.code, where)
        if part.total_eur:
            figure = Figure(each, year, _percent(part.share), part.counted_eur, part.total_eur, "€")
            found.append((name, figure))
    return sorted(found, key=lambda pair: -(pair[1].total or 0))


def definitions(session: Session, year: int) -> list[tuple[str, float | None]]:
    """The ESS share under each definition, each wider than the one before."""
    spent = spending.spent(session)
    where = spent.where(year)
    return [
        (label, _percent(spent.part(code, where).share))
        for code, label in spending.DEFINITIONS.items()
    ]


def known_share(session: Session, year: int) -> float | None:
    """Share of the euros of a year whose supplier the base knows, in %."""
    spent = spending.spent(session)
    return _percent(spent.part("CONNU", spent.where(year)).share)


# --- by hand ---


def enter(session: Session, code: str, year: int, value: float, said: tuple[str, str]) -> None:
    """Keep a value entered by hand; `said`: its note, and by whom."""
    if code not in by_code():
        raise IndicatorError("Indicateur inconnu.")
    if not 2000 <= year < 2100:
        raise IndicatorError(f"L’année {year} n’est pas possible.")
    if value < 0 or (by_code()[code].unit == "%" and value > 100):
        raise IndicatorError("Donner une valeur positive, de 0 à 100 pour une part.")
    session.merge(IndicatorValue(code=code, year=year, value=value, note=said[0][:500],
                                 entered_by=said[1], entered_at=datetime.now()))  # fmt: skip
    session.flush()


def _entered(session: Session) -> Sequence[IndicatorValue]:
    return session.scalars(select(IndicatorValue)).all()


# --- for a spreadsheet ---

HEADERS = ("Code", "Objectif", "Indicateur", "Année", "Valeur", "Unité", "Numérateur",
           "Dénominateur", "Mesure", "Ne le disent pas", "Valeur 2022", "Cible 2027", "Origine",
           "Formule")  # fmt: skip


def table(figures: Sequence[Figure]) -> Iterator[tuple[object, ...]]:
    """One line per figure."""
    for figure in figures:
        each = figure.indicator
        origin = f"saisi par {figure.entered.entered_by}" if figure.entered else each.source
        yield (
            each.code, each.objective, each.label, figure.year, figure.value, each.unit,
            figure.counted, figure.total, figure.measure, figure.silent, each.value_2022,
            each.target_2027, origin, each.formula,
        )  # fmt: skip
