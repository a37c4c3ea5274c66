"""ODS sheets (LibreOffice): the tables of content.xml, in a stream."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import IO, NamedTuple, NoReturn
from xml.parsers import expat

from connectors.readers import book, sheet
from connectors.readers.sheet import DAMAGED, ERRORS, as_text
from connectors.readers.table import Line, rows
from sourcing.source import Layout, Row, SourceError

CHUNK = 1 << 16
# LibreOffice declares a million empty columns and rows after the last one.
MAX_REPEAT = 1_000
TABLE, ROW, NOTE = "table:table", "table:table-row", "office:annotation"
CELLS = ("table:table-cell", "table:covered-table-cell")
# Of a typed cell, where the value is: what is shown may be rounded ("7,9E+13").
VALUES = ("office:date-value", "office:time-value", "office:boolean-value", "office:string-value")
MANIFEST = "META-INF/manifest.xml"
Opener = Callable[[], IO[bytes]]


class Merged(NamedTuple):
    """A merged area still open: its last row, its columns, what its first cell says."""

    bottom: int
    left: int
    right: int
    value: str


def read(name: str, opener: Opener, layout: Layout) -> Iterator[Row]:
    """The rows of the first sheet that holds a table and of its likes, or of the one wanted."""
    found = book.choose(name, samples(name, opener), layout.sheet)
    for title in found.chosen:
        shown = name if len(found.chosen) == 1 else f"{name}, feuille {title}"
        others = found.others if title == found.chosen[0] and not layout.sheet else []
        lines = (line for _, line in _lines(name, opener, _Tables(name, title)))
        yield from sheet.told(rows(shown, lines, layout), book.note(others))


def samples(name: str, opener: Opener) -> dict[str, book.Sample]:
    """The first filled lines of each visible sheet."""
    found: dict[str, list[list[str]]] = {}
    count = _count(name, opener)
    for title, (_, cells, _) in _lines(name, opener, _Tables(name, most=book.PREVIEW)):
        kept = found.setdefault(title, [])
        kept.append(cells)
        if len(found) == count and len(kept) == book.PREVIEW:
            break
    return dict(found)


def _count(name: str, opener: Opener) -> int:
    """How many tables there are, without reading them."""
    count, tail = 0, b""
    for block in _content(name, opener):
        count += (tail + block).count(b"<table:table ")
        tail = block[-12:]
    return count


def _content(name: str, opener: Opener) -> Iterator[bytes]:
    try:
        with closing(opener()) as file, zipfile.ZipFile(file) as archive:
            if MANIFEST in archive.namelist() and b":encryption-data" in archive.read(MANIFEST):
                raise sheet.locked(name)
            with archive.open("content.xml") as source:
                while block := source.read(CHUNK):
                    yield block
    except SourceError:
        raise
    except DAMAGED:
        raise sheet.damaged(name) from None


def _lines(name: str, opener: Opener, tables: "_Tables") -> Iterator[tuple[str, Line]]:
    try:
        for block in _content(name, opener):
            tables.parser.Parse(block, False)
            yield from tables.take()
    except expat.ExpatError:
        raise sheet.damaged(name) from None


class _Tables:
    """Follows rows, cells and paragraphs of the visible tables, or of one of them."""

    def __init__(self, name: str, only: str = "", most: int = 1 << 30) -> None:
        self.name, self.only, self.most = name, only, most
        self.title, self.is_read = "", False
        self.hidden: set[str] = set()
        self.style = ""
        self.number = self.count = 0
        self.cells: list[str] = []
        self.merged: list[Merged] = []
        self.paragraphs: list[str] = []
        self.value: str | None = None
        self.repeat = self.row_repeat = 1
        self.span = (1, 1)
        self.in_note = 0
        self.notes: list[str] = []
        self.done: list[tuple[str, Line]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.EntityDeclHandler = self._refuse

    def take(self) -> list[tuple[str, Line]]:
        done, self.done = self.done, []
        return done

    def _refuse(self, *_: object) -> NoReturn:
        raise SourceError(
            f"{self.name} : ce classeur déclare des entités XML, refusées par sécurité ; "
            "l'enregistrer à nouveau en XLSX ou CSV."
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "style:style":
            self.style = attributes.get("style:name", "")
        elif tag == "style:table-properties" and attributes.get("table:display") == "false":
            self.hidden.add(self.style)
        elif tag == TABLE:
            self._start_table(attributes)
        elif tag == ROW:
            self.cells, self.notes = [], []
            self.row_repeat = int(attributes.get("table:number-rows-repeated", "1"))
        elif tag in CELLS:
            self._start_cell(attributes)
        elif tag == NOTE:
            self.in_note += 1
        elif tag == "text:p" and not self.in_note:
            self.paragraphs.append("")
        elif tag in ("text:s", "text:tab", "text:line-break"):
            self._data(" " * int(attributes.get("text:c", "1")))

    def _start_table(self, attributes: dict[str, str]) -> None:
        self.title = attributes.get("table:name", "")
        is_wanted = self.title == self.only or not self.only
        self.is_read = is_wanted and attributes.get("table:style-name", "") not in self.hidden
        self.number = self.count = 0
        self.merged = []

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self.repeat = int(attributes.get("table:number-columns-repeated", "1"))
        self.span = (
            int(attributes.get("table:number-rows-spanned", "1")),
            int(attributes.get("table:number-columns-spanned", "1")),
        )
        self.paragraphs = []
        self.value = next((attributes[v] for v in VALUES if v in attributes), None)
        if (number := attributes.get("office:value")) is not None:
            self.value = _number(number)

    def _data(self, text: str) -> None:
        if self.paragraphs and not self.in_note:
            self.paragraphs[-1] += text

    def _end(self, tag: str) -> None:
        if tag in CELLS:
            self._end_cell()
        elif tag == ROW:
            self._end_row()
        elif tag == NOTE:
            self.in_note -= 1

    def _end_cell(self) -> None:
        shown = "\n".join(self.paragraphs).strip()
        content = shown if self.value is None else self.value.removesuffix("T00:00:00")
        if shown in ERRORS or shown.startswith("Err:"):
            self.notes.append(f"cellule {sheet.letter(len(self.cells))}{self.number + 1} en erreur "
                              f"({shown})")  # fmt: skip
            content = ""
        high, wide = self.span
        if content and (high > 1 or wide > 1):
            at = len(self.cells)
            self.merged.append(Merged(self.number + high, at, at + wide, content))
        if content or self.repeat < MAX_REPEAT:
            self.cells.extend([content] * min(self.repeat, MAX_REPEAT))

    def _end_row(self) -> None:
        self.merged = [area for area in self.merged if area.bottom > self.number]
        for area in self.merged:
            self.cells.extend([""] * (area.right - len(self.cells)))
            self.cells[area.left : area.right] = [area.value] * (area.right - area.left)
        if any(self.cells) and self.is_read and self.count < self.most:
            for i in range(min(self.row_repeat, MAX_REPEAT)):
                line = (self.number + 1 + i, list(self.cells), " ; ".join(self.notes))
                self.done.append((self.title, line))
            self.count += 1
        self.number += self.row_repeat


def _number(text: str) -> str:
    try:
        return as_text(float(text)) if any(c in text for c in ".eE") else text
    except ValueError:
        return text
