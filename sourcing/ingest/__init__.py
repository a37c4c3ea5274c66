"""Run one source: read it whole, then write it whole; the run says what became of every row."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, insert, select, text, tuple_, update
from sqlalchemy.orm import Session

from sourcing import db, masking, stale
from sourcing.contracts.intake import read_contracts
from sourcing.ingest import awaited, guards
from sourcing.ingest.guards import Guard
from sourcing.ingest.intake import COUNTS, Intake, Progress
from sourcing.ingest.kept import KEPT, Line, as_json, kept_lines
from sourcing.ingest.named import reading
from sourcing.ingest.scope import Scope
from sourcing.model import Base, Mention, Reject, Run
from sourcing.places import Places
from sourcing.register import read_register
from sourcing.source import Source, SourceError
from sourcing.wholesale import First, Wanted, write_alone

OWN = ("source", "run_id", "first_seen", "last_seen", "key", "file", "line", "sectors", "digest")
# When one of these changes, the mention may be another supplier's: it is linked anew.
IDENTITY = ("siret", "name", "commune_code", "address")
_IS_SAME = " AND ".join(f"mention.{column} = excluded.{column}" for column in IDENTITY)
UPDATED = {
    "gone_on": "NULL",
    "supplier_id": f"CASE WHEN {_IS_SAME} THEN mention.supplier_id END",
    # Linking attaches a line to a firm; a list of firms says it itself.
    "firm": "CASE WHEN excluded.level = 'siren' THEN excluded.firm ELSE mention.firm END",
}
# Files of millions of lines: never one by one through Python.
WHOLESALE = {"register": read_register, "contracts": read_contracts}
_KNOWN = "FROM incoming JOIN mention USING (source, key)"
_IS_UNCHANGED = "mention.digest = incoming.digest AND mention.gone_on IS NULL"
COMPARED = text(f"SELECT count(*), count(*) FILTER (WHERE {_IS_UNCHANGED}) {_KNOWN}")
_HAS_CHANGED = f"coalesce(NOT ({_IS_UNCHANGED}), true)"
# A line that speaks of a firm as a whole concerns each of its sites.
MARK_STALE = text(
    f"INSERT INTO stale (supplier_id) SELECT mention.supplier_id {_KNOWN} "  # noqa: S608
    f"WHERE mention.supplier_id IS NOT NULL AND {_HAS_CHANGED} "
    f"UNION SELECT supplier.id {_KNOWN} JOIN supplier ON supplier.siren = mention.firm "
    f"WHERE mention.firm <> '' AND {_HAS_CHANGED} "
    "UNION SELECT supplier.id FROM incoming LEFT JOIN mention USING (source, key) "
    "JOIN supplier ON supplier.siren = incoming.firm "
    "WHERE incoming.firm <> '' AND mention.id IS NULL ON CONFLICT DO NOTHING"
)


def ingest(
    session: Session,
    source: Source,
    files: Sequence[Path],
    *,
    everywhere: bool = False,
    margin_km: float = 30.0,
    complete: bool = False,
    open_only: bool = False,
    mapping_name: str = "",
    guard: Guard | None = None,
    progress: Progress | None = None,
    first: First = write_alone,
    cache: Path | None = None,
) -> Run:
    """Take a source's files whole, or leave the data as they were and say why in the run.

    `complete`: these files are the whole source; what they do not hold has left it. `open_only`: a
    register's closed establishments are kept only when known already. `first`: what is made of a
    base's first suppliers while they are written; `cache`: where what is made of the base is kept
    for the next time. The run is recorded either
    way (outcome "done" or "refused"); the caller commits.
    """
    ground = guards.territory(session, margin_km, open_only)
    run = _new_run(source, files, complete, ground)
    guard = guard or Guard()
    try:
        if source.kind in WHOLESALE:
            shares = _shares(progress)
            wanted = Wanted(everywhere, margin_km, complete, open_only, shares, first, cache)
            _ingest_wholesale(session, source, files, run, guard, wanted)
        else:
            scope = Scope(Places.read(session), everywhere, margin_km)
            read_as = reading(session, source, files, mapping_name, scope.places.names)
            run.source = read_as.source.name
            intake = Intake(session, read_as.source, scope, progress)
            shapes = intake.read(files)
            guard.check(session, run, intake.counts["rows"], intake.counts["kept"])
            guard.check_columns(session, run, intake.columns, intake.groups)
            run.source = read_as.keep(session)
            if read_as.mapping:
                run.mapping, run.message = dict(read_as.mapping.columns), " ".join(read_as.doubts)
            run.files = [
                {**f, "shape": s, "columns": sorted(intake.columns.get(s, ()))}
                for f, s in zip(run.files, shapes, strict=True)
            ]
            _write(session, run, intake)
            awaited.keep(session, run.source, iter(intake.awaited), complete)
            if complete:
                _mark_gone(session, run, read_as.source)
        run.outcome = "done"
        if source.kind == "register":
            _welcome(session)
    except SourceError as error:
        if run not in session:
            session.add(run)
        run.outcome, run.message = "refused", str(error)
    run.finished_at = datetime.now(UTC)
    session.flush()
    return run


def _new_run(source: Source, files: Sequence[Path], is_whole: bool, ground: str) -> Run:
    return Run(
        source=source.name, started_at=datetime.now(UTC), is_whole=is_whole, leftover=[],
        files=[{"name": f.name, "sha256": guards.sha256(f), "shape": ""} for f in files],
        territory=ground, added=0, changed=0, gone=0, forced_by="",
        **dict.fromkeys(COUNTS, 0),
    )  # fmt: skip


def rehearse(
    session: Session, source: Source, file: Path, margin_km: float = 30.0, most: int | None = None
) -> Intake:
    """What would become of a file's first lines: counts, rejects, lost lines; nothing is written.

    SourceError when the file would be refused.
    """
    scope = Scope(Places.read(session), everywhere=False, margin_km=margin_km)
    intake = Intake(session, source, scope, most=most)
    intake.read([file])
    return intake


def withdraw(session: Session, source: str) -> int:
    """Mark every line of a source gone, today; how many."""
    awaited.forget(session, source)
    its = (Mention.source == source, Mention.gone_on.is_(None))
    return _leave(session, its, datetime.now(UTC).date())


def rejects(session: Session, run: Run, limit: int = 100) -> list[Reject]:
    """The lines of a run that could not be used, in the order of the files."""
    found = select(Reject).where(Reject.run_id == run.id).order_by(Reject.id).limit(limit)
    return list(session.scalars(found))


def _shares(progress: Progress | None) -> Callable[[float], None]:
    return lambda share: progress(share, 1.0) if progress else None


def _ingest_wholesale(
    session: Session, source: Source, files: Sequence[Path], run: Run, guard: Guard, wanted: Wanted
) -> None:
    """All is read before the base is held; a savepoint undoes what a late refusal had written."""
    digests = {file["name"]: file["sha256"] for file in run.files}
    with WHOLESALE[source.kind](session, source, files, wanted) as write:
        session.add(run)
        session.flush()
        try:
            with session.begin_nested():
                write(run)
                run.files = [f | {"sha256": digests.get(f["name"], "")} for f in run.files]
                guard.check(session, run, run.rows, run.kept)
                session.flush()
        except SourceError:
            session.refresh(run)
            raise
    # Rows were written under the ORM's feet: what the caller holds is read again.
    session.expire_all()


def _write(session: Session, run: Run, intake: Intake) -> None:
    """What was read, into the base; nothing here can refuse it any more."""
    for name, count in intake.counts.items():
        setattr(run, name, count)
    run.leftover = list(intake.leftover)
    session.add(run)
    session.flush()
    today = datetime.now(UTC).date()
    run.added = run.kept

    def compare() -> None:
        known, unchanged = session.execute(COMPARED).one()
        run.added -= known
        run.changed += known - unchanged
        _mark_stale(session)

    _upsert(session, _rows(intake, run, today), compare)
    masking.mask_lines(session, run.id)
    for chunk in db.chunks(intake.rejects, db.CHUNK):
        names = ("file", "line", "reason")
        rejected = [dict(zip(names, one, strict=True), run_id=run.id) for one in chunk]
        session.execute(insert(Reject), rejected)
    session.flush()
    session.expire_all()


def _upsert(session: Session, rows: Iterator[tuple[Any, ...]], before: Callable[[], None]) -> None:
    db.bulk_upsert(
        session, Base.metadata.tables["mention"], (*OWN, *KEPT), rows,
        ("source", "key"), keep=("first_seen",), update=UPDATED, before=before,
    )  # fmt: skip


def _rows(intake: Intake, run: Run, today: date) -> Iterator[tuple[Any, ...]]:
    for line in intake.mentions:
        yield _row(run, today, line, intake.more_sectors.get(line[0], ()))


def _row(run: Run, today: date, line: Line, more: Sequence[str] = ()) -> tuple[Any, ...]:
    key, file, number, sectors, values = line
    day, said = today.isoformat(), as_json(dict.fromkeys((*sectors, *more)))
    return (run.source, run.id, day, day, key, file, number, said, _digest(said, values), *values)


def _welcome(session: Session) -> None:
    """What lists said of firms that the register has brought since: lines like the others."""
    today = datetime.now(UTC).date()
    for source, lines in awaited.arrived(session).items():
        run = guards.last_done(session, source)
        if run is None:
            continue
        files, numbers = [line[0] for line in lines], [line[1] for line in lines]
        kept = kept_lines(files, numbers, awaited.columns_of(lines), defaultdict(list))
        rows = (_row(run, today, line) for line in {line[0]: line for line in kept}.values())
        _upsert(session, rows, lambda: _mark_stale(session))
    session.flush()
    session.expire_all()


def _mark_stale(session: Session) -> None:
    session.execute(MARK_STALE)


def _digest(sectors: str, values: Sequence[Any]) -> int:
    """63 bits of all that a line says, for the base's signed integers."""
    said = hashlib.blake2b(repr((sectors, values)).encode(), digest_size=8).digest()
    return int.from_bytes(said) >> 1


def _mark_gone(session: Session, run: Run, source: Source) -> None:
    """What this whole source no longer holds is marked, not deleted.

    When what is fetched is one list of several, only what files of the same shapes held.
    """
    vanished = [
        Mention.source == run.source, Mention.gone_on.is_(None), Mention.run_id != run.id
    ]  # fmt: skip
    if source.downloads and not source.is_fetched_whole:
        vanished.append(tuple_(Mention.run_id, Mention.file).in_(_of_shapes(session, run)))
    run.gone = _leave(session, vanished, datetime.now(UTC).date())
    session.flush()
    session.expire_all()


def _of_shapes(session: Session, run: Run) -> list[tuple[int, str]]:
    """The files, by run and name, that have the shapes this run read."""
    shapes = {file["shape"] for file in run.files}
    before = session.scalars(select(Run).where(Run.source == run.source, Run.id != run.id))
    return [(one.id, f["name"]) for one in before for f in one.files if f["shape"] in shapes]


def _leave(session: Session, which: Sequence[ColumnElement[bool]], today: date) -> int:
    """These lines are gone; whom they named is to be tagged again."""
    gone = session.execute(select(Mention.supplier_id, Mention.firm).where(*which)).all()
    stale.mark(session, (supplier for supplier, _ in gone))
    stale.mark_firms(session, (firm for _, firm in gone))
    session.execute(
        update(Mention)
        .where(*which)
        .values(gone_on=today)
        .execution_options(synchronize_session=False)
    )
    return len(gone)
