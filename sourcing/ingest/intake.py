"""Read a list whole before anything is written: each row in one count, what is kept in a spool.

Nothing here writes to the base, so a file refused at its last line has changed nothing, and memory
does not grow with the file: mentions and rejects wait on disk.
"""

import hashlib
import json
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import mapping
from sourcing.ingest.firms import Firms
from sourcing.ingest.recognise import leftover, recognise
from sourcing.ingest.scope import Scope
from sourcing.model import Supplier
from sourcing.normalise import Problem, clean
from sourcing.normalise.text import fold
from sourcing.source import Record, Row, Shape, Source, SourceError

# Done and total, in bytes read: what a progress bar shows.
Progress = Callable[[float, float], None]
Parse = Callable[[Row], Record | None]
COUNTS = ("rows", "kept", "out_of_scope", "outside", "unplaced", "repeated", "rejected")
# Columns of a mention that a record gives as they are, and all that one line says of them.
COPIED = (
    "siret", "siren", "name", "level", "address", "postcode", "commune", "commune_code", "lon",
    "lat", "precision", "phone", "email", "website", "naf", "legal_form", "description", "is_qpv",
    "link",
)  # fmt: skip
KEPT = (*COPIED, "firm", "ends_on", "other_names", "statuses", "workers", "problems")
# Rows looked at before the first is taken: to know the columns and the mapping.
SAMPLE = 300
# Rows without a commune are looked up by SIRET this many at a time.
CHUNK = 500


@dataclass(slots=True)
class Taken:
    """One record on its way to the base, with the key of its mention."""

    file: str
    line: int
    record: Record
    problems: list[Problem]
    key: str


class Spool:
    """Things put aside on disk, given back in order."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="sourcing-")  # noqa: SIM115 - lives as long as this

    def put(self, thing: object) -> None:
        pickle.dump(thing, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Any]:
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            yield pickle.load(self._file)  # noqa: S301 - written a moment ago by this very process


@dataclass
class Intake:
    """One reading of a list's files."""

    session: Session
    source: Source
    scope: Scope
    mapping_name: str = ""
    progress: Progress | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    mentions: Spool = field(default_factory=Spool)
    rejects: Spool = field(default_factory=Spool)
    # Sectors that repeated lines add to the mention of their key.
    more_sectors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    leftover: dict[str, None] = field(default_factory=dict)
    # The mapping of an unknown list, what is doubtful in it, and whether it is new under its name.
    mapped_by: mapping.Mapping | None = None
    doubts: tuple[str, ...] = ()
    is_new_mapping: bool = False
    firms: Firms = field(init=False)
    _seen: set[str] = field(default_factory=set)
    _unplaced: list[Taken] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.firms = Firms(self.session)

    def read(self, files: Sequence[Path]) -> list[str]:
        """Take every row of every file; the name of each file's shape."""
        self.scope.check()
        sizes = [path.stat().st_size if path.is_file() else 0 for path in files]
        shapes = [
            self._read_file(path, sum(sizes[:number]), sum(sizes))
            for number, path in enumerate(files)
        ]
        self._settle_unplaced()
        self._check_count(least=self.source.expects[0])
        return shapes

    def _read_file(self, path: Path, before: int, total: int) -> str:
        if self.source.read is None:
            raise SourceError(f"La source {self.source.title} ne sait pas lire de fichier.")
        rows = iter(self.source.read(path))
        sample = list(islice(rows, SAMPLE))
        if not sample:
            raise SourceError(f"{path.name} : aucune ligne sous l'en-tête ; vérifier le fichier.")
        shape, parse = self._understand(sample)
        width = sum(len(v) + 1 for row in sample for v in row.values.values()) / len(sample)
        for number, row in enumerate(chain(sample, rows), 1):
            self._take(row, parse)
            if number % 1_000 == 0:
                self._check_count()
                if self.progress:
                    self.progress(before + number * width, total)
        return shape

    def _understand(self, sample: Sequence[Row]) -> tuple[str, Parse]:
        """The name of the file's shape, and how its rows become records."""
        if self.source.mapped_status:
            found = self.mapped_by = self._mapping(sample)
            self._add_leftover(sample, Shape("", frozenset(found.columns)))
            status = ":".join(filter(None, (self.source.mapped_status, self.mapping_name)))
            return self.mapping_name or "colonnes proposées", mapped(
                found, status, self.mapping_name
            )
        if self.source.parse is None:
            raise SourceError(f"La source {self.source.title} n'a pas de règle de lecture.")
        shape = recognise(self.source, sample)
        self._add_leftover(sample, shape)
        return shape.name, self.source.parse

    def _add_leftover(self, sample: Sequence[Row], shape: Shape) -> None:
        self.leftover.update(dict.fromkeys(leftover(sample, shape)))

    def _mapping(self, sample: Sequence[Row]) -> mapping.Mapping:
        saved = mapping.load(self.session, self.mapping_name) if self.mapping_name else None
        if saved:
            saved.require(sample[0])
            return saved
        found = mapping.propose(sample, self.scope.places.names)
        found.mapping.check(sample[0].file, seen=found.columns)
        self.is_new_mapping, self.doubts = bool(self.mapping_name), found.doubts
        return found.mapping

    def _check_count(self, least: int = 0) -> None:
        most, count = self.source.expects[1], self.counts["rows"]
        if not least <= count <= most:
            raise SourceError(
                f"{count} lignes, alors que {self.source.title} en compte entre "
                f"{self.source.expects[0]} et {most} ; vérifier que c'est le bon fichier, "
                "rien n'a été modifié."
            )

    def _take(self, row: Row, parse: Parse) -> None:
        """One row into one count."""
        self.counts["rows"] += 1
        try:
            record = _parsed(row, parse)
            if record is None:
                self.counts["out_of_scope"] += 1
                return
            record, problems = clean(record)
            _require_identity(record, problems)
        except ValueError as error:
            self.counts["rejected"] += 1
            self.rejects.put((row.file, row.line, str(error)))
            return
        if note := row.values.get("_problem"):
            problems.append(Problem("fichier", note))
        self._place(row, record, problems)

    def _place(self, row: Row, record: Record, problems: list[Problem]) -> None:
        record, verdict = self.scope.place(record, problems)
        if record.level == "siren":
            verdict = "inside" if record.siren in self.firms else "outside"
        elif not record.name and verdict == "inside":
            verdict = "unplaced"
        if verdict == "outside":
            self.counts["outside"] += 1
            return
        taken = Taken(row.file, row.line, record, problems, record.key or digest(record))
        if verdict == "inside":
            self._keep(taken)
            return
        self._unplaced.append(taken)
        if len(self._unplaced) >= CHUNK:
            self._settle_unplaced()

    def _keep(self, taken: Taken) -> None:
        """One mention per key; what a repeated line adds to its sectors is not lost."""
        if taken.key not in self._seen:
            self._seen.add(taken.key)
            self.counts["kept"] += 1
            self.mentions.put(_kept(taken))
            return
        self.counts["repeated"] += 1
        if taken.record.sectors:
            before = self.more_sectors.get(taken.key, ())
            self.more_sectors[taken.key] = (*before, *taken.record.sectors)

    def _settle_unplaced(self) -> None:
        """Without a commune or a name, a line is kept when the base knows its SIRET; everywhere,
        a name is enough.
        """
        waiting, self._unplaced = self._unplaced, []
        sirets = [taken.record.siret for taken in waiting if taken.record.siret]
        known = (
            set(self.session.scalars(select(Supplier.siret).where(Supplier.siret.in_(sirets))))
            if sirets
            else set()
        )
        for taken in waiting:
            record = taken.record
            if (self.scope.everywhere and record.name) or record.siret in known:
                self._keep(taken)
            else:
                self.counts["unplaced"] += 1


def _require_identity(record: Record, problems: Sequence[Problem]) -> None:
    """ValueError without what says who is meant: a firm's SIREN; else a name, or a SIRET."""
    if record.siren if record.level == "siren" else record.name or record.siret:
        return
    wrong = (p.sentence for p in problems if p.field in ("siret", "siren"))
    noun = "SIREN" if record.level == "siren" else "nom"
    raise ValueError(next(wrong, f"aucun {noun} sur cette ligne"))


def _kept(taken: Taken) -> tuple[str, str, int, tuple[str, ...], tuple[Any, ...]]:
    """Key, file, line, sectors, and the values of KEPT: plain things, quick to put aside."""
    record = taken.record
    values = (
        *_COPIED_OF(record), record.siren if record.level == "siren" else "",
        record.ends_on or None, " | ".join(record.other_names), as_json(record.statuses),
        _workers(record.workers),
        as_json([[p.field, p.sentence] for p in taken.problems]),
    )  # fmt: skip
    return taken.key, taken.file, taken.line, record.sectors, values


_COPIED_OF = attrgetter(*COPIED)


def as_json(values: Iterable[Any]) -> str:
    """A JSON list as the base stores it."""
    return json.dumps(list(values), ensure_ascii=False)


def _workers(text: str) -> int | None:
    """A declared number of workers; a band or a sentence is not one."""
    try:
        number = round(float(text.replace(",", ".").replace(" ", "")))
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 10_000_000 else None


def _parsed(row: Row, parse: Parse) -> Record | None:
    if broken := row.values.get("_broken"):
        raise ValueError(broken)
    return parse(row)


def mapped(found: mapping.Mapping, status: str, name: str) -> Parse:
    """Rows of a mapped list: its identifiers are its own, so they carry its name or are dropped."""

    def parse(row: Row) -> Record:
        record = found.apply(row)
        key = f"{name}:{record.key}" if name and record.key else ""
        return replace(record, statuses=(status,), key=key)

    return parse


def digest(record: Record) -> str:
    """A key for a line whose source gives none: the same supplier said to be the same thing."""
    if record.level == "siren":
        return hashed(record.siren, *sorted(record.statuses))
    return hashed(
        record.siret, fold(record.name), record.postcode, fold(record.commune),
        "" if record.siret else fold(record.address), *sorted(record.statuses),
    )  # fmt: skip


def hashed(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
