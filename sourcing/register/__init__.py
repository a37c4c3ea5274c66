"""SIRENE-like files to Supplier rows: DuckDB reads, joins, composes; the base takes them in bulk.

A register's files have roles: `establishment` lines are completed by `legal_unit` on siren and by
`geolocation` on siret; `joined` lines come complete. Source.columns says what a Supplier's columns
are, in SQL over the files' own columns (trimmed texts, NULL when empty or absent). There, a column
the legal unit shares with the establishment is read as legal_unit_<column>; an entry may read those
before it; position_1, position_2… are structs (x, y, epsg, precision) in order of trust.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from sourcing.model import Run
from sourcing.register import passage, recalled, takeovers, twins, until, writing
from sourcing.register.composition import OWN, WRITTEN, Reading, checks, compose, shared
from sourcing.register.counting import count
from sourcing.register.projection import macros
from sourcing.register.reading import Load, read, write_communes
from sourcing.register.stock_files import Table, open_tables
from sourcing.source import Source, SourceError
from sourcing.wholesale import Wanted, Write, workbench


@contextmanager
def read_register(
    session: Session, source: Source, files: Sequence[Path], wanted: Wanted
) -> Iterator[Write]:
    """Read these files' establishments; what writes them to the base is given, to call at once."""
    with workbench(files) as (folder, con):
        tables = open_tables(con, source, files, folder)
        _check_roles(tables)
        for macro in (*macros(), *checks()):
            con.execute(macro)
        load = Load(con, source, tables, Reading.of(source), wanted)
        write_communes(load, session)
        recalled.read(session, con, wanted.beside)
        read(load)
        yield partial(_write, session, load)


def _check_roles(tables: Sequence[Table]) -> None:
    roles = {table.shape.role for table in tables}
    if "establishment" in roles and "legal_unit" not in roles:
        raise SourceError("Il manque le fichier StockUniteLegale : les noms des entreprises s'y "
                          "trouvent ; le donner avec StockEtablissement.")  # fmt: skip
    if not roles & {"establishment", "joined"}:
        raise SourceError("Il manque le fichier StockEtablissement : les établissements s'y "
                          "trouvent ; le donner avec les autres.")  # fmt: skip


def _write(session: Session, load: Load, run: Run) -> None:
    count(session, load, run)
    values = shared(run.started_at.date().isoformat(), run.id)
    if writing.is_first(session):
        load.con.execute(f"CREATE TABLE composed AS {compose(load.source, load.reading, OWN, {})}")
        writing.write_first(session, load, values, run)
    else:
        # In the order of siret, so that the base's indexes grow at one end.
        rows = compose(load.source, load.reading, WRITTEN, values)
        load.con.execute(f"CREATE TABLE composed AS {rows}")
        load.con.execute("FROM composed ORDER BY siret")
        writing.write(session, load.con, run, load.wanted.progress)
        passage.carry(session)
    if run.is_whole:
        writing.mark_gone(session, load.con, run)
    takeovers.write(session, load.con, load.tables, run.is_whole)
    twins.write(session, load.con, load.tables, run.is_whole)
    if run.is_whole or load.source.brings_changes:
        until.note(session, load.con, load.source.columns, load.codes)
    recalled.keep(session, load.con, load.wanted.beside, run.is_whole)
    load.wanted.progress(1.0)
