"""XLSX and XLS sheets: numbers as people read them, merged cells spread, formulas as values."""

import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from functools import cache
from importlib import import_module
from itertools import zip_longest
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import xlrd

from connectors.readers import book
from connectors.readers.book import Sample
from connectors.readers.table import Line, rows
from sourcing.source import Layout, Row, SourceError

# What zipfile, zlib, openpyxl and xlrd raise on a damaged file.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, ParseError, EOFError, OSError, ValueError,
    NotImplementedError, TypeError, AttributeError, LookupError, OverflowError, AssertionError,
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
# How Office encrypts a workbook: a stream of this name (UTF-16) in an old container.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
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


def read_xlsx(name: str, opener: Callable[[], IO[bytes]], layout: Layout) -> Iterator[Row]:
    """The rows of the first sheet that holds a table and of its likes, or of the one wanted."""
    with closing(opener()) as file:
        try:
            yield from _read_book(name, file, layout)
        except SourceError:
            raise
        except DAMAGED:
            raise damaged(name) from None


def xlsx_samples(name: str, opener: Callable[[], IO[bytes]]) -> dict[str, Sample]:
    """The first filled lines of each visible sheet."""
    with closing(opener()) as file:
        try:
            return {s.title: _preview(s) for s in _visible(_opened(file))}
        except DAMAGED:
            raise damaged(name) from None


def damaged(name: str) -> SourceError:
    return SourceError(
        f"{name} : classeur tronqué ou abîmé ; l'ouvrir dans un tableur et "
        "l'enregistrer à nouveau en XLSX ou CSV."
    )


@cache
def _openpyxl() -> Any:
    # Its charts and styles come with it: a fifth of a second, for the lists that are workbooks.
    return import_module("openpyxl")


def _opened(file: IO[bytes]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions nobody reads here
        return _openpyxl().load_workbook(file, read_only=True, data_only=True)


def _visible(book: Any) -> list[Any]:
    return [s for s in book.worksheets if s.sheet_state == "visible"]


def _read_book(name: str, file: IO[bytes], layout: Layout) -> Iterator[Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened = _opened(file)
        sheets = {s.title: s for s in _visible(opened)}
        found = book.choose(name, {t: _preview(s) for t, s in sheets.items()}, layout.sheet)
        for title in found.chosen:
            shown = name if len(found.chosen) == 1 else f"{name}, feuille {title}"
            lines = _sheet_lines(file, opened, sheets[title])
            others = found.others if title == found.chosen[0] and not layout.sheet else []
            yield from told(rows(shown, lines, layout), book.note(others))


def told(found: Iterator[Row], note: str) -> Iterator[Row]:
    """The rows; the first one says which sheets were left unread."""
    for row in found:
        if note and "_broken" not in row.values:
            row = row._replace(values={**row.values, "_problem": note})
        note = ""
        yield row


def _preview(sheet: Any) -> list[list[str]]:
    sheet.reset_dimensions()  # some writers declare A1:A1
    lines = sheet.iter_rows(max_row=book.PREVIEW, values_only=True)
    return [cells for line in lines if any(cells := [as_text(v) for v in line])]


def _sheet_lines(file: IO[bytes], opened: Any, sheet: Any) -> Iterator[Line]:
    areas, has_formulas = _scan(opened._archive, sheet._worksheet_path)
    values = sheet.iter_rows(values_only=True)
    if not has_formulas:
        yield from _spread(_cells((line, ()) for line in values), areas)
        return
    twin = _openpyxl().load_workbook(file, read_only=True)[sheet.title]
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
                left, top, right, bottom = _openpyxl().utils.range_boundaries(found.decode())
                areas.append((top or 1, bottom or 1, (left or 1) - 1, (right or 1) - 1))
            tail = block[cut:]
    return areas, has_formulas


def _cells(pairs: Iterable[tuple[Sequence[object], Sequence[object]]]) -> Iterator[Line]:
    for number, (values, formulas) in enumerate(pairs, 1):
        cells = [as_text(v) for v in values]
        notes = [
            f"cellule {letter(i)}{number} : formule sans valeur enregistrée"
            for i, formula in enumerate(formulas)
            if isinstance(formula, str)
            and formula.startswith("=")
            and len(formula) > 1
            and (i >= len(cells) or not cells[i])
        ]
        for i, cell in enumerate(cells):
            if cell in ERRORS:
                cells[i] = ""
                notes.append(f"cellule {letter(i)}{number} en erreur ({cell})")
        yield number, cells, " ; ".join(notes)


def letter(column: int) -> str:
    """The name of a column, counted from 0."""
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


def read_xls(name: str, opener: Callable[[], IO[bytes]], layout: Layout) -> Iterator[Row]:
    """The rows of an old Excel workbook, its sheets chosen as in a new one."""
    opened = _open_xls(name, opener)
    found = book.choose(name, _xls_previews(opened), layout.sheet)
    for title in found.chosen:
        sheet = opened.sheet_by_name(title)
        areas = [(top + 1, end, left, right - 1) for top, end, left, right in sheet.merged_cells]
        shown = name if len(found.chosen) == 1 else f"{name}, feuille {title}"
        others = found.others if title == found.chosen[0] and not layout.sheet else []
        lines = _spread(_xls_lines(opened, sheet), areas)
        yield from told(rows(shown, lines, layout), book.note(others))


def xls_samples(name: str, opener: Callable[[], IO[bytes]]) -> dict[str, Sample]:
    """The first filled lines of each visible sheet."""
    return _xls_previews(_open_xls(name, opener))


def _xls_previews(opened: Any) -> dict[str, Sample]:
    return {
        sheet.name: [cells for _, cells, _ in _xls_lines(opened, sheet, book.PREVIEW) if any(cells)]
        for sheet in opened.sheets()
        if sheet.visibility == 0
    }


def _open_xls(name: str, opener: Callable[[], IO[bytes]]) -> Any:
    with closing(opener()) as file:
        content = file.read()
    if ENCRYPTED in content:
        raise locked(name)
    try:
        return xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=_Nowhere())
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, *DAMAGED) as error:
        if "encrypted" in str(error):
            raise locked(name) from None
        raise damaged(name) from None


def locked(name: str) -> SourceError:
    """A workbook nobody can read without its password."""
    return SourceError(
        f"{name} : classeur protégé par un mot de passe ; l'ouvrir dans un tableur, retirer le mot "
        "de passe et l'enregistrer à nouveau."
    )


class _Nowhere:
    """xlrd prints its remarks; they are not for the person."""

    def write(self, text: str) -> int:
        return len(text)


def _xls_lines(opened: Any, sheet: Any, most: int = 1 << 20) -> Iterator[Line]:
    for number in range(min(sheet.nrows, most)):
        cells, notes = [], []
        for i, cell in enumerate(sheet.row(number)):
            if cell.ctype == xlrd.XL_CELL_ERROR:
                notes.append(f"cellule {letter(i)}{number + 1} en erreur")
            cells.append(_xls_text(opened, cell))
        yield number + 1, cells, " ; ".join(notes)


def _xls_text(opened: Any, cell: Any) -> str:
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return ""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return as_text(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return as_text(xlrd.xldate_as_datetime(cell.value, opened.datemode))
        except (ValueError, OverflowError):
            return as_text(cell.value)
    return as_text(cell.value)
