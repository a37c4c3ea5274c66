"""Map cells: every hit once, at any zoom, and names where there is one address."""

import random

import numpy as np
from sqlalchemy.orm import Session

from sourcing.model import Setting
from sourcing.search import Query, cells, search, squares
from sourcing.search.cells import STACK
from tests.listed import (
    ASKED,
    BRITTANY,
    HENNEBONT,
    LANESTER,
    NOMENCLATURE,
    places,
    random_base,
    supplier,
)


def test_cells_hold_every_hit_once_at_any_zoom(session: Session) -> None:
    random_base(session)
    session.add(Setting(key="data_version", value="1"))
    for query in ASKED:
        total = search(session, NOMENCLATURE, query).total
        for zoom in (0, 9, 18):
            found = cells(session, NOMENCLATURE, query, BRITTANY, zoom)
            assert sum(cell.count for cell in found) == total


def test_one_address_names_its_first_suppliers_and_a_cluster_nobody(session: Session) -> None:
    places(session)
    for index in range(STACK + 2):
        supplier(session, f"u{index}", f"Voisin {index:02}")
    supplier(session, "far", "Seul", commune=HENNEBONT, statuses=["esat"])
    supplier(session, "near", "Plus loin", commune=LANESTER)
    stack, *_ = sorted(
        cells(session, NOMENCLATURE, Query(), BRITTANY, 14), key=lambda cell: -cell.count
    )
    assert (stack.count, len(stack.suppliers)) == (STACK + 2, STACK)
    assert [s.name for s in stack.suppliers[:2]] == ["Voisin 00", "Voisin 01"]
    (alone,) = cells(session, NOMENCLATURE, Query(statuses=("esat",)), BRITTANY, 3)
    assert alone.suppliers == (("far", "Seul", ("esat",)),)
    (cluster,) = cells(session, NOMENCLATURE, Query(), BRITTANY, 3)
    assert (cluster.count, cluster.suppliers) == (STACK + 4, ())


def test_a_cell_counts_the_same_wherever_the_view_ends(session: Session) -> None:
    """What a move of the map brings in must not change what is already drawn."""
    places(session)
    supplier(session, "in", "Dedans", at=(-3.37, 47.75))
    supplier(session, "out", "À côté", at=(-3.3701, 47.75))
    (cell,) = cells(session, NOMENCLATURE, Query(), (-3.37005, 47.7, -3.3, 47.8), 10)
    assert cell.count == 2


def test_any_view_is_found_among_numbered_squares() -> None:
    chance = random.Random(3)
    lon = np.asarray([chance.uniform(-180, 180) for _ in range(2_000)])
    lat = np.asarray([chance.uniform(-85, 85) for _ in range(2_000)])
    order, numbers = squares.numbered(lon, lat)
    assert (np.diff(numbers) >= 0).all()
    for _ in range(50):
        west, south = chance.uniform(-180, 170), chance.uniform(-85, 75)
        box = (west, south, west + chance.uniform(0.1, 10), south + chance.uniform(0.1, 10))
        inside = (lon >= box[0]) & (lon <= box[2]) & (lat >= box[1]) & (lat <= box[3])
        asked, depth = squares.touched(box, chance.randrange(1, squares.DEPTH))
        assert len(asked) <= squares.MOST_TOUCHED
        starts, ends = squares.bounds(numbers, asked, depth)
        held = {
            int(place)
            for start, end in zip(starts, ends, strict=True)
            for place in order[start:end]
        }
        assert held >= set(np.flatnonzero(inside).tolist())
