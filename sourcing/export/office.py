"""Workbooks cell by cell, with openpyxl: imported when one is written."""

from collections.abc import Sequence
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from sourcing.export.workbook import Sheet

BOLD = Font(bold=True)


def write(out: BinaryIO, sheets: Sequence[Sheet]) -> None:
    """The whole workbook; rows are read once, one by one."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _sheet(book, sheet)
    book.save(out)


def _sheet(book: Workbook, sheet: Sheet) -> None:
    part: Any = book.create_sheet(sheet.name)
    for place, width in enumerate(sheet.widths, 1):
        part.column_dimensions[get_column_letter(place)].width = width
    if sheet.has_header:
        part.freeze_panes = "B2"
    fills = {value: PatternFill("solid", start_color=colour) for value, colour in sheet.colours}
    count = 0
    for count, row in enumerate(sheet.rows, 1):
        bold = len(row) if sheet.has_header and count == 1 else 0 if sheet.has_header else 1
        fill = fills.get(row[sheet.coloured]) if fills and count > 1 else None
        part.append(
            [_cell(part, value, place < bold, fill) for place, value in enumerate(row)]
            if bold or fill
            else list(row)
        )
    if sheet.has_header and count:
        part.auto_filter.ref = f"A1:{get_column_letter(len(sheet.widths))}{count}"


def _cell(part: Any, value: Any, is_bold: bool, fill: PatternFill | None) -> Any:
    cell = WriteOnlyCell(part, value=value)
    if is_bold:
        cell.font = BOLD
    if fill:
        cell.fill = fill
    return cell
