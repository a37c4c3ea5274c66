"""A sheet as PDF: drawn in lines, legible in black and white, its fonts inside."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, BinaryIO

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus.doctemplate import NextPageTemplate

from maps.ground import Land, lines
from maps.marks import Mark
from maps.sheet import GRID_AT_MM, LABEL_MM, MARK_MM, NAME_MM, SQUARES, Label, Line, Sheet
from sourcing.export.paper import plain
from sourcing.export.pdf import BOLD, REGULAR, fonts

MARGIN = 12 * mm
HEAD, LEGEND, FOOT, GAP = 17 * mm, 11 * mm, 7 * mm, 5 * mm
INK, SOFT, HAIR = colors.black, colors.HexColor("#3d3d3d"), colors.HexColor("#9a9a9a")
LAND, WATER = colors.HexColor("#f1f1ee"), colors.white
DEMO = "Démonstration : noms fictifs. "


def write(sheet: Sheet, out: BinaryIO) -> None:
    """The whole sheet: the map first, the list as long as it takes, then the sources."""
    fonts()
    width, height = sheet.paper.width * mm, sheet.paper.height * mm
    document = BaseDocTemplate(
        out, pagesize=(width, height), title=plain(sheet.about.sentence), lang="fr-FR",
        author=plain(sheet.about.organisation), creator="Sourcing territorial",
    )  # fmt: skip

    def first(canvas: Canvas, at: Any) -> None:
        _head(canvas, sheet)
        _map(canvas, sheet)
        _legend(canvas, sheet)
        _foot(canvas, sheet, at.page)

    def later(canvas: Canvas, at: Any) -> None:
        _foot(canvas, sheet, at.page)

    document.addPageTemplates([
        PageTemplate("first", list(_first_frames(sheet)), onPage=first),
        PageTemplate("later", list(_columns(sheet, sheet.paper.columns, MARGIN, height - MARGIN)),
                     onPage=later),
    ])  # fmt: skip
    document.build([NextPageTemplate("later"), *_story(sheet)])


# --- the page: head, frames, foot ---


def _first_frames(sheet: Sheet) -> Iterator[Frame]:
    """Under the map on an upright page, beside it on a lying one."""
    top = sheet.paper.height * mm - MARGIN - HEAD
    if sheet.paper.width > sheet.paper.height:
        left = MARGIN + sheet.paper.map_width * mm + GAP
        yield from _columns(sheet, sheet.paper.first_columns, left, top)
    else:
        under = top - sheet.paper.map_height * mm - LEGEND
        yield from _columns(sheet, sheet.paper.first_columns, MARGIN, under)


def _columns(sheet: Sheet, count: int, left: float, top: float) -> Iterator[Frame]:
    room = sheet.paper.width * mm - MARGIN - left
    width = (room - GAP * (count - 1)) / count
    for place in range(count):
        yield Frame(left + place * (width + GAP), MARGIN + FOOT, width, top - MARGIN - FOOT,
                    leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)  # fmt: skip


def _head(canvas: Canvas, sheet: Sheet) -> None:
    wide = sheet.paper.width * mm - 2 * MARGIN
    sentence = sheet.about.sentence
    title = Paragraph(_safe(sentence[:1].upper() + sentence[1:]), _style("title"))
    _, high = title.wrap(wide, HEAD)
    size = 1.0
    while high > HEAD - 5.5 * mm and size > 0.5:
        size -= 0.1
        title = Paragraph(_safe(sentence[:1].upper() + sentence[1:]), _style("title", size))
        _, high = title.wrap(wide, HEAD)
    top = sheet.paper.height * mm - MARGIN
    title.drawOn(canvas, MARGIN, top - high)
    told = Paragraph(_safe(_told(sheet)), _style("told"))
    _, low = told.wrap(wide, HEAD)
    told.drawOn(canvas, MARGIN, top - high - low - 0.5 * mm)


def _told(sheet: Sheet) -> str:
    shown = len(sheet.lines)
    count = f"{sheet.total:,} fournisseur{'s' if sheet.total > 1 else ''}".replace(",", "\u00a0")
    if shown < sheet.total:
        count += f", dont les {shown} premiers ici : préciser la recherche, ou prendre le classeur"
    if sheet.undrawn:
        count += f" ; {sheet.undrawn} hors de la carte"
    demo = DEMO if sheet.about.is_demo else ""
    return f"{demo}{sheet.about.organisation}, {sheet.about.made_on:%d/%m/%Y} – {count}"


def _foot(canvas: Canvas, sheet: Sheet, page: int) -> None:
    canvas.setFont(REGULAR, 6.5)
    canvas.setFillColor(SOFT)
    text = f"{DEMO if sheet.about.is_demo else ''}{sheet.about.sentence}"
    canvas.drawString(MARGIN, MARGIN, plain(text)[: int(sheet.paper.width / 1.7)])
    canvas.drawRightString(sheet.paper.width * mm - MARGIN, MARGIN, f"page {page}")


# --- the map ---


class _Place:
    """From the plane of the ground to points of the page, whose y grows upwards."""

    def __init__(self, sheet: Sheet) -> None:
        self.width, self.height = sheet.paper.map_width * mm, sheet.paper.map_height * mm
        self.left = MARGIN
        self.bottom = sheet.paper.height * mm - MARGIN - HEAD - self.height
        self.view, self.scale = sheet.view, self.width / sheet.view.width

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (
            self.left + (x - self.view.x) * self.scale,
            self.bottom + self.height - (y - self.view.y) * self.scale,
        )


def _map(canvas: Canvas, sheet: Sheet) -> None:
    place = _Place(sheet)
    canvas.saveState()
    frame = canvas.beginPath()
    frame.rect(place.left, place.bottom, place.width, place.height)
    canvas.clipPath(frame, stroke=0)
    for land in sorted(sheet.ground.lands, key=lambda land: land.is_inside):
        _land(canvas, place, land)
    canvas.setLineWidth(1.4)
    canvas.setStrokeColor(INK)
    canvas.drawPath(_path(canvas, place, sheet.ground.edge), fill=0)
    _grid(canvas, sheet, place)
    if sheet.circle:
        x, y, radius = sheet.circle
        canvas.setDash(4, 3)
        canvas.circle(*place.at(x, y), radius * place.scale, fill=0)
        canvas.setDash()
    for name in sheet.names:
        _name(canvas, name.text, *place.at(name.x, name.y))
    for label in sheet.labels:
        _label(canvas, label, *place.at(label.x, label.y))
    canvas.restoreState()
    canvas.setLineWidth(0.8)
    canvas.setStrokeColor(INK)
    canvas.rect(place.left, place.bottom, place.width, place.height, fill=0)


def _land(canvas: Canvas, place: _Place, land: Land) -> None:
    canvas.setFillColor(LAND if land.is_inside else WATER)
    canvas.setStrokeColor(SOFT if land.is_inside else HAIR)
    canvas.setLineWidth(0.4)
    canvas.drawPath(_path(canvas, place, land.path), fill=1)


def _path(canvas: Canvas, place: _Place, path: str) -> Any:
    drawn = canvas.beginPath()
    for corners in lines(path):
        drawn.moveTo(*place.at(*corners[0]))
        for corner in corners[1:]:
            drawn.lineTo(*place.at(*corner))
        drawn.close()
    return drawn


def _grid(canvas: Canvas, sheet: Sheet, place: _Place) -> None:
    side = place.width / SQUARES
    top = place.bottom + place.height
    canvas.setStrokeColor(HAIR)
    canvas.setLineWidth(0.25)
    canvas.setFont(BOLD, 7)
    for across in range(SQUARES):
        x = place.left + across * side
        canvas.line(x, place.bottom, x, top)
        _written(canvas, "ABCDEFGH"[across], x + side / 2, top - GRID_AT_MM * mm)
    for down in range(int(place.height // side) + 1):
        y = top - down * side
        canvas.line(place.left, y, place.left + place.width, y)
        if y - side / 2 > place.bottom + 2 * mm:
            _written(canvas, str(down + 1), place.left + GRID_AT_MM * mm, y - side / 2)


def _written(canvas: Canvas, text: str, x: float, y: float) -> None:
    canvas.setFillColor(SOFT)
    canvas.drawCentredString(x, y - 1 * mm, text)


def _name(canvas: Canvas, text: str, x: float, y: float) -> None:
    """A commune's name, with a white line around each letter."""
    size = NAME_MM * mm
    for stroke in (1, 0):
        letters = canvas.beginText()
        letters.setFont(REGULAR, size)
        letters.setTextOrigin(x - canvas.stringWidth(text, REGULAR, size) / 2, y - size * 0.35)
        letters.setTextRenderMode(2 if stroke else 0)
        letters.setStrokeColor(colors.white)
        letters.setFillColor(colors.white if stroke else SOFT)
        canvas.setLineWidth(2)
        letters.textOut(plain(text))
        letters.setTextRenderMode(0)
        canvas.drawText(letters)


def _label(canvas: Canvas, label: Label, x: float, y: float) -> None:
    """A white plate with a shape and a number for each, centred on the place."""
    wide, high = label.width_mm * mm, LABEL_MM * mm
    canvas.setFillColor(colors.white)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.7)
    canvas.roundRect(x - wide / 2, y - high / 2, wide, high, 0.8 * mm, fill=1)
    left = x - wide / 2 + 0.7 * mm
    for line in label.shown:
        _mark(canvas, line.look, left, y)
        left += (MARK_MM + 0.3) * mm
        left = _digits(canvas, str(line.number), left, y) + 0.6 * mm
    if label.more:
        _digits(canvas, label.more, left, y)


def _digits(canvas: Canvas, text: str, x: float, y: float) -> float:
    canvas.setFont(BOLD, 6.4)
    canvas.setFillColor(INK)
    canvas.drawString(x, y - 0.8 * mm, text)
    return x + float(canvas.stringWidth(text, BOLD, 6.4))


def _mark(canvas: Canvas, look: Mark, x: float, y: float, size_mm: float = MARK_MM) -> None:
    """The shape of a look, dark enough to be told from its neighbours without its colour."""
    half = size_mm * mm / 2
    canvas.setFillColor(colors.HexColor(look.colour))
    path = canvas.beginPath()
    if look.shape == "circle":
        path.circle(x + half, y, half * 0.75)
    else:
        corners = _SHAPES[look.shape]
        path.moveTo(x + half + corners[0][0] * half, y + corners[0][1] * half)
        for across, up in corners[1:]:
            path.lineTo(x + half + across * half, y + up * half)
        path.close()
    canvas.drawPath(path, fill=1, stroke=0)


# Corners around the middle, in halves of the size.
_SHAPES: dict[str, Sequence[tuple[float, float]]] = {
    "triangle": ((0, 0.95), (1, -0.8), (-1, -0.8)),
    "square": ((-0.8, 0.8), (0.8, 0.8), (0.8, -0.8), (-0.8, -0.8)),
    "diamond": ((0, 1), (1, 0), (0, -1), (-1, 0)),
    "star": ((0, 1), (0.3, 0.35), (1, 0.28), (0.48, -0.22), (0.63, -0.93), (0, -0.57),
             (-0.63, -0.93), (-0.48, -0.22), (-1, 0.28), (-0.3, 0.35)),
}  # fmt: skip


def _legend(canvas: Canvas, sheet: Sheet) -> None:
    place = _Place(sheet)
    y = place.bottom - 4 * mm
    x = place.left
    canvas.setFont(REGULAR, 7.5)
    for look in sheet.looks:
        _mark(canvas, look, x, y, 3)
        canvas.setFillColor(INK)
        canvas.drawString(x + 4 * mm, y - 0.9 * mm, look.label)
        x += canvas.stringWidth(look.label, REGULAR, 7.5) + 10 * mm
    _scale_bar(canvas, place, y)
    canvas.setFont(REGULAR, 6.5)
    canvas.setFillColor(SOFT)
    contours = (
        "Limites des communes approchées, faute de contours."
        if sheet.ground.is_approached
        else "Contours des communes : IGN, par geo.api.gouv.fr (Licence Ouverte 2.0)."
    )
    numbers = "Un numéro mène à la liste ; la liste dit le carré (B4)."
    canvas.drawString(place.left, y - 4.5 * mm, f"{numbers} {contours}")


def _scale_bar(canvas: Canvas, place: _Place, y: float) -> None:
    kilometres = next(
        (km for km in (20, 10, 5, 2, 1) if km * 100 * place.scale < place.width / 4), 1
    )
    right, long = place.left + place.width, kilometres * 100 * place.scale
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(1.2)
    canvas.line(right - long, y - 1 * mm, right, y - 1 * mm)
    for x in (right - long, right):
        canvas.line(x, y - 1 * mm, x, y + 0.6 * mm)
    canvas.setFillColor(INK)
    canvas.drawRightString(right - long - 2 * mm, y - 1 * mm, f"{kilometres} km  nord en haut")


# --- the list ---


class _Entry(Flowable):
    """One supplier: number and square in the margin, name and facts beside."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.line = line
        hit = line.hit
        where = " ".join(filter(None, (hit.postcode, hit.commune)))
        facts = ", ".join(filter(None, (hit.address, where)))
        told = " – ".join(filter(None, (facts, line.statuses)))
        self.name = Paragraph(_safe(hit.name), _style("name"))
        self.told = Paragraph(_safe(told), _style("entry"))

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        room = width - 14 * mm
        self.high = self.name.wrap(room, height)[1] + self.told.wrap(room, height)[1] + 1.6 * mm
        return width, self.high

    def draw(self) -> None:
        canvas: Canvas = self.canv
        top = self.high - 1 * mm
        _mark(canvas, self.line.look, 0, top - 1.6 * mm)
        _digits(canvas, str(self.line.number), 3.2 * mm, top - 1.6 * mm)
        canvas.setFont(REGULAR, 6)
        canvas.setFillColor(SOFT)
        canvas.drawString(9 * mm, top - 2.3 * mm, self.line.square or "–")
        self.name.drawOn(canvas, 14 * mm, top - self.name.height)
        self.told.drawOn(canvas, 14 * mm, top - self.name.height - self.told.height)


def _story(sheet: Sheet) -> Iterator[Flowable]:
    if not sheet.lines:
        yield Paragraph("Aucun fournisseur ne répond à cette recherche.", _style("name"))
    yield from map(_Entry, sheet.lines)
    yield Spacer(1, 4 * mm)
    yield KeepTogether([
        Paragraph(f"<b>{_safe(heading)}</b> {_safe(text)}", _style("source"))
        for heading, text in sheet.about.lines()
    ])  # fmt: skip


def _safe(text: str) -> str:
    return escape(plain(text))


def _style(name: str, share: float = 1) -> ParagraphStyle:
    sizes = {"title": (15, BOLD), "told": (8.5, REGULAR), "name": (7.6, BOLD),
             "entry": (6.8, REGULAR), "source": (6.8, REGULAR)}  # fmt: skip
    size, font = sizes[name]
    return ParagraphStyle(name, fontName=font, fontSize=size * share, leading=size * share * 1.22,
                          textColor=INK, spaceAfter=1)  # fmt: skip
