"""Files of public contracts into the base: DuckDB reads and composes, the base takes them in bulk.

Kept: what a buyer of the territory bought, and what a firm of the base won, wherever.
"""

# Every name below comes from Source.columns or from a Shape, both ours.
# ruff: noqa: S608

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Table as BaseTable
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from sourcing import db, stale
from sourcing.contracts import composition
from sourcing.contracts.winners import attach, winners_of
from sourcing.model import Base, Contract, ContractWinner, Place, Reject, Run, Supplier
from sourcing.register.composition import checks
from sourcing.register.stock_files import Table, open_tables
from sourcing.source import Source, SourceError
from sourcing.wholesale import Progress, Wanted, Write, workbench

BATCH = 20_000
KNOWN_BATCH = 200_000
REJECTS_KEPT = 10_000


@dataclass(slots=True)
class _Load:
    """One loading: DuckDB holds the lines; here is where they come from."""

    con: Any
    source: Source
    tables: list[Table]

    def number(self, sql: str) -> int:
        """The single number a query answers."""
        return int(self.con.execute(sql).fetchone()[0] or 0)


@contextmanager
def read_contracts(
    session: Session, source: Source, files: Sequence[Path], wanted: Wanted
) -> Iterator[Write]:
    """Read these files' contracts; what writes them to the base is given, to call at once."""
    with workbench(files) as (folder, con):
        for macro in (*checks(), *composition.macros()):
            con.execute(macro)
        load = _Load(con, source, open_tables(con, source, files, folder))
        _read(load, wanted.progress)
        _compose(load, session, wanted.everywhere)
        wanted.progress(0.5)
        yield partial(_write, session, load, tell=wanted.progress)


# --- reading: every line of every file, in our columns ---


def _read(load: _Load, tell: Progress) -> None:
    defined = ", ".join(
        f"{field} {'BOOLEAN' if field == 'is_absurd' else 'VARCHAR'}"
        for field in composition.FIELDS
    )
    load.con.execute(f"CREATE TABLE line (file INTEGER, {defined})")
    for number, table in enumerate(load.tables):
        listed = ", ".join(f"{sql} AS {field}" for field, sql in load.source.columns.items())
        load.con.execute(
            f"INSERT INTO line BY NAME SELECT {number} AS file, {listed} FROM ({_texts(table)})"
        )
        tell(0.2 * (number + 1) / len(load.tables))
    for step in composition.STEPS:
        load.con.execute(step)
    tell(0.4)


def _texts(table: Table) -> str:
    """SQL: every column the source knows as trimmed text, NULL when empty or absent."""
    known = sorted(table.shape.columns | table.shape.optional)
    listed = ", ".join(f'{_text(table, column)} AS "{column}"' for column in known)
    return f"SELECT {listed} FROM {table.scan()}"


def _text(table: Table, column: str) -> str:
    if column not in table.columns:
        return "NULL::VARCHAR"
    return f"nullif(trim(CAST(\"{column}\" AS VARCHAR)), '')"


# --- scope: whose contracts are kept ---


def _compose(load: _Load, session: Session, everywhere: bool) -> None:
    """Into `contract` and `winner`, what is kept."""
    if everywhere:
        load.con.execute(composition.EVERYWHERE)
    else:
        _write_scope(load, session)
    for step in (composition.WINNERS, composition.COMPOSED, composition.DIGESTED):
        load.con.execute(step)


def _write_scope(load: _Load, session: Session) -> None:
    codes = _buyers(session)
    if not codes:
        raise SourceError("Aucun territoire n'est chargé : lancer « sourcing territory » d'abord, "
                          "ou garder toute la France avec --everywhere.")  # fmt: skip
    load.con.execute("CREATE TABLE near_buyer AS SELECT DISTINCT unnest($1) AS code", [codes])
    load.con.execute("CREATE TABLE known_firm (siren VARCHAR)")
    firms = select(Supplier.siren).where(Supplier.siren != "").distinct()
    for rows in session.connection().execute(firms).partitions(KNOWN_BATCH):
        load.con.execute("INSERT INTO known_firm SELECT unnest($1)", [[row[0] for row in rows]])
    load.con.execute(composition.SCOPE)


def _buyers(session: Session) -> list[str]:
    """What tells a buyer of the territory: communes' codes, EPCI's SIREN, establishments' SIRET."""
    places = session.execute(select(Place.code, Place.epci).where(Place.in_territory)).all()
    here = select(Supplier.siret).where(Supplier.commune_code.in_([code for code, _ in places]))
    sirets = session.scalars(here.where(Supplier.siret.is_not(None)))
    found = {code for place in places for code in place if code}
    return [*found, *(siret for siret in sirets if siret)] if found else []


# --- counting: every line read ends in one of the run's counts ---


def _count(session: Session, load: _Load, run: Run) -> None:
    run.rows = load.number("SELECT count(*) FROM line")
    least, most = load.source.expects
    if not least <= run.rows <= most:
        raise SourceError(
            f"{run.rows} lignes, alors que {load.source.title} en compte entre {least} et {most} ; "
            "vérifier que c'est le bon fichier, rien n'a été modifié."
        )
    useless = "number IS NULL OR buyer IS NULL"
    run.rejected = load.number(f"SELECT count(*) FROM line WHERE {useless}")
    valid = load.number("SELECT count(*) FROM keyed")
    current = load.number("SELECT count(*) FROM current")
    run.kept = load.number("SELECT count(*) FROM current SEMI JOIN scope USING (key, lot)")
    run.out_of_scope = run.rows - run.rejected - valid
    run.repeated, run.outside, run.unplaced = valid - current, current - run.kept, 0
    run.files = [{"name": t.file, "sha256": "", "shape": t.shape.name} for t in load.tables]
    run.leftover = sorted({column for table in load.tables for column in table.leftover})
    run.message = _message(load)
    if run.rejected:
        rows = [{"run_id": run.id, **reject} for reject in _rejects(load)]
        session.execute(insert(Reject), rows)


def _message(load: _Load) -> str:
    contracts = load.number("SELECT count(*) FROM contract")
    doubtful = load.number("SELECT count(*) FROM contract WHERE amount_note <> ''")
    said = f"{contracts} marchés ou lots"
    return f"{said}, dont {doubtful} au montant écarté." if doubtful else f"{said}."


def _rejects(load: _Load) -> Iterator[dict[str, Any]]:
    """File, line and reason of the lines refused: these columns are read again, in order."""
    load.con.execute("SET preserve_insertion_order = true; SET threads = 1")
    number, buyer, line = (load.source.columns[c] for c in ("number", "buyer", "line"))
    left = REJECTS_KEPT
    for table in load.tables:
        found = load.con.execute(
            f"SELECT coalesce(TRY_CAST(said_line AS BIGINT), rank + {table.first_line - 1}), "
            f"number IS NULL FROM (SELECT row_number() OVER () AS rank, {line} AS said_line, "
            f"{number} AS number, {buyer} AS buyer FROM ({_texts(table)})) "
            f"WHERE number IS NULL OR buyer IS NULL LIMIT {left}"
        ).fetchall()
        left -= len(found)
        for at, has_none in found:
            reason = "numéro du marché absent" if has_none else "identifiant de l'acheteur absent"
            yield {"file": table.file, "line": at, "reason": reason}
    load.con.execute("RESET threads; SET preserve_insertion_order = false")


# --- writing: only what the base does not hold already in this state ---


def _write(session: Session, load: _Load, run: Run, tell: Progress) -> None:
    _count(session, load, run)
    _write_known(load, session)
    load.con.execute(composition.CHANGED)
    contracts = Base.metadata.tables["contract"]
    columns = (*composition.CONTRACT, "source", "run_id", "segment", "segment_score")
    db.bulk_upsert(session, contracts, columns, _contracts(load, run, tell), ("id",),
                   update={"segment": _kept_class("segment"),
                           "segment_score": _kept_class("segment_score")})  # fmt: skip
    _write_winners(session, load, run)
    tell(0.9)
    attach(session)
    stale.mark(session, winners_of(session, run.id))
    tell(1.0)


def _kept_class(column: str) -> str:
    """SQL: what was understood of an object is kept while the object is the same."""
    return (
        "CASE WHEN contract.object = excluded.object AND contract.cpv = excluded.cpv "
        f"THEN contract.{column} ELSE excluded.{column} END"
    )


def _write_known(load: _Load, session: Session) -> None:
    load.con.execute("CREATE TABLE known (id BIGINT, digest BIGINT, published_on DATE)")
    held = select(Contract.id, Contract.digest, Contract.published_on)
    for rows in session.connection().execute(held).partitions(KNOWN_BATCH):
        columns = [list(column) for column in zip(*rows, strict=True)]
        load.con.execute(
            "INSERT INTO known SELECT unnest($1), unnest($2), unnest($3::DATE[])", columns
        )


def _contracts(load: _Load, run: Run, tell: Progress) -> Iterator[tuple[Any, ...]]:
    days = ("notified_on", "published_on", "modified_on")
    listed = ", ".join(
        f"CAST({c} AS VARCHAR) AS {c}" if c in days else c for c in composition.CONTRACT
    )
    total = load.number("SELECT count(*) FROM new")
    rest = (run.source, run.id, None, 0.0)
    load.con.execute(f"SELECT {listed} FROM contract SEMI JOIN new USING (id) ORDER BY id")
    done = 0
    while batch := load.con.fetchmany(BATCH):
        yield from ((*row, *rest) for row in batch)
        done += len(batch)
        tell(0.5 + 0.3 * done / total)


def _write_winners(session: Session, load: _Load, run: Run) -> None:
    """The winners of what was just written, in place of those it had, who are to tag anew."""
    stale.mark(session, winners_of(session, run.id))
    rewritten = select(Contract.id).where(Contract.run_id == run.id)
    session.execute(
        delete(ContractWinner).where(ContractWinner.contract_id.in_(rewritten)),
        execution_options={"synchronize_session": False},
    )
    table: BaseTable = Base.metadata.tables["contract_winner"]
    listed = ", ".join(composition.WINNER)
    load.con.execute(
        f"SELECT {listed} FROM winner SEMI JOIN new ON new.id = contract_id "
        "ORDER BY contract_id, position"
    )
    db.bulk_upsert(session, table, (*composition.WINNER, "supplier_id", "level"),
                   _winners(load), ("contract_id", "position"))  # fmt: skip


def _winners(load: _Load) -> Iterable[tuple[Any, ...]]:
    while batch := load.con.fetchmany(BATCH):
        yield from ((*row, None, "") for row in batch)
