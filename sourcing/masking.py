"""Partial diffusion, at once and everywhere: in the transaction that learns of it.

The register masks its own facts. Here go what lists say of a masked unit, and its words and place
in the index; what was computed from them is known to be old.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from sourcing import db, stale
from sourcing.model import MASKED, PARTIAL, Listing, Mention, Stale, Supplier
from sourcing.normalise.text import fold

BATCH = 500
# Of any masked unit; and of a person's, what names her.
ADDRESS = {
    "address": "", "postcode": "", "phone": "", "email": "", "lon": None, "lat": None,
    "precision": "",
}  # fmt: skip
IDENTITY = {"name": MASKED, "other_names": "", "description": "", "website": "", "link": ""}


def mask_suppliers(session: Session, run: int) -> None:
    """Those this run found masked: out of the index now, tagged again later."""
    if _is_filled(session, Mention.id):
        _remember(session, run)
        _mask_lines(session, Supplier.run_id == run)
    # A first load: nobody is in the index.
    if not _is_filled(session, Listing.supplier_id):
        return
    # Of the few in the queue, where the run has put them.
    wanted = select(Supplier.id, Supplier.is_person, Supplier.precision).join(Listing)
    queued = wanted.where(Supplier.id.in_(select(Stale.supplier_id)))
    found = session.execute(
        queued.where(Supplier.diffusion == PARTIAL, Supplier.run_id == run)
    ).all()
    db.delete_text(session, [row.id for row in found])
    _index(session, [row.id for row in found if row.is_person], {"name_key": fold(MASKED)})
    exact = [row.id for row in found if row.precision != "commune"]
    _index(session, exact, {"lon": None, "lat": None})
    if found:
        stale.announce(session)


def _is_filled(session: Session, key: InstrumentedAttribute[int]) -> bool:
    return session.scalar(select(key).limit(1)) is not None


def mask_lines(session: Session, run: int) -> None:
    """What a list read in this run says of units in partial diffusion."""
    hers = exists().where(Supplier.siret == Mention.masked_siret, Supplier.diffusion == PARTIAL)
    again = (Mention.run_id == run, Mention.masked_siret != "", Mention.siret == "", hers)
    siren = func.substr(Mention.masked_siret, 1, 9)
    _set(session, again, {"siret": Mention.masked_siret, "siren": siren})
    _mask_lines(session, Mention.run_id == run)


def _remember(session: Session, run: int) -> None:
    """A line without SIRET that is linked to whom this run found masked stays linked, by SIRET.

    By a name that is no more it would be nobody's: a supplier of its own, named and placed.
    """
    its = (
        Supplier.id == Mention.supplier_id, Supplier.diffusion == PARTIAL, Supplier.run_id == run,
    )  # fmt: skip
    siret, siren = (
        select(column).where(*its).scalar_subquery() for column in (Supplier.siret, Supplier.siren)
    )
    _set(
        session, (Mention.siret == "", exists().where(*its)),
        {"siret": siret, "siren": siren, "masked_siret": siret},
    )  # fmt: skip


def _mask_lines(session: Session, those: ColumnElement[bool]) -> None:
    # Asked of each line: there are fewer of them than of masked units.
    masked = exists().where(
        Supplier.siret == Mention.siret, Supplier.diffusion == PARTIAL, those
    )  # fmt: skip
    for units, values in ((masked, ADDRESS), (masked.where(Supplier.is_person), IDENTITY)):
        _set(session, (Mention.siret != "", units), values)
    # What speaks of a person's firm names her too.
    her = exists().where(
        Supplier.siren == Mention.siren, Supplier.diffusion == PARTIAL, Supplier.is_person, those
    )
    _set(session, (Mention.siret == "", Mention.siren != "", her), {**ADDRESS, **IDENTITY})


def _set(
    session: Session, which: Sequence[ColumnElement[bool]], values: Mapping[str, object]
) -> None:
    session.execute(
        update(Mention).where(*which).values(**values),
        execution_options={"synchronize_session": False},
    )


def _index(session: Session, suppliers: Sequence[int], values: dict[str, object]) -> None:
    for chunk in db.chunks(suppliers, BATCH):
        session.execute(
            update(Listing).where(Listing.supplier_id.in_(chunk)).values(**values),
            execution_options={"synchronize_session": False},
        )
