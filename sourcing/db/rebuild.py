"""A table filled whole: rows first, indexes and constraints after, in one transaction.

An index built from all its rows costs a tenth of one that grows row by row.
"""

# Every name below is a table of ours, or comes from the database's own catalogue.
# ruff: noqa: S608

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from sourcing import db

# What PostgreSQL may use to sort the rows of an index, until the transaction ends.
SORTING = "SET LOCAL maintenance_work_mem = '1GB'"
PREFIX = "next_"
# Where a session keeps the tables that will take their place in another's transaction.
BESIDE = "beside"
PARTS = """
    SELECT conname, pg_get_constraintdef(oid), contype <> 'f', true FROM pg_constraint
    WHERE conrelid = CAST(:name AS regclass) AND contype IN ('p', 'u', 'f')
    UNION ALL
    SELECT relname, substring(pg_get_indexdef(oid) FROM 'USING .*'), true, false
    FROM pg_class JOIN pg_index ON indexrelid = oid
    WHERE indrelid = CAST(:name AS regclass)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = pg_class.oid AND contype <> 'f')
    ORDER BY 3 DESC, 1"""
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
    def is_key(self) -> bool:
        return self.definition.startswith("PRIMARY KEY")

    @property
    def is_reference(self) -> bool:
        return self.definition.startswith("FOREIGN KEY")

    def make(self, table: str, prefix: str = "") -> str:
        if self.is_constraint:
            return f"ALTER TABLE {table} ADD CONSTRAINT {prefix}{self.name} {self.definition}"
        return f"CREATE INDEX {prefix}{self.name} ON {table} {self.definition}"

    def drop(self, table: str) -> str:
        if self.is_constraint:
            return f"ALTER TABLE {table} DROP CONSTRAINT {self.name}"
        return f"DROP INDEX {self.name}"

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
def unindexed(session: Session, table: str) -> Iterator[None]:
    """Inside, the table has no index but its key's; on PostgreSQL nobody reads it meanwhile."""
    if db.is_sqlite(session):
        found = session.connection().execute(text(SQLITE_INDEXES), {"name": table}).all()
        drop, make = [f"DROP INDEX {name}" for name, _ in found], [sql for _, sql in found]
    else:
        parts = [part for part in _parts(session, table) if not part.is_key]
        drop, make = [p.drop(table) for p in parts], [p.make(table) for p in parts]
    _run(session, drop)
    yield
    _run(session, make)
    if not db.is_sqlite(session):
        _run(session, [f"ANALYZE {table}"])


@contextmanager
def replaced(session: Session, table: str) -> Iterator[str]:
    """The name to write all rows under; at the end they are the table's, and what was is gone.

    On PostgreSQL whoever reads the table meanwhile goes on reading what was.
    """
    if db.is_sqlite(session):
        _run(session, [f"DELETE FROM {table}"])
        with unindexed(session, table):
            yield table
        return
    new = _Successor(table, _parts(session, table))
    _run(session, [f"DROP TABLE IF EXISTS {new.name}"])
    _run(session, [f"CREATE TABLE {new.name} (LIKE {table} INCLUDING DEFAULTS)"])
    yield new.name
    _run(session, [part.make(new.name, PREFIX) for part in new.parts if not part.is_reference])
    # The planner knows nothing of a table so new.
    _run(session, [f"ANALYZE {new.name}"])
    if BESIDE in session.info:
        session.info[BESIDE].append(new)
    else:
        _take_place(session, new)


def beside(session: Session, wait: Callable[[], None], *tasks: Callable[[Session], None]) -> None:
    """Tasks that replace tables while another thread writes with this session; `wait` for it.

    PostgreSQL fills and indexes them on a connection for each task, all at once, committed; they
    take their place in this session's transaction. Killed before that, they are dropped by who
    fills them next. SQLite takes one writer at a time.
    """
    if db.is_sqlite(session):
        wait()
        for task in tasks:
            task(session)
        return
    filled: list[_Successor] = []

    def run(task: Callable[[Session], None]) -> None:
        with Session(session.get_bind(), info={BESIDE: filled}) as other, other.begin():
            task(other)

    with ThreadPoolExecutor(len(tasks)) as aside:
        for done in [aside.submit(run, task) for task in tasks]:
            done.result()
    wait()
    for new in filled:
        _take_place(session, new)


def _take_place(session: Session, new: _Successor) -> None:
    _run(session, [part.make(new.name, PREFIX) for part in new.parts if part.is_reference])
    # The numbers of its rows go on from those of the table that leaves.
    found = session.connection().execute(text(SERIALS), {"name": new.table}).all()
    owned = [f"ALTER SEQUENCE {serial} OWNED BY {new.name}.{column}" for column, serial in found]
    _run(
        session,
        [*owned, f"DROP TABLE {new.table}", f"ALTER TABLE {new.name} RENAME TO {new.table}"],
    )
    _run(session, [part.rename(new.table, PREFIX) for part in new.parts])


def _parts(session: Session, table: str) -> list[_Part]:
    """In the order they can be made: keys and indexes, then references to other tables."""
    _run(session, [SORTING])
    return [_Part(*row) for row in session.connection().execute(text(PARTS), {"name": table})]


def _run(session: Session, statements: list[str]) -> None:
    for statement in statements:
        session.connection().exec_driver_sql(statement)
