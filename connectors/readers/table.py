"""Lines of cells into rows: where the header is, what columns are called, which lines are whole."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from operator import eq
from typing import NamedTuple

from connectors.readers.cut import Cells, have_one_size
from sourcing.source import NO_HEADER, Layout, Row, SourceError, Table

# Line number, cells, and what reading had to say of the line ('' = nothing).
Line = tuple[int, list[str], str]

SAMPLE = 40
# A header row fills at least this share of the table's width; title rows do not.
HEADER_SHARE = 0.6
# Rows that have a column more than the header, before it is believed to have forgotten it.
LEAST_ROWS, NEARLY_ALL = 3, 0.8
_VALUE = re.compile(
    r"@|://|^www\.|^[\d\s.,/+:-]+$|^\d{4}-\d\d-\d\d|\b\d{5} +[^\W\d]{2}", re.IGNORECASE
)
_YEAR = re.compile(r"(19|20)\d\d$")
_NUMBER = re.compile(r"[-+]?[\d\s.,]{1,14}\s?(€|k€|%|M€)?")
TOTAL = re.compile(
    r"(sous[- ]?)?tota(l|ux)(\s*([:=(\d]|(g[ée]n[ée]ral|ht|ttc|cumul|des?|du)\b).*)?$"
    r"|(somme|moyenne|nombre)\b.{0,40}$",
    re.IGNORECASE,
)
FOOTER = re.compile(
    r"(source|mise? à jour|maj|nb|n\.b|note|données|date d.extraction)s?\b\s?[:.(]|[©*]",
    re.IGNORECASE,
)
# How what stands below a table begins, in four letters.
BELOW = frozenset(("sous", "tota", "somm", "moye", "nomb"))
# First cells of a table lying on its side.
USUAL = frozenset(
    ("raison sociale", "nom", "denomination", "entreprise", "societe", "structure", "siret",
     "siren", "adresse", "code postal", "cp", "ville", "commune", "telephone", "tel", "email",
     "e mail", "mail", "courriel", "site internet", "site web", "activite", "effectif", "naf")
)  # fmt: skip
_MOJIBAKE = re.compile(r"Ã[\x80-\xbf©¨ª‰€¢´»§®¯]|â€")


def rows(name: str, lines: Iterable[Line], layout: Layout) -> Iterator[Row]:
    """Rows under the header said, or found in the first lines; blank lines are not rows."""
    stream = iter(lines)
    sample = [line for line in islice(stream, SAMPLE) if any(line[1])]
    if not sample:
        raise SourceError(f"{name} : aucune ligne remplie ; vérifier que c'est le bon fichier.")
    if not layout.header and is_lying([cells for _, cells, _ in sample]):
        sample = _stood_up([*sample, *stream])
    columns, header, body = _columns(name, sample, layout)
    _refuse_mojibake(name, columns)
    yield from _rows(name, columns, header, chain(body, stream))


class Block(NamedTuple):
    """Consecutive lines, each a whole record of as many cells; nothing to remark."""

    start: int
    columns: Sequence[Sequence[str]]

    def lines(self) -> Iterator[Line]:
        cells = zip(*self.columns, strict=True)
        return ((line, list(each), "") for line, each in enumerate(cells, self.start))


def parts(name: str, pieces: Iterator[Line | Block], layout: Layout) -> Iterator[Table | Row]:
    """As `rows`; the blocks where every line is a row come as tables."""
    ahead: list[Line] = []
    while len(ahead) < SAMPLE and (piece := next(pieces, None)):
        ahead += piece.lines() if isinstance(piece, Block) else [piece]
    sample = [line for line in ahead[:SAMPLE] if any(line[1])]
    if not sample:
        raise SourceError(f"{name} : aucune ligne remplie ; vérifier que c'est le bon fichier.")
    rest: Iterator[Line] = iter(ahead[SAMPLE:])
    if not layout.header and is_lying([cells for _, cells, _ in sample]):
        sample, rest = _stood_up([*sample, *rest, *_flat(pieces)]), iter(())
    columns, header, body = _columns(name, sample, layout)
    _refuse_mojibake(name, columns)
    yield from _rows(name, columns, header, chain(body, rest))
    for piece in pieces:
        is_whole = isinstance(piece, Block) and len(piece.columns) == len(columns)
        if isinstance(piece, Block) and is_whole and _is_plain(piece.columns, header):
            lines = range(piece.start, piece.start + len(piece.columns[0]))
            yield Table(name, lines, dict(zip(columns, piece.columns, strict=True)))
            continue
        yield from _rows(name, columns, header, _flat(iter([piece])))


def _flat(pieces: Iterator[Line | Block]) -> Iterator[Line]:
    for piece in pieces:
        if isinstance(piece, Block):
            yield from piece.lines()
        else:
            yield piece


def _is_plain(columns: Sequence[Sequence[str]], header: Sequence[str]) -> bool:
    """Whether no line can be anything but a row; a doubt is enough to look closer."""
    if len(columns) < 3:
        return False
    cells = [column for column in columns if isinstance(column, Cells)]
    is_doubtful = (
        header[0] in columns[0]
        or not _all_speak(columns[0])
        or (have_one_size(cells) if cells else any(map(eq, columns[0], columns[1])))
        or (cells[0].may_begin_with(BELOW) if cells else _may_stand_below(columns[0]))
    )
    # A line with its first cell alone has nothing in any other column.
    return not is_doubtful and any(map(_all_speak, columns[1:]))


def _all_speak(column: Sequence[str]) -> bool:
    return column.all_speak() if isinstance(column, Cells) else all(map(str.strip, column))


def _may_stand_below(firsts: Sequence[str]) -> bool:
    return not BELOW.isdisjoint(cell.strip()[:4].lower() for cell in firsts)


def _rows(
    name: str, columns: Sequence[str], header: list[str], lines: Iterable[Line]
) -> Iterator[Row]:
    width = len(columns)
    for line, cells, note in lines:
        if not any(map(str.strip, cells)):
            continue
        values = dict(zip(columns, cells, strict=False))
        if len(cells) < width:
            values.update(dict.fromkeys(columns[len(cells) :], ""))
        broken = _why_broken(cells, width, header)
        if broken:
            values["_broken"] = broken
        elif note:
            values["_problem"] = note
        yield Row(name, line, values)


def _why_broken(cells: list[str], width: int, header: list[str]) -> str:
    if len(cells) > width and any(c.strip() for c in cells[width:]):
        return "plus de cellules que de colonnes : un séparateur ou un guillemet est en trop"
    if width > 1 and len(cells) > 1 and cells[0] == cells[1] and len(set(cells)) == 1:
        return "ligne de titre au milieu du tableau"
    if cells[0] == header[0] and cells == header:
        return "ligne d'en-tête répétée"
    return _why_no_line(cells) if width > 2 else ""


def _why_no_line(cells: Sequence[str]) -> str:
    """What spreadsheets put under a table: a total, a source."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if TOTAL.match(filled[0]) and all(_NUMBER.fullmatch(cell) for cell in filled[1:]):
        return "ligne de total"
    if len(filled) == 1 and FOOTER.match(filled[0]):
        return "ligne de bas de tableau"
    return ""


def is_lying(sample: Sequence[Sequence[str]]) -> bool:
    """Whether the first column holds the headers: one supplier per column."""
    filled = [[c.strip() for c in cells] for cells in sample]
    down = {fold_label(cells[0]) for cells in filled if cells and cells[0]}
    across = max(map(_usual, filled[:1]), default=0)
    return len(USUAL & down) >= 3 and across <= 1 and len(filled) < SAMPLE


def _stood_up(lines: Sequence[Line]) -> list[Line]:
    """Columns as lines, numbered by their column (1 = A)."""
    lines = [line for line in lines if line[1] and line[1][0].strip()]
    width = max(len(cells) for _, cells, _ in lines)
    columns = [[c[i] if i < len(c) else "" for _, c, _ in lines] for i in range(width)]
    return [(i, cells, "") for i, cells in enumerate(columns, 1) if any(cells)]


def fold_label(cell: str) -> str:
    """A label as compared: lower case, letters only."""
    plain = unicodedata.normalize("NFKD", cell.lower())
    return re.sub(r"[^a-z]+", " ", plain.encode("ascii", "ignore").decode()).strip()


def _columns(
    name: str, sample: list[Line], layout: Layout
) -> tuple[list[str], list[str], list[Line]]:
    """Column names, the header cells as read, and the sample lines that are rows."""
    first = sample[0][1][0].strip().lower()
    if first in layout.headerless:
        return list(layout.headerless[first]), [""], sample[1:]
    if layout.header:
        start, found = _said_header(name, sample, layout.header)
    else:
        start, found = find_header([cells for _, cells, _ in sample])
    if found:
        header, body = sample[start][1], sample[start + 1 :]
        above = sample[start - 1][1] if start else []
        names = _completed(header, above, [cells for _, cells, _ in body])
        return name_columns(names), header, body
    width = max(len(cells) for _, cells, _ in sample[start:])
    return [f"Colonne {i + 1}" for i in range(width)], [""], sample[start:]


def _completed(
    header: list[str], above: Sequence[str], body: Sequence[Sequence[str]]
) -> Sequence[str]:
    """The header with a cell for a last column that nearly every row has and that it does not name.

    The line of groups above may name it: "Effectif" over nothing.
    """
    widths = [max((i for i, c in enumerate(cells, 1) if c.strip()), default=0) for cells in body]
    width, times = Counter(widths).most_common(1)[0] if widths else (0, 0)
    is_all = times >= max(LEAST_ROWS, NEARLY_ALL * len(widths)) and max(widths) == width
    if not is_all or width <= len(header):
        return header
    more = [above[i] if i < len(above) else "" for i in range(len(header), width)]
    return [*header, *more]


def _said_header(name: str, sample: Sequence[Line], header: int) -> tuple[int, bool]:
    """As `find_header`, from the line a person gives."""
    if header == NO_HEADER:
        return 0, False
    for place, (line, _, _) in enumerate(sample):
        if line == header:
            return place, True
    raise SourceError(
        f"{name}, ligne {header} : elle est vide ou trop loin pour porter les noms des colonnes ; "
        f"choisir une ligne remplie entre {sample[0][0]} et {sample[-1][0]}."
    )


def find_header(sample: Sequence[Sequence[str]]) -> tuple[int, bool]:
    """Where the header row is, or where the rows start when there is none (False)."""
    filled = [[c.strip() for c in cells if c.strip()] for cells in sample]
    width = max(map(len, filled))
    for i, labels in enumerate(filled):
        # Titles fill few columns, and groups of columns merged above the header repeat themselves.
        is_title = len(set(labels)) < min(5, HEADER_SHARE * width)
        if is_title or len(labels) < HEADER_SHARE * width:
            continue
        if not all(map(is_label, labels)):
            return i, False
        below = sample[i + 1] if i + 1 < len(sample) else []
        if _refines(sample[i], below) or _usual(below) > max(1, _usual(sample[i])):
            return i + 1, True
        return i, not _is_repeated(sample, i)
    return 0, False


def _usual(cells: Sequence[str]) -> int:
    """How many usual labels a line holds: two are never values."""
    return len(USUAL & set(map(fold_label, cells)))


def _refines(group: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the line below cuts a group's columns and repeats the others, merged downwards."""
    pairs = list(zip(group, below, strict=False))
    is_cut = any(a == b and c != d for (a, c), (b, d) in pairwise(pairs) if a)
    return is_cut and any(a == c and a for a, c in pairs) and all(is_label(c) for c in below if c)


def _is_repeated(sample: Sequence[Sequence[str]], start: int) -> bool:
    """Whether a quarter of the labels come back below in their column: then they were values."""
    labels = [c.strip() for c in sample[start]]
    below = [[c.strip() for c in cells] for cells in sample[start + 1 :]]
    columns = zip(labels, *(cells for cells in below if cells != labels), strict=False)
    back = sum(bool(label) and label in values for label, *values in columns)
    return back * 4 >= sum(map(bool, labels))


def is_label(cell: str) -> bool:
    """Whether a cell can be a column's name: words, not a number, a date or an address."""
    if len(cell) > 300 or not cell:
        return False
    return bool(_YEAR.match(cell)) or not _VALUE.search(cell)


def name_columns(header: Sequence[str]) -> list[str]:
    """Names as published, trimmed; empty ones numbered, repeated ones counted: "Inscrite (2)"."""
    seen: Counter[str] = Counter()
    names = []
    for i, cell in enumerate(header):
        label = " ".join(cell.split()) or f"Colonne {i + 1}"
        seen[label] += 1
        names.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return names


def _refuse_mojibake(name: str, columns: Sequence[str]) -> None:
    spoiled = next((c for c in columns if _MOJIBAKE.search(c)), "")
    if spoiled:
        raise SourceError(
            f"{name} : les accents sont abîmés (« {spoiled} ») ; repartir du fichier "
            "d'origine ou l'enregistrer en « CSV UTF-8 »."
        )
