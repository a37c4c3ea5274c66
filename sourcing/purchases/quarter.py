"""Quarters, "2027-T1": as they are kept, and as people write them."""

import re
from datetime import date, timedelta

from sourcing.normalise import fold

FORM = re.compile(r"20\d\d-T[1-4]")
_QUARTER = re.compile(
    r"(?:\bT|TRIM\w*\s*)([1-4])\b|\b([1-4])\s*(?:ER|E|EME|ND)?\s*(?:T(?=20|\b)|TRIM)"
)
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_DAY = re.compile(
    r"\b(?:(\d{1,2})[/.-])?(\d{1,2})[/.-](20\d\d)\b|\b(20\d\d)[/.-](\d{1,2})(?:\b|[-/])"
)
_MONTHS = ("JANV", "FEV", "MARS", "AVR", "MAI", "JUIN", "JUIL", "AOUT", "SEPT", "OCT", "NOV", "DEC")
_SEMESTER = re.compile(r"\bS\s?([12])\b|\b([12])\s*(?:ER|E|ND|EME)?\s*SEM")


def quarter_of(day: date) -> str:
    """The quarter a day is in."""
    return f"{day.year}-T{(day.month + 2) // 3}"


def first_day(quarter: str) -> date:
    """The day a quarter begins."""
    return date(int(quarter[:4]), 3 * int(quarter[-1]) - 2, 1)


def last_day(quarter: str) -> date:
    """The day a quarter ends."""
    return first_day(quarter_of(first_day(quarter) + timedelta(days=95))) - timedelta(days=1)


def read_quarter(text: str) -> str:
    """The quarter a text names ("T2 2027", "mars 2027", "15/03/2027"); ValueError when it does not.

    A semester or a year alone is told by its first quarter.
    """
    said = fold(text)
    year = _YEAR.search(said)
    if year is None:
        raise ValueError("indiquer le trimestre et l'année, par exemple « T2 2027 »")
    if found := _QUARTER.search(said):
        return f"{year[1]}-T{found[1] or found[2]}"
    if found := _DAY.search(text):
        return _of_month(int(year[1]), int(found[2] or found[5]))
    for place, month in enumerate(_MONTHS, 1):
        if re.search(rf"\b{month}", said):
            return _of_month(int(year[1]), place)
    half = _SEMESTER.search(said)
    return f"{year[1]}-T{3 if half and '2' in half.groups() else 1}"


def _of_month(year: int, month: int) -> str:
    if not 1 <= month <= 12:
        raise ValueError("le mois n'existe pas ; écrire par exemple « T2 2027 »")
    return quarter_of(date(year, month, 1))
