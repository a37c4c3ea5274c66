"""Engine, session, migrations, bulk writes: the only module that knows which database it is."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

from sourcing import Foreseen

CHUNK = 5_000
# Bytes of words FTS5 holds before it writes a part of its index: for all suppliers, for a few.
GATHERED, GATHERED_USUALLY = 1 << 25, 1 << 20
# A search's plan depends on its values (a rare word, a small radius): plan each one, and never
# compile it: measured, a page's first answer took 979 ms with JIT and 230 ms without.
POSTGRES_OPTIONS = "-c jit=off -c plan_cache_mode=force_custom_plan"
MIGRATIONS = Path(__file__).parents[1] / "migrations"
# PostgreSQL's advisory locks are numbers, each base having its own.
MIGRATING, FILLING = 56_100, 56_101
PATIENCE_S = 3


class DatabaseError(Foreseen):
    """The database cannot be opened; the message is one French sentence."""


def connect(url: str) -> Engine:
    """An engine on a migrated base; SQLite files are created with their folder."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    if url.startswith("postgresql"):
        return create_engine(url, pool_pre_ping=True, connect_args={"options": POSTGRES_OPTIONS})
    engine = create_engine(url)
    event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # WAL: readers never wait for an import; NORMAL is safe with WAL against a killed process.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def migrate(engine: Engine) -> None:
    """Bring the base to the newest schema, whole or not at all; does nothing when it is there."""
    if _is_newest(engine):
        return
    with engine.begin() as connection:
        # The driver opens SQLite's transactions for rows, not for tables: killed between two
        # tables, a base would be neither old nor new.
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE"
            if engine.dialect.name == "sqlite"
            else f"SELECT pg_advisory_xact_lock({MIGRATING})"
        )
        # Nearly every command finds the newest schema: what migrates is dear to import.
        import_module("sourcing.db.migrating").upgrade(connection, MIGRATIONS)


def _is_newest(engine: Engine) -> bool:
    """Whether the base says that it had the last of our migrations."""
    newest = max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        said = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return str(said) == newest


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session committed at the end, or rolled back whole on any error."""
    with Session(engine) as session, session.begin():
        yield session


@contextmanager
def filling(engine: Engine) -> Iterator[None]:
    """Hold the base for one process that fills it; the hold ends with the process, even killed.

    DatabaseError when another process has it.
    """
    take = _take_sqlite if engine.dialect.name == "sqlite" else _take_postgres
    # A server takes a moment to see that who held it was killed.
    for left in range(PATIENCE_S * 10, -1, -1):
        with take(engine) as is_taken:
            if is_taken:
                yield
                return
        time.sleep(0.1 if left else 0)
    raise DatabaseError(
        "Une autre commande remplit déjà la base : attendre sa fin, puis recommencer."
    )


def is_filling(engine: Engine) -> bool:
    """Whether a process holds the base to fill it."""
    take = _take_sqlite if engine.dialect.name == "sqlite" else _take_postgres
    with take(engine) as is_taken:
        return not is_taken


@contextmanager
def _take_sqlite(engine: Engine) -> Iterator[bool]:
    """A file beside the base, locked as SQLite locks: on any system, and freed by the system."""
    connection = sqlite3.connect(f"{engine.url.database}.lock", timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        is_taken = True
    except sqlite3.OperationalError:
        is_taken = False
    try:
        yield is_taken
    finally:
        connection.close()


@contextmanager
def _take_postgres(engine: Engine) -> Iterator[bool]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_taken = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({FILLING})").scalar()
        try:
            yield bool(is_taken)
        finally:
            if is_taken:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({FILLING})")


def upsert(
    session: Session,
    table: Table | type[DeclarativeBase],
    rows: Iterable[dict[str, Any]],
    key: Sequence[str],
) -> int:
    """Insert rows, or update those whose key exists, in chunks; returns how many were given."""
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    count = 0
    for chunk in chunks(rows, CHUNK):
        statement: Any = insert(table)
        changed = {c: statement.excluded[c] for c in chunk[0] if c not in key}
        statement = (
            statement.on_conflict_do_update(index_elements=list(key), set_=changed)
            if changed
            else statement.on_conflict_do_nothing(index_elements=list(key))
        )
        session.connection().execute(statement, chunk)
        count += len(chunk)
    return count


BULK = 20_000


def bulk_upsert(
    session: Session,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    key: Sequence[str],
    *,
    keep: Sequence[str] = (),
    update: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
    then: str = "",
) -> int:
    """Insert rows, or update those whose key is there, as fast as the database can; how many.

    Rows are sequences in the order of `columns`, each key once, dates as ISO text. `keep` names
    columns set on insertion only; `update` gives the SQL of a column's new value where it is not
    the new row's (old row: the table's name; new row: `excluded`). Around the writing of each
    batch, the temporary table `incoming` holds it: `before` is called while the table is as it was
    (the batch whole), `then` is a statement run when it is written (its keys at least).
    """
    changed = {c: f'excluded."{c}"' for c in columns if c not in key and c not in keep}
    changed |= update or {}
    assigned = ", ".join(f'"{column}" = {sql}' for column, sql in changed.items())
    conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {assigned}"
    bulk = _Bulk(table.name, columns, key, conflict, before, then)
    write = bulk.to_sqlite if is_sqlite(session) else bulk.to_postgres
    return sum(write(session, chunks(rows, BULK)))


@dataclass(frozen=True, slots=True)
class _Bulk:
    """One bulk writing: where to, which columns, and what to do with a key that is there."""

    table: str
    columns: Sequence[str]
    key: Sequence[str]
    conflict: str
    before: Callable[[], None] | None
    then: str

    def to_sqlite(self, session: Session, batches: Iterable[list[Any]]) -> Iterator[int]:
        run = session.connection().exec_driver_sql
        take = f"INSERT INTO {self.table} ({_listed(self.columns)}) VALUES "  # noqa: S608
        held = self.columns if self.before else self.key
        put = f"INSERT INTO incoming VALUES ({_marks(held)})"  # noqa: S608
        places = [self.columns.index(column) for column in held]
        run(f"CREATE TEMP TABLE incoming ({_listed(held)})")
        for batch in batches:
            if self.before or self.then:
                run(put, [tuple(row[place] for place in places) for row in batch])
            if self.before:
                self.before()
            run(f"{take} ({_marks(self.columns)}) {self.conflict}", batch)
            if self.then:
                run(self.then)
            run("DELETE FROM incoming")
            yield len(batch)
        run("DROP TABLE incoming")

    def to_postgres(self, session: Session, batches: Iterable[list[Any]]) -> Iterator[int]:
        listed = _listed(self.columns)
        take = f"INSERT INTO {self.table} ({listed}) SELECT {listed} FROM incoming {self.conflict}"  # noqa: S608
        like = f"SELECT {listed} FROM {self.table} WITH NO DATA"  # noqa: S608
        raw: Any = session.connection().connection.driver_connection
        with raw.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE incoming AS {like}")
            for batch in batches:
                with cursor.copy(f"COPY incoming ({listed}) FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
                if self.before:
                    self.before()
                cursor.execute(take)
                if self.then:
                    cursor.execute(self.then)
                cursor.execute("TRUNCATE incoming")
                yield len(batch)
            cursor.execute("DROP TABLE incoming")


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _marks(columns: Sequence[str]) -> str:
    return ", ".join("?" * len(columns))


def chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of at most `size` rows."""
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def analyse(connection: Connection) -> None:
    """Refresh the planner's statistics after a bulk write."""
    connection.execute(text("ANALYZE"))


# --- full text: FTS5 on SQLite, tsvector on PostgreSQL, over words folded by normalise.words ---


def text_columns(session: Session) -> tuple[str, str, str]:
    """What supplier_text calls the supplier, its name's words and its body's: folded, spaced."""
    return ("rowid" if is_sqlite(session) else "supplier_id", "name", "body")


@contextmanager
def filling_text(session: Session) -> Iterator[None]:
    """Inside, SQLite gathers many suppliers' words before it writes them: few parts to merge."""
    if not is_sqlite(session):
        yield
        return
    gather = text("INSERT INTO supplier_text (supplier_text, rank) VALUES ('hashsize', :bytes)")
    session.execute(gather, {"bytes": GATHERED})
    yield
    session.execute(gather, {"bytes": GATHERED_USUALLY})


def delete_text(session: Session, suppliers: Iterable[int]) -> None:
    """Take these suppliers out of the full-text index."""
    column = "rowid" if is_sqlite(session) else "supplier_id"
    delete = text(f"DELETE FROM supplier_text WHERE {column} = :id")  # noqa: S608
    for chunk in chunks(suppliers, CHUNK):
        session.connection().execute(delete, [{"id": supplier} for supplier in chunk])


def text_match(
    session: Session, words: Sequence[str], parameter: str, column: str = "", prefix: bool = False
) -> tuple[str, dict[str, str]]:
    """SQL selecting the supplier_id whose text holds every word, and its bound parameters.

    `column` limits to name or body ('' = either); `prefix` lets the last word be half-typed.
    Words are folded ([a-z0-9]+), so quoting them is safe on both databases.
    """
    if is_sqlite(session):
        terms = [f'"{w}"' for w in words]
        if prefix and terms:
            terms[-1] += "*"
        query = " AND ".join(terms)
        match = f"{column} : ({query})" if column else query
        # Parameter and column names are ours; what was typed is bound.
        sql = "SELECT rowid AS supplier_id FROM supplier_text WHERE supplier_text MATCH :"
        return sql + parameter, {parameter: match}
    terms = [f"'{w}'" for w in words]
    if prefix and terms:
        terms[-1] += ":*"
    bound = {f"{parameter}_{place}": term for place, term in enumerate(terms)}
    columns = [column] if column else ["name", "body"]
    each = (" OR ".join(f"{c} @@ CAST(:{name} AS tsquery)" for c in columns) for name in bound)
    sql = "SELECT supplier_id FROM supplier_text WHERE "
    return sql + " AND ".join(f"({either})" for either in each), bound


def text_words(session: Session) -> Iterator[tuple[str, int]]:
    """Every word of the full-text index, and how many suppliers have it."""
    connection = session.connection()
    if is_sqlite(session):
        connection.execute(
            text(
                "CREATE VIRTUAL TABLE IF NOT EXISTS temp.supplier_words "
                "USING fts5vocab(main, supplier_text, row)"
            )
        )
        counted = connection.execute(text("SELECT term, doc FROM temp.supplier_words"))
    else:
        counted = connection.execute(
            text("SELECT word, ndoc FROM ts_stat('SELECT name || body FROM supplier_text')")
        )
    # As the driver gives them: there are more words than most tables have rows.
    rows: Any = counted.cursor
    yield from ((str(word), int(count)) for word, count in rows)
    counted.close()
