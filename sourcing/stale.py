"""The to-tag queue: suppliers whose tags and index must be redone.

Written in the transaction of what changed them, emptied by tagging in its own: a process killed
between the two has lost nothing.
"""

from collections.abc import Iterable

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Base, Supplier

TABLE: Table = Base.metadata.tables["stale"]


def mark(session: Session, suppliers: Iterable[int | None]) -> None:
    """Put these suppliers in the queue, those that are not yet in it."""
    rows = ({"supplier_id": each} for each in sorted({s for s in suppliers if s is not None}))
    db.upsert(session, TABLE, rows, ("supplier_id",))


def mark_firms(session: Session, sirens: Iterable[str]) -> None:
    """Put every site of these firms in the queue."""
    for chunk in db.chunks(sorted(set(sirens) - {""}), 500):
        mark(session, session.scalars(select(Supplier.id).where(Supplier.siren.in_(chunk))))
