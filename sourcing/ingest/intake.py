"""Read a list whole before anything is written: each row in one count, what is kept in a spool.

Nothing here writes to the base, so a file refused at its last line has changed nothing, and memory
does not grow with the file: mentions and rejects wait on disk.
"""

import gc
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.ingest.awaited import SAID
from sourcing.ingest.firms import Firms
from sourcing.ingest.lines import Lines, Parse, of_table, parsed
from sourcing.ingest.recognise import leftover, recognise
from sourcing.ingest.scope import Scope, Verdict
from sourcing.ingest.spool import Spool
from sourcing.model import Supplier
from sourcing.normalise import Problem
from sourcing.normalise.columns import Cleaning, Columns, Problems, column, merged
from sourcing.normalise.text import fold
from sourcing.source import Reading, Row, Shape, Source, SourceError, Table

# Done and total, in bytes read: what a progress bar shows.
Progress = Callable[[float, float], None]
COUNTS = ("rows", "kept", "out_of_scope", "outside", "unplaced", "repeated", "rejected")
# Columns of a mention that a record gives as they are, and all that one line says of them.
COPIED = (
    "siret", "siren", "name", "level", "address", "postcode", "commune", "commune_code", "lon",
    "lat", "precision", "phone", "email", "website", "naf", "legal_form", "description", "is_qpv",
    "link",
)  # fmt: skip
SIRET, NAME = COPIED.index("siret"), COPIED.index("name")
KEPT = (*COPIED, "firm", "ends_on", "other_names", "statuses", "workers", "problems")
# Rows looked at before the first is taken: to know the columns and the mapping.
SAMPLE = 300
# Rows taken together; those without a commune are looked up by SIRET this many at a time.
BATCH, CHUNK = 1_000, 500
# Lines without a commune remembered to be shown.
MOST_LOST = 100
# Key, file, line, sectors, and the values of KEPT: plain things, quick to put aside.
Kept = tuple[str, str, int, tuple[str, ...], tuple[Any, ...]]


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
    # The first lines without a commune: file, line, what they say of themselves.
    lost: list[tuple[str, int, str]] = field(default_factory=list)
    # What is said of firms the base does not have.
    awaited: Spool = field(default_factory=Spool)
    firms: Firms = field(init=False)
    _cleaning: Cleaning = field(default_factory=Cleaning)
    _seen: set[str] = field(default_factory=set)
    # (has a name, its siret, what would be kept)
    _unplaced: list[tuple[bool, str, Kept]] = field(default_factory=list)

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
        self._keep(self._known_ones())
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
        self._add_leftover(sample, shape)
        return shape.name, self.source.parse

    def _add_leftover(self, sample: Sequence[Row], shape: Shape) -> None:
        self.leftover.update(dict.fromkeys(leftover(sample, shape)))

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
        columns, together, texts = self._cleaning.place(lines.columns, len(lines.numbers))
        identified = self._identified(lines, columns, texts)
        verdicts = self._verdicts(columns, together, len(lines.numbers))
        self.counts["rejected"] += len(lines.rejects)
        self.rejects.put(sorted(lines.rejects))
        chosen = [i for i in identified if verdicts[i] != "outside"]
        self.counts["outside"] += len(identified) - len(chosen)
        self._put_aside(lines, columns, set(identified).difference(chosen))
        if not chosen:
            return
        rest, others = self._cleaning.rest(_at(lines.columns, chosen))
        here, there = _moved(together, chosen), _moved(texts, chosen)
        for place, line in enumerate(chosen):
            if note := lines.notes.get(line):
                here[place].append(Problem("fichier", note))
        numbers = [lines.numbers[i] for i in chosen]
        kept = kept_lines(
            [lines.file] * len(numbers),
            numbers,
            _at(columns, chosen) | rest,
            merged(here, there, others),
        )
        self._keep(self._sorted_out(kept, [verdicts[i] for i in chosen]))

    def _put_aside(self, lines: Lines, columns: Columns, outside: Collection[int]) -> None:
        """What is said of firms as a whole: the register may bring them another month."""
        levels = columns.get("level", ())
        firms = sorted(i for i in outside if levels and levels[i] == "siren")
        if not firms:
            return
        said = {name: values for name, values in lines.columns.items() if name in SAID}
        rest, _ = self._cleaning.rest(_at(said, firms))
        values = zip(*(column(rest, name, len(firms)) for name in SAID), strict=True)
        sirens = columns["siren"]
        self.awaited.put([
            (lines.file, lines.numbers[i], sirens[i], said)
            for i, said in zip(firms, values, strict=True)
        ])  # fmt: skip

    def _identified(self, lines: Lines, columns: Columns, problems: Problems) -> list[int]:
        """Lines that say of whom: a firm's SIREN; else a name, or a SIRET. The rest is refused."""
        count = len(lines.numbers)
        if "level" not in columns and all(column(columns, "name", count)):
            return list(range(count))
        said = (column(columns, f, count) for f in ("level", "name", "siret", "siren"))
        found = []
        for place, (level, name, siret, siren) in enumerate(zip(*said, strict=True)):
            if siren if level == "siren" else name or siret:
                found.append(place)
                continue
            wrong = (p.sentence for p in problems[place] if p.field in ("siret", "siren"))
            noun = "SIREN" if level == "siren" else "nom"
            lines.refuse(lines.numbers[place], next(wrong, f"aucun {noun} sur cette ligne"))
        return found

    def _verdicts(self, columns: Columns, problems: Problems, count: int) -> list[Verdict]:
        verdicts = self.scope.settle(columns, count, problems)
        if "level" in columns:
            sirens = column(columns, "siren", count)
            for place, level in enumerate(columns["level"]):
                if level == "siren" and sirens[place]:
                    verdicts[place] = "inside" if sirens[place] in self.firms else "outside"
        names = column(columns, "name", count)
        if all(names):
            return verdicts
        levels = column(columns, "level", count)
        return [
            "unplaced" if v == "inside" and not name and level != "siren" else v
            for v, name, level in zip(verdicts, names, levels, strict=True)
        ]

    def _sorted_out(self, lines: Sequence[Kept], verdicts: Sequence[Verdict]) -> Iterator[Kept]:
        """What is inside; the rest waits for the base to say whether it knows its SIRET."""
        for line, verdict in zip(lines, verdicts, strict=True):
            if verdict == "inside":
                yield line
                continue
            values = line[-1]
            self._unplaced.append((bool(values[NAME]), values[SIRET], line))
            if len(self._unplaced) >= CHUNK:
                yield from self._known_ones()

    def _keep(self, lines: Iterable[Kept]) -> None:
        """One mention per key; what a repeated line adds to its sectors is not lost."""
        given = list(lines)
        keys = {line[0] for line in given}
        if len(keys) < len(given) or not keys.isdisjoint(self._seen):
            given = [line for line in given if self._is_first(line)]
        self._seen |= keys
        self.counts["kept"] += len(given)
        self.mentions.put(given)

    def _is_first(self, line: Kept) -> bool:
        key, sectors = line[0], line[3]
        if key not in self._seen:
            self._seen.add(key)
            return True
        self.counts["repeated"] += 1
        if sectors:
            self.more_sectors[key] = (*self.more_sectors.get(key, ()), *sectors)
        return False

    def _known_ones(self) -> list[Kept]:
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


def _told(line: Kept) -> tuple[str, int, str]:
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


def _at(columns: Columns, chosen: Sequence[int]) -> Columns:
    """The columns at these places, which are in order."""
    if all(len(values) == len(chosen) for values in columns.values()):
        return columns
    return {field: [values[i] for i in chosen] for field, values in columns.items()}


def _moved(problems: Problems, chosen: Sequence[int]) -> Problems:
    """The problems of these lines, by their new places."""
    found = {place: problems[i] for place, i in enumerate(chosen) if i in problems}
    return defaultdict(list, found)


def kept_lines(
    files: Sequence[str], numbers: Sequence[int], columns: Columns, problems: Problems
) -> list[Kept]:
    """Lines of a file as they are put aside."""
    count = len(numbers)

    def of(field: str) -> list[Any]:
        return column(columns, field, count)

    levels = zip(of("siren"), of("level"), strict=True)
    values = zip(
        *map(of, COPIED),
        [siren if level == "siren" else "" for siren, level in levels],
        [day or None for day in of("ends_on")],
        map(" | ".join, of("other_names")),
        map(_statuses_json, of("statuses")),
        map(_workers, of("workers")),
        [_problems_json(problems[i]) if i in problems else "[]" for i in range(count)],
        strict=True,
    )
    keys = of("key")
    if not all(keys):
        digests = map(digest, *map(of, DIGESTED))
        keys = [key or made for key, made in zip(keys, digests, strict=True)]
    return list(zip(keys, files, numbers, of("sectors"), values, strict=True))


def as_json(values: Iterable[Any]) -> str:
    """A JSON list as the base stores it."""
    return json.dumps(list(values), ensure_ascii=False)


def _problems_json(problems: Sequence[Problem]) -> str:
    return as_json([[problem.field, problem.sentence] for problem in problems])


_statuses_json = lru_cache(maxsize=4_096)(as_json)


@lru_cache(maxsize=4_096)
def _workers(text: str) -> int | None:
    """A declared number of workers; a band or a sentence is not one."""
    try:
        number = round(float(text.replace(",", ".").replace(" ", "")))
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 10_000_000 else None


DIGESTED = ("level", "siret", "siren", "name", "postcode", "commune", "address", "statuses")


def digest(level: str, siret: str, siren: str, name: str, *said: Any) -> str:
    """A key for a line whose source gives none: the same supplier said to be the same thing."""
    postcode, commune, address, statuses = said
    if level == "siren":
        return hashed(siren, *sorted(statuses))
    return hashed(
        siret, fold(name), postcode, _folded(commune), "" if siret else fold(address),
        *sorted(statuses),
    )  # fmt: skip


_folded = lru_cache(maxsize=65_536)(fold)


def hashed(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
