"""CSV and its cousins: encoding and delimiter detected, streamed, no line lost to a stray quote."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from typing import IO

from connectors.readers.cut import cut
from connectors.readers.table import Block, Line, parts
from sourcing.source import Layout, Reading, Row, SourceError, Table

DELIMITERS = (",", ";", "\t", "|")
CHUNK = 1 << 18
MAX_LINE = 1 << 20
SNIFF_LINES = 60
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Not UTF-8: the encoding in which accents fall inside French words. Windows' first: it wins a tie.
LEGACY = ("cp1252", "cp850", "mac_roman")
_ACCENTED = re.compile(r"(?<=[a-z])[éèêàçôîûùëïâ](?=[a-z\s,;]|$)|(?<=[A-Z])[ÉÈÊÀÇÔ](?=[A-Z])")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """A byte that is not UTF-8 is read as Windows would: files are mixed more often than wrong."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stop = error.start + 1
    return error.object[error.start : stop].decode("cp1252", errors="replace"), stop


codecs.register_error("windows", _as_windows)


def detect_encoding(name: str, head: bytes) -> str:
    """The encoding of a text file; binary content is refused here."""
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding
    if b"\x00" in head:
        return _wide_encoding(name, head)
    controls = len(_CONTROLS.findall(head[:65536].decode("latin-1")))
    if controls > len(head[:65536]) / 50:
        raise _not_text(name)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        return _legacy_encoding(head)
    return "utf-8"


def _wide_encoding(name: str, head: bytes) -> str:
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = len(head[:4096]) / 2
    if max(even, odd) < half * 0.6 or min(even, odd) > half * 0.2:
        raise _not_text(name)
    return "utf-16-le" if odd > even else "utf-16-be"


def _not_text(name: str) -> SourceError:
    return SourceError(
        f"{name} : le contenu est binaire et n'est d'aucun format connu ; "
        "fournir un CSV, XLSX, XLS, ODS, JSON, GeoJSON ou XML."
    )


def _legacy_encoding(head: bytes) -> str:
    try:
        head.decode("utf-8", errors="strict")
    except UnicodeDecodeError:
        sound = len(re.findall(rb"[\xc3][\x80-\xbf]", head))
        if sound > 5 * head.decode("utf-8", errors="replace").count("\ufffd"):
            return "utf-8"
    scores = {e: len(_ACCENTED.findall(head.decode(e, errors="replace"))) for e in LEGACY}
    return max(LEGACY, key=lambda e: scores[e])


def read(name: str, opener: Callable[[], IO[bytes]], head: bytes, layout: Layout) -> Reading:
    """The rows of a delimited text file of this encoding."""
    return Reading(_parts(name, opener, head, layout))


def _parts(
    name: str, opener: Callable[[], IO[bytes]], head: bytes, layout: Layout
) -> Iterator[Table | Row]:
    encoding = layout.encoding
    delimiter, width = sniff(_first_lines(head, encoding), layout.separator or DELIMITERS)
    with closing(opener()) as file:
        pieces = _pieces(_blocks(name, _decoded(file, encoding)), delimiter, width)
        yield from parts(name, pieces, layout)


def _decoded(file: IO[bytes], encoding: str) -> Iterator[str]:
    """The text of a file, some at a time; its lines end as Unix ends them."""
    errors = "windows" if encoding.startswith("utf-8") else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    held = ""
    while data := file.read(CHUNK):
        text = held + decoder.decode(data)
        # Perhaps the first half of a line's end.
        held = "\r" if text.endswith("\r") else ""
        yield _unix(text.removesuffix(held))
    yield _unix(held + decoder.decode(b"", final=True))


def _unix(text: str) -> str:
    # Half the time that replacing two characters by one takes.
    return "\n".join(text.split("\r\n")).replace("\r", "\n") if "\r" in text else text


def _first_lines(head: bytes, encoding: str) -> list[str]:
    lines = head.decode(encoding, errors="replace").splitlines(keepends=True)
    return lines[:-1][:SNIFF_LINES] or lines


def sniff(lines: Sequence[str], among: Sequence[str] = DELIMITERS) -> tuple[str, int]:
    """The delimiter that cuts most lines into the same number of cells, and that number."""
    best, best_score, best_width = among[0], 0.0, 1
    lines = [line for line in lines if len(line) < csv.field_size_limit()]
    for delimiter in among:
        try:
            widths = Counter(len(c) for c in csv.reader(lines, delimiter=delimiter) if c)
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = count / sum(widths.values()) * (width - 1)
        if score > best_score:
            best, best_score, best_width = delimiter, score, width
    return best, best_width


def _blocks(name: str, texts: Iterable[str]) -> Iterator[str]:
    """Whole physical lines, many at a time; a gigabyte without a line break is refused early."""
    tail, count = "", 0
    for text in texts:
        end = text.rfind("\n") + 1
        block, tail = (tail + text[:end], text[end:]) if end else ("", tail + text)
        count += block.count("\n")
        if len(tail) > MAX_LINE:
            raise SourceError(
                f"{name}, ligne {count + 1} : plus d'un million de caractères sans retour "
                "à la ligne ; ce n'est pas un tableau, vérifier le fichier."
            )
        if block:
            yield block
    if tail:
        yield tail


def _pieces(blocks: Iterator[str], delimiter: str, width: int) -> Iterator[Line | Block]:
    """Blocks of lines that are whole records; the lines of the others, one by one."""
    start = 1
    for block in blocks:
        columns = cut(block, delimiter, width) or _whole(_lines(block), delimiter, width)
        if columns is None:
            rest = map(_lines, blocks)
            start = yield from _records(_lines(block), rest, start, (delimiter, width))
            continue
        yield Block(start, columns)
        start += len(columns[0])


def _lines(block: str) -> list[str]:
    lines = block.split("\n")
    last = lines.pop()
    return [*(line + "\n" for line in lines), *filter(None, (last,))]


def _whole(block: Sequence[str], delimiter: str, width: int) -> list[Sequence[str]] | None:
    """The columns of these lines, None unless each is one record of this width, closed."""
    try:
        cells = list(csv.reader(block, delimiter=delimiter))
    except csv.Error:
        return None
    if len(cells) != len(block) or set(map(len, cells)) != {width}:
        return None
    return None if cells[-1][-1].endswith("\n") else list(zip(*cells, strict=True))


def _records(
    block: Sequence[str], blocks: Iterator[list[str]], start: int, form: tuple[str, int]
) -> Generator[Line, None, int]:
    """Records with the number of their first line; a quote left open costs only its own line.

    One that the block's end cuts goes on in the next blocks. Returns the line after the last.
    """
    delimiter, width = form
    pending: list[str] = []

    def remembered(lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            pending.append(line)
            yield line

    def fed() -> Iterator[str]:
        yield from block
        while pending and (more := next(blocks, None)):
            yield from more

    lines = fed()
    while True:
        try:
            for cells in csv.reader(remembered(lines), delimiter=delimiter):
                if len(pending) > 1 and _swallowed(pending, cells, delimiter, width):
                    yield from _one_by_one(start, pending, delimiter)
                else:
                    yield start, cells, ""
                start += len(pending)
                pending.clear()
            return start
        except csv.Error:  # a cell past the limit: an open quote is swallowing the file
            yield from _one_by_one(start, pending, delimiter)
            start += len(pending)
            pending.clear()


def _swallowed(lines: Sequence[str], cells: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether a quoted cell over several lines holds what are rows in their own right."""
    whole = any(line.count(delimiter) >= width - 1 for line in lines[1:])
    return len(cells) != width or (width > 3 and whole)


def _one_by_one(start: int, lines: Sequence[str], delimiter: str) -> Iterator[Line]:
    for number, line in enumerate(lines, start):
        yield number, *_alone(line, delimiter)


def _alone(line: str, delimiter: str) -> tuple[list[str], str]:
    """The cells of a line read by itself, and what there is to say of it."""
    remark = "guillemet non refermé sur cette ligne"
    if line.count('"') % 2 == 0:
        with suppress(csv.Error):
            return next(csv.reader([line], delimiter=delimiter)), ""
        remark = f"case de plus de {csv.field_size_limit()} caractères, coupée"
    cells = line.rstrip("\n").split(delimiter)
    return [cell.strip('"')[: csv.field_size_limit()] for cell in cells], remark
