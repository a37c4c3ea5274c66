"""XML lists such as Handeco's, in a stream, with no entity of any kind."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import IO, NoReturn
from xml.parsers import expat

from sourcing.source import Row, SourceError

CHUNK = 1 << 16
# Elements that are a row wherever they stand; in other files, the children of the root are.
ROW_TAGS = ("structure", "etablissement", "placemark", "record", "row", "item", "entry")
MAX_ROW = 1 << 20


def read(name: str, opener: Callable[[], IO[bytes]], head: str) -> Iterator[Row]:
    """The rows of an XML file, numbered by the line where their element starts."""
    builder = _Builder(name, _row_tag(head))
    with closing(opener()) as file:
        try:
            while chunk := file.read(CHUNK):
                builder.parser.Parse(chunk, False)
                yield from builder.take()
            builder.parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise SourceError(
                f"{name}, ligne {error.lineno} : XML tronqué ou mal formé ; "
                "le télécharger à nouveau."
            ) from None
    yield from builder.take()
    if not builder.count:
        raise SourceError(f"{name} : aucun élément à lire dans ce XML ; vérifier le fichier.")


def _row_tag(head: str) -> str:
    found = re.search(rf"<({'|'.join(ROW_TAGS)})[\s>/]", head, re.IGNORECASE)
    return found.group(1) if found else ""


class _Builder:
    """Collects the text of each row's elements under the dotted path of their names."""

    def __init__(self, name: str, row_tag: str) -> None:
        self.name = name
        self.row_tag = row_tag
        self.path: list[str] = []
        self.row_depth = 0
        self.line = 0
        self.count = 0
        self.size = 0
        self.text: list[str] = []
        self.values: dict[str, list[str]] = {}
        self.done: list[Row] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse

    def take(self) -> list[Row]:
        done, self.done = self.done, []
        return done

    def _refuse(self, *_: object) -> NoReturn:
        raise SourceError(
            f"{self.name}, ligne {self.parser.CurrentLineNumber} : ce XML déclare des "
            "entités, refusées par sécurité ; demander un fichier sans DTD."
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.path.append(tag)
        is_row = tag == self.row_tag if self.row_tag else len(self.path) == 2
        if not self.row_depth and is_row:
            self.row_depth = len(self.path)
            self.line = self.parser.CurrentLineNumber
            self.values, self.size = {}, 0
        if self.row_depth:
            for key, value in attributes.items():
                self._add(key, value)
        self.text = []

    def _end(self, _tag: str) -> None:
        content = "".join(self.text).strip()
        if self.row_depth and (content or len(self.path) > self.row_depth):
            self._add("", content)
        if self.row_depth and len(self.path) == self.row_depth:
            values = {key: " | ".join(filter(None, found)) for key, found in self.values.items()}
            self.done.append(Row(self.name, self.line, values))
            self.count += 1
            self.row_depth = 0
        self.path.pop()
        self.text = []

    def _data(self, data: str) -> None:
        self.size += len(data) if self.row_depth else 0
        if self.size > MAX_ROW:
            raise SourceError(
                f"{self.name}, ligne {self.line} : élément de plus d'un million de "
                "caractères ; vérifier le fichier."
            )
        self.text.append(data)

    def _add(self, attribute: str, value: str) -> None:
        parts = self.path[self.row_depth :] + ([attribute] if attribute else [])
        self.values.setdefault(".".join(parts) or self.path[-1], []).append(value)
