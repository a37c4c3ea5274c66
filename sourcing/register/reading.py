"""What is read of a register's files: the lines of the communes kept, completed, in DuckDB."""

# Every name below comes from Source.columns or from a Shape, both ours.
# ruff: noqa: S608

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import OldPlace
from sourcing.normalise import ARRONDISSEMENTS
from sourcing.places import Places
from sourcing.register import glance
from sourcing.register.composition import NAME, Reading
from sourcing.register.stock_files import Table
from sourcing.source import Source, SourceError
from sourcing.wholesale import Wanted


@dataclass(slots=True)
class Load:
    """One loading: DuckDB holds its lines; here is what was read and left."""

    con: Any
    source: Source
    tables: list[Table]
    reading: Reading
    wanted: Wanted
    outside: int = 0
    unplaced: int = 0
    closed: int = 0
    # Of the communes kept; none for everywhere.
    codes: frozenset[str] = frozenset()
    # Of each line, `seen` holds a digest; `line` holds whole only those that differ from the base.
    is_brief: bool = False

    @property
    def code(self) -> str:
        """The files' own column of the commune's code."""
        return self.source.columns["commune_code"]

    def number(self, sql: str) -> int:
        """The single number a query answers."""
        return int(self.con.execute(sql).fetchone()[0] or 0)


# --- communes: every code a file may carry, today's place for it, and whether we keep it ---


def write_communes(load: Load, session: Session) -> None:
    """Into `commune`, what each code stands for."""
    places, everywhere = Places.read(session), load.wanted.everywhere
    if not everywhere and not places.territory:
        raise SourceError("Aucun territoire n'est chargé : lancer « sourcing territory » d'abord, "
                          "ou garder toute la France avec --everywhere.")  # fmt: skip
    load.codes = frozenset() if everywhere else places.codes_near(load.wanted.margin_km)
    old = session.scalars(select(OldPlace.code))
    codes = dict.fromkeys([*(place.code for place in places.all), *old, *ARRONDISSEMENTS])
    load.con.execute("CREATE TABLE commune (file_code VARCHAR, today VARCHAR, place VARCHAR, "
                     "centre_lon DOUBLE, centre_lat DOUBLE, kept BOOLEAN)")  # fmt: skip
    columns = [list(column) for column in zip(*_communes(places, codes, load.codes), strict=True)]
    if columns:
        unnested = ", ".join(f"unnest(${i})" for i in range(1, len(columns) + 1))
        load.con.execute(f"INSERT INTO commune SELECT {unnested}", columns)


def _communes(
    places: Places, codes: Iterable[str], kept: frozenset[str]
) -> Iterator[tuple[object, ...]]:
    for code in codes:
        if place := places.resolve(code):
            row = (place.code, place.name, place.lon, place.lat, place.code in kept)
            yield code, *row
            # A spreadsheet took the leading zero away.
            if code.startswith("0"):
                yield code[1:], *row


# --- reading: only the columns and the communes that matter ---


def read(load: Load) -> None:
    """Into `line`, `legal_unit` and `geolocation`, what is to be composed; every line is in `seen`.

    Each file is read once, or, of files in columns and a base that knows their lines already, once
    to see which differ, and those again.
    """
    tell = load.wanted.progress
    load.is_brief = _may_be_brief(load)
    columns = ", ".join(
        f"{c} VARCHAR" for c in (*load.reading.establishment, *load.reading.legal_unit.values())
    )
    load.con.execute(f"CREATE TABLE line (file INTEGER, copies BIGINT, siret VARCHAR, {columns})")
    whole = ("CREATE VIEW seen AS FROM line",)
    for sql in glance.tables(load.source, load.reading) if load.is_brief else whole:
        load.con.execute(sql)
    for number, table in _of_lines(load):
        _read_lines(load, number, table)
        tell(0.3 * (number + 1) / len(load.tables))
    load.con.execute("CREATE TABLE absent (siret VARCHAR)")
    if load.wanted.is_whole and not load.wanted.everywhere:
        _follow(load)
    if load.is_brief:
        _read_differing(load)
    _complete(load, "legal_unit", "siren", 9, tuple(load.reading.legal_unit))
    tell(0.4)
    _complete(load, "geolocation", "siret", 14, load.reading.geolocation)
    tell(0.5)


def _of_lines(load: Load) -> list[tuple[int, Table]]:
    """The tables of establishments, with their numbers."""
    roles = ("establishment", "joined")
    return [(n, table) for n, table in enumerate(load.tables) if table.shape.role in roles]


def _may_be_brief(load: Load) -> bool:
    """To parse a CSV is what costs; the lines of a joined file are completed value by value."""
    read = [table for table in load.tables if table.shape.role in glance.ROLES]
    if any(table.is_csv or table.shape.role == "joined" for table in read):
        return False
    return load.number("SELECT count(*) FROM known") > 0


def _read_lines(load: Load, number: int, table: Table) -> None:
    """The file's lines that are kept, into `line` or `seen`; the others are only counted."""
    named = _named(load, table)
    here, left = _is_here(load, load.code), _is_left(load, named)
    if table.is_csv and (here, left) != ("true", "false"):
        _read_csv(load, table, named)
        load.con.execute(
            f"INSERT INTO line BY NAME SELECT {number} AS file, copies, {', '.join(named)} "
            "FROM census WHERE kept"
        )
    else:
        _see(load, number, table, f"{here} AND NOT {left}")
        if (here, left) == ("true", "false"):
            return
        load.con.execute(
            f"CREATE OR REPLACE TABLE census AS SELECT {load.code} AS code, {left} AS is_left, "
            f"count(*) AS copies FROM {table.scan()} GROUP BY ALL"
        )
    _count_census(load)


def _see(load: Load, number: int, table: Table, which: str) -> None:
    """The file's lines that are such, into `line`, or only a digest of each into `seen`."""
    said = _named(load, table)
    if load.is_brief:
        said = glance.of_line(load.source, load.reading, said)
    _put(load, "seen" if load.is_brief else "line", number, table, said, which)


def _put(
    load: Load, into: str, number: int, table: Table, said: Mapping[str, str], which: str
) -> None:
    listed = ", ".join(f"{sql} AS {column}" for column, sql in said.items())
    load.con.execute(
        f"INSERT INTO {into} BY NAME SELECT {number} AS file, 1 AS copies, {listed} "
        f"FROM {table.scan()} WHERE {which}"
    )


def _read_differing(load: Load) -> None:
    """Into `line`, those of `seen` that are not what the base has."""
    source, reading = load.source, load.reading
    beside = {"legal_unit": reading.legal_unit, "geolocation": {c: c for c in reading.geolocation}}
    for table in load.tables:
        if table.shape.role in beside:
            columns = beside[table.shape.role].items()
            named = {name: text_of(table, column) for column, name in columns}
            load.con.execute(glance.completing(source, reading, table, named))
    load.con.execute(glance.differing(source, reading))
    for number, table in _of_lines(load):
        named = _named(load, table)
        kept = f"{_is_here(load, load.code)} AND NOT {_is_left(load, named)}"
        _put(load, "line", number, table, named, "siret IN (SELECT siret FROM differing) AND "
             f"({kept} OR siret IN (SELECT siret FROM absent))")  # fmt: skip


def _is_here(load: Load, code: str) -> str:
    """SQL: a line of this commune is kept."""
    everywhere = load.wanted.everywhere
    return "true" if everywhere else f"{code} IN (SELECT file_code FROM commune WHERE kept)"


def _is_left(load: Load, named: Mapping[str, str]) -> str:
    """SQL over the file's columns: a closed establishment the base never knew, when not wanted."""
    if not load.wanted.open_only:
        return "false"
    state = re.sub(NAME, lambda found: named.get(found[0], found[0]), load.source.columns["state"])
    unknown = f"{named['siret']} NOT IN (SELECT siret FROM known)"
    return f"coalesce(({state}) = 'F' AND {unknown}, false)"


def _named(load: Load, table: Table) -> dict[str, str]:
    """Column of `line` -> SQL over the file's own."""
    named = {"siret": siret_of(table)}
    named |= {column: text_of(table, column) for column in load.reading.establishment}
    return named | {
        name: text_of(table, column) if name == column and table.shape.role == "joined" else "NULL"
        for column, name in load.reading.legal_unit.items()
    }


def _follow(load: Load) -> None:
    """Whom the base knows and who is in none of the communes kept any more: read where it is now.

    Its line was counted outside, or unplaced, and is not any more.
    """
    # Nobody was left out of these files: they hold no more.
    if not load.outside + load.unplaced:
        return
    load.con.execute("CREATE TABLE left_us AS SELECT siret FROM known ANTI JOIN seen USING (siret)")
    # Of a file in columns, one column says whether some are there.
    for _, table in _of_lines(load):
        load.con.execute(
            f"INSERT INTO absent SELECT siret FROM {'left_us' if table.is_csv else table.scan()} "
            "WHERE siret IN (SELECT siret FROM left_us)"
        )
    if not load.number("SELECT count(*) FROM absent"):
        return
    for number, table in _of_lines(load):
        _see(load, number, table, f"{siret_of(table)} IN (SELECT siret FROM absent)")
    outside, unplaced = load.con.execute(
        "SELECT count(*) FILTER (file_code IS NOT NULL), count(*) FILTER (file_code IS NULL) "
        f"FROM seen SEMI JOIN absent USING (siret) LEFT JOIN commune ON file_code = {load.code}"
    ).fetchone()
    load.outside -= outside
    load.unplaced -= unplaced


def _read_csv(load: Load, table: Table, named: Mapping[str, str]) -> None:
    """Into `census`, the lines kept and, per commune, how many were not.

    Parsing is what costs in a CSV: one pass answers both, grouping lines whose values are cleared.
    """
    cleared = ", ".join(f"CASE WHEN kept THEN {sql} END AS {name}" for name, sql in named.items())
    load.con.execute(
        f"CREATE OR REPLACE TABLE census AS SELECT code, is_left, kept, {cleared}, "
        f"count(*) AS copies FROM (SELECT *, {_is_here(load, 'code')} AND NOT is_left AS kept "
        f"FROM (SELECT *, {text_of(table, load.code)} AS code, {_is_left(load, named)} AS is_left "
        f"FROM {table.scan()})) GROUP BY ALL"
    )


def _count_census(load: Load) -> None:
    """Lines of communes that are not kept, of no known commune, and the closed ones left out."""
    here = "true" if load.wanted.everywhere else "commune.kept"
    outside, unplaced, closed = load.con.execute(
        f"SELECT sum(copies) FILTER (NOT {here}), sum(copies) FILTER (({here}) IS NULL), "
        f"sum(copies) FILTER ({here} AND is_left) "
        "FROM census LEFT JOIN commune ON file_code = code"
    ).fetchone()
    load.outside += int(outside or 0)
    load.unplaced += int(unplaced or 0)
    load.closed += int(closed or 0)


def text_of(table: Table, column: str) -> str:
    """SQL: a column of the file as text, NULL when empty or absent."""
    if column not in table.columns:
        return "NULL"
    text = f'trim("{column}")' if table.is_csv else f'CAST("{column}" AS VARCHAR)'
    return f"nullif({text}, '')"


def siret_of(table: Table) -> str:
    """SQL: the SIRET; in a CSV, without spaces and with the zeros a spreadsheet took away."""
    if not table.is_csv:
        return "siret"
    bare = "regexp_replace(siret, '\\s', '', 'g')"
    return f"CASE WHEN length({bare}) IN (12, 13) THEN lpad({bare}, 14, '0') ELSE {bare} END"


def _complete(load: Load, role: str, key: str, width: int, columns: Sequence[str]) -> None:
    """Into a table named after the role, what its files say of the lines read, once per key."""
    defined = ", ".join(f"{column} VARCHAR" for column in (key, *columns))
    load.con.execute(f"CREATE TABLE {role} ({defined})")
    for table in load.tables:
        if table.shape.role == role:
            found = f"lpad({key}, {width}, '0')" if table.is_csv else key
            listed = ", ".join([found, *(text_of(table, column) for column in columns)])
            load.con.execute(
                f"INSERT INTO {role} SELECT {listed} FROM {table.scan()} "
                f"WHERE {found} IN (SELECT left(siret, {width}) FROM line)"
            )
    if load.number(f"SELECT count(*) - count(DISTINCT {key}) FROM {role}"):
        load.con.execute(
            f"CREATE OR REPLACE TABLE {role} AS "
            f"SELECT DISTINCT ON ({key}) * FROM {role} AS r ORDER BY {key}, r"
        )
