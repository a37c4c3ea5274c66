"""A search on paper: numbers that can be read, a list that leads back to the map."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from maps import sheet_pdf
from maps.layout import Box, around
from maps.sheet import LABEL_MM, NAME_MM, Sheet, name_width_mm, sheet
from sourcing import db, segments
from sourcing.export import About, SourceNote
from sourcing.search.query import Query
from tests.webapp import invented
from tests.webapp.conftest import filled_sqlite

__all__ = ["filled_sqlite"]

NOMENCLATURE = segments.load()
SOURCES = (SourceNote("Sirene", "Insee", "Licence Ouverte 2.0", date(2026, 11, 1)),)
ABOUT = About("tous les fournisseurs", date(2026, 11, 28), "Lorient Agglomération", SOURCES)


@pytest.fixture(scope="module")
def filled(filled_sqlite: Path) -> Iterator[Session]:
    engine = db.connect(f"sqlite:///{filled_sqlite}")
    with Session(engine) as session:
        yield session
    engine.dispose()


def made(session: Session, query: Query | None = None, paper: str = "a4") -> Sheet:
    return sheet(session, NOMENCLATURE, query or Query(), ABOUT, paper)


def test_every_drawn_number_is_in_one_label_and_no_two_labels_overlap(filled: Session) -> None:
    paper = made(filled)
    unit = paper.view.width / paper.paper.map_width
    numbers = [line.number for label in paper.labels for line in label.lines]
    assert sorted(numbers) == [line.number for line in paper.lines if line.square]
    assert len(numbers) > 20
    boxes = [around(e.x, e.y, e.width_mm * unit / 2, LABEL_MM * unit / 2) for e in paper.labels]
    assert not any(a.meets(b) for place, a in enumerate(boxes) for b in boxes[:place])


def test_names_and_labels_keep_off_the_edge(filled: Session) -> None:
    paper = made(filled)
    view, unit = paper.view, paper.view.width / paper.paper.map_width
    frame = Box(view.x, view.y, view.x + view.width, view.y + view.height)
    boxes = [around(n.x, n.y, name_width_mm(n.text) * unit / 2, NAME_MM * unit / 2)
             for n in paper.names]  # fmt: skip
    assert len(boxes) > 5
    for label in paper.labels:
        boxes.append(around(label.x, label.y, label.width_mm * unit / 2, LABEL_MM * unit / 2))
    assert all(frame.holds(box) for box in boxes)


def test_the_square_of_a_line_is_where_it_is_on_the_map(filled: Session) -> None:
    paper = made(filled)
    side = paper.view.width / 6
    for line in paper.lines:
        if not line.square:
            continue
        x, y = paper.ground.at(line.hit.lon or 0, line.hit.lat or 0)
        across, down = (x - paper.view.x) / side, (y - paper.view.y) / side
        assert line.square == f"{'ABCDEF'[int(across)]}{int(down) + 1}"


def test_a_search_around_a_place_shows_its_circle_and_closer_ground(filled: Session) -> None:
    query = Query.from_args({"autour": ["Lorient"], "rayon": ["2"]})
    near, whole = made(filled, query), made(filled)
    assert near.circle is not None and near.circle[2] == 200
    assert near.view.width < whole.view.width
    assert whole.circle is None


@pytest.mark.parametrize(("paper", "points"), [("a4", (595, 842)), ("a3", (1191, 842))])
def test_the_pdf_has_the_size_of_the_paper(
    filled: Session, paper: str, points: tuple[int, int]
) -> None:
    out = io.BytesIO()
    sheet_pdf.write(made(filled, paper=paper), out)
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", out.getvalue())
    assert box is not None
    assert (round(float(box[1])), round(float(box[2]))) == points


def test_nothing_found_and_hostile_names_are_still_a_sheet(filled: Session) -> None:
    empty = made(filled, Query(text="introuvable zzz"))
    hostile = replace(made(filled), about=replace(ABOUT, sentence=invented.HOSTILE * 9))
    for paper in (empty, hostile):
        out = io.BytesIO()
        sheet_pdf.write(paper, out)
        assert out.getvalue().startswith(b"%PDF")
