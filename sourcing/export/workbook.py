"""An .xlsx as people like it: frozen bold header, filters, widths, colours that mean something."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: values by row; the first row is the header, else the first column is bold."""

    name: str
    rows: Iterable[Sequence[Any]]
    widths: Sequence[int]
    has_header: bool = False
    # Value of the `coloured` column -> background, RRGGBB.
    colours: tuple[tuple[str, str], ...] = ()
    coloured: int = -1


def write(out: BinaryIO, sheets: Sequence[Sheet]) -> None:
    """The whole workbook; rows are read once, one by one."""
    # A quarter of a second to import, for those who ask for a workbook.
    import_module("sourcing.export.office").write(out, sheets)
