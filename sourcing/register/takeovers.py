"""Who took over what closed: the links that lead on from what the base, or a list, knows."""

# The names below are INSEE's and ours.
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table as BaseTable
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db, stale
from sourcing.model import Base, Mention, Succession, Supplier
from sourcing.register.stock_files import Table
from sourcing.register.withdrawn import withdraw

ROLE = "succession"
CLOSED, SUCCESSOR = "siretEtablissementPredecesseur", "siretEtablissementSuccesseur"
# A firm that moved oftener than this since its list was made is another one.
MOST_HOPS = 8
BATCH = 500


def write(session: Session, con: Any, tables: Sequence[Table], is_whole: bool) -> None:
    """The links of these files into the base; what they change is tagged again.

    `is_whole`: a link they hold no more was a mistake, and is forgotten.
    """
    files = [table for table in tables if table.shape.role == ROLE]
    if not files:
        return
    con.execute("CREATE TABLE link (closed VARCHAR, successor VARCHAR, day DATE)")
    for table in files:
        con.execute(
            f"INSERT INTO link SELECT lpad({CLOSED}, 14, '0'), lpad({SUCCESSOR}, 14, '0'), "
            f"TRY_CAST(left(CAST(dateLienSuccession AS VARCHAR), 10) AS DATE) FROM {table.scan()} "
            f"WHERE {CLOSED} <> {SUCCESSOR}"
        )
    published = list(session.scalars(select(Mention.siret).where(Mention.siret != "").distinct()))
    con.execute("CREATE TABLE asked AS SELECT siret FROM seen UNION SELECT unnest($1)", [published])
    rows = con.execute(
        "WITH RECURSIVE followed AS (SELECT link.*, 1 AS hop FROM link "
        "WHERE closed IN (SELECT siret FROM asked) UNION SELECT link.*, hop + 1 FROM link "
        f"JOIN followed ON link.closed = followed.successor WHERE hop < {MOST_HOPS}) "
        "SELECT closed, successor, max(day) FROM followed GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    into: BaseTable = Base.metadata.tables["succession"]
    said = ({"closed_siret": c, "successor_siret": s, "on": day} for c, s, day in rows)
    db.upsert(session, into, said, ("closed_siret", "successor_siret"))
    changed = {closed for closed, _, _ in rows}
    if is_whole:
        pair = (Succession.closed_siret, Succession.successor_siret)
        changed |= {*withdraw(session, con, pair, "SELECT closed, successor FROM link")}
    for chunk in db.chunks(sorted(changed), BATCH):
        stale.mark(session, session.scalars(select(Supplier.id).where(Supplier.siret.in_(chunk))))
