"""Every line read ends in one of the run's counts; those that cannot be used keep their reason."""

# Every name below comes from Source.columns or from a Shape, both ours.
# ruff: noqa: S608

from collections.abc import Iterator, Sequence

from sqlalchemy import insert
from sqlalchemy.orm import Session

from sourcing.model import Reject, Run
from sourcing.register.reading import Load, siret_of, text_of
from sourcing.register.stock_files import Table, literal
from sourcing.source import SourceError

# The lines whose SIRET is none (those the base knows were looked at when it took them), and the
# numbers that several of the others have.
UNUSABLE = """CREATE OR REPLACE TABLE unused AS SELECT id, copies FROM (
    SELECT {0}.rowid AS id, copies, siret, TRY_CAST(siret AS BIGINT) AS number
    FROM {0} ANTI JOIN known USING (siret)) WHERE NOT is_siret_read(siret, number)"""
REPEATED = """CREATE TABLE repeated AS SELECT CAST(siret AS BIGINT) AS number, count(*) AS times
    FROM {0} WHERE rowid NOT IN (SELECT id FROM unused) GROUP BY number HAVING times > 1"""
# Lines kept with their reason; all are counted.
REJECTS_KEPT = 10_000
UNREADABLE = {
    "MISSING COLUMNS": "il manque des colonnes sur cette ligne",
    "TOO MANY COLUMNS": "il y a trop de colonnes sur cette ligne",
    "UNQUOTED VALUE": "guillemet mal fermé",
    "LINE SIZE OVER MAXIMUM": "ligne trop longue",
    "INVALID ENCODING": "caractères illisibles",
}


def count(session: Session, load: Load, run: Run) -> None:
    """The run's counts, its rejects; of the lines read, only one of each SIRET is left."""
    unreadable = [_unreadable(load, table) for table in load.tables]
    rejects = [
        (table.file, line, reason)
        for table, found in zip(load.tables, unreadable, strict=True)
        for line, reason in sorted(found.items())
    ]
    run.rejected = len(rejects)
    lines = load.number("SELECT sum(copies) FROM seen")
    run.rows = lines + load.outside + load.unplaced + load.closed + run.rejected
    held = "seen" if load.is_brief else "line"
    load.con.execute(UNUSABLE.format(held))
    if bad := load.number("SELECT sum(copies) FROM unused"):
        for number, skipped in enumerate(unreadable):
            rejects += _bad_sirets(load, number, sorted(skipped))
    run.rejected += bad
    load.con.execute(REPEATED.format(held))
    run.kept = load.number(
        f"SELECT (SELECT count(*) FROM {held}) - (SELECT count(*) FROM unused) "
        "- (SELECT coalesce(sum(times - 1), 0) FROM repeated)"
    )
    run.repeated = lines - bad - run.kept
    run.outside, run.unplaced = load.outside, load.unplaced
    run.out_of_scope = load.closed
    if run.rejected == run.rows:
        names = ", ".join(table.file for table in load.tables)
        raise SourceError(f"{names} : aucune ligne utilisable.")
    if load.number(f"SELECT count(*) FROM {held}") > run.kept:
        _leave_out(load)
    _store(session, load, run, rejects[:REJECTS_KEPT])


def _store(session: Session, load: Load, run: Run, rejects: Sequence[tuple[str, int, str]]) -> None:
    run.leftover = sorted({column for table in load.tables for column in table.leftover})
    run.files = [{"name": t.file, "sha256": "", "shape": t.shape.name} for t in load.tables]
    if rejects:
        session.execute(insert(Reject), [
            {"run_id": run.id, "file": file, "line": line, "reason": reason}
            for file, line, reason in rejects])  # fmt: skip


def _leave_out(load: Load) -> None:
    """From `line`, what cannot be used and, of the lines with one SIRET, all but the last file's.

    A view: lines that were deleted would have the whole table written again.
    """
    if load.is_brief:
        load.con.execute(UNUSABLE.format("line"))
    load.con.execute(
        "INSERT INTO unused SELECT id, copies FROM (SELECT l.rowid AS id, l.copies, row_number() "
        "OVER (PARTITION BY siret ORDER BY file DESC, l) AS rank FROM line AS l "
        "WHERE TRY_CAST(siret AS BIGINT) IN (SELECT number FROM repeated) "
        "AND l.rowid NOT IN (SELECT id FROM unused)) WHERE rank > 1"
    )
    load.con.execute("ALTER TABLE line RENAME TO whole")
    load.con.execute(
        "CREATE VIEW line AS SELECT whole.* FROM whole ANTI JOIN unused ON whole.rowid = unused.id"
    )


def _unreadable(load: Load, table: Table) -> dict[int, str]:
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


def _bad_sirets(load: Load, number: int, skipped: Sequence[int]) -> Iterator[tuple[str, int, str]]:
    """File, line and reason of the SIRET refused: that one column is read again, in order."""
    if not load.number(f"SELECT count(*) FROM seen WHERE file = {number} AND NOT is_siret(siret)"):
        return
    table = load.tables[number]
    kept = (
        "true" if load.wanted.everywhere else "code IN (SELECT file_code FROM commune WHERE kept)"
    )
    load.con.execute("SET preserve_insertion_order = true; SET threads = 1")
    found = load.con.execute(
        f"SELECT rank, siret FROM (SELECT row_number() OVER () AS rank, "
        f"{siret_of(table)} AS siret, {text_of(table, load.code)} AS code FROM {table.scan()}) "
        f"WHERE NOT is_siret(siret) AND {kept} LIMIT {REJECTS_KEPT}"
    ).fetchall()
    load.con.execute("RESET threads; SET preserve_insertion_order = false")
    for rank, siret in found:
        line = rank + table.first_line - 1
        for before in skipped:
            line += before <= line
        yield table.file, line, f"SIRET inutilisable : « {siret} »" if siret else "SIRET absent"
