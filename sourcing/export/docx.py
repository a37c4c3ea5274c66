"""A report as a Word document: real headings and tables, to be read aloud and completed."""

from collections.abc import Sequence
from typing import Any, BinaryIO

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from sourcing.export.paper import Block, Bullets, Grid, Heading, Paper, Text, plain

DEEP, SOFT = RGBColor(0x0B, 0x2B, 0x36), RGBColor(0x49, 0x5B, 0x64)
WIDTH_CM = 17.0
FONT = "Calibri"


def write(paper: Paper, out: BinaryIO) -> None:
    """The whole document, A4, in French."""
    document = Document()
    _page(document, paper)
    document.add_heading(plain(paper.title), 0)
    document.add_paragraph(plain(paper.subtitle), style="Subtitle")
    for block in paper.blocks:
        _WRITERS[type(block)](document, block)
    document.save(out)


def _page(document: Any, paper: Paper) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)
    section.footer.paragraphs[0].text = plain(paper.footer)
    section.footer.paragraphs[0].style.font.size = Pt(8)
    document.core_properties.title = plain(f"{paper.title} – {paper.subtitle}")
    document.core_properties.language = "fr-FR"
    document.core_properties.author = ""
    styles = document.styles
    styles["Normal"].font.name, styles["Normal"].font.size = FONT, Pt(10.5)
    _language(styles["Normal"])
    for name in ("Title", "Heading 1", "Heading 2"):
        style = styles[name]
        style.font.name, style.font.color.rgb = FONT, DEEP
        style.element.rPr.rFonts.set(qn("w:asciiTheme"), FONT)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            style.element.rPr.rFonts.attrib.pop(qn(theme), None)


def _language(style: Any) -> None:
    said = OxmlElement("w:lang")
    said.set(qn("w:val"), "fr-FR")
    style.element.get_or_add_rPr().append(said)


def _heading(document: Any, block: Heading) -> None:
    document.add_heading(plain(block.text), block.level)


def _text(document: Any, block: Text) -> None:
    paragraph = document.add_paragraph(plain(block.text))
    if block.is_soft:
        for run in paragraph.runs:
            run.font.color.rgb, run.font.size = SOFT, Pt(9)


def _bullets(document: Any, block: Bullets) -> None:
    style = "List Number" if block.are_numbered else "List Bullet"
    for place, line in enumerate(block.lines, 1):
        # Word goes on counting from one list to the next: ours bear their own numbers.
        text = f"{place}. {line}" if block.are_numbered else line
        document.add_paragraph(plain(text), style="Normal" if block.are_numbered else style)


def _grid(document: Any, block: Grid) -> None:
    if not block.rows:
        return
    table = document.add_table(rows=0, cols=len(block.widths))
    table.style = "Table Grid"
    table.autofit = False
    if block.headers:
        _row(table, block, block.headers, is_bold=True)
        _repeat(table.rows[0])
    for row in block.rows:
        _row(table, block, row, is_bold=False)
    document.add_paragraph()


def _row(table: Any, block: Grid, values: Sequence[str], is_bold: bool) -> None:
    unit = WIDTH_CM / sum(block.widths)
    for place, (cell, value) in enumerate(zip(table.add_row().cells, values, strict=True)):
        cell.width = Cm(block.widths[place] * unit)
        run = cell.paragraphs[0].add_run(plain(value))
        run.font.size = Pt(9)
        run.bold = is_bold or (place == 0 and not block.headers)
        cell.paragraphs[0].paragraph_format.space_after = Pt(0)


def _repeat(row: Any) -> None:
    """The header comes again on each page the table runs over."""
    said = OxmlElement("w:tblHeader")
    said.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(said)


_WRITERS: dict[type[Block], Any] = {
    Heading: _heading, Text: _text, Bullets: _bullets, Grid: _grid,
}  # fmt: skip
