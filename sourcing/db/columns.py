"""Whole results between the base and DuckDB: what is computed for every supplier is computed there.

On PostgreSQL nothing passes through Python row by row: COPY both ways.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import duckdb
from sqlalchemy import (
    Boolean,
    CompoundSelect,
    Date,
    Float,
    Integer,
    Select,
    case,
    func,
    select,
    text,
    types,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from sourcing import db

# DuckDB's own memory; beyond, it works on disk.
MEMORY = "1GB"
BLOCK = 1 << 20
ROWS = 20_000
# The first that fits; anything else is text.
KINDS: tuple[tuple[type[types.TypeEngine[Any]], str], ...] = (
    (Boolean, "BOOLEAN"),
    (Integer, "BIGINT"),
    (Float, "DOUBLE"),
    (Date, "DATE"),
)


@contextmanager
def workshop() -> Iterator[Any]:
    """A DuckDB connection; what does not fit in memory goes to disk, all is gone at the end."""
    # No file: DuckDB would compress and write what nobody reads again, half of its computing.
    with TemporaryDirectory(prefix="sourcing-") as folder, duckdb.connect() as con:
        con.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false")
        con.execute(f"SET temp_directory = '{folder}/spill'")
        # Never committed: nothing waits for the disk.
        con.begin()
        yield con


def table(con: Any, name: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """A small DuckDB table of these rows; `columns` as in CREATE TABLE."""
    con.execute(f"CREATE TABLE {name} ({columns})")
    if rows:
        values = [list(column) for column in zip(*rows, strict=True)]
        unnested = ", ".join(f"unnest(${place})" for place in range(1, len(values) + 1))
        con.execute(f"INSERT INTO {name} SELECT {unnested}", values)


# --- from the base ---


def pull(
    session: Session,
    con: Any,
    table: str,
    statement: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]],
) -> None:
    """DuckDB's `table`, made of the rows a statement selects; an absent text is ''."""
    named = {str(column.name): _kind(column.type) for column in statement.selected_columns}
    with TemporaryDirectory(prefix="sourcing-") as folder:
        path = Path(folder) / "rows.csv"
        write = _write_sqlite if db.is_sqlite(session) else _write_postgres
        write(session, statement, path)
        texts = ", ".join(f"'{name}'" for name, kind in named.items() if kind == "VARCHAR")
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in named.items())
        con.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM read_csv('{path}', "  # noqa: S608
            f"columns = {{{columns}}}, header = false, auto_detect = false, delim = ',', "
            f"quote = '\"', escape = '\"', force_not_null = [{texts}])"
        )


def spelled(statement: Any) -> str:
    """A statement as the SQL that PostgreSQL and DuckDB share, its values written in and quoted."""
    dialect: Any = postgresql.dialect
    written = statement.compile(
        dialect=dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}
    )
    return str(written)


def _kind(column: types.TypeEngine[Any]) -> str:
    return next((kind for of, kind in KINDS if isinstance(column, of)), "VARCHAR")


def _write_postgres(session: Session, statement: Any, path: Path) -> None:
    sql = spelled(statement)
    session.flush()
    raw: Any = session.connection().connection.driver_connection
    take = f"COPY ({sql}) TO STDOUT (FORMAT csv)"
    with raw.cursor() as cursor, path.open("wb") as out, cursor.copy(take) as rows:
        out.writelines(rows)


def _write_sqlite(session: Session, statement: Any, path: Path) -> None:
    """SQLite itself writes the lines: one text a row for Python to carry, not twenty values."""
    asked = statement.subquery()
    kinds = {column.name: _kind(column.type) for column in statement.selected_columns}
    line = ",".join('"%w"' if kind == "VARCHAR" else "%s" for kind in kinds.values()) + "\n"
    values = (_cell(asked.c[name], kind) for name, kind in kinds.items())
    result = session.connection().execute(select(func.printf(line, *values)))
    rows: Any = result.cursor
    with path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(map(itemgetter(0), rows))
    result.close()


def _cell(column: Any, kind: str) -> Any:
    """What printf writes of a value: nothing for none, all of a number's digits."""
    return func.coalesce(
        case((column.is_not(None), func.quote(column))) if kind == "DOUBLE" else column, ""
    )


# --- to the base ---


def by_key(session: Session, sql: str, key: str, indexed: str = "") -> str:
    """The rows of a query as the base best takes them: SQLite writes them in the order of a key.

    PostgreSQL indexes sooner what comes in its order: words by a quarter, names by two thirds.
    """
    order = key if db.is_sqlite(session) else indexed
    return f"{sql} ORDER BY {order}" if order else sql


def numbers_for(session: Session, table: str, rows: int) -> int:
    """The first of as many numbers in a row, for rows that come with their own."""
    if db.is_sqlite(session):
        taken = text(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")  # noqa: S608
        return int(session.scalar(taken) or 1)
    serial = f"pg_get_serial_sequence('{table}', 'id')"
    last = int(session.scalar(text(f"SELECT nextval({serial}) + :rows"), {"rows": rows}) or 0)
    session.execute(text(f"SELECT setval({serial}, :last)"), {"last": last})
    return last - rows


def push(
    session: Session, con: Any, sql: str, table: str, columns: Sequence[str] | Mapping[str, str]
) -> None:
    """The rows of a DuckDB query into a table of the base, as they are: no key may be there yet.

    A mapping's columns with a text are no part of the rows: it is the SQL of what they all hold.
    """
    named = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "")
    write = _take_sqlite if db.is_sqlite(session) else _take_postgres
    write(session, con, sql, table, named)


def _take_sqlite(
    session: Session, con: Any, sql: str, table: str, columns: Mapping[str, str]
) -> None:
    rows = con.execute(sql)
    values = ", ".join(same or "?" for same in columns.values())
    take = f"INSERT INTO {table} ({_listed(columns)}) VALUES ({values})"  # noqa: S608
    run = session.connection().exec_driver_sql
    while batch := rows.fetchmany(ROWS):
        run(take, batch)


def _take_postgres(
    session: Session, con: Any, sql: str, table: str, columns: Mapping[str, str]
) -> None:
    raw: Any = session.connection().connection.driver_connection
    own = [name for name, same in columns.items() if not same]
    with (
        raw.cursor() as cursor,
        _defaults(cursor, table, {name: same for name, same in columns.items() if same}),
        cursor.copy(f"COPY {table} ({_listed(own)}) FROM STDIN (FORMAT csv)") as copy,
    ):
        for block in _csv(con, sql):
            copy.write(block)


@contextmanager
def _defaults(cursor: Any, table: str, values: Mapping[str, str]) -> Iterator[None]:
    """Inside, rows get these values, which the server then has neither to receive nor to read."""
    if values:
        parts = (f'ALTER "{name}" SET DEFAULT {value}' for name, value in values.items())
        cursor.execute(f"ALTER TABLE {table} {', '.join(parts)}")
    yield
    if values:
        parts = (f'ALTER "{name}" DROP DEFAULT' for name in values)
        cursor.execute(f"ALTER TABLE {table} {', '.join(parts)}")


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _csv(con: Any, sql: str) -> Iterator[bytes]:
    """The rows as CSV while DuckDB works them out: an absent value is nothing, '' is quoted."""
    end, start = os.pipe()
    to = f"COPY ({sql}) TO '/dev/fd/{start}' (FORMAT csv, HEADER false, NULLSTR '')"
    writer = _Writer(con, to, start)
    try:
        with os.fdopen(end, "rb") as rows:
            yield from iter(lambda: rows.read(BLOCK), b"")
    finally:
        writer.join()
    if writer.error:
        raise writer.error


class _Writer(Thread):
    """A statement that fills a pipe, closed at its end whatever happens."""

    def __init__(self, con: Any, statement: str, pipe: int) -> None:
        super().__init__(daemon=True)
        self.con, self.statement, self.pipe = con, statement, pipe
        self.error: duckdb.Error | None = None
        self.start()

    def run(self) -> None:
        try:
            self.con.execute(self.statement)
        except duckdb.Error as error:
            self.error = error
        finally:
            os.close(self.pipe)
