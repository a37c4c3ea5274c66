"""A table filled whole: rows first, indexes and constraints after, in one transaction.

An index built from all its rows costs a tenth of one that grows row by row.
"""

# Every name below is a table of ours, or comes from the database's own catalogue.
# ruff: noqa: S608

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from sourcing import db

# What PostgreSQL may use to sort the rows of an index, until the transaction ends.
SORTING = "SET LOCAL maintenance_work_mem = '1GB'"
# Several connections at work have no core to spare for one's workers.
ALONE = "SET LOCAL max_parallel_maintenance_workers = 0"
PREFIX = "next_"
# Where sessions keep the tables that will take their places together.
TOGETHER = "together"
PARTS = """
    SELECT conname, pg_get_constraintdef(oid), contype <> 'f', true FROM pg_constraint
    WHERE conrelid = CAST(:name AS regclass) AND contype IN ('p', 'u', 'f')
    UNION ALL
    SELECT relname, substring(pg_get_indexdef(oid) FROM 'USING .*'), true, false
    FROM pg_class JOIN pg_index ON indexrelid = oid
    WHERE indrelid = CAST(:name AS regclass)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = pg_class.oid AND contype <> 'f')
    ORDER BY 3 DESC, 1"""
REFERRERS = """
    SELECT CAST(CAST(conrelid AS regclass) AS text), conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype = 'f' AND confrelid = CAST(:name AS regclass)"""
SERIALS = """
    SELECT attname, pg_get_serial_sequence(:name, attname) FROM pg_attribute
    WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND NOT attisdropped
        AND pg_get_serial_sequence(:name, attname) IS NOT NULL"""
SQLITE_INDEXES = """SELECT name, sql FROM sqlite_master
    WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL"""


class _Part(NamedTuple):
    """An index or a constraint of a PostgreSQL table."""

    name: str
    definition: str
    is_indexed: bool
    is_constraint: bool

    @property
    def is_reference(self) -> bool:
        return self.definition.startswith("FOREIGN KEY")

    def make(self, table: str, prefix: str = "") -> str:
        if self.is_constraint:
            return f"ALTER TABLE {table} ADD CONSTRAINT {prefix}{self.name} {self.definition}"
        return f"CREATE INDEX {prefix}{self.name} ON {table} {self.definition}"

    def refer(self, table: str) -> str:
        """Not checked of the rows that are there: they were made from those they refer to."""
        return self.make(table).removesuffix(" NOT VALID") + " NOT VALID"

    def rename(self, table: str, prefix: str) -> str:
        if self.is_constraint:
            return f"ALTER TABLE {table} RENAME CONSTRAINT {prefix}{self.name} TO {self.name}"
        return f"ALTER INDEX {prefix}{self.name} RENAME TO {self.name}"


class _Successor(NamedTuple):
    """A table that is filled whole under another name, and what it is to have of its former."""

    table: str
    parts: list[_Part]

    @property
    def name(self) -> str:
        return PREFIX + self.table


@contextmanager
def replaced(session: Session, table: str) -> Iterator[str]:
    """The name to write all rows under; at the end they are the table's, and what was is gone.

    On PostgreSQL whoever reads the table meanwhile goes on reading what was.
    """
    if db.is_sqlite(session):
        with _unindexed(session, table):
            yield table
        return
    new = _Successor(table, _parts(session, table))
    _run(session, [ALONE] if TOGETHER in session.info else [])
    _run(session, [f"DROP TABLE IF EXISTS {new.name}"])
    _run(session, [f"CREATE TABLE {new.name} (LIKE {table} INCLUDING DEFAULTS)"])
    yield new.name
    _run(session, [part.make(new.name, PREFIX) for part in new.parts if not part.is_reference])
    # The planner knows nothing of a table so new.
    _run(session, [f"ANALYZE {new.name}"])
    if TOGETHER in session.info:
        session.info[TOGETHER].append(new)
    else:
        _take_places(session, [new])


@contextmanager
def _unindexed(session: Session, table: str) -> Iterator[None]:
    """Inside, an SQLite table is empty and has no index but its key's."""
    found = session.connection().execute(text(SQLITE_INDEXES), {"name": table}).all()
    _run(session, [f"DELETE FROM {table}", *(f"DROP INDEX {name}" for name, _ in found)])
    yield
    _run(session, [sql for _, sql in found])


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Tables replaced inside, by this session or beside it, take their places at the end, at once.

    Until then nobody waits for them.
    """
    filled: list[_Successor] = []
    session.info[TOGETHER] = filled
    try:
        yield
    finally:
        del session.info[TOGETHER]
    _take_places(session, filled)


def beside(
    session: Session, task: Callable[[Session], None], meanwhile: Callable[[], None]
) -> None:
    """A task that replaces tables while `meanwhile` does with this session.

    PostgreSQL fills and indexes them on a connection of their own, committed; they take their
    places `together` with this session's. Killed before that, they are dropped by who fills them
    next. SQLite takes one writer at a time.
    """
    if db.is_sqlite(session):
        meanwhile()
        task(session)
        return
    info = {TOGETHER: session.info[TOGETHER]}

    def run() -> None:
        with Session(session.get_bind(), info=info) as other, other.begin():
            task(other)

    with ThreadPoolExecutor(1) as aside:
        done = aside.submit(run)
        meanwhile()
        done.result()


def _take_places(session: Session, filled: Sequence[_Successor]) -> None:
    """Of their formers, whose references and numbers they go on with, as do those who refer."""
    names = {new.table for new in filled}
    references = [p.refer(new.table) for new in filled for p in new.parts if p.is_reference]
    for new in filled:
        for table, name, definition in _asked(session, REFERRERS, new.table):
            part = _Part(name, definition, is_indexed=False, is_constraint=True)
            _run(session, [f"ALTER TABLE {table} DROP CONSTRAINT {name}"])
            references += [part.make(table)] if table not in names else []
        _succeed(session, new)
    _run(session, references)


def _succeed(session: Session, new: _Successor) -> None:
    # The numbers of its rows go on from those of the table that leaves.
    found = _asked(session, SERIALS, new.table)
    owned = [f"ALTER SEQUENCE {serial} OWNED BY {new.name}.{column}" for column, serial in found]
    renamed = [part.rename(new.table, PREFIX) for part in new.parts if not part.is_reference]
    place = [f"DROP TABLE {new.table}", f"ALTER TABLE {new.name} RENAME TO {new.table}"]
    _run(session, [*owned, *place, *renamed])


def _parts(session: Session, table: str) -> list[_Part]:
    """In the order they can be made: keys and indexes, then references to other tables."""
    _run(session, [SORTING])
    return [_Part(*row) for row in _asked(session, PARTS, table)]


def _asked(session: Session, sql: str, name: str) -> Sequence[Any]:
    return session.connection().execute(text(sql), {"name": name}).all()


def _run(session: Session, statements: list[str]) -> None:
    for statement in statements:
        session.connection().exec_driver_sql(statement)
