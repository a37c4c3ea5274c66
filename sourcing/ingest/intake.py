"""Read a list whole before anything is written: each row in one count, what is kept in a spool.

Nothing here writes to the base, so a file refused at its last line has changed nothing, and memory
does not grow with the file: mentions and rejects wait on disk.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.ingest.awaited import SAID
from sourcing.ingest.firms import Firms
from sourcing.ingest.kept import KEPT, Kept, Line, kept_lines
from sourcing.ingest.lines import Lines, Parse, of_table, parsed
from sourcing.ingest.recognise import headers, leftover, recognise
from sourcing.ingest.scope import Scope, Verdict
from sourcing.ingest.spool import Spool
from sourcing.model import Supplier
from sourcing.normalise import Problem
from sourcing.normalise.columns import Cleaned, Cleaning, Columns, column
from sourcing.source import Fields, Reading, Row, Shape, Source, SourceError, Table
from sourcing.source.texts import all_filled

# Done and total, in bytes read: what a progress bar shows.
Progress = Callable[[float, float], None]
COUNTS = ("rows", "kept", "out_of_scope", "outside", "unplaced", "repeated", "rejected")
# Rows looked at before the first is taken: to know the columns and the mapping.
SAMPLE = 300
# Rows taken together; those without a commune are looked up by SIRET this many at a time.
BATCH, CHUNK = 1_000, 500
# Lines without a commune remembered to be shown.
MOST_LOST = 100


@dataclass
class Intake:
    """One reading of a list's files."""

    session: Session
    source: Source
    scope: Scope
    progress: Progress | None = None
    # Rows read at most: a rehearsal needs not see them all.
    most: int | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    mentions: Spool = field(default_factory=Spool)
    rejects: Spool = field(default_factory=Spool)
    # Sectors that repeated lines add to the mention of their key.
    more_sectors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    leftover: dict[str, None] = field(default_factory=dict)
    # Shape -> every column of its files, when their rows all have the same; and what is read of
    # them, columns that stand for each other together.
    columns: dict[str, set[str]] = field(default_factory=dict)
    groups: list[tuple[str, ...]] = field(default_factory=list)
    # The first lines without a commune: file, line, what they say of themselves.
    lost: list[tuple[str, int, str]] = field(default_factory=list)
    # What is said of firms the base does not have.
    awaited: Spool = field(default_factory=Spool)
    firms: Firms = field(init=False)
    _cleaning: Cleaning = field(default_factory=Cleaning)
    _seen: set[str] = field(default_factory=set)
    # (has a name, its siret, what would be kept)
    _unplaced: list[tuple[bool, str, Line]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.firms = Firms(self.session)

    def read(self, files: Sequence[Path]) -> list[str]:
        """Take every row of every file; the name of each file's shape."""
        self.scope.check()
        with _uncollected():
            return self._read(files)

    def _read(self, files: Sequence[Path]) -> list[str]:
        sizes = [path.stat().st_size if path.is_file() else 0 for path in files]
        shapes = [
            self._read_file(path, sum(sizes[:number]), sum(sizes))
            for number, path in enumerate(files)
        ]
        self._keep(Kept.of_lines(self._known_ones()))
        self._check_count(least=self.source.expects[0])
        return shapes

    def _read_file(self, path: Path, before: int, total: int) -> str:
        if self.source.read is None:
            raise SourceError(f"La source {self.source.title} ne sait pas lire de fichier.")
        reading = self.source.read(path)
        parts: Iterator[Table | Row] = islice(reading, self.most)
        if isinstance(reading, Reading) and self.most is None:
            parts = reading.parts
        ahead: list[Table | Row] = []
        sample: list[Row] = []
        while len(sample) < SAMPLE and (part := next(parts, None)):
            ahead.append(part)
            sample += islice(part.rows(), SAMPLE) if isinstance(part, Table) else (part,)
        if not sample:
            raise SourceError(f"{path.name} : aucune ligne sous l'en-tête ; vérifier le fichier.")
        sample = sample[:SAMPLE]
        shape, parse = self._understand(sample)
        width = sum(len(v) + 1 for row in sample for v in row.values.values()) / len(sample)
        read = 0
        for lines, count in _batches(chain(ahead, parts), parse):
            self._take(lines, count)
            read += count
            if self.progress:
                self.progress(before + read * width, total)
        return shape

    def _understand(self, sample: Sequence[Row]) -> tuple[str, Parse]:
        """The name of the file's shape, and how its rows become records."""
        if self.source.parse is None:
            raise SourceError(f"La source {self.source.title} n'a pas de règle de lecture.")
        shape = recognise(self.source, sample)
        self._add_columns(sample, shape)
        return shape.name, self.source.parse

    def _add_columns(self, sample: Sequence[Row], shape: Shape) -> None:
        self.leftover.update(dict.fromkeys(leftover(sample, shape)))
        here = headers(sample)
        if all(here == headers((row,)) for row in sample):
            self.columns.setdefault(shape.name, set()).update(here)
        if isinstance(self.source.parse, Fields):
            self.groups = list(self.source.parse.alternatives)
        else:
            self.groups += [(column,) for column in sorted(shape.columns | shape.optional)]

    def _check_count(self, least: int = 0) -> None:
        most, count = self.source.expects[1], self.counts["rows"]
        if not least <= count <= most:
            raise SourceError(
                f"{count} lignes, alors que {self.source.title} en compte entre "
                f"{self.source.expects[0]} et {most} ; vérifier que c'est le bon fichier, "
                "rien n'a été modifié."
            )

    def _take(self, lines: Lines, count: int) -> None:
        """Some rows, each into one count."""
        self.counts["rows"] += count
        self._check_count()
        self.counts["out_of_scope"] += lines.out_of_scope
        total = len(lines.numbers)
        found = self._cleaning.place(lines.columns, total)
        # Nobody asks whom a far line speaks of when it has a name.
        is_named = "level" not in lines.columns and all_filled(column(found.columns, "name", total))
        if not is_named:
            found = self._cleaning.identify(lines.columns, total) | found
        identified = self._identified(lines, found)
        verdicts = self._verdicts(found, total)
        self.counts["rejected"] += len(lines.rejects)
        self.rejects.put(sorted(lines.rejects))
        chosen = [i for i in identified if verdicts[i] != "outside"]
        self.counts["outside"] += len(identified) - len(chosen)
        if "level" in found.columns:
            self._put_aside(lines, found.columns, set(identified).difference(chosen))
        if chosen:
            kept = self._finished(lines, chosen, found.at(chosen), is_named)
            self._keep(self._sorted_out(kept, [verdicts[i] for i in chosen]))

    def _finished(
        self, lines: Lines, chosen: Sequence[int], found: Cleaned, is_named: bool
    ) -> Kept:
        """What is said of these lines, beside what was asked of all."""
        given = lines.at(chosen)
        if is_named:
            found = self._cleaning.identify(given, len(chosen)) | found
        for place, line in enumerate(chosen if lines.notes else ()):
            if note := lines.notes.get(line):
                found.together[place].append(Problem("fichier", note))
        found |= self._cleaning.rest(given)
        numbers = lines.numbers
        if len(chosen) < len(numbers):
            numbers = [numbers[i] for i in chosen]
        files = [lines.file] * len(numbers)
        return kept_lines(files, numbers, found.columns, found.problems())

    def _put_aside(self, lines: Lines, columns: Columns, outside: Collection[int]) -> None:
        """What is said of firms as a whole: the register may bring them another month."""
        firms = sorted(i for i in outside if columns["level"][i] == "siren")
        if not firms:
            return
        said = {name: values for name, values in lines.at(firms).items() if name in SAID}
        rest = self._cleaning.rest(said).columns
        values = zip(*(column(rest, name, len(firms)) for name in SAID), strict=True)
        sirens = columns["siren"]
        self.awaited.put([
            (lines.file, lines.numbers[i], sirens[i], said)
            for i, said in zip(firms, values, strict=True)
        ])  # fmt: skip

    def _identified(self, lines: Lines, cleaned: Cleaned) -> list[int]:
        """Lines that say of whom: a firm's SIREN; else a name, or a SIRET. The rest is refused."""
        count, columns = len(lines.numbers), cleaned.columns
        if "level" not in columns and all_filled(column(columns, "name", count)):
            return list(range(count))
        said = (column(columns, f, count) for f in ("level", "name", "siret", "siren"))
        found = []
        for place, (level, name, siret, siren) in enumerate(zip(*said, strict=True)):
            if siren if level == "siren" else name or siret:
                found.append(place)
                continue
            wrong = (p.sentence for p in cleaned.texts[place] if p.field in ("siret", "siren"))
            noun = "SIREN" if level == "siren" else "nom"
            lines.refuse(lines.numbers[place], next(wrong, f"aucun {noun} sur cette ligne"))
        return found

    def _verdicts(self, cleaned: Cleaned, count: int) -> list[Verdict]:
        columns = cleaned.columns
        verdicts = self.scope.settle(columns, count, cleaned.together)
        if "level" in columns:
            sirens = column(columns, "siren", count)
            for place, level in enumerate(columns["level"]):
                if level == "siren" and sirens[place]:
                    verdicts[place] = "inside" if sirens[place] in self.firms else "outside"
        names = column(columns, "name", count)
        if all_filled(names):
            return verdicts
        levels = column(columns, "level", count)
        return [
            "unplaced" if v == "inside" and not name and level != "siren" else v
            for v, name, level in zip(verdicts, names, levels, strict=True)
        ]

    def _sorted_out(self, kept: Kept, verdicts: Sequence[Verdict]) -> Kept:
        """What is inside; the rest waits for the base to say whether it knows its SIRET."""
        if verdicts.count("inside") == len(verdicts):
            return kept
        found: list[Line] = []
        said = zip(kept, kept.of("name"), kept.of("siret"), verdicts, strict=True)
        for line, name, siret, verdict in said:
            if verdict == "inside":
                found.append(line)
                continue
            self._unplaced.append((bool(name), siret, line))
            if len(self._unplaced) >= CHUNK:
                found += self._known_ones()
        return Kept.of_lines(found)

    def _keep(self, kept: Kept) -> None:
        """One mention per key; what a repeated line adds to its sectors is not lost."""
        keys = set(kept.keys)
        if len(keys) < len(kept) or not keys.isdisjoint(self._seen):
            lines = enumerate(zip(kept.keys, kept.sectors, strict=True))
            kept = kept.at([place for place, line in lines if self._is_first(*line)])
        self._seen |= keys
        self.counts["kept"] += len(kept)
        self.mentions.put(kept)

    def _is_first(self, key: str, sectors: tuple[str, ...]) -> bool:
        if key not in self._seen:
            self._seen.add(key)
            return True
        self.counts["repeated"] += 1
        if sectors:
            self.more_sectors[key] = (*self.more_sectors.get(key, ()), *sectors)
        return False

    def _known_ones(self) -> list[Line]:
        """Without a commune or a name, a line is kept when the base knows its SIRET; everywhere,
        a name is enough.
        """
        waiting, self._unplaced = self._unplaced, []
        sirets = [siret for _, siret, _ in waiting if siret]
        known = (
            set(self.session.scalars(select(Supplier.siret).where(Supplier.siret.in_(sirets))))
            if sirets
            else set()
        )
        found = [
            line
            for has_name, siret, line in waiting
            if (self.scope.everywhere and has_name) or siret in known
        ]
        self.counts["unplaced"] += len(waiting) - len(found)
        if len(found) < len(waiting) and len(self.lost) < MOST_LOST:
            kept = {id(line) for line in found}
            self.lost.extend(_told(line) for *_, line in waiting if id(line) not in kept)
        return found


def _told(line: Line) -> tuple[str, int, str]:
    """A line without a commune as a person recognises it: file, line, name and place."""
    said = dict(zip(KEPT, line[-1], strict=True))
    where = " ".join(filter(None, (said["postcode"], said["commune"], said["address"])))
    return line[1], line[2], f"{said['name'] or 'sans nom'}, {where or 'sans lieu'}"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Rows make no cycles: looking for some among millions of cells took a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _batches(parts: Iterable[Table | Row], parse: Parse) -> Iterator[tuple[Lines, int]]:
    """Tables as they come, rows some at a time; with how many rows each holds."""
    waiting: list[Row] = []
    for part in parts:
        is_table = isinstance(part, Table)
        if waiting and (is_table or len(waiting) >= BATCH):
            yield parsed(waiting, parse), len(waiting)
            waiting = []
        if isinstance(part, Table):
            yield of_table(part, parse), len(part.lines)
        else:
            waiting.append(part)
    if waiting:
        yield parsed(waiting, parse), len(waiting)
