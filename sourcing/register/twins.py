"""Firms registered twice: the pairs that concern what the base, or a list, knows."""

# The names below are INSEE's and ours.
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table as BaseTable
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Base, DuplicateSiren, Mention
from sourcing.register.stock_files import Table
from sourcing.register.withdrawn import withdraw

ROLE = "duplicates"


def write(session: Session, con: Any, tables: Sequence[Table], is_whole: bool) -> None:
    """The pairs of these files into the base, either number of which is known.

    `is_whole`: a pair they hold no more was a mistake, and is forgotten.
    """
    files = [table for table in tables if table.shape.role == ROLE]
    if not files:
        return
    published = list(session.scalars(select(Mention.siren).where(Mention.siren != "").distinct()))
    con.execute(
        "CREATE TABLE numbered AS SELECT left(siret, 9) AS siren FROM seen UNION SELECT unnest($1)",
        [published],
    )
    pairs = " UNION ALL ".join(
        f"SELECT lpad(siren, 9, '0') AS siren, lpad(sirenDoublon, 9, '0') AS duplicate "
        f"FROM {table.scan()} WHERE siren <> sirenDoublon"
        for table in files
    )
    rows = con.execute(
        f"SELECT DISTINCT siren, duplicate FROM ({pairs}) WHERE siren IN (FROM numbered) "
        "OR duplicate IN (FROM numbered) ORDER BY ALL"
    ).fetchall()
    into: BaseTable = Base.metadata.tables["duplicate_siren"]
    said = ({"siren": siren, "duplicate": duplicate} for siren, duplicate in rows)
    db.upsert(session, into, said, ("siren", "duplicate"))
    if is_whole:
        withdraw(session, con, (DuplicateSiren.siren, DuplicateSiren.duplicate), pairs)
