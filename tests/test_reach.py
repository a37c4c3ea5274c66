"""Places: who works somewhere without being there, outlines, groupings of communes, addresses."""

import pytest
from sqlalchemy.orm import Session

from sourcing.model import NATIONAL_KM
from sourcing.registrations import Answers, zone_of
from sourcing.search import Near, Query, search
from sourcing.search.coverage import coverage
from sourcing.tagging.listing import reach_km
from tests.listed import (
    HENNEBONT,
    LANESTER,
    LORIENT,
    NOMENCLATURE,
    VANNES,
    places,
    supplier,
)


def found(session: Session, **asked: object) -> dict[str, tuple[str, ...]]:
    page = search(session, NOMENCLATURE, Query(**asked))  # type: ignore[arg-type]
    return {hit.name: hit.reasons for hit in page.hits}


@pytest.fixture
def base(session: Session) -> Session:
    places(session)
    supplier(session, "12345678200010", "Près d'ici", commune=LORIENT)
    for siret, name, reach in (
        ("22345678200010", "Vient de Vannes", 60.0),
        ("32345678200010", "Reste à Vannes", 10.0),
        ("42345678200010", "Partout", NATIONAL_KM),
    ):
        supplier(session, siret, name, commune=VANNES, reach_km=reach)
    return session


def test_who_works_as_far_as_the_territory_is_found_and_says_so(base: Session) -> None:
    hits = found(base)
    assert set(hits) == {"Près d'ici", "Vient de Vannes"}
    assert "intervient à 60 km" in hits["Vient de Vannes"]


def test_national_suppliers_are_there_when_asked_for(base: Session) -> None:
    hits = found(base, with_national=True)
    assert "intervient dans toute la France" in hits["Partout"]
    assert "Reste à Vannes" not in hits


def test_who_serves_the_place_counts_within_a_radius(base: Session) -> None:
    assert set(found(base, near=Near("Lorient"), radius_km=5.0)) == {
        "Près d'ici",
        "Vient de Vannes",
    }


def test_an_outline_keeps_who_lies_in_it(base: Session) -> None:
    around_vannes = ((-2.9, 47.5), (-2.6, 47.5), (-2.6, 47.8), (-2.9, 47.8))
    assert "Près d'ici" not in found(base, polygon=around_vannes, territory_only=False)
    assert "Partout" in found(base, polygon=around_vannes, territory_only=False)
    asked = Query(polygon=around_vannes)
    assert Query.from_args({k: [v] for k, v in asked.to_args()}) == asked


@pytest.mark.parametrize("zone", ["1,2", "1,2,3,4,5", "a,b,c,d,e,f", "0,0,1,0,1,95", "0," * 300])
def test_an_outline_that_is_none_is_passed_over(zone: str) -> None:
    assert Query.from_args({"zone": [zone]}).polygon == ()


def test_a_grouping_of_communes_is_asked_by_its_siren(base: Session) -> None:
    assert set(found(base, communes=("200042174",), territory_only=False)) == {"Près d'ici"}


@pytest.mark.parametrize("place", ["3 quai du Péristyle, 56100 Lorient", "2 rue Neuve Lorient"])
def test_an_address_is_taken_at_its_commune(base: Session, place: str) -> None:
    assert "Près d'ici" in found(base, near=Near(place), radius_km=5.0)


def test_the_territory_is_a_place_to_measure_from(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(near=Near("lorient agglomeration")))
    assert not page.problems


def test_the_forms_answer_becomes_a_zone(session: Session) -> None:
    places(session)

    def zone(answer: str, *communes: str) -> dict[str, object] | None:
        return zone_of(session, Answers("", "", "", zone=answer, communes=communes))

    assert zone("commune") is None and zone("france") == {"france": True}
    assert reach_km(zone("30")) == 30.0
    named = zone("communes", LORIENT, VANNES)
    assert named and named["communes"] == [LORIENT, VANNES]
    assert 40 < (reach_km(named) or 0) < 60, "as far as from one to the other"
    assert reach_km(None) is None


def test_a_commune_is_blank_where_nobody_is_nor_says_to_work(session: Session) -> None:
    places(session)
    supplier(session, "far", "Espaces verts de Vannes", commune=VANNES, reach_km=43)
    supplier(session, "here", "Jardins", commune=LANESTER)
    supplier(session, "everywhere", "Jardins de France", commune=VANNES, reach_km=NATIONAL_KM)
    found = {each.code: each[1:] for each in coverage(session, NOMENCLATURE, Query())}
    assert found == {LORIENT: (0, 0), LANESTER: (1, 0), HENNEBONT: (0, 1)}
