"""What a printed sheet of a search shows: a map with numbers, and the list they lead to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from reportlab.pdfbase.pdfmetrics import stringWidth
from sqlalchemy.orm import Session

from maps import ground as grounds
from maps.ground import Ground, View, framed
from maps.layout import Box, Name, around, names
from maps.marks import MARKS, Mark, badges, mark
from sourcing import search
from sourcing.export import About
from sourcing.export.pdf import REGULAR, fonts
from sourcing.search.hits import Hit
from sourcing.search.query import Query
from sourcing.segments import Nomenclature
from sourcing.tagging.statuses import STATUSES

# More lines make a book: the spreadsheet is better for them.
MOST = 300
# Suppliers farther than this part of the territory's width from it are listed, not drawn.
BEYOND = 0.6
# The least a map shows, in tens of metres.
CLOSEST = 400
MARGIN = 0.06
SQUARES = 6
# Sizes on paper, in millimetres: a mark, a digit, the height of a label, a commune's name.
MARK_MM, DIGIT_MM, LABEL_MM, NAME_MM = 2.4, 1.65, 3.6, 2.7
# The grid's letters and numbers: their room, and how far from the edge; what keeps off the edge.
GRID_MM, GRID_AT_MM, RIM_MM = 4, 3, 0.8
# Numbers written in one label of the map; the others are counted.
MOST_NUMBERS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A supplier of the list: its number, its look, the square of the map it is in."""

    number: int
    hit: Hit
    look: Mark
    square: str

    @property
    def statuses(self) -> str:
        known = (status for status in STATUSES if status.code in self.hit.statuses)
        return ", ".join(badge.label for badge in badges(known))


@dataclass(frozen=True, slots=True)
class Label:
    """Numbers at a place of the map; the label hides it, so it is drawn around it."""

    x: float
    y: float
    lines: tuple[Line, ...]

    @property
    def shown(self) -> tuple[Line, ...]:
        return self.lines[:MOST_NUMBERS]

    @property
    def more(self) -> str:
        return f"+{len(self.lines) - MOST_NUMBERS}" if len(self.lines) > MOST_NUMBERS else ""

    @property
    def width_mm(self) -> float:
        digits = sum(len(str(line.number)) for line in self.shown) + len(self.more)
        return len(self.shown) * (MARK_MM + 0.9) + digits * DIGIT_MM + (2 if self.more else 0.9)


class Format(NamedTuple):
    """A sheet of paper and the room of its map, in millimetres; columns under and after it."""

    name: str
    width: float
    height: float
    map_width: float
    map_height: float
    first_columns: int
    columns: int


FORMATS = {
    "a4": Format("A4", 210, 297, 186, 168, 2, 2),
    "a3": Format("A3", 420, 297, 250, 228, 2, 4),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything drawn and written on the paper."""

    about: About
    paper: Format
    total: int
    lines: Sequence[Line]
    ground: Ground
    view: View
    labels: Sequence[Label]
    names: Sequence[Name]
    circle: tuple[float, float, float] | None  # x, y and radius of a search around a place

    @property
    def looks(self) -> list[Mark]:
        """The marks of the map, for the legend."""
        return [each for each in MARKS if any(line.look is each for line in self.lines)]

    @property
    def undrawn(self) -> int:
        return sum(not line.square for line in self.lines)


def sheet(
    session: Session, nomenclature: Nomenclature, query: Query, about: About, paper: str = "a4"
) -> Sheet:
    """The sheet of a search, its first suppliers numbered in the search's own order."""
    page = search.search(session, nomenclature, replace(query, page=1, per_page=1))
    hits = list(islice(search.all_hits(session, nomenclature, query), MOST))
    ground, size = grounds.ground(grounds.communes(session)), FORMATS[paper]
    points = [_point(ground, hit) for hit in hits]
    view = _view(ground, [p for p in points if p], size.map_width / size.map_height)
    squares = [_square(view, p) if p else "" for p in points]
    lines = [
        Line(number, hit, mark(hit.statuses), square)
        for number, (hit, square) in enumerate(zip(hits, squares, strict=True), 1)
    ]
    unit = view.width / size.map_width
    drawn = [Label(*p, (line,)) for line, p in zip(lines, points, strict=True) if p and line.square]
    inner = _inner(view, unit)
    labels = _together([_inside(label, inner, unit) for label in drawn], inner, unit)
    lands = [land for land in ground.lands if _square(view, land.at)]
    taken = [*(_box(label, unit) for label in labels), *_edges(view, unit)]
    named = names(lands, taken, NAME_MM * unit, inner, lambda text: name_width_mm(text) * unit)
    return Sheet(about, size, page.total, lines, ground, view, labels, named,
                 _circle(ground, page))  # fmt: skip


def _point(ground: Ground, hit: Hit) -> tuple[int, int] | None:
    return None if hit.lon is None or hit.lat is None else ground.at(hit.lon, hit.lat)


def _view(ground: Ground, points: Sequence[tuple[int, int]], ratio: float) -> View:
    """The territory, or the part of it and around it where the suppliers are."""
    land, far = ground.box, ground.box.width * BEYOND
    near = [
        (x, y)
        for x, y in points
        if -far <= x - land.x <= land.width + far and -far <= y - land.y <= land.height + far
    ]
    if not near:
        return framed(land, ratio, MARGIN)
    xs, ys = [x for x, _ in near], [y for _, y in near]
    width, height = max(max(xs) - min(xs), CLOSEST), max(max(ys) - min(ys), CLOSEST)
    x, y = (max(xs) + min(xs) - width) / 2, (max(ys) + min(ys) - height) / 2
    box = View(x, y, width, height)
    # Nearly all of the territory: the whole of it is easier to recognise.
    if max(width / land.width, height / land.height) > 0.5:
        left, top = min(x, land.x), min(y, land.y)
        right = max(x + width, land.x + land.width)
        box = View(left, top, right - left, max(y + height, land.y + land.height) - top)
    return framed(box, ratio, MARGIN)


def _square(view: View, at: tuple[int, int]) -> str:
    """ "B4": the square of the map's grid, '' outside of the map."""
    side = view.width / SQUARES
    across, down = (at[0] - view.x) / side, (at[1] - view.y) / side
    if not (0 <= across < SQUARES and 0 <= down < view.height / side):
        return ""
    return f"{'ABCDEFGH'[int(across)]}{int(down) + 1}"


def _inner(view: View, unit: float) -> View:
    """The view without what the line around it touches."""
    rim = RIM_MM * unit
    return View(view.x + rim, view.y + rim, view.width - 2 * rim, view.height - 2 * rim)


def _edges(view: View, unit: float) -> Iterator[Box]:
    """Where the letters and the numbers of the grid are written."""
    side, half = view.width / SQUARES, GRID_MM * unit / 2
    for place in range(SQUARES):
        yield around(view.x + (place + 0.5) * side, view.y + GRID_AT_MM * unit, half, half)
        yield around(view.x + GRID_AT_MM * unit, view.y + (place + 0.5) * side, half, half)


def name_width_mm(text: str) -> float:
    """How long a commune's name is on paper, a letter kept between two names."""
    fonts()
    return float(stringWidth(f"{text}n", REGULAR, NAME_MM))


def _inside(label: Label, view: View, unit: float) -> Label:
    x, y = _box(label, unit).moved_into(view)
    return replace(label, x=x, y=y)


def _together(labels: Sequence[Label], view: View, unit: float) -> list[Label]:
    """The labels, those that would overlap made one; a joined one may touch others in turn."""
    kept: list[Label] = []
    for label in labels:
        while touched := next((k for k in kept if _box(k, unit).meets(_box(label, unit))), None):
            kept.remove(touched)
            label = _inside(_joined(touched, label), view, unit)
        kept.append(label)
    return kept


def _joined(one: Label, other: Label) -> Label:
    lines = tuple(sorted((*one.lines, *other.lines), key=lambda line: line.number))
    share = len(other.lines) / len(lines)
    return Label(one.x + (other.x - one.x) * share, one.y + (other.y - one.y) * share, lines)


def _box(label: Label, unit: float) -> Box:
    return around(label.x, label.y, label.width_mm * unit / 2, LABEL_MM * unit / 2)


def _circle(ground: Ground, page: search.Page) -> tuple[float, float, float] | None:
    near, radius = page.near, page.query.radius_km
    if near is None or near.lon is None or near.lat is None or not radius:
        return None
    return (*ground.at(near.lon, near.lat), radius * 100)
