"""Run one source: rows -> records -> stored; every row counted, all or nothing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from sourcing import db, mapping
from sourcing.model import Mention, Reject, Run, Supplier
from sourcing.normalise import Problem, clean
from sourcing.places import Places
from sourcing.recognise import leftover, recognise
from sourcing.register import ingest_register
from sourcing.scope import Scope
from sourcing.source import Record, Row, Shape, Source, SourceError
from sourcing.text import fold

# Done and total, in bytes read: what a progress bar shows.
Progress = Callable[[float, float], None]
# Rows looked at before the first is taken: to know the columns and the mapping.
SAMPLE = 300
CHUNK = 2_000
COUNTS = ("rows", "kept", "out_of_scope", "outside", "unplaced", "repeated", "rejected")
COPIED = ("siret", "siren", "name", "address", "postcode", "commune", "commune_code", "lon", "lat",
          "precision", "phone", "email", "website", "naf", "legal_form", "description", "is_qpv",
          "link")  # fmt: skip
# When one of these changes, the mention may be another supplier's: it is linked anew.
IDENTITY = ("siret", "name", "commune_code", "address")


def ingest(
    session: Session, source: Source, files: Sequence[Path], *, everywhere: bool = False,
    margin_km: float = 30.0, complete: bool = False, mapping_name: str = "",
    progress: Progress | None = None,
) -> Run:  # fmt: skip
    """Take a source's files whole, or leave the data as they were and say why in the run.

    The run is recorded either way (outcome "done" or "refused"); the caller commits.
    """
    named = [{"name": f.name, "sha256": "", "shape": ""} for f in files]
    run = Run(source=source.name, files=named, started_at=datetime.now(UTC), leftover=[],
              **dict.fromkeys(COUNTS, 0))  # fmt: skip
    session.add(run)
    session.flush()
    try:
        with session.begin_nested():
            if source.kind == "register":
                ingest_register(session, source, files, run=run, everywhere=everywhere,
                                margin_km=margin_km, progress=_share(progress))  # fmt: skip
            else:
                scope = Scope(session, Places.read(session), everywhere, margin_km)
                _Intake(session, source, run, scope, mapping_name, progress).take(files, complete)
            session.flush()
        run.outcome = "done"
    except SourceError as error:
        session.refresh(run)
        run.outcome, run.message = "refused", str(error)
    run.finished_at = datetime.now(UTC)
    session.flush()
    return run


def rejects(session: Session, run: Run, limit: int = 100) -> list[Reject]:
    """The lines of a run that could not be used, in the order of the files."""
    found = select(Reject).where(Reject.run_id == run.id).order_by(Reject.id).limit(limit)
    return list(session.scalars(found))


@dataclass(slots=True)
class _Waiting:
    """One record on its way to the base."""

    row: Row
    record: Record
    problems: list[Problem]
    key: str


@dataclass
class _Intake:
    """One run over a list's files: counts in the run, mentions in chunks."""

    session: Session
    source: Source
    run: Run
    scope: Scope
    mapping_name: str
    progress: Progress | None
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    seen: set[str] = field(default_factory=set)
    pending: dict[str, _Waiting] = field(default_factory=dict)
    unplaced: list[_Waiting] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))

    def take(self, files: Sequence[Path], complete: bool) -> None:
        """Every row of every file into one count; refused when there are too few or too many."""
        self.scope.check()
        if complete and not files:
            raise SourceError("Aucun fichier à lire.")
        columns_left: dict[str, None] = {}
        shapes = [self._take_file(path, files, columns_left) for path in files]
        self._flush()
        self._check_count(files)
        if complete:
            self._mark_gone()
        for name, count in self.counts.items():
            setattr(self.run, name, count)
        self.run.leftover = list(columns_left)
        self.run.files = [{"name": p.name, "sha256": _sha256(p), "shape": shape}
                          for p, shape in zip(files, shapes, strict=True)]  # fmt: skip

    def _take_file(self, path: Path, files: Sequence[Path], columns_left: dict[str, None]) -> str:
        if self.source.read is None:
            raise SourceError(f"La source {self.source.title} ne sait pas lire de fichier.")
        rows = iter(self.source.read(path))
        sample = list(islice(rows, SAMPLE))
        if not sample:
            raise SourceError(f"{path.name} : aucune ligne sous l'en-tête ; vérifier le fichier.")
        shape, parse = self._understand(sample, columns_left)
        bytes_before = sum(p.stat().st_size for p in files[: list(files).index(path)])
        for row in self._watched(chain(sample, rows), sample, bytes_before, files):
            self._take_row(row, parse)
        return shape

    def _understand(
        self, sample: Sequence[Row], columns_left: dict[str, None]
    ) -> tuple[str, Callable[[Row], Record | None]]:
        """The name of the file's shape, and how its rows become records."""
        if self.source.mapped_status:
            found = self._mapping(sample)
            columns_left.update(
                dict.fromkeys(leftover(sample, Shape("", frozenset(found.columns))))
            )
            self.run.mapping = {**(self.run.mapping or {}), **found.columns}
            status = self.source.mapped_status + (
                f":{self.mapping_name}" if self.mapping_name else ""
            )
            return self.mapping_name or "colonnes proposées", _mapped(
                found, status, self.mapping_name
            )
        if self.source.parse is None:
            raise SourceError(f"La source {self.source.title} n'a pas de règle de lecture.")
        shape = recognise(self.source, sample)
        columns_left.update(dict.fromkeys(leftover(sample, shape)))
        return shape.name, self.source.parse

    def _mapping(self, sample: Sequence[Row]) -> mapping.Mapping:
        saved = mapping.load(self.session, self.mapping_name) if self.mapping_name else None
        if saved:
            saved.require(sample[0])
            return saved
        found = mapping.propose(sample)
        found.check(sample[0].file)
        if self.mapping_name:
            mapping.save(self.session, self.mapping_name, found)
        return found

    def _watched(
        self, rows: Iterable[Row], sample: Sequence[Row], before: int, files: Sequence[Path]
    ) -> Iterator[Row]:
        """The rows, with the progress bar moved and an endless file stopped."""
        total = sum(p.stat().st_size for p in files)
        size = sum(sum(map(len, row.values.values())) + len(row.values) for row in sample) / len(
            sample
        )
        for number, row in enumerate(rows, 1):
            if number % 1_000 == 0:
                if self.progress:
                    self.progress(before + number * size, total)
                if self.counts["rows"] > self.source.expects[1]:
                    self._check_count(files)
            yield row

    def _check_count(self, files: Sequence[Path]) -> None:
        least, most = self.source.expects
        count = self.counts["rows"]
        if not least <= count <= most:
            names = ", ".join(p.name for p in files)
            raise SourceError(
                f"{names} : {count} lignes, alors que {self.source.title} en compte entre {least} "
                f"et {most} ; vérifier que c'est le bon fichier, rien n'a été modifié."
            )

    def _take_row(self, row: Row, parse: Callable[[Row], Record | None]) -> None:
        self.counts["rows"] += 1
        try:
            record = _parsed(row, parse)
        except ValueError as error:
            self._reject(row, str(error))
            return
        if record is None:
            self.counts["out_of_scope"] += 1
            return
        record, problems = clean(record)
        if not record.name:
            self._reject(row, "aucun nom sur cette ligne")
            return
        if row.values.get("_problem"):
            problems.append(Problem("fichier", row.values["_problem"]))
        record, verdict = self.scope.place(record, problems)
        waiting = _Waiting(row, record, problems, record.key or _digest(record))
        if verdict == "outside":
            self.counts["outside"] += 1
        elif verdict == "unplaced":
            self.unplaced.append(waiting)
        else:
            self._keep(waiting)
        if len(self.pending) + len(self.unplaced) >= CHUNK:
            self._flush()

    def _reject(self, row: Row, reason: str) -> None:
        self.counts["rejected"] += 1
        self.rejected.append(
            {"run_id": self.run.id, "file": row.file, "line": row.line, "reason": reason}
        )

    def _keep(self, waiting: _Waiting) -> None:
        """One mention per key; what a repeated line adds to its sectors is not lost."""
        if waiting.key not in self.seen:
            self.seen.add(waiting.key)
            self.counts["kept"] += 1
            self.pending[waiting.key] = waiting
            return
        self.counts["repeated"] += 1
        if waiting.record.sectors:
            self._add_sectors(waiting)

    def _add_sectors(self, waiting: _Waiting) -> None:
        from_line = waiting.record.sectors
        if first := self.pending.get(waiting.key):
            known = first.record.sectors
            first.record = _with_sectors(first.record, (*known, *from_line))
            return
        mention = self.session.scalars(
            select(Mention).where(Mention.source == self.source.name, Mention.key == waiting.key)
        ).one()
        mention.sectors = list(dict.fromkeys([*mention.sectors, *from_line]))

    def _flush(self) -> None:
        self._settle_unplaced()
        waiting = list(self.pending.values())
        self.pending.clear()
        if waiting:
            db.upsert(self.session, Mention.__table__, self._mentions(waiting), ("source", "key"))  # type: ignore[arg-type]
        if self.rejected:
            self.session.execute(insert(Reject), self.rejected)
            self.rejected = []

    def _settle_unplaced(self) -> None:
        """Without a commune, a line is kept only everywhere, or when the base knows its SIRET."""
        waiting, self.unplaced = self.unplaced, []
        sirets = [w.record.siret for w in waiting if w.record.siret]
        known = set(
            self.session.scalars(select(Supplier.siret).where(Supplier.siret.in_(sirets)))
        ) if sirets else set()  # fmt: skip
        for one in waiting:
            if self.scope.everywhere or one.record.siret in known:
                self._keep(one)
            else:
                self.counts["unplaced"] += 1

    def _mentions(self, waiting: Sequence[_Waiting]) -> Iterator[dict[str, Any]]:
        existing = {m.key: m for m in self.session.scalars(
            select(Mention).where(Mention.source == self.source.name,
                                  Mention.key.in_([w.key for w in waiting])))}  # fmt: skip
        self.session.flush()
        for one in waiting:
            values = self._values(one)
            before = existing.get(one.key)
            values["first_seen"] = before.first_seen if before else self.today
            is_same = before and all(getattr(before, name) == values[name] for name in IDENTITY)
            values["supplier_id"] = before.supplier_id if before and is_same else None
            if before:
                self.session.expire(before)
            yield values

    def _values(self, one: _Waiting) -> dict[str, Any]:
        record = one.record
        values: dict[str, Any] = {name: getattr(record, name) for name in COPIED}
        values.update(
            source=self.source.name, key=one.key, run_id=self.run.id, file=one.row.file,
            line=one.row.line, last_seen=self.today, gone_on=None,
            other_names=" | ".join(record.other_names), statuses=list(record.statuses),
            sectors=list(record.sectors), workers=_workers(record.workers),
            problems=[[p.field, p.sentence] for p in one.problems],
        )  # fmt: skip
        return values

    def _mark_gone(self) -> None:
        """What this whole source no longer holds is marked, not deleted."""
        self.session.execute(
            update(Mention)
            .where(Mention.source == self.source.name, Mention.gone_on.is_(None),
                   Mention.run_id != self.run.id)
            .values(gone_on=self.today)
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def _share(progress: Progress | None) -> Callable[[float], None] | None:
    """The register tells a share of the whole."""
    return (lambda share: progress(share, 1.0)) if progress else None


def _parsed(row: Row, parse: Callable[[Row], Record | None]) -> Record | None:
    if broken := row.values.get("_broken"):
        raise ValueError(broken)
    return parse(row)


def _mapped(found: mapping.Mapping, status: str, name: str) -> Callable[[Row], Record]:
    """Rows of a mapped list: its identifiers are its own, so they carry its name or are dropped."""

    def parse(row: Row) -> Record:
        record = found.apply(row)
        key = f"{name}:{record.key}" if name and record.key else ""
        return replace(record, statuses=(status,), key=key)

    return parse


def _with_sectors(record: Record, sectors: Sequence[str]) -> Record:
    return replace(record, sectors=tuple(dict.fromkeys(sectors)))


def _digest(record: Record) -> str:
    """A key for a line whose source gives none: the same supplier said to be the same thing."""
    parts = (record.siret, fold(record.name), record.postcode, fold(record.commune),
             "" if record.siret else fold(record.address), *sorted(record.statuses))  # fmt: skip
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()


def _workers(text: str) -> int | None:
    """A declared number of workers; a band or a sentence is not one."""
    try:
        return round(float(text.replace(",", ".").replace(" ", "")))
    except (ValueError, OverflowError):
        return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
