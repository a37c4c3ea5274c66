"""XLSX and XLS sheets: numbers as people read them, merged cells spread, formulas as values."""

import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from itertools import zip_longest
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import openpyxl
import xlrd
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from connectors.readers.table import Headerless, Line, find_header, rows
from sourcing.source import Row, SourceError

# What zipfile, zlib, openpyxl and xlrd raise on a damaged file.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, ParseError, InvalidFileException, EOFError,
    OSError, NotImplementedError, ValueError, TypeError, AttributeError, LookupError,
    OverflowError, AssertionError,
)  # fmt: skip
ERRORS = frozenset(
    {
        "#N/A",
        "#N/D",
        "#REF!",
        "#VALUE!",
        "#VALEUR!",
        "#DIV/0!",
        "#NAME?",
        "#NOM?",
        "#NULL!",
        "#NUM!",
        "#NOMBRE!",
    }
)
PREVIEW = 60
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]+\d+:[A-Z]+\d+)"')
# Rows 1-based and columns 0-based, both bounds included.
Area = tuple[int, int, int, int]


def as_text(value: object) -> str:
    """A cell as a person reads it: no ".0" after a number, no exponent, ISO dates."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def read_xlsx(name: str, opener: Callable[[], IO[bytes]], headerless: Headerless) -> Iterator[Row]:
    """The rows of the first sheet that holds a table, and of the sheets with the same header."""
    with closing(opener()) as file:
        try:
            yield from _read_book(name, file, headerless)
        except SourceError:
            raise
        except DAMAGED:
            raise SourceError(
                f"{name} : classeur tronqué ou abîmé ; l'ouvrir dans un tableur et "
                "l'enregistrer à nouveau en XLSX ou CSV."
            ) from None


def _read_book(name: str, file: IO[bytes], headerless: Headerless) -> Iterator[Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions nobody reads here
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheets = [s for s in book.worksheets if s.sheet_state == "visible"]
        chosen = _tables(sheets)
        if not chosen:
            raise SourceError(
                f"{name} : aucune feuille ne contient de tableau ; "
                "vérifier que c'est le bon classeur."
            )
        others = [s.title for s in sheets if s not in chosen and any(_preview(s))]
        for sheet in chosen:
            title = name if len(chosen) == 1 else f"{name}, feuille {sheet.title}"
            lines = _sheet_lines(file, book, sheet)
            yield from _told(rows(title, lines, headerless), others if sheet is chosen[0] else [])


def _told(found: Iterator[Row], others: Sequence[str]) -> Iterator[Row]:
    """The rows; the first one says which sheets were left unread."""
    for row in found:
        if others and "_broken" not in row.values:
            clause = f"feuilles non lues : {', '.join(others)}"
            row = row._replace(values={**row.values, "_problem": clause})
        others = []
        yield row


def _preview(sheet: Any) -> list[list[str]]:
    lines = sheet.iter_rows(max_row=PREVIEW, values_only=True)
    return [cells for line in lines if any(cells := [as_text(v) for v in line])]


def _tables(sheets: Sequence[Any]) -> list[Any]:
    """The first sheet with at least two columns and two lines, and those with the same header."""
    chosen: list[Any] = []
    header: list[str] = []
    for sheet in sheets:
        sheet.reset_dimensions()  # some writers declare A1:A1
        sample = _preview(sheet)
        if len(sample) < 2 or max(sum(map(bool, cells)) for cells in sample) < 2:
            continue
        start, found = find_header(sample)
        labels = [c.strip() for c in sample[start] if c.strip()] if found else []
        if not chosen:
            header = labels
            chosen.append(sheet)
        elif labels and labels == header:
            chosen.append(sheet)
    if not chosen:  # a one-column list is a table too, when there is nothing else
        chosen = [s for s in sheets if len(_preview(s)) > 1][:1]
    return chosen


def _sheet_lines(file: IO[bytes], book: Any, sheet: Any) -> Iterator[Line]:
    areas, has_formulas = _scan(book._archive, sheet._worksheet_path)
    values = sheet.iter_rows(values_only=True)
    if not has_formulas:
        yield from _spread(_cells((line, ()) for line in values), areas)
        return
    twin = openpyxl.load_workbook(file, read_only=True)[sheet.title]
    twin.reset_dimensions()
    formulas = twin.iter_rows(values_only=True)
    yield from _spread(_cells(zip_longest(values, formulas, fillvalue=())), areas)


def _scan(archive: zipfile.ZipFile, path: str) -> tuple[list[Area], bool]:
    """Merged areas and whether there are formulas: openpyxl's streaming mode knows neither."""
    areas: list[Area] = []
    has_formulas, tail = False, b""
    with archive.open(path) as source:
        while block := source.read(1 << 20):
            block = tail + block
            has_formulas = has_formulas or b"<f>" in block or b"<f " in block
            cut = block.rfind(b"<")
            for found in _MERGED.findall(block[:cut]):
                left, top, right, bottom = range_boundaries(found.decode())
                areas.append((top or 1, bottom or 1, (left or 1) - 1, (right or 1) - 1))
            tail = block[cut:]
    return areas, has_formulas


def _cells(pairs: Iterable[tuple[Sequence[object], Sequence[object]]]) -> Iterator[Line]:
    for number, (values, formulas) in enumerate(pairs, 1):
        cells = [as_text(v) for v in values]
        notes = [
            f"cellule {_letter(i)}{number} : formule sans valeur enregistrée"
            for i, formula in enumerate(formulas)
            if isinstance(formula, str)
            and formula.startswith("=")
            and len(formula) > 1
            and (i >= len(cells) or not cells[i])
        ]
        for i, cell in enumerate(cells):
            if cell in ERRORS:
                cells[i] = ""
                notes.append(f"cellule {_letter(i)}{number} en erreur ({cell})")
        yield number, cells, " ; ".join(notes)


def _letter(column: int) -> str:
    return chr(65 + column) if column < 26 else f"{chr(64 + column // 26)}{chr(65 + column % 26)}"


def _spread(lines: Iterator[Line], areas: Sequence[Area]) -> Iterator[Line]:
    """Every cell of a merged area gets the value of its first one."""
    waiting = sorted(areas)
    current: list[tuple[Area, str]] = []
    for number, cells, note in lines:
        while waiting and waiting[0][0] <= number:
            area = waiting.pop(0)
            first = cells[area[2]] if area[2] < len(cells) else ""
            current.append((area, first))
        current = [(area, value) for area, value in current if area[1] >= number]
        for (_, _, left, right), value in current:
            cells.extend([""] * (right + 1 - len(cells)))
            cells[left : right + 1] = [value] * (right + 1 - left)
        yield number, cells, note


def read_xls(name: str, opener: Callable[[], IO[bytes]], headerless: Headerless) -> Iterator[Row]:
    """The rows of the first sheet of an old Excel workbook that holds something."""
    with closing(opener()) as file:
        content = file.read()
    try:
        book = xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=_Nowhere())
        sheet = next((s for s in book.sheets() if s.visibility == 0 and s.nrows > 0), None)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, *DAMAGED):
        raise SourceError(
            f"{name} : classeur protégé, tronqué ou abîmé ; l'ouvrir dans un tableur et "
            "l'enregistrer en XLSX ou CSV."
        ) from None
    if sheet is None:
        raise SourceError(f"{name} : aucune feuille remplie ; vérifier que c'est le bon classeur.")
    areas = [(top + 1, bottom, left, right - 1) for top, bottom, left, right in sheet.merged_cells]
    yield from rows(name, _spread(_xls_lines(book, sheet), areas), headerless)


class _Nowhere:
    """xlrd prints its remarks; they are not for the person."""

    def write(self, text: str) -> int:
        return len(text)


def _xls_lines(book: Any, sheet: Any) -> Iterator[Line]:
    for number in range(sheet.nrows):
        cells, notes = [], []
        for i, cell in enumerate(sheet.row(number)):
            if cell.ctype == xlrd.XL_CELL_ERROR:
                notes.append(f"cellule {_letter(i)}{number + 1} en erreur")
            cells.append(_xls_text(book, cell))
        yield number + 1, cells, " ; ".join(notes)


def _xls_text(book: Any, cell: Any) -> str:
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return ""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return as_text(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return as_text(xlrd.xldate_as_datetime(cell.value, book.datemode))
        except (ValueError, OverflowError):
            return as_text(cell.value)
    return as_text(cell.value)
