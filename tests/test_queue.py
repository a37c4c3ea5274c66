"""The to-tag queue: what changed is tagged again, and nothing else; the result is the same."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.readers import read
from sourcing import segments
from sourcing.ingest import ingest
from sourcing.linking import link
from sourcing.model import Listing, Place, Run, Setting, Stale, Supplier, Tag
from sourcing.source import Record, Shape, Source
from sourcing.tagging import tag, tag_stale

NOMENCLATURE = segments.load()
LIST = Source(
    name="essai", title="Liste d'essai", publisher="nous", licence="aucune",
    url="https://a.example", kind="list",
    shapes=(Shape("simple", frozenset({"Nom", "Secteur"})),),
    read=read,
    parse=lambda row: Record(name=row.get("Nom"), key=row.get("Nom"), commune="Lorient",
                             postcode="56100", sectors=(row.get("Secteur"),)),
)  # fmt: skip
ROWS = [
    ("Jardins du Ter", "Espaces verts"),
    ("Ateliers du Blavet", "Traiteur"),
    ("Vélos de Kervaric", "Réparation de cycles"),
    ("Linge des Dunes", "Blanchisserie"),
]
Load = Callable[..., Run]


@pytest.fixture
def load(session: Session, tmp_path: Path) -> Load:
    """load((name, sector), …): the whole list is now these lines."""
    place = Place(code="56121", name="Lorient", name_key="LORIENT", in_territory=True)
    session.add(place)
    place.postcodes, place.lon, place.lat = "56100", -3.37, 47.75

    def again(*rows: tuple[str, str]) -> Run:
        path = tmp_path / "liste.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("Nom", "Secteur"), *rows])
        return ingest(session, LIST, [path], complete=True)

    return again


def tagged(session: Session) -> list[Any]:
    """Every tag and index row, by the supplier's name."""
    tags = select(Supplier.name, Tag.kind, Tag.value, Tag.because, Tag.weight).join(Supplier)
    rows = select(Supplier.name, Listing.families, Listing.statuses).join(Supplier)
    return sorted(map(tuple, [*session.execute(tags), *session.execute(rows)]), key=str)


def waiting(session: Session) -> set[str]:
    return set(session.scalars(select(Supplier.name).join(Stale)))


def test_a_list_read_again_queues_only_the_lines_that_say_something_else(
    session: Session, load: Load
) -> None:
    first = load(*ROWS)
    link(session)
    assert tag_stale(session, NOMENCLATURE) == 4
    assert (first.added, first.changed, first.gone) == (4, 0, 0)
    again = load((ROWS[0][0], "Élagage"), ROWS[1], ROWS[2], ("Toits de Kerroch", "Couverture"))
    assert (again.added, again.changed, again.gone) == (1, 1, 1)
    assert waiting(session) == {ROWS[0][0], ROWS[3][0]}
    link(session)
    assert waiting(session) == {ROWS[0][0], ROWS[3][0], "Toits de Kerroch"}


def test_redoing_the_queue_gives_what_redoing_everything_gives(
    session: Session, load: Load
) -> None:
    rows = [*ROWS, *((f"Atelier {n} du Scorff", "Menuiserie") for n in range(8))]
    load(*rows)
    link(session)
    tag_stale(session, NOMENCLATURE)
    load((ROWS[0][0], "Élagage"), *rows[2:])
    link(session)
    assert 0 < tag_stale(session, NOMENCLATURE) < 4
    assert not waiting(session)
    redone = tagged(session)
    tag(session, NOMENCLATURE)
    assert tagged(session) == redone


def test_nothing_new_is_no_work_and_no_new_version(session: Session, load: Load) -> None:
    load(*ROWS)
    link(session)
    tag_stale(session, NOMENCLATURE)
    version = session.get_one(Setting, "data_version").value
    load(*ROWS)
    link(session)
    assert tag_stale(session, NOMENCLATURE) == 0
    assert session.get_one(Setting, "data_version").value == version


def test_another_nomenclature_or_territory_redoes_everything(session: Session, load: Load) -> None:
    load(*ROWS)
    link(session)
    tag_stale(session, NOMENCLATURE)
    first, *others = NOMENCLATURE.segments
    edited = segments.Nomenclature([replace(first, label="Autre nom"), *others])
    assert tag_stale(session, edited) == 4
    session.get_one(Place, "56121").in_territory = False
    assert tag_stale(session, edited) == 4
