"""The cases of issue 2 on the real files, with the true connectors."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import load_all
from sourcing.ingest import ingest
from sourcing.linking import link
from sourcing.model import Mention, Supplier
from sourcing.places import load_territory
from tests.conftest import shared

pytestmark = pytest.mark.real
MARCHE = "data/sources/marche_inclusion/"


def take(session: Session, *names: str) -> None:
    communes = shared("data/territory/lorient_agglomeration_communes_2026.csv")
    load_territory(session, ["200042174"], files=[communes])
    for name in names:
        run = ingest(
            session, load_all()["marche_inclusion"], [shared(MARCHE + name)], everywhere=True
        )
        assert run.outcome == "done", run.message
        link(session)


def test_the_documented_cases_hold(session: Session) -> None:
    take(session, "cas_export_2025-08_a_2026-07.csv")
    sirets = session.scalars(select(Supplier.siret).where(Supplier.name.contains("ERABLE"))).all()
    assert sorted(sirets)[:2] == ["53876295600018", "53876295600042"]
    assert len(sirets) == 3
    ricochet = session.scalars(select(Supplier).where(Supplier.siret == "41920613100031")).one()
    kinds = session.scalars(
        select(Mention.statuses).where(Mention.supplier_id == ricochet.id)
    ).all()
    assert sorted(kinds) == [["siae:ACI"], ["siae:EI"]]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_export_without_siret_falls_on_the_former_suppliers(
    session: Session, order: tuple[int, int]
) -> None:
    files = (
        "export_recherche_morbihan_2025-08_a_2026-07.csv",
        "export_recherche_morbihan_2026-07.csv",
    )
    take(session, *(files[i] for i in order))
    suppliers = session.scalars(select(Supplier)).all()
    assert len(suppliers) == 44
    assert all(supplier.siret for supplier in suppliers)
