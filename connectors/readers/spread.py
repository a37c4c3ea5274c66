"""ODS sheets (LibreOffice): the first table of content.xml, in a stream."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import IO, NoReturn
from xml.parsers import expat

from connectors.readers.sheet import DAMAGED
from connectors.readers.table import Headerless, Line, rows
from sourcing.source import Row, SourceError

CHUNK = 1 << 16
# LibreOffice declares a million empty columns and rows after the last one.
MAX_REPEAT = 1_000


def read(name: str, opener: Callable[[], IO[bytes]], headerless: Headerless) -> Iterator[Row]:
    """The rows of the first sheet that holds something."""
    yield from rows(name, _lines(name, opener), headerless)


def _lines(name: str, opener: Callable[[], IO[bytes]]) -> Iterator[Line]:
    sheet = _Sheet(name)
    try:
        with (
            closing(opener()) as file,
            zipfile.ZipFile(file) as archive,
            archive.open("content.xml") as source,
        ):
            while (chunk := source.read(CHUNK)) and not sheet.is_done:
                sheet.parser.Parse(chunk, False)
                yield from sheet.take()
    except SourceError:
        raise
    except (expat.ExpatError, *DAMAGED):
        raise SourceError(
            f"{name} : classeur tronqué ou abîmé ; l'ouvrir dans un tableur et "
            "l'enregistrer à nouveau."
        ) from None


class _Sheet:
    """Follows rows, cells and paragraphs of the first table that has any text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.number = 0
        self.cells: list[str] = []
        self.text: list[str] = []
        self.value = ""
        self.repeat = 1
        self.row_repeat = 1
        self.has_text = False
        self.is_done = False
        self.done: list[Line] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.text.append
        self.parser.EntityDeclHandler = self._refuse

    def take(self) -> list[Line]:
        done, self.done = self.done, []
        return done

    def _refuse(self, *_: object) -> NoReturn:
        raise SourceError(
            f"{self.name} : ce classeur déclare des entités XML, refusées par sécurité."
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table-row":
            self.cells = []
            self.row_repeat = int(attributes.get("table:number-rows-repeated", "1"))
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self.repeat = int(attributes.get("table:number-columns-repeated", "1"))
            self.value = attributes.get("office:value", "")
            self.text.clear()

    def _end(self, tag: str) -> None:
        if tag in ("table:table-cell", "table:covered-table-cell"):
            shown = "".join(self.text).strip()
            # A number is read from its value: what is shown may be rounded ("7,9E+13").
            content = self.value.removesuffix(".0") if self.value else shown
            if content or self.repeat < MAX_REPEAT:
                self.cells.extend([content] * min(self.repeat, MAX_REPEAT))
        elif tag == "table:table-row" and not self.is_done:
            self._end_row()
        elif tag == "table:table" and self.has_text:
            self.is_done = True

    def _end_row(self) -> None:
        if any(self.cells):
            self.has_text = True
            for i in range(min(self.row_repeat, MAX_REPEAT)):
                self.done.append((self.number + 1 + i, list(self.cells), ""))
        self.number += self.row_repeat
