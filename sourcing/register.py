"""SIRENE-like files to Supplier rows: DuckDB reads, joins and composes; the base receives them in bulk.

A register's files have roles: `establishment` rows are completed by `legal_unit` on siren and by
`geolocation` on siret; `joined` rows come complete. Source.columns says, in SQL over the files' own
columns (trimmed texts, NULL when empty or absent), what a Supplier's columns are; a column the legal
unit shares with the establishment is read there as legal_unit_<column>, and position_1, position_2… are
structs (x, y, epsg, precision) in order of trust.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import OldPlace, Reject, Run, Supplier
from sourcing.normalise import ARRONDISSEMENTS
from sourcing.places import Places
from sourcing.projection import macros
from sourcing.source import Source, SourceError
from sourcing.stock_files import Table, literal, open_tables

Progress = Callable[[float], None]

NAME = r"[A-Za-z_]\w*"
MEMORY = "1GB"
BATCH = 20_000
# Lines kept with their reason; all are counted.
REJECTS_KEPT = 10_000
# Farther than this from its commune's centre, a position is somebody else's; Guyane's communes are vast.
VICINITY_KM = 30
VICINITY_OVERSEAS_KM = 300

COMPOSED = (
    "siren", "name", "legal_name", "other_names", "is_person", "is_head_office", "diffusion", "state",
    "created_on", "closed_on", "address", "postcode", "naf", "naf25", "legal_form", "size_code",
    "category", "is_ess", "is_mission", "is_qpv")
PLACED = ("commune_code", "commune", "lon", "lat", "precision")
# Set when a supplier is first seen; afterwards they are its own or the lists'.
FIRST = ("uid", "first_seen", "phone", "email", "website", "description")
WRITTEN = ("siret", "origin", "last_seen", *COMPOSED, *PLACED, *FIRST)

_RANK = "CASE {}.\"precision\" WHEN 'exact' THEN 3 WHEN 'street' THEN 2 WHEN 'commune' THEN 1 ELSE 0 END"
# A file without geolocation does not blur what an earlier one placed, unless it moved or is masked.
_STAYS = ("excluded.diffusion = 'O' AND supplier.address = excluded.address "
          "AND supplier.commune_code = excluded.commune_code "
          f"AND {_RANK.format('supplier')} > {_RANK.format('excluded')}")
# What an old export does not say is not forgotten: column -> SQL of its new value.
REMEMBERED = {
    "is_ess": "coalesce(excluded.is_ess, supplier.is_ess)",
    "is_mission": "coalesce(excluded.is_mission, supplier.is_mission)",
    "is_qpv": "CASE WHEN excluded.diffusion = 'O' THEN coalesce(excluded.is_qpv, supplier.is_qpv) END",
    "naf25": "CASE WHEN excluded.naf25 = '' THEN supplier.naf25 ELSE excluded.naf25 END",
    "closed_on": "CASE WHEN excluded.state = 'F' THEN coalesce(excluded.closed_on, supplier.closed_on) END",
} | {
    column: f'CASE WHEN {_STAYS} THEN supplier."{column}" ELSE excluded."{column}" END'
    for column in ("lon", "lat", "precision")
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
    """Bring these files' establishments into the base, in the caller's transaction; counts go to `run`."""
    tell = progress or (lambda _: None)
    with TemporaryDirectory(prefix="sourcing-") as folder:
        work = Path(folder)
        tables = open_tables(source, files, work)
        _check_roles(tables)
        run.leftover = sorted({column for table in tables for column in table.leftover})
        try:
            with _connect(work) as con:
                load = _Load(con, source, tables, everywhere)
                _write_communes(con, session, everywhere, margin_km)
                _read(load, tell)
                _count(session, load, run)
                _write(session, load, run, tell)
        except duckdb.Error as error:
            names = ", ".join(table.file for table in tables)
            reason = str(error).splitlines()[0]
            raise SourceError(f"{names} : lecture impossible ({reason}).") from error


@dataclass(slots=True)
class _Load:
    con: Any
    source: Source
    tables: list[Table]
    everywhere: bool
    rows: int = 0
    outside: int = 0
    unplaced: int = 0
    establishment: list[str] = field(init=False)
    legal_unit: list[str] = field(init=False)
    geolocation: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Of each role's columns, keep those the source's SQL reads."""
        read = set(re.findall(NAME, " ".join(self.source.columns.values())))
        known: dict[str, set[str]] = {}
        for shape in self.source.shapes:
            known.setdefault(shape.role, set()).update(shape.columns | shape.optional)
        ours = known.get("establishment", set())
        self.establishment = sorted(read & ours - {"siret"})
        self.legal_unit = sorted(
            column for column in known.get("legal_unit", set()) - {"siren"}
            if _legal(column, self.establishment) in read)
        self.geolocation = sorted(read & known.get("geolocation", set()) - {"siret"})

    def of(self, *roles: str) -> list[Table]:
        return [table for table in self.tables if table.shape.role in roles]

    def total(self, sql: str) -> int:
        return int(self.con.execute(sql).fetchone()[0] or 0)


def _legal(column: str, establishment: Sequence[str]) -> str:
    """The name a legal unit's column goes by among the establishment's."""
    return f"legal_unit_{column}" if column in establishment else column


def _check_roles(tables: Sequence[Table]) -> None:
    roles = {table.shape.role for table in tables}
    if "establishment" in roles and "legal_unit" not in roles:
        raise SourceError("Il manque le fichier StockUniteLegale : les noms des entreprises s'y trouvent ; "
                          "le donner avec StockEtablissement.")
    if not roles & {"establishment", "joined"}:
        raise SourceError("Il manque le fichier StockEtablissement : les établissements s'y trouvent ; "
                          "le donner avec les autres.")


def _connect(work: Path) -> Any:
    # A file, not memory: what does not fit is compressed on disk. Order is restored where it matters.
    con = duckdb.connect(str(work / "register.duckdb"))
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute(f"SET temp_directory = {literal(str(work / 'spill'))}")
    con.execute("SET preserve_insertion_order = false")
    for macro in (*macros(), *_checks()):
        con.execute(macro)
    return con


def _checks() -> list[str]:
    """Macros: is_siret(text), and is_near(…) for a position and the centre of its commune."""
    digits = [f"((n // {10**i}::BIGINT) % 10)" for i in range(14)]
    doubled = [f"(2 * {d} - 9 * ({d} > 4)::BIGINT)" if i % 2 else d for i, d in enumerate(digits)]
    boxes = ((-5.5, 41.0, 10.0, 51.5), (-63.5, 14.0, -60.5, 18.3), (-55.0, 2.0, -51.0, 6.0),
             (44.9, -21.6, 56.0, -12.5), (-56.6, 46.6, -56.0, 47.3))
    in_france = " OR ".join(f"(lon BETWEEN {w} AND {e} AND lat BETWEEN {s} AND {n})"
                            for w, s, e, n in boxes)
    return [f"CREATE OR REPLACE MACRO {body}" for body in (
        f"luhn(n) AS ({' + '.join(doubled)}) % 10 = 0",
        # La Poste's establishments fail Luhn: the sum of their digits is a multiple of five.
        f"is_numbered(n) AS luhn(n) OR (n // 100000 = 356000000 AND ({' + '.join(digits)}) % 5 = 0)",
        "is_siret(s) AS coalesce(length(s) = 14 AND left(s, 9) <> '000000000' "
        "AND regexp_full_match(s, '[0-9]+') AND is_numbered(TRY_CAST(s AS BIGINT)), false)",
        f"is_near(lon, lat, centre_lon, centre_lat, km) AS CASE WHEN centre_lon IS NULL THEN {in_france} "
        "ELSE abs(lat - centre_lat) * 111.2 < km "
        "AND abs(lon - centre_lon) * 111.2 * cos(radians(lat)) < km END",
    )]


# --- communes: every code a file may carry, today's place for it, and whether we keep it ---

def _write_communes(con: Any, session: Session, everywhere: bool, margin_km: float) -> None:
    places = Places.read(session)
    if not everywhere and not places.territory:
        raise SourceError("Aucun territoire n'est chargé : lancer « sourcing territory » d'abord, "
                          "ou garder toute la France avec --everywhere.")
    near = {place.code for place in places.territory}
    if not everywhere:
        near |= {p.code for p in places.all if p.lon is not None and p.lat is not None
                 and places.is_near(p.lon, p.lat, margin_km)}
    con.execute("CREATE TABLE commune (file_code VARCHAR, today VARCHAR, place VARCHAR, "
                "centre_lon DOUBLE, centre_lat DOUBLE, kept BOOLEAN)")
    columns = list(zip(*_communes(session, places, near), strict=True))
    if columns:
        con.execute("INSERT INTO commune SELECT " + ", ".join(
            f"unnest(${i})" for i in range(1, len(columns) + 1)), [list(c) for c in columns])


def _communes(session: Session, places: Places, near: set[str]) -> Iterator[tuple[Any, ...]]:
    old = session.scalars(select(OldPlace.code))
    for code in dict.fromkeys([*(place.code for place in places.all), *old, *ARRONDISSEMENTS]):
        place = places.resolve(code)
        if place is None:
            continue
        row = (place.code, place.name, place.lon, place.lat, place.code in near)
        yield code, *row
        # A spreadsheet took the leading zero away.
        if code.startswith("0"):
            yield code[1:], *row


# --- reading: each file once, only the columns and the communes that matter ---

def _read(load: _Load, tell: Progress) -> None:
    columns = [*load.establishment, *(_legal(c, load.establishment) for c in load.legal_unit)]
    load.con.execute("CREATE TABLE line (file INTEGER, copies BIGINT, siret VARCHAR, "
                     + ", ".join(f"{column} VARCHAR" for column in columns) + ")")
    for number, table in enumerate(load.tables):
        if table.shape.role in ("establishment", "joined"):
            _stage(load, number, table)
        tell(0.3 * (number + 1) / len(load.tables))
    _join(load, "legal_unit", "siren", load.legal_unit)
    tell(0.45)
    _join(load, "geolocation", "siret", load.geolocation)
    tell(0.5)


def _stage(load: _Load, number: int, table: Table) -> None:
    """The file's lines of the communes kept, into `line`; the others are only counted."""
    named = {"siret": _siret(table)}
    named |= {column: _text(table, column) for column in load.establishment}
    named |= {_legal(column, load.establishment): _text(table, column) if column not in
              load.establishment and table.shape.role == "joined" else "NULL"
              for column in load.legal_unit}
    listed = ", ".join(f"{sql} AS {column}" for column, sql in named.items())
    code = load.source.columns["commune_code"]
    names = ", ".join(named)
    if load.everywhere:
        load.con.execute(f"INSERT INTO line BY NAME SELECT {number} AS file, 1 AS copies, {listed} "
                         f"FROM {table.scan()}")
    elif table.is_csv:
        # Parsing is what costs: one pass gives the lines kept and, per commune, how many were not.
        cleared = ", ".join(f"CASE WHEN kept THEN {column} END AS {column}" for column in named)
        load.con.execute(
            f"CREATE OR REPLACE TABLE census AS SELECT code, kept, {cleared}, count(*) AS copies FROM ("
            f"SELECT {code} AS code, code IN (SELECT file_code FROM commune WHERE kept) AS kept, {names} "
            f"FROM (SELECT {listed} FROM {table.scan()})) GROUP BY ALL")
        load.con.execute(f"INSERT INTO line BY NAME SELECT {number} AS file, copies, {names} "
                         "FROM census WHERE kept")
        _count_places(load, "census")
    else:
        load.con.execute(
            f"INSERT INTO line BY NAME SELECT {number} AS file, 1 AS copies, {listed} FROM {table.scan()} "
            f"WHERE {code} IN (SELECT file_code FROM commune WHERE kept)")
        load.con.execute(f"CREATE OR REPLACE TABLE census AS SELECT {code} AS code, count(*) AS copies "
                         f"FROM {table.scan()} GROUP BY ALL")
        _count_places(load, "census")


def _count_places(load: _Load, census: str) -> None:
    """Lines read outside the communes kept, known or not."""
    outside, unplaced = load.con.execute(
        "SELECT coalesce(sum(copies) FILTER (NOT kept_here), 0), "
        "coalesce(sum(copies) FILTER (kept_here IS NULL), 0) FROM ("
        f"SELECT copies, commune.kept AS kept_here FROM {census} "
        "LEFT JOIN commune ON file_code = code)").fetchone()
    load.outside += int(outside)
    load.unplaced += int(unplaced)


def _text(table: Table, column: str) -> str:
    if column not in table.columns:
        return "NULL"
    if table.is_csv:
        return f'nullif(trim("{column}"), \'\')'
    return f'nullif(CAST("{column}" AS VARCHAR), \'\')'


def _siret(table: Table) -> str:
    """The SIRET as published; in a CSV, without spaces and with the zeros a spreadsheet took away."""
    if not table.is_csv:
        return "siret"
    bare = "regexp_replace(siret, '\\s', '', 'g')"
    return f"CASE WHEN length({bare}) IN (12, 13) THEN lpad({bare}, 14, '0') ELSE {bare} END"


def _join(load: _Load, role: str, key: str, columns: Sequence[str]) -> None:
    """The lines of `role` that complete the establishments kept, once per key, into a table of that name."""
    definition = ", ".join([f"{key} VARCHAR", *(f"{column} VARCHAR" for column in columns)])
    load.con.execute(f"CREATE TABLE {role} ({definition})")
    wanted = "left(siret, 9)" if key == "siren" else "siret"
    width = 9 if key == "siren" else 14
    for table in load.of(role):
        found = f"lpad({key}, {width}, '0')" if table.is_csv else key
        listed = "".join(f", {_text(table, column)}" for column in columns)
        load.con.execute(f"INSERT INTO {role} SELECT {found}{listed} FROM {table.scan()} "
                         f"WHERE {found} IN (SELECT {wanted} FROM line)")
    if load.total(f"SELECT count(*) - count(DISTINCT {key}) FROM {role}"):
        load.con.execute(f"CREATE OR REPLACE TABLE {role} AS SELECT DISTINCT ON ({key}) * FROM {role} AS r "
                         f"ORDER BY {key}, r")


# --- counting: every line read ends in one of the run's counts ---

def _count(session: Session, load: _Load, run: Run) -> None:
    bad = "NOT is_siret(siret)"
    rejected = load.total(f"SELECT sum(copies) FROM line WHERE {bad}")
    lines = load.total("SELECT sum(copies) FROM line")
    unreadable = {table.file: _unreadable(load, table) for table in load.tables if table.is_csv}
    rejects = [(file, line, why) for file, found in unreadable.items() for line, why in found.items()]
    if rejected:
        rejects += [reject for number, table in enumerate(load.tables)
                    if load.total(f"SELECT count(*) FROM line WHERE {bad} AND file = {number}")
                    for reject in _bad_sirets(load, table, sorted(unreadable.get(table.file, ())))]
        load.con.execute(f"DELETE FROM line WHERE {bad}")
    run.rejected = rejected + sum(map(len, unreadable.values()))
    run.kept = load.total("SELECT count(DISTINCT TRY_CAST(siret AS BIGINT)) FROM line")
    run.repeated = lines - rejected - run.kept
    run.outside, run.unplaced, run.out_of_scope = load.outside, load.unplaced, 0
    run.rows = lines + load.outside + load.unplaced + run.rejected - rejected
    if load.total("SELECT count(*) FROM line") > run.kept:
        _keep_last(load)
    session.add_all(Reject(run_id=run.id, file=file, line=line, reason=reason)
                    for file, line, reason in rejects[:REJECTS_KEPT])
    if not run.rows or run.rejected == run.rows:
        raise SourceError("Aucune ligne utilisable dans " + ", ".join(t.file for t in load.tables) + ".")


def _keep_last(load: _Load) -> None:
    """Of the lines with one SIRET, the last file's."""
    load.con.execute(
        "DELETE FROM line WHERE rowid IN (SELECT id FROM (SELECT l.rowid AS id, row_number() OVER ("
        "PARTITION BY siret ORDER BY file DESC, l) AS rank FROM line AS l WHERE siret IN ("
        "SELECT siret FROM line GROUP BY siret HAVING count(*) > 1)) WHERE rank > 1)")


UNREADABLE = {
    "MISSING COLUMNS": "il manque des colonnes sur cette ligne",
    "TOO MANY COLUMNS": "trop de colonnes sur cette ligne",
    "UNQUOTED VALUE": "guillemet mal fermé",
    "LINE SIZE OVER MAXIMUM": "ligne trop longue",
    "INVALID ENCODING": "caractères illisibles",
}


def _unreadable(load: _Load, table: Table) -> dict[int, str]:
    """Line -> reason of what DuckDB could not split into columns."""
    found = load.con.execute(
        "SELECT line, min(error_type::VARCHAR) FROM reject_errors JOIN reject_scans "
        f"USING (scan_id, file_id) WHERE file_path = {literal(str(table.path))} GROUP BY line").fetchall()
    return {line + table.first_line - 2: UNREADABLE.get(kind, "ligne illisible") for line, kind in found}


def _bad_sirets(load: _Load, table: Table, before: Sequence[int]) -> Iterator[tuple[str, int, str]]:
    """File, line and reason of the SIRET refused, found by reading that one column again, in order."""
    code = load.source.columns["commune_code"]
    scope = "true" if load.everywhere else f"{code} IN (SELECT file_code FROM commune WHERE kept)"
    load.con.execute("SET preserve_insertion_order = true; SET threads = 1")
    found = load.con.execute(
        f"SELECT rank, siret FROM (SELECT row_number() OVER () AS rank, {_siret(table)} AS siret, "
        f"{_text(table, code)} AS {code} FROM {table.scan()}) "
        f"WHERE NOT is_siret(siret) AND {scope} LIMIT {REJECTS_KEPT}").fetchall()
    load.con.execute("RESET threads; SET preserve_insertion_order = false")
    for rank, siret in found:
        line = rank + table.first_line - 1
        for skipped in before:
            line += skipped <= line
        yield table.file, line, f"SIRET inutilisable : « {siret} »" if siret else "SIRET absent"


# --- writing: one SELECT composes the suppliers, the base takes them batch by batch ---

def _composition(load: _Load, run: Run) -> str:
    """SQL: one row per supplier, in the order of WRITTEN."""
    legal = [_legal(column, load.establishment) for column in load.legal_unit]
    completed = ", ".join(
        [f"line.{column}" for column in ("siret", *load.establishment)]
        + [f"coalesce(legal_unit.{column}, line.{name}) AS {name}"
           for column, name in zip(load.legal_unit, legal, strict=True)]
        + [f"geolocation.{column}" for column in load.geolocation])
    day = literal(run.started_at.date().isoformat())
    last = {
        "uid": "siret", "origin": "'register'", "first_seen": day, "last_seen": day,
        "created_on": "CAST(created_on AS VARCHAR)", "closed_on": "CAST(closed_on AS VARCHAR)",
        "commune_code": "coalesce(today, commune_code, '')", "commune": "coalesce(place, commune)",
        "phone": "''", "email": "''", "website": "''", "description": "''",
    }
    written = ", ".join(f"{last.get(column, column)} AS {column}" for column in WRITTEN)
    return (f"WITH fact AS (SELECT {completed} FROM line LEFT JOIN legal_unit "
            "ON legal_unit.siren = left(line.siret, 9) LEFT JOIN geolocation USING (siret)), "
            f"{_layers(load.source.columns)}, {_placing(load.source.columns)} "
            f"SELECT {written} FROM placed ORDER BY siret")


def _layers(columns: Mapping[str, str]) -> str:
    """CTEs from `fact` to `composed`, a new one whenever a column reads one of the same layer.

    Within one SELECT an alias is copied into what reads it: planning would take seconds.
    """
    layers: list[dict[str, str]] = [{}]
    for column, sql in columns.items():
        if layers[-1].keys() & set(re.findall(NAME, sql)):
            layers.append({})
        layers[-1][column] = sql
    names = ["fact", *(f"layer_{i}" for i in range(1, len(layers))), "composed"]
    return ", ".join(
        f"{name} AS (SELECT *, {', '.join(f'{sql} AS {c}' for c, sql in layer.items())} FROM {below})"
        for (below, name), layer in zip(pairwise(names), layers, strict=True))


def _placing(columns: Mapping[str, str]) -> str:
    """CTEs from `composed` to `placed`: the first plausible position, else the commune's centre."""
    ranks = [int(column.removeprefix("position_")) for column in columns if "position_" in column]
    projected = "".join(f", lon_of(position_{i}) AS lon_{i}, lat_of(position_{i}) AS lat_{i}" for i in ranks)
    reach = f"CASE WHEN today LIKE '97%' THEN {VICINITY_OVERSEAS_KM} ELSE {VICINITY_KM} END"
    near = " ".join(f"WHEN is_near(lon_{i}, lat_{i}, centre_lon, centre_lat, {reach}) THEN {i}" for i in ranks)
    best = {axis: " ".join(f"WHEN {i} THEN {axis}_{i}" for i in ranks) for axis in ("lon", "lat")}
    precise = " ".join(f"WHEN {i} THEN position_{i}.precision" for i in ranks)
    return (
        f"projected AS (SELECT *{projected} FROM composed LEFT JOIN commune ON file_code = commune_code), "
        f"chosen AS (SELECT *, CASE {near} END AS best FROM projected), "
        f"placed AS (SELECT *, round(CASE best {best['lon']} ELSE centre_lon END, 6) AS lon, "
        f"round(CASE best {best['lat']} ELSE centre_lat END, 6) AS lat, CASE best {precise} "
        "ELSE CASE WHEN centre_lon IS NULL THEN '' ELSE 'commune' END END AS precision FROM chosen)")


def _write(session: Session, load: _Load, run: Run, tell: Progress) -> None:
    load.con.execute(_composition(load, run))
    db.bulk_upsert(session, Supplier.__table__, WRITTEN, _batches(load.con, run.kept, tell),
                   ("siret",), keep=FIRST, update=REMEMBERED)
    tell(1.0)


def _batches(con: Any, total: int, tell: Progress) -> Iterator[tuple[Any, ...]]:
    done = 0
    while rows := con.fetchmany(BATCH):
        yield from rows
        done += len(rows)
        tell(0.5 + 0.5 * done / total)
