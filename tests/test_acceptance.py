"""The documented cases, on the real files of ../shared and with the real contours."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import load_all
from sourcing import db, ingest, linking, places, segments, tagging
from sourcing.model import Mention, Place, Run, Supplier, Tag
from tests.conftest import shared

pytestmark = pytest.mark.real

FORMER = "data/sources/marche_inclusion/export_recherche_morbihan_2025-08_a_2026-07.csv"
TODAY = "data/sources/marche_inclusion/export_recherche_morbihan_2026-07.csv"
TODAY_XLS = "data/sources/marche_inclusion/export_recherche_morbihan_2026-07.xls"
CASES = "data/sources/marche_inclusion/cas_export_2025-08_a_2026-07.csv"
ESAT = "data/sources/esat_gesat/esat_liste_officielle_finess_2026.csv"
TERRITORY = (
    "data/territory/lorient_agglomeration_communes_2026.csv",
    "data/territory/communes-lorient-agglomeration.geojson",
    "data/territory/communes_france_2022.csv",
)
FILES = {
    "sirene": [
        "data/sources/sirene/sirene_fr_liste_isere_2021.csv",
        "data/sources/sirene/insee_sirene_3.11_siret_bretagne_megalis_2024.json",
    ],
    "marche_inclusion": [
        FORMER,
        TODAY,
        TODAY_XLS,
        CASES,
        "data/sources/marche_inclusion/api_siae_list_dept56.json",
    ],
    "esat_gesat": [ESAT, "data/sources/esat_gesat/hosmoz_gesat_import_sample.csv"],
    "innovation": [
        "data/sources/innovation/bretagne_structures_innovation.geojson",
        "data/sources/innovation/french_tech_companies_no_siren.csv",
    ],
}


@pytest.fixture(scope="module")
def lorient(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite base with the real territory and all the communes of France around it."""
    path = tmp_path_factory.mktemp("lorient") / "base.sqlite"
    shutil.copy(migrated_sqlite, path)
    with db.transaction(db.connect(f"sqlite:///{path}")) as session:
        places.load_territory(session, ["200042174"], files=[shared(path) for path in TERRITORY])
    return path


@pytest.fixture
def base(lorient: Path, tmp_path: Path) -> Iterator[Session]:
    shutil.copy(lorient, tmp_path / "base.sqlite")
    with db.transaction(db.connect(f"sqlite:///{tmp_path / 'base.sqlite'}")) as session:
        yield session


def read(session: Session, source: str, *paths: str, everywhere: bool = False) -> Run:
    files: list[Path] = [shared(path) for path in paths]
    run = ingest.ingest(session, load_all()[source], files, everywhere=everywhere, margin_km=30.0)
    assert run.outcome == "done", run.message
    return run


def supplier_of(session: Session, siret: str) -> Supplier:
    found = session.scalars(select(Supplier).where(Supplier.siret == siret)).all()
    assert len(found) == 1, f"{siret}: {len(found)} suppliers"
    return found[0]


def test_the_territory_has_its_contours(base: Session) -> None:
    inside = base.scalars(select(Place).where(Place.in_territory)).all()
    assert len(inside) == 25
    assert all(place.contour and place.lon and place.lat for place in inside)


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize(("source", "path"), [(s, p) for s, paths in FILES.items() for p in paths])
def test_no_row_disappears_without_a_count(
    base: Session, source: str, path: str, everywhere: bool
) -> None:
    run = read(base, source, path, everywhere=everywhere)
    assert run.rows > 0
    assert run.rows == (
        run.kept + run.out_of_scope + run.outside + run.unplaced + run.repeated + run.rejected
    )


def test_the_cases_of_one_name_and_several_firms(base: Session) -> None:
    read(base, "marche_inclusion", CASES, everywhere=True)
    linking.link(base)
    queven, rennes = supplier_of(base, "53876295600042"), supplier_of(base, "53876295600018")
    other_firm = supplier_of(base, "82780407100013")
    assert len({queven.id, rennes.id, other_firm.id}) == 3
    assert queven.siren == rennes.siren != other_firm.siren


def test_one_siret_with_two_kinds_is_one_supplier_with_two_statuses(base: Session) -> None:
    read(base, "marche_inclusion", CASES, everywhere=True)
    linking.link(base)
    tagging.tag(base, segments.load())
    ricochet = supplier_of(base, "41920613100031")
    kinds = base.scalars(
        select(Tag.value).where(Tag.supplier_id == ricochet.id, Tag.kind == "siae")
    )
    assert sorted(kinds) == ["ACI", "EI"]


@pytest.mark.parametrize("order", [(FORMER, TODAY), (TODAY, FORMER)])
def test_todays_export_without_siret_falls_on_the_former_ones_suppliers(
    base: Session, order: tuple[str, str]
) -> None:
    for path in order:
        read(base, "marche_inclusion", path, everywhere=True)
        linking.link(base)
    apart = base.scalars(select(Supplier.name).where(Supplier.siret.is_(None))).all()
    assert apart == []
    assert base.scalars(select(Mention.id).where(Mention.supplier_id.is_(None))).all() == []


def test_esat_with_lost_zeros_are_found(base: Session) -> None:
    read(base, "esat_gesat", ESAT, everywhere=True)
    repaired = [
        m
        for m in base.scalars(select(Mention))
        if any("zéro" in p[1] for p in m.problems if p[0] == "siret")
    ]
    assert len(repaired) == 2
    assert all(len(m.siret) == 14 for m in repaired)


def test_lorient_agglomeration_itself_is_a_public_body(base: Session) -> None:
    read(base, "marche_inclusion", FORMER)
    linking.link(base)
    tagging.tag(base, segments.load())
    body = supplier_of(base, "20004217400090")
    reasons = base.scalars(
        select(Tag.because).where(Tag.supplier_id == body.id, Tag.kind == "public")
    )
    assert reasons.all()


def test_reading_and_linking_again_changes_nothing(base: Session) -> None:
    for _ in range(2):
        read(base, "marche_inclusion", FORMER)
        linking.link(base)
        tagging.tag(base, segments.load())
        db.analyse(base.connection())
        count = (
            len(base.scalars(select(Supplier.id)).all()),
            len(base.scalars(select(Tag.id)).all()),
        )
    assert count[0] > 0
    assert count == (
        len(base.scalars(select(Supplier.id)).all()),
        len(base.scalars(select(Tag.id)).all()),
    )
