"""The to-tag queue: suppliers whose tags and index must be redone.

Written in the transaction of what changed them, emptied by tagging in its own: a process killed
between the two has lost nothing.
"""

import json
import secrets
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Base, Setting, Supplier

VERSION = "data_version"
# Tells two bases at the same version apart.
LOT = "data_lot"
# What the last tagging changed, and since when; of more suppliers than this nothing is said.
TAGGED, MOST_TOLD = "data_tagged", 20_000
TABLE: Table = Base.metadata.tables["stale"]
STATE = select(Setting.key, Setting.value).where(Setting.key.in_((VERSION, LOT)))


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


class State(NamedTuple):
    """Which data a base holds: a number that grows, and what tells two bases apart."""

    version: str = ""
    lot: str = ""


def state(session: Session) -> State:
    """The base's, today."""
    said = {row.key: row.value for row in session.execute(STATE)}
    return State(said.get(VERSION, ""), said.get(LOT, ""))


def announce_tagged(session: Session, suppliers: Collection[int] | None) -> None:
    """Count up, and say whose tags and index differ from those of the tagging before.

    None: anybody's.
    """
    before = _tagged(session).get("at", ())
    announce(session)
    said: dict[str, Any] = {"at": state(session)}
    if suppliers is not None and len(suppliers) <= MOST_TOLD:
        said |= {"since": before, "suppliers": sorted(suppliers)}
    session.merge(Setting(key=TAGGED, value=json.dumps(said)))
    session.flush()


def changed(session: Session) -> tuple[State, list[int]] | None:
    """The state since which only these suppliers' tags and index changed; None when not known."""
    said = _tagged(session)
    if not said.get("since") or State(*said["at"]) != state(session):
        return None
    return State(*said["since"]), said["suppliers"]


def _tagged(session: Session) -> dict[str, Any]:
    setting = session.get(Setting, TAGGED)
    said: dict[str, Any] = json.loads(setting.value) if setting else {}
    return said
