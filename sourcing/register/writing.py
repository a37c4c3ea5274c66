"""The composed suppliers into the base: only what differs, and who is no longer there."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from sourcing import db, masking, stale
from sourcing.db.columns import by_key, numbers_for, push
from sourcing.db.rebuild import replaced
from sourcing.model import REGISTER, Base, Run, Supplier
from sourcing.register.composition import FIRST, OWN, REMEMBERED, WRITTEN
from sourcing.register.reading import Load

# Rows at a time: to write, to mark.
BATCH, GONE_BATCH = 20_000, 500
KNOWN = text(
    "SELECT count(*) FROM incoming JOIN supplier USING (siret) WHERE supplier.origin = :origin"
)
MARK_STALE = (
    "INSERT INTO stale (supplier_id) SELECT supplier.id FROM supplier JOIN incoming USING (siret) "
    "WHERE true ON CONFLICT DO NOTHING"
)


def is_first(session: Session) -> bool:
    """Nobody is in the base yet."""
    return session.scalar(select(Supplier.id).limit(1)) is None


def write_first(session: Session, load: Load, values: dict[str, str], run: Run) -> None:
    """DuckDB's table `composed` into an empty base, as fast as it takes it; indexes come after.

    They need no place in the to-tag queue: whoever has no index yet is tagged with it.
    """
    con, columns = load.con, dict.fromkeys(("id", *OWN), "") | values
    start = numbers_for(session, "supplier", run.kept)
    said = ", ".join(f"{value} AS {column}" for column, value in values.items())
    con.execute(f"CREATE VIEW supplier AS SELECT {start} + rowid AS id, *, {said}, "  # noqa: S608
                "NULL AS merged_into FROM composed")  # fmt: skip
    # What is written and what is made of it meanwhile are two transactions there.
    con.commit()
    con.begin()

    def put() -> None:
        with replaced(session, "supplier") as name, con.cursor() as aside:
            own = ", ".join(column for column, value in columns.items() if not value)
            rows = by_key(session, f"SELECT {own} FROM supplier", "id")  # noqa: S608
            push(session, aside, rows, name, columns)
        run.added = run.kept
        masking.mask_suppliers(session, run.id)

    load.wanted.first(session, con, put)


def write(session: Session, con: Any, run: Run, tell: Callable[[float], None]) -> None:
    """The rows of the query that composes them, and how many were new or different."""
    table = Base.metadata.tables["supplier"]

    def compare() -> None:
        run.changed += session.scalar(KNOWN, {"origin": REGISTER}) or 0

    written = db.bulk_upsert(
        session, table, WRITTEN, _suppliers(con, run.kept, tell), ("siret",),
        keep=FIRST, update=REMEMBERED, before=compare, then=MARK_STALE,
    )  # fmt: skip
    run.added = written - run.changed
    masking.mask_suppliers(session, run.id)


def mark_gone(session: Session, con: Any, run: Run) -> None:
    """Whom the files hold nowhere any more: marked, and written again should it come back."""
    gone = con.execute("SELECT siret FROM known ANTI JOIN seen USING (siret)").fetchall()
    run.gone = len(gone)
    marks = {"gone_on": run.started_at.date(), "run_id": run.id, "digest": None}
    for chunk in db.chunks((siret for (siret,) in gone), GONE_BATCH):
        of_them = Supplier.siret.in_(chunk)
        stale.mark(session, session.scalars(select(Supplier.id).where(of_them)))
        session.execute(
            update(Supplier).where(of_them).values(**marks),
            execution_options={"synchronize_session": False},
        )


def _suppliers(con: Any, total: int, tell: Callable[[float], None]) -> Iterator[tuple[Any, ...]]:
    done = 0
    while batch := con.fetchmany(BATCH):
        yield from batch
        done += len(batch)
        tell(0.5 + 0.5 * done / total)
