"""The to-tag queue: suppliers whose tags and index must be redone.

Written in the transaction of what changed them, emptied by tagging in its own: a process killed
between the two has lost nothing.
"""

import secrets
from collections.abc import Iterable

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Base, Setting, Supplier

VERSION = "data_version"
# Tells two bases at the same version apart.
LOT = "data_lot"
TABLE: Table = Base.metadata.tables["stale"]


def mark(session: Session, suppliers: Iterable[int | None]) -> None:
    """Put these suppliers in the queue, those that are not yet in it."""
    rows = ({"supplier_id": each} for each in sorted({s for s in suppliers if s is not None}))
    db.upsert(session, TABLE, rows, ("supplier_id",))


def mark_firms(session: Session, sirens: Iterable[str]) -> None:
    """Put every site of these firms in the queue."""
    for chunk in db.chunks(sorted(set(sirens) - {""}), 500):
        mark(session, session.scalars(select(Supplier.id).where(Supplier.siren.in_(chunk))))


def announce(session: Session) -> None:
    """Count up, so that what was computed from the former data is known to be old."""
    setting = session.get(Setting, VERSION) or Setting(key=VERSION, value="0")
    setting.value = str(int(setting.value) + 1)
    session.merge(setting)
    session.merge(Setting(key=LOT, value=secrets.token_hex(4)))
    session.flush()
