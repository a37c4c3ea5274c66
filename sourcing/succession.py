"""From an establishment that closed to the open one that took it over."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Succession, Supplier

MOST_HOPS = 8
BATCH = 500


class Heir(NamedTuple):
    """The open establishment of the base that took over, and since when (None: unsaid)."""

    siret: str
    since: date | None


def heirs(session: Session, sirets: Collection[str]) -> Mapping[str, Heir]:
    """Closed siret -> the one open establishment it leads to; none when there are several.

    A siret the base holds open leads nowhere, whatever a link says.
    """
    found: dict[str, Heir] = {}
    ends: dict[str, dict[str, date | None]] = {siret: {siret: None} for siret in sirets}
    settled: dict[str, set[str]] = {siret: set() for siret in sirets}
    for _ in range(MOST_HOPS):
        here = {end for at in ends.values() for end in at}
        opened, links = _open(session, here), _links(session, here)
        for siret, at in ends.items():
            for end, since in at.items():
                if end in opened:
                    settled[siret].add(end)
                    found[siret] = Heir(end, since)
        ends = {
            siret: {
                successor: day or since
                for end, since in at.items() if end not in opened
                for successor, day in links.get(end, ())
            }
            for siret, at in ends.items()
        }  # fmt: skip
        ends = {siret: at for siret, at in ends.items() if at}
        if not ends:
            break
    return {
        siret: heir for siret, heir in found.items()
        if len(settled[siret]) == 1 and heir.siret != siret
    }  # fmt: skip


def _open(session: Session, sirets: Collection[str]) -> set[str]:
    opened: set[str] = set()
    for chunk in db.chunks(sorted(sirets), BATCH):
        wanted = select(Supplier.siret).where(
            Supplier.siret.in_(chunk), Supplier.state == "A", Supplier.gone_on.is_(None)
        )
        opened.update(siret for siret in session.scalars(wanted) if siret)
    return opened


def _links(
    session: Session, sirets: Collection[str]
) -> Mapping[str, list[tuple[str, date | None]]]:
    links: dict[str, list[tuple[str, date | None]]] = {}
    for chunk in db.chunks(sorted(sirets), BATCH):
        wanted = select(Succession).where(Succession.closed_siret.in_(chunk))
        for link in session.scalars(wanted.order_by(Succession.on, Succession.successor_siret)):
            links.setdefault(link.closed_siret, []).append((link.successor_siret, link.on))
    return links
