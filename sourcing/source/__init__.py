"""The contract with connectors: what a source is, what a row is, what a record is."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sourcing import Foreseen
from sourcing.source.texts import Around, stripped, taken


class SourceError(Foreseen):
    """The file cannot be used at all; one French sentence says file, line if known, remedy."""


class SourceChanged(SourceError):
    """The file is readable but not what this source publishes: a column is missing or unknown."""


class Row(NamedTuple):
    """One line of a file, every value as text; `line` is the one a person sees (1 = first)."""

    file: str
    line: int
    values: Mapping[str, str]

    def get(self, *columns: str) -> str:
        """The first non-empty value among these columns, stripped; '' if none."""
        for column in columns:
            value = self.values.get(column, "").strip()
            if value:
                return value
        return ""


class Table(NamedTuple):
    """Many lines of a file at once: one text per line in each column, nothing to remark."""

    file: str
    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    def rows(self) -> Iterator["Row"]:
        """The same, one by one."""
        for line, cells in zip(self.lines, zip(*self.columns.values(), strict=True), strict=True):
            yield Row(self.file, line, dict(zip(self.columns, cells, strict=True)))

    def at(self, places: Sequence[int]) -> "Table":
        """Only the lines at these places, which are in order."""
        if len(places) == len(self.lines):
            return self
        columns = {name: taken(cells, places) for name, cells in self.columns.items()}
        return Table(self.file, [self.lines[i] for i in places], columns)


class Layout(NamedTuple):
    """How a file is laid out, where a person says it; what is not said is recognised."""

    # Title of a workbook's sheet.
    sheet: str = ""
    # Of a text file: Python's name of the encoding, and the character between two cells.
    encoding: str = ""
    separator: str = ""
    # The line of the column names, 1 = first; NO_HEADER: there is none.
    header: int = 0
    # Columns of files without a header row, by what their first cell holds.
    headerless: Mapping[str, Sequence[str]] = {}


NO_HEADER = -1
AS_IT_LOOKS = Layout()


class Reading:
    """What a reader that goes faster in tables gives: rows one by one, or `parts` as they come."""

    def __init__(self, parts: Iterator[Table | Row]) -> None:
        self.parts = parts
        self._rows = self._one_by_one()

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def __next__(self) -> Row:
        return next(self._rows)

    def _one_by_one(self) -> Iterator[Row]:
        for part in self.parts:
            if isinstance(part, Table):
                yield from part.rows()
            else:
                yield part


@dataclass(frozen=True, slots=True)
class Record:
    """What one row says of one supplier, as published; `normalise.clean` returns it cleaned."""

    name: str = ""
    other_names: tuple[str, ...] = ()
    siret: str = ""
    siren: str = ""
    # The source's own stable identifier (slug, FINESS number…); '' when it has none.
    key: str = ""
    # What the list asserts of the supplier: "siae:ACI", "innovation:Audélor", "label:RGE"…
    statuses: tuple[str, ...] = ()
    # Of whom: this establishment ("siret"), or its whole firm ("siren"), known by its siren alone.
    level: str = "siret"
    # The last day it holds, '' when it has no end.
    ends_on: str = ""
    address: str = ""
    postcode: str = ""
    commune: str = ""
    commune_code: str = ""
    departement: str = ""
    # Coordinates as published, in any of the usual systems; normalise tells them apart.
    x: str = ""
    y: str = ""
    lon: float | None = None
    lat: float | None = None
    precision: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    naf: str = ""
    legal_form: str = ""
    # Declared activities in the source's words.
    sectors: tuple[str, ...] = ()
    description: str = ""
    workers: str = ""
    is_qpv: bool | None = None
    # The supplier's page at the source.
    link: str = ""


def columns(text: str) -> frozenset[str]:
    """ "siret|nom" -> the set of these columns."""
    return frozenset(text.split("|"))


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a field is read in a row, and what the text found there becomes."""

    columns: tuple[str, ...]
    # Called on '' too.
    becomes: Callable[[str], Any] | None = None
    # Its ValueError rejects the row; any other never raises one.
    refuses: bool = False
    # All of the columns, a space between, and not the first that is filled.
    is_joined: bool = False

    def of(self, row: Row) -> Any:
        """The field's value in this row."""
        if self.is_joined:
            text = " ".join(" ".join(row.values.get(c, "") for c in self.columns).split())
        else:
            text = row.get(*self.columns)
        return self.becomes(text) if self.becomes else text

    def of_table(self, table: Table, refused: dict[int, str]) -> Sequence[Any]:
        """The same on every line; refusals by the place of their line."""
        if not self.refuses and table.columns.keys().isdisjoint(self.columns):
            return [self.becomes("") if self.becomes else ""] * len(table.lines)
        texts = self._texts(table)
        if not self.becomes:
            return texts
        if isinstance(self.becomes, Around):
            return self.becomes.of_column(texts)
        distinct = set(texts)
        if len(distinct) * 2 > len(texts) and not self.refuses:
            return list(map(self.becomes, texts))
        found, wrong = dict[str, Any](), dict[str, str]()
        for text in distinct:
            try:
                found[text] = self.becomes(text)
            except ValueError as error:
                found[text], wrong[text] = None, str(error)
        for place, text in enumerate(texts) if wrong else ():
            if text in wrong:
                refused.setdefault(place, wrong[text])
        return list(map(found.__getitem__, texts))

    def _texts(self, table: Table) -> Sequence[str]:
        given = [table.columns[c] for c in self.columns if c in table.columns]
        if not given:
            return [""] * len(table.lines)
        if self.is_joined:
            return [" ".join(" ".join(cells).split()) for cells in zip(*given, strict=True)]
        if len(given) == 1:
            return stripped(given[0])
        return [next(filter(None, map(str.strip, c)), "") for c in zip(*given, strict=True)]


def first(
    *columns: str, becomes: Callable[[str], Any] | None = None, refuses: bool = False
) -> Cell:
    """The first of these columns that is filled."""
    return Cell(columns, becomes, refuses)


def joined(*columns: str, becomes: Callable[[str], Any] | None = None) -> Cell:
    """All of these columns, in one text."""
    return Cell(columns, becomes, is_joined=True)


def alone(text: str) -> tuple[str, ...]:
    """A text as a list of one, or of none."""
    return (text,) if text else ()


class Parsed(NamedTuple):
    """The fields of a table's lines, those out of scope, and those refused with the reason."""

    columns: dict[str, Sequence[Any]]
    out: set[int]
    refused: dict[int, str]


class Fields:
    """A `parse` that is data: the cell, or the constant, of each field of a record."""

    def __init__(self, keeps: Cell | None = None, **fields: Any) -> None:
        # False: the row is out of this source's scope.
        self.keeps = keeps
        self.cells = {name: cell for name, cell in fields.items() if isinstance(cell, Cell)}
        self.constants = {name: v for name, v in fields.items() if name not in self.cells}

    @property
    def alternatives(self) -> Sequence[tuple[str, ...]]:
        """Columns that are read one in place of another, by group."""
        cells = (*self.cells.values(), *filter(None, (self.keeps,)))
        return [group for cell in cells for group in
                (((c,) for c in cell.columns) if cell.is_joined else (cell.columns,))]  # fmt: skip

    def __call__(self, row: Row) -> Record | None:
        if self.keeps and not self.keeps.of(row):
            return None
        return Record(**self.constants, **{name: c.of(row) for name, c in self.cells.items()})

    def of_table(self, table: Table, wanted: Container[str]) -> Parsed:
        """The same on every line of a table: only the fields wanted, and those that may refuse."""
        refused: dict[int, str] = {}
        kept = self.keeps.of_table(table, refused) if self.keeps else ()
        out = set[int]()
        if not all(kept):
            out = {place for place, value in enumerate(kept) if not value and place not in refused}
        columns: dict[str, Sequence[Any]] = {
            name: cell.of_table(table, refused)
            for name, cell in self.cells.items()
            if name in wanted or cell.refuses
        }
        for name, value in self.constants.items():
            if name in wanted:
                columns[name] = [value] * len(table.lines)
        return Parsed(columns, out, refused)


@dataclass(frozen=True, slots=True)
class Shape:
    """One layout of a source's file, recognised by the columns it must have."""

    name: str
    columns: frozenset[str]
    # Columns it may have and that we know; anything else is reported as left over.
    optional: frozenset[str] = frozenset()
    # For a register: which table this is ("establishment", "legal_unit", "geolocation", "joined").
    # For contracts: "contract".
    role: str = "list"


@dataclass(frozen=True, slots=True)
class Paging:
    """How a service gives its rows in several JSON answers; members are dotted ("header.total")."""

    # The member that holds the rows of one answer.
    rows: str
    # The member that leads to the next answer: its address, or the value of the parameter `cursor`.
    next: str = ""
    cursor: str = ""
    # Or the parameter that counts the rows already given; an answer without rows is the last.
    offset: str = ""
    # Or the parameter that numbers the answers, from 1, and the member that says how many.
    page: str = ""
    pages: str = ""
    # The member that says how many rows there are in all: with fewer, nothing is kept.
    total: str = ""
    # The most rows one question ever gets: with as many, some are missing. 0: no such limit.
    most: int = 0
    # The fact whose places are asked for by so many at a time, each group a question of its own;
    # a group that gets too much is halved, and a place asked for by the values of a parameter.
    of: str = ""
    together: int = 0
    within: tuple[str, ...] = ()
    # All that is written of a row: nothing else of what it says is kept anywhere. (): everything.
    keeps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pages:
    """How what is too much for one answer is asked for as JSON, page after page."""

    # Entries of the form for the first page; the one that `next`, a member of each answer, gives
    # for the following page: the same as before after the last.
    form: Mapping[str, str]
    cursor: str
    next: str
    # The member that holds the rows, and a row's line in the CSV.
    rows: str
    line: Callable[[Any], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Portions:
    """How a service of so many lines an answer is asked for a long list of places: by groups, each
    counted by a first question, then given as CSV.
    """

    # The fact that lists the places, and what stands between two of them in the form.
    of: str
    between: str
    # Entries of the form that only count; the member of that JSON answer that says how many.
    counting: Mapping[str, str]
    total: str
    most_lines: int
    most_places: int
    # For a place that has more lines than that by itself.
    pages: Pages | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """What `sourcing fetch` brings into one file; "{name}" in any text of it is a setting of that
    name, or a fact: "{departements}" and "{communes}" where we look, "{since}" the day until which
    the register is known.
    """

    # An address, or a path at data.gouv.fr (ids, never file names).
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    # Posted when there is one.
    form: Mapping[str, str] = field(default_factory=dict)
    # In place of entries of the form once {since} is known: only what changed is asked for.
    changes: Mapping[str, str] = field(default_factory=dict)
    # Neither: the answer is the file. Pages: their rows are written one JSON object per line.
    paging: Paging | None = None
    portions: Portions | None = None
    # The service's quota; 0 = none.
    requests_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Source:
    """A source as data: who publishes it, what its files look like, how a row becomes a record."""

    name: str
    title: str
    publisher: str
    licence: str
    url: str
    # A register makes suppliers, a list mentions them, contracts say what they won.
    kind: Literal["register", "list", "contracts"]
    shapes: tuple[Shape, ...]
    # Lists: file -> rows, and row -> record (None: out of scope; ValueError: this row failed).
    read: Callable[[Path], Iterable[Row]] | None = None
    parse: Callable[[Row], Record | None] | None = None
    # Lists of unknown columns: the sheets of a workbook, how a text file seems to be laid out, and
    # the rows of a file laid out as a person says.
    sheets: Callable[[Path], Sequence[str]] | None = None
    looks: Callable[[Path], Layout] | None = None
    read_as: Callable[[Path, Layout], Iterable[Row]] | None = None
    # Lists of unknown columns: the status every line gets; a column mapping replaces `parse`.
    mapped_status: str = ""
    # What whoever reuses the data must write, in the publisher's words.
    attribution: str = ""
    # Registers and contracts: our column -> SQL over the source's own columns (see
    # sourcing/register and sourcing/contracts/composition.py).
    columns: Mapping[str, str] = field(default_factory=dict)
    # What `sourcing fetch` brings: file name -> where from.
    downloads: Mapping[str, Download] = field(default_factory=dict)
    # Registers: the downloads are what we have not read yet, never the whole.
    brings_changes: bool = False
    # These downloads are the whole source: what they no longer hold has left the list.
    is_fetched_whole: bool = False
    # Fewer or more rows than this in one run is refused: the file is not the one expected.
    expects: tuple[int, int] = (1, 100_000_000)
