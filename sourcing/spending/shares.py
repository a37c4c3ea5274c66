"""Shares of what was spent, by definition, year, directorate and segment: columns in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Setting, Spending, Tag
from sourcing.search.filters import LABEL_BITS, STATUS_BITS
from sourcing.search.shelf import columns
from sourcing.search.tally import Array, Mask
from sourcing.spending.intake import VERSION

# Definitions of the ESS, each wider than the one before: what is added, in words.
ESS_SIRENE, ESS_FRANCE, ESS_ESUS, ESS_INCLUSIVE = "sirene", "ess_france", "esus", "inclusive"
DEFINITIONS = {
    ESS_SIRENE: "Répertoire Sirene : champ ESS et forme juridique",
    ESS_FRANCE: "et liste d’ESS France",
    ESS_ESUS: "et agréments ESUS",
    ESS_INCLUSIVE: "et SIAE, EA, ESAT, autres listes",
}
# Of the whole firm; the other shares are of the very establishment that was paid.
OF_FIRM = ("ESS", "ESUS", "PME", *DEFINITIONS)


class Part(NamedTuple):
    """Euros counted, of all those spent."""

    counted_eur: float
    total_eur: float

    @property
    def share(self) -> float | None:
        """0..1; None when nothing was spent."""
        return self.counted_eur / self.total_eur if self.total_eur else None


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent, summed: one position per year, directorate, segment, supplier and kind."""

    year: Array
    directorate: Array  # index into directorates
    segment: Array  # index into segments
    amount: Array
    directorates: tuple[str, ...]
    segments: tuple[str, ...]
    # indicator or definition -> who counts
    flags: Mapping[str, Mask]

    def part(self, code: str, where: Mask) -> Part:
        """The share of an indicator among these positions."""
        counted = self.flags[code] & where
        return Part(float(self.amount[counted].sum()), float(self.amount[where].sum()))

    def where(self, year: int | None = None, directorate: str = "", segment: str = "") -> Mask:
        found: Mask = np.ones(len(self.year), dtype=bool)
        if year:
            found &= self.year == year
        if directorate:
            found &= self.directorate == _place(self.directorates, directorate)
        if segment:
            found &= self.segment == _place(self.segments, segment)
        return found

    @property
    def years(self) -> list[int]:
        """The latest first."""
        return sorted({int(year) for year in self.year}, reverse=True)


def _place(values: tuple[str, ...], value: str) -> int:
    return values.index(value) if value in values else -1


_held: dict[str, tuple[str, Spent]] = {}
_turn = Lock()


def spent(session: Session) -> Spent:
    """All that was spent; read again when a ledger or the tags have changed."""
    keys = (VERSION, "data_version", "data_lot")
    said = select(Setting.key, Setting.value).where(Setting.key.in_(keys)).order_by(Setting.key)
    version = repr(session.execute(said).all())
    base = str(session.get_bind().engine.url)
    with _turn:
        if base in _held and _held[base][0] == version:
            return _held[base][1]
    found = _read(session)
    with _turn:
        _held[base] = version, found
    return found


def _read(session: Session) -> Spent:
    is_off = Spending.contract == ""
    cells = select(
        Spending.year, Spending.directorate, Spending.segment, Spending.supplier_id,
        Spending.level, is_off, func.sum(Spending.amount_eur),
    ).group_by(
        Spending.year, Spending.directorate, Spending.segment, Spending.supplier_id,
        Spending.level, is_off,
    )  # fmt: skip
    rows = session.execute(cells).all()
    directorates = tuple(sorted({row[1] for row in rows}))
    segments = tuple(sorted({row[2] for row in rows}))
    of_directorate = {name: place for place, name in enumerate(directorates)}
    of_segment = {name: place for place, name in enumerate(segments)}
    ids = np.asarray([row[3] or 0 for row in rows], dtype=np.int64)
    is_site = np.asarray([row[4] != "siren" for row in rows], dtype=bool)
    flags = _flags(session, ids, is_site)
    flags["HORS_MARCHE"] = np.asarray([bool(row[5]) for row in rows], dtype=bool)
    flags["CONNU"] = ids > 0
    return Spent(
        np.asarray([row[0] for row in rows], dtype=np.int32),
        np.asarray([of_directorate[row[1]] for row in rows], dtype=np.int32),
        np.asarray([of_segment[row[2]] for row in rows], dtype=np.int32),
        np.asarray([row[6] for row in rows], dtype=float), directorates, segments, flags,
    )  # fmt: skip


def _flags(session: Session, ids: Array, is_site: Mask) -> dict[str, Mask]:
    data = columns(session)
    places = np.searchsorted(data.ids, ids)
    is_listed = places < len(data.ids)
    is_listed[is_listed] = data.ids[places[is_listed]] == ids[is_listed]

    def of(values: Mask) -> Mask:
        found = np.zeros(len(ids), dtype=bool)
        found[is_listed] = values[places[is_listed]]
        return found

    def has(bits: Mapping[str, int], *codes: str) -> Mask:
        return of(data.statuses.any_of(sum(bits[code] for code in codes)))

    is_local = of(data.is_inside)
    found = {
        "ESS": has(STATUS_BITS, "ess"),
        "ESUS": has(LABEL_BITS, "esus"),
        "INCLUSIF": has(STATUS_BITS, "siae", "ea", "esat"),
        "PME": has(STATUS_BITS, "tpe", "pme"),
        "LOCAL": is_local,
        "INNOVANT_LOCAL": is_local & has(STATUS_BITS, "innovation"),
        **_definitions(session, ids),
    }
    return {code: mask if code in OF_FIRM else mask & is_site for code, mask in found.items()}


def _definitions(session: Session, ids: Array) -> dict[str, Mask]:
    """Each definition of the ESS, from the sources of the tags that say it."""
    narrowest: dict[int, int] = {}
    order = list(DEFINITIONS)
    for chunk in db.chunks(sorted({int(i) for i in ids if i}), 5_000):
        tags = select(Tag.supplier_id, Tag.source).where(
            Tag.supplier_id.in_(chunk), Tag.kind == "ess"
        )
        for supplier, source in session.execute(tags):
            rank = order.index(source) if source in order else len(order) - 1
            narrowest[supplier] = min(rank, narrowest.get(supplier, rank))
    ranks = np.asarray([narrowest.get(int(i), len(order)) for i in ids])
    return {code: ranks <= rank for rank, code in enumerate(order)}
