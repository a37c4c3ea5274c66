"""JSON and GeoJSON, one element at a time: envelope, bare list, one object, one object per line."""

import io
import json
import math
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import IO, Any

from sourcing.source import Row, SourceError

CHUNK = 1 << 18
MAX_ELEMENT = 1 << 26
# The member of an envelope that holds the rows.
ROW_KEYS = (
    "results",
    "features",
    "etablissements",
    "items",
    "data",
    "records",
    "structures",
    "unitesLegales",
    "marches",
    "marche",
    "contrat-concession",
)
# Envelopes within the envelope: {"marches": {"marche": […], "contrat-concession": […]}}.
INNER = ("marches",)
_SPACE = " \t\r\n"
# Names of the projection of web maps, which metres alone would not tell from Lambert's.
MERCATOR = ("3857", "900913", "102100")
EARTH_RADIUS_M = 6_378_137.0


def read(name: str, opener: Callable[[], IO[bytes]], encoding: str) -> Iterator[Row]:
    """The rows of a JSON file, numbered from 1 in the order of the file."""
    with closing(opener()) as file:
        stream = io.TextIOWrapper(file, encoding=encoding, errors="replace")
        reader = _Reader(name, stream)
        for number, element in enumerate(reader.elements(), 1):
            reader.count = number
            yield Row(name, number, _values(element, reader.is_mercator))


class _Reader:
    """A JSON file seen through a window that never holds more than one element."""

    def __init__(self, name: str, stream: io.TextIOWrapper) -> None:
        self.name = name
        self.stream = stream
        self.buffer = ""
        self.at = 0
        self.count = 0
        self.is_mercator = False
        self.decoder = json.JSONDecoder()

    def elements(self) -> Iterator[Any]:
        """Every element that is a row."""
        while (first := self._peek()) != "":
            if first == "[":
                yield from self._array()
            elif first == "{":
                yield from self._object()
            else:
                raise self._unreadable()

    def _array(self) -> Iterator[Any]:
        self.at += 1
        while (char := self._peek()) != "]":
            if char == ",":
                self.at += 1
            elif char == "":
                raise self._truncated()
            else:
                yield self._value()
        self.at += 1

    def _object(self) -> Iterator[Any]:
        """The rows of an envelope, or the object itself when it is none."""
        self.at += 1
        alone: dict[str, Any] = {}
        is_envelope = False
        while (char := self._peek()) != "}":
            if char == ",":
                self.at += 1
                continue
            if char != '"':
                raise self._truncated() if char == "" else self._unreadable()
            key = self._value()
            if self._peek() != ":":
                raise self._truncated()
            self.at += 1
            if key in ROW_KEYS and self._peek() == "[":
                is_envelope = True
                yield from self._array()
            elif key in INNER and self._peek() == "{":
                is_envelope = True
                yield from self._object()
            else:
                alone[key] = self._value()
                self.is_mercator |= key == "crs" and any(c in str(alone[key]) for c in MERCATOR)
        self.at += 1
        if not is_envelope and alone:
            yield alone

    def _peek(self) -> str:
        """The next character that is not a space, '' at the end."""
        while True:
            while self.at < len(self.buffer) and self.buffer[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.buffer):
                char = self.buffer[self.at]
                if char != "\ufeff":
                    return char
                self.at += 1
            elif not self._more():
                return ""

    def _value(self) -> Any:
        """The value that starts here; numbers need the character after them to be known whole."""
        self._peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.at)
                if end < len(self.buffer) or not self._more():
                    self.at = end
                    return value
            except json.JSONDecodeError as error:
                if error.pos < len(self.buffer) - 10 and not error.msg.startswith("Unterminated"):
                    raise self._unreadable() from None
                if len(self.buffer) - self.at > MAX_ELEMENT:
                    raise self._unreadable() from None
                if not self._more():
                    raise self._truncated() from None
            except RecursionError:
                raise self._unreadable() from None

    def _more(self) -> bool:
        # Doubling keeps the cost of re-reading a long element proportional to its length.
        chunk = self.stream.read(max(CHUNK, len(self.buffer) - self.at))
        self.buffer = self.buffer[self.at :] + chunk
        self.at = 0
        return bool(chunk)

    def _truncated(self) -> SourceError:
        return SourceError(
            f"{self.name} : JSON tronqué après l'élément {self.count} ; le télécharger à nouveau."
        )

    def _unreadable(self) -> SourceError:
        return SourceError(
            f"{self.name} : JSON illisible après l'élément {self.count} ; "
            "vérifier le fichier ou le télécharger à nouveau."
        )


def _values(element: Any, is_mercator: bool = False) -> dict[str, str]:
    if not isinstance(element, dict):
        return {"_broken": "élément qui n'est pas un objet"}
    values: dict[str, str] = {}
    if element.get("type") == "Feature" and isinstance(element.get("properties"), dict | None):
        _flatten(element["properties"] or {} if "properties" in element else {}, "", values)
        position = _position(element.get("geometry"))
        if position:
            degrees = _from_mercator(*position) if is_mercator else position
            values["_lon"], values["_lat"] = map(repr, degrees)
        return values
    _flatten(element, "", values)
    return values


def _flatten(element: dict[str, Any], prefix: str, values: dict[str, str]) -> None:
    """Nested objects become dotted columns; lists stay JSON."""
    for key, value in element.items():
        if type(value) is str:
            values[prefix + key] = value
        elif isinstance(value, dict):
            _flatten(value, f"{prefix}{key}.", values)
        elif value is None:
            values[prefix + key] = ""
        else:
            values[prefix + key] = json.dumps(value, ensure_ascii=False)


def _from_mercator(x: float, y: float) -> tuple[float, float]:
    """Degrees, from the metres of web maps."""
    lon, lat = math.degrees(x / EARTH_RADIUS_M), math.atan(math.sinh(y / EARTH_RADIUS_M))
    return round(lon, 7), round(math.degrees(lat), 7)


def _position(geometry: Any) -> tuple[float, float] | None:
    """A point's position, or the middle of the box around any other geometry."""
    if not isinstance(geometry, dict):
        return None
    points = list(_points(geometry.get("coordinates")))
    if not points:
        return None
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def _points(coordinates: Any) -> Iterator[tuple[float, float]]:
    if not isinstance(coordinates, list):
        return
    if len(coordinates) >= 2 and all(isinstance(c, int | float) for c in coordinates[:2]):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for part in coordinates:
        yield from _points(part)
