"""SIRENE-like files to Supplier rows: DuckDB reads, joins, composes; the base takes them in bulk.

A register's files have roles: `establishment` lines are completed by `legal_unit` on siren and by
`geolocation` on siret; `joined` lines come complete. Source.columns says what a Supplier's columns
are, in SQL over the files' own columns (trimmed texts, NULL when empty or absent). There, a column
the legal unit shares with the establishment is read as legal_unit_<column>; an entry may read those
before it; position_1, position_2… are structs (x, y, epsg, precision) in order of trust.
"""

# Every name below comes from Source.columns or from a Shape, both ours.
# ruff: noqa: S608

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from sourcing.model import OldPlace, Reject, Run
from sourcing.normalise import ARRONDISSEMENTS
from sourcing.places import Places
from sourcing.register import takeovers, twins, until, writing
from sourcing.register.composition import Reading, checks, compose
from sourcing.register.projection import macros
from sourcing.register.stock_files import Table, literal, open_tables
from sourcing.source import Source, SourceError
from sourcing.workplace import workplace

# A share of the whole, from 0 to 1.
Progress = Callable[[float], None]

# DuckDB's own memory; beyond, it works on disk.
MEMORY = "1GB"
# Lines kept with their reason; all are counted.
REJECTS_KEPT = 10_000
UNREADABLE = {
    "MISSING COLUMNS": "il manque des colonnes sur cette ligne",
    "TOO MANY COLUMNS": "il y a trop de colonnes sur cette ligne",
    "UNQUOTED VALUE": "guillemet mal fermé",
    "LINE SIZE OVER MAXIMUM": "ligne trop longue",
    "INVALID ENCODING": "caractères illisibles",
}


def ingest_register(
    session: Session,
    source: Source,
    files: Sequence[Path],
    *,
    run: Run,
    everywhere: bool = False,
    margin_km: float = 30.0,
    progress: Progress | None = None,
) -> None:
    """Bring these files' establishments into the base; the caller commits, the counts are run's."""
    tell = progress or (lambda _: None)
    with workplace() as folder:
        try:
            tables = open_tables(source, files, folder)
            _check_roles(tables)
            with _connect(folder) as con:
                load = _Load(con, source, tables, Reading.of(source), everywhere)
                kept = _write_communes(con, session, everywhere, margin_km)
                writing.read_known(con, session)
                _read(load, tell, run.is_whole)
                _count(session, load, run)
                _write(session, load, run, tell)
                if run.is_whole or source.brings_changes:
                    until.note(session, con, source.columns, kept)
                tell(1.0)
        except duckdb.OutOfMemoryException as error:
            raise SourceError(_unusable(files, "mémoire insuffisante pour ce fichier")) from error
        except (duckdb.IOException, OSError) as error:
            raise SourceError(
                _unusable(files, "lecture ou écriture impossible, disque plein ?")
            ) from error
        except (duckdb.InvalidInputException, duckdb.DataError, duckdb.OperationalError) as error:
            raise SourceError(_unusable(files, "fichier abîmé, lecture impossible")) from error


def _unusable(files: Sequence[Path], reason: str) -> str:
    return f"{', '.join(file.name for file in files)} : {reason}."


@dataclass(slots=True)
class _Load:
    """One loading: DuckDB holds its lines; here is what was read and left."""

    con: Any
    source: Source
    tables: list[Table]
    reading: Reading
    everywhere: bool
    outside: int = 0
    unplaced: int = 0

    @property
    def code(self) -> str:
        """The files' own column of the commune's code."""
        return self.source.columns["commune_code"]

    def number(self, sql: str) -> int:
        """The single number a query answers."""
        return int(self.con.execute(sql).fetchone()[0] or 0)


def _check_roles(tables: Sequence[Table]) -> None:
    roles = {table.shape.role for table in tables}
    if "establishment" in roles and "legal_unit" not in roles:
        raise SourceError("Il manque le fichier StockUniteLegale : les noms des entreprises s'y "
                          "trouvent ; le donner avec StockEtablissement.")  # fmt: skip
    if not roles & {"establishment", "joined"}:
        raise SourceError("Il manque le fichier StockEtablissement : les établissements s'y "
                          "trouvent ; le donner avec les autres.")  # fmt: skip


def _connect(work: Path) -> Any:
    # A file rather than memory: what does not fit is compressed on disk.
    con = duckdb.connect(str(work / "register.duckdb"))
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute(f"SET temp_directory = {literal(str(work / 'spill'))}")
    con.execute("SET preserve_insertion_order = false")
    for macro in (*macros(), *checks()):
        con.execute(macro)
    return con


# --- communes: every code a file may carry, today's place for it, and whether we keep it ---


def _write_communes(
    con: Any, session: Session, everywhere: bool, margin_km: float
) -> frozenset[str]:
    """Into `commune`; returns the codes kept, none for everywhere."""
    places = Places.read(session)
    if not everywhere and not places.territory:
        raise SourceError("Aucun territoire n'est chargé : lancer « sourcing territory » d'abord, "
                          "ou garder toute la France avec --everywhere.")  # fmt: skip
    kept = frozenset() if everywhere else places.codes_near(margin_km)
    old = session.scalars(select(OldPlace.code))
    codes = dict.fromkeys([*(place.code for place in places.all), *old, *ARRONDISSEMENTS])
    con.execute("CREATE TABLE commune (file_code VARCHAR, today VARCHAR, place VARCHAR, "
                "centre_lon DOUBLE, centre_lat DOUBLE, kept BOOLEAN)")  # fmt: skip
    columns = [list(column) for column in zip(*_communes(places, codes, kept), strict=True)]
    if columns:
        unnested = ", ".join(f"unnest(${i})" for i in range(1, len(columns) + 1))
        con.execute(f"INSERT INTO commune SELECT {unnested}", columns)
    return kept


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


# --- reading: each file once, only the columns and the communes that matter ---


def _read(load: _Load, tell: Progress, is_whole: bool) -> None:
    columns = ", ".join(
        f"{c} VARCHAR" for c in (*load.reading.establishment, *load.reading.legal_unit.values())
    )
    load.con.execute(f"CREATE TABLE line (file INTEGER, copies BIGINT, siret VARCHAR, {columns})")
    for number, table in enumerate(load.tables):
        if table.shape.role in ("establishment", "joined"):
            _read_lines(load, number, table)
        tell(0.3 * (number + 1) / len(load.tables))
    if is_whole and not load.everywhere:
        _follow(load)
    _complete(load, "legal_unit", "siren", 9, tuple(load.reading.legal_unit))
    tell(0.4)
    _complete(load, "geolocation", "siret", 14, load.reading.geolocation)
    tell(0.5)


def _read_lines(load: _Load, number: int, table: Table) -> None:
    """The file's lines of the communes kept, into `line`; the others are only counted."""
    named = _named(load, table)
    listed = ", ".join(f"{sql} AS {column}" for column, sql in named.items())
    into = f"INSERT INTO line BY NAME SELECT {number} AS file"
    if load.everywhere:
        load.con.execute(f"{into}, 1 AS copies, {listed} FROM {table.scan()}")
    elif table.is_csv:
        _read_csv(load, table, named)
        load.con.execute(f"{into}, copies, {', '.join(named)} FROM census WHERE kept")
        _count_census(load)
    else:
        load.con.execute(
            f"{into}, 1 AS copies, {listed} FROM {table.scan()} "
            f"WHERE {load.code} IN (SELECT file_code FROM commune WHERE kept)"
        )
        load.con.execute(
            f"CREATE OR REPLACE TABLE census AS SELECT {load.code} AS code, count(*) AS copies "
            f"FROM {table.scan()} GROUP BY ALL"
        )
        _count_census(load)


def _named(load: _Load, table: Table) -> dict[str, str]:
    """Column of `line` -> SQL over the file's own."""
    named = {"siret": _siret(table)}
    named |= {column: _text(table, column) for column in load.reading.establishment}
    return named | {
        name: _text(table, column) if name == column and table.shape.role == "joined" else "NULL"
        for column, name in load.reading.legal_unit.items()
    }


def _follow(load: _Load) -> None:
    """Whom the base knows and who is in none of the communes kept any more: read where it is now.

    Its line was counted outside, or unplaced, and is not any more.
    """
    load.con.execute("CREATE TABLE absent AS SELECT siret FROM known ANTI JOIN line USING (siret)")
    if not load.number("SELECT count(*) FROM absent"):
        return
    for number, table in enumerate(load.tables):
        if table.shape.role in ("establishment", "joined"):
            listed = ", ".join(f"{sql} AS {c}" for c, sql in _named(load, table).items())
            load.con.execute(
                f"INSERT INTO line BY NAME SELECT {number} AS file, 1 AS copies, {listed} "
                f"FROM {table.scan()} WHERE {_siret(table)} IN (SELECT siret FROM absent)"
            )
    outside, unplaced = load.con.execute(
        "SELECT count(*) FILTER (file_code IS NOT NULL), count(*) FILTER (file_code IS NULL) "
        f"FROM line JOIN absent USING (siret) LEFT JOIN commune ON file_code = {load.code}"
    ).fetchone()
    load.outside -= outside
    load.unplaced -= unplaced


def _read_csv(load: _Load, table: Table, named: Mapping[str, str]) -> None:
    """Into `census`, the lines kept and, per commune, how many were not.

    Parsing is what costs in a CSV: one pass answers both, grouping lines whose values are cleared.
    """
    cleared = ", ".join(f"CASE WHEN kept THEN {sql} END AS {name}" for name, sql in named.items())
    load.con.execute(
        f"CREATE OR REPLACE TABLE census AS SELECT code, kept, {cleared}, count(*) AS copies FROM ("
        "SELECT *, code IN (SELECT file_code FROM commune WHERE kept) AS kept FROM ("
        f"SELECT *, {_text(table, load.code)} AS code FROM {table.scan()})) GROUP BY ALL"
    )


def _count_census(load: _Load) -> None:
    """Lines of communes that are not kept, and lines of no known commune."""
    outside, unplaced = load.con.execute(
        "SELECT sum(copies) FILTER (NOT commune.kept), sum(copies) FILTER (commune.kept IS NULL) "
        "FROM census LEFT JOIN commune ON file_code = code"
    ).fetchone()
    load.outside += int(outside or 0)
    load.unplaced += int(unplaced or 0)


def _text(table: Table, column: str) -> str:
    """SQL: a column of the file as text, NULL when empty or absent."""
    if column not in table.columns:
        return "NULL"
    text = f'trim("{column}")' if table.is_csv else f'CAST("{column}" AS VARCHAR)'
    return f"nullif({text}, '')"


def _siret(table: Table) -> str:
    """SQL: the SIRET; in a CSV, without spaces and with the zeros a spreadsheet took away."""
    if not table.is_csv:
        return "siret"
    bare = "regexp_replace(siret, '\\s', '', 'g')"
    return f"CASE WHEN length({bare}) IN (12, 13) THEN lpad({bare}, 14, '0') ELSE {bare} END"


def _complete(load: _Load, role: str, key: str, width: int, columns: Sequence[str]) -> None:
    """Into a table named after the role, what its files say of the lines read, once per key."""
    defined = ", ".join(f"{column} VARCHAR" for column in (key, *columns))
    load.con.execute(f"CREATE TABLE {role} ({defined})")
    for table in load.tables:
        if table.shape.role == role:
            found = f"lpad({key}, {width}, '0')" if table.is_csv else key
            listed = ", ".join([found, *(_text(table, column) for column in columns)])
            load.con.execute(
                f"INSERT INTO {role} SELECT {listed} FROM {table.scan()} "
                f"WHERE {found} IN (SELECT left(siret, {width}) FROM line)"
            )
    if load.number(f"SELECT count(*) - count(DISTINCT {key}) FROM {role}"):
        load.con.execute(
            f"CREATE OR REPLACE TABLE {role} AS "
            f"SELECT DISTINCT ON ({key}) * FROM {role} AS r ORDER BY {key}, r"
        )


# --- counting: every line read ends in one of the run's counts ---


def _count(session: Session, load: _Load, run: Run) -> None:
    unreadable = [_unreadable(load, table) for table in load.tables]
    rejects = [
        (table.file, line, reason)
        for table, found in zip(load.tables, unreadable, strict=True)
        for line, reason in sorted(found.items())
    ]
    run.rejected = len(rejects)
    lines = load.number("SELECT sum(copies) FROM line")
    run.rows = lines + load.outside + load.unplaced + run.rejected
    if bad := load.number("SELECT sum(copies) FROM line WHERE NOT is_siret(siret)"):
        for number, skipped in enumerate(unreadable):
            rejects += _bad_sirets(load, number, sorted(skipped))
        load.con.execute("DELETE FROM line WHERE NOT is_siret(siret)")
    run.rejected += bad
    run.kept = load.number("SELECT count(DISTINCT CAST(siret AS BIGINT)) FROM line")
    run.repeated = lines - bad - run.kept
    run.outside, run.unplaced, run.out_of_scope = load.outside, load.unplaced, 0
    if run.rejected == run.rows:
        names = ", ".join(table.file for table in load.tables)
        raise SourceError(f"{names} : aucune ligne utilisable.")
    if load.number("SELECT count(*) FROM line") > run.kept:
        _keep_last(load)
    _store(session, load, run, rejects[:REJECTS_KEPT])


def _store(
    session: Session, load: _Load, run: Run, rejects: Sequence[tuple[str, int, str]]
) -> None:
    run.leftover = sorted({column for table in load.tables for column in table.leftover})
    run.files = [{"name": t.file, "sha256": "", "shape": t.shape.name} for t in load.tables]
    if rejects:
        session.execute(insert(Reject), [
            {"run_id": run.id, "file": file, "line": line, "reason": reason}
            for file, line, reason in rejects])  # fmt: skip


def _keep_last(load: _Load) -> None:
    """Of the lines with one SIRET, the last file's."""
    load.con.execute(
        "DELETE FROM line WHERE rowid IN (SELECT id FROM (SELECT l.rowid AS id, row_number() OVER ("
        "PARTITION BY siret ORDER BY file DESC, l) AS rank FROM line AS l WHERE siret IN ("
        "SELECT siret FROM line GROUP BY siret HAVING count(*) > 1)) WHERE rank > 1)"
    )


def _unreadable(load: _Load, table: Table) -> dict[int, str]:
    """Line -> reason, for what DuckDB could not split into columns."""
    if not table.is_csv:
        return {}
    found = load.con.execute(
        "SELECT line, min(CAST(error_type AS VARCHAR)) FROM reject_errors JOIN reject_scans "
        f"USING (scan_id, file_id) WHERE file_path = {literal(str(table.path))} GROUP BY line"
    ).fetchall()
    lines = {line + table.first_line - 2: kind for line, kind in found}
    if "UNQUOTED VALUE" in lines.values():
        read = load.number(f"SELECT count(*) FROM {table.scan()}") + len(lines)
        if read < table.lines():
            line = min(line for line, kind in lines.items() if kind == "UNQUOTED VALUE")
            raise SourceError(f"{table.file}, ligne {line} : un guillemet ouvert n'est jamais "
                              "fermé ; la suite du fichier ne peut pas être lue.")  # fmt: skip
    return {line: UNREADABLE.get(kind, "ligne illisible") for line, kind in lines.items()}


def _bad_sirets(load: _Load, number: int, skipped: Sequence[int]) -> Iterator[tuple[str, int, str]]:
    """File, line and reason of the SIRET refused: that one column is read again, in order."""
    if not load.number(f"SELECT count(*) FROM line WHERE file = {number} AND NOT is_siret(siret)"):
        return
    table = load.tables[number]
    kept = "true" if load.everywhere else "code IN (SELECT file_code FROM commune WHERE kept)"
    load.con.execute("SET preserve_insertion_order = true; SET threads = 1")
    found = load.con.execute(
        f"SELECT rank, siret FROM (SELECT row_number() OVER () AS rank, {_siret(table)} AS siret, "
        f"{_text(table, load.code)} AS code FROM {table.scan()}) "
        f"WHERE NOT is_siret(siret) AND {kept} LIMIT {REJECTS_KEPT}"
    ).fetchall()
    load.con.execute("RESET threads; SET preserve_insertion_order = false")
    for rank, siret in found:
        line = rank + table.first_line - 1
        for before in skipped:
            line += before <= line
        yield table.file, line, f"SIRET inutilisable : « {siret} »" if siret else "SIRET absent"


# --- writing ---


def _write(session: Session, load: _Load, run: Run, tell: Progress) -> None:
    day = run.started_at.date().isoformat()
    rows = compose(load.source, load.reading, day, run.id)
    if writing.is_first(session):
        writing.write_first(session, load.con, rows, run)
    else:
        load.con.execute(rows)
        writing.write(session, load.con, run, tell)
    if run.is_whole:
        writing.mark_gone(session, load.con, run)
    takeovers.write(session, load.con, load.tables)
    twins.write(session, load.con, load.tables)
