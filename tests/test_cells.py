"""Map cells: every hit once, at any zoom, and names where there is one address."""

import pytest
from sqlalchemy.orm import Session

from sourcing.search import Query, cells, search
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


@pytest.mark.parametrize("zoom", [0, 6, 9, 12, 18])
def test_cells_hold_every_hit_once(session: Session, zoom: int) -> None:
    random_base(session)
    for query in ASKED:
        total = search(session, NOMENCLATURE, query).total
        assert sum(c.count for c in cells(session, NOMENCLATURE, query, BRITTANY, zoom)) == total


def test_several_suppliers_at_one_address_are_named(session: Session) -> None:
    places(session)
    for index in range(3):
        supplier(session, f"u{index}", f"Voisin {index}")
    supplier(session, "far", "Seul", commune=HENNEBONT, statuses=["esat"])
    alone, stack = sorted(
        cells(session, NOMENCLATURE, Query(), BRITTANY, 14), key=lambda c: c.count
    )
    assert [s.name for s in stack.suppliers] == ["Voisin 0", "Voisin 1", "Voisin 2"]
    assert alone.suppliers == (("far", "Seul", ("esat",)),)


def test_a_cluster_of_different_places_names_nobody(session: Session) -> None:
    places(session)
    supplier(session, "a", "Ici")
    supplier(session, "b", "Plus loin", commune=LANESTER)
    (cluster,) = cells(session, NOMENCLATURE, Query(), BRITTANY, 3)
    assert (cluster.count, cluster.suppliers) == (2, ())
