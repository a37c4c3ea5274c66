"""What a register published once of two numbers, and publishes no more: its own corrections."""

# Columns are ours.
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from sourcing import db
from sourcing.db.columns import pull

BATCH = 500
Column = InstrumentedAttribute[str]


def withdraw(
    session: Session, con: Any, columns: tuple[Column, Column], published: str
) -> Sequence[str]:
    """Takes out of the base the pairs that `published` (two SQL columns) lacks: their firsts.

    Only for a file that is whole.
    """
    first, second = columns
    pull(session, con, "kept_pair", select(first, second))
    gone = con.execute(
        f"SELECT {first.key}, {second.key} FROM kept_pair WHERE NOT EXISTS (SELECT 1 "
        f"FROM ({published}) AS said(one, other) WHERE one = {first.key} AND other = {second.key}) "
        "ORDER BY ALL"
    ).fetchall()
    for chunk in db.chunks(gone, BATCH):
        session.execute(
            delete(first.class_).where(tuple_(first, second).in_(chunk)),
            execution_options={"synchronize_session": False},
        )
    return sorted({one for one, _ in gone})
