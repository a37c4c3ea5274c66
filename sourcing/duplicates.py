"""Firms that have two SIREN: which number stands for each, as the register says."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import REGISTER, DuplicateSiren, Supplier

BATCH = 500


def twins(session: Session) -> Mapping[str, str]:
    """SIREN -> the smallest of the numbers of its firm; only those that have several."""
    first: dict[str, str] = {}
    pairs = select(DuplicateSiren.siren, DuplicateSiren.duplicate).order_by(
        DuplicateSiren.siren, DuplicateSiren.duplicate
    )
    for pair in session.execute(pairs):
        ends = sorted({_end(first, siren) for siren in pair})
        first |= dict.fromkeys((*ends, *pair), ends[0])
    return {siren: _end(first, siren) for siren in first}


def in_base(session: Session) -> Mapping[str, str]:
    """SIREN -> the number under which the register's suppliers of its firm are known, if any."""
    known = twins(session)
    suppliers = select(Supplier.siren).where(Supplier.origin == REGISTER).distinct()
    there: dict[str, str] = {}
    for chunk in db.chunks(sorted(known), BATCH):
        for siren in sorted(session.scalars(suppliers.where(Supplier.siren.in_(chunk)))):
            there.setdefault(known[siren], siren)
    return {siren: there.get(firm, firm) for siren, firm in known.items()}


def others(session: Session, siren: str) -> list[str]:
    """The other numbers of this firm, in order."""
    known = twins(session) if siren else {}
    firm = known.get(siren)
    return sorted(other for other, end in known.items() if end == firm and other != siren)


def _end(first: Mapping[str, str], siren: str) -> str:
    while first.get(siren, siren) != siren:
        siren = first[siren]
    return siren
