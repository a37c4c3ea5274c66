"""A report as PDF, by ReportLab: pure Python, its fonts inside, no system library to install."""

from functools import cache
from html import escape
from pathlib import Path
from typing import Any, BinaryIO

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from sourcing.export.paper import Block, Bullets, Grid, Heading, Paper, Text, plain

FONTS = Path(reportlab.__file__).parent / "fonts"
REGULAR, BOLD = "Vera", "VeraBd"
DEEP, SOFT = colors.HexColor("#0b2b36"), colors.HexColor("#495b64")
LINE, SUNK = colors.HexColor("#c3cdcd"), colors.HexColor("#e8eeed")
MARGIN = 1.8 * cm
WIDTH = A4[0] - 2 * MARGIN


def write(paper: Paper, out: BinaryIO) -> None:
    """The whole report, A4."""
    fonts()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN,
        bottomMargin=MARGIN, title=plain(f"{paper.title} – {paper.subtitle}"), lang="fr-FR",
        author="", creator="Sourcing territorial",
    )  # fmt: skip
    story: list[Flowable] = [
        Paragraph(_safe(paper.title), _style("title")),
        Paragraph(_safe(paper.subtitle), _style("subtitle")),
    ]
    for block in paper.blocks:
        story += _WRITERS[type(block)](block)

    def foot(canvas: Any, at: Any) -> None:
        canvas.setFont(REGULAR, 7)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, 1.1 * cm, plain(paper.footer)[:130])
        canvas.drawRightString(A4[0] - MARGIN, 1.1 * cm, f"page {at.page}")

    document.build(story, onFirstPage=foot, onLaterPages=foot)


@cache
def fonts() -> None:
    """Make our two typefaces known to ReportLab."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )


@cache
def _style(name: str) -> ParagraphStyle:
    said: dict[str, dict[str, Any]] = {
        "title": {"fontName": BOLD, "fontSize": 19, "leading": 23, "spaceAfter": 3},
        "subtitle": {"fontSize": 12, "leading": 16, "textColor": SOFT, "spaceAfter": 12},
        "h1": {"fontName": BOLD, "fontSize": 13, "leading": 16, "spaceBefore": 14,
               "spaceAfter": 5, "keepWithNext": 1},
        "h2": {"fontName": BOLD, "fontSize": 10, "leading": 13, "spaceBefore": 8,
               "spaceAfter": 3, "keepWithNext": 1},
        "text": {"textColor": colors.black, "spaceAfter": 5},
        "soft": {"fontSize": 7.5, "leading": 10, "textColor": SOFT, "spaceAfter": 5},
        "bullet": {"textColor": colors.black, "leftIndent": 12, "bulletIndent": 2, "spaceAfter": 2},
        "cell": {"textColor": colors.black, "fontSize": 7.5, "leading": 9.5},
        "head": {"fontName": BOLD, "fontSize": 7.5, "leading": 9.5},
    }  # fmt: skip
    usual: dict[str, Any] = {"fontName": REGULAR, "fontSize": 9, "leading": 12.5, "textColor": DEEP}
    return ParagraphStyle(name, **usual | said[name])


def _safe(text: str) -> str:
    return escape(plain(text)).replace("\n", "<br/>")


def _heading(block: Heading) -> list[Flowable]:
    return [Paragraph(_safe(block.text), _style(f"h{block.level}"))]


def _text(block: Text) -> list[Flowable]:
    return [Paragraph(_safe(block.text), _style("soft" if block.is_soft else "text"))]


def _bullets(block: Bullets) -> list[Flowable]:
    return [
        Paragraph(_safe(line), _style("bullet"), f"{place}." if block.are_numbered else "•")
        for place, line in enumerate(block.lines, 1)
    ]


def _grid(block: Grid) -> list[Flowable]:
    if not block.rows:
        return []
    unit = WIDTH / sum(block.widths)
    rows = [[Paragraph(_safe(value), _style("head")) for value in block.headers]]
    rows = rows if block.headers else []
    for row in block.rows:
        rows.append([
            Paragraph(_safe(value), _style("head" if not place and not block.headers else "cell"))
            for place, value in enumerate(row)
        ])  # fmt: skip
    table = Table(rows, [w * unit for w in block.widths], repeatRows=1 if block.headers else 0,
                  splitInRow=1)  # fmt: skip
    table.setStyle(TableStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 3), ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        *([("BACKGROUND", (0, 0), (-1, 0), SUNK)] if block.headers else []),
    ]))  # fmt: skip
    return [table, Spacer(1, 8)]


_WRITERS: dict[type[Block], Any] = {
    Heading: _heading, Text: _text, Bullets: _bullets, Grid: _grid,
}  # fmt: skip
