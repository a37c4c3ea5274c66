"""Searching: who is found, why, in which order, and counts that equal what a click gives."""

import random
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from sourcing.model import OldPlace
from sourcing.places import distance_km
from sourcing.search import Near, Query, all_hits, cells, search
from sourcing.search.query import SORTS
from sourcing.tagging import tag
from tests.listed import (
    BRITTANY,
    EVERYTHING,
    HENNEBONT,
    LANESTER,
    LORIENT,
    NOMENCLATURE,
    VANNES,
    places,
    random_base,
    supplier,
)

FEUILLE = "12345678200010"


def names(session: Session, query: Query) -> list[str]:
    return [hit.name for hit in search(session, NOMENCLATURE, query).hits]


def ask(session: Session, text: str = "", **rest: object) -> list[str]:
    return names(session, Query(text=text, **rest))  # type: ignore[arg-type]


@pytest.fixture
def base(session: Session) -> Session:
    places(session)
    supplier(
        session,
        FEUILLE,
        "Feuille d'Érable",
        statuses=["siae", "ess"],
        size=3,
        sectors={"ENV-01": 1.0},
        description="Collecte de papiers de bureau",
    )
    supplier(
        session,
        "12345678200028",
        "Feuille Érable",
        commune=HENNEBONT,
        statuses=["siae"],
        sectors={"ENV-01": 1.0},
    )
    supplier(
        session,
        "22222222200011",
        "Jardins du Scorff",
        commune=LANESTER,
        statuses=["esat"],
        sectors={"EV-01": 1.0},
        description="Tonte, taille de haies",
    )
    supplier(
        session,
        "33333333300011",
        "Paysages Morvan",
        statuses=["tpe"],
        size=1,
        sectors={"EV-01": 0.5},
        naf="81.30Z",
    )
    supplier(
        session,
        "44444444400011",
        "Verts de Vannes",
        commune=VANNES,
        statuses=["siae"],
        sectors={"EV-01": 1.0},
    )
    supplier(session, "55555555500011", "Jardins d'Auray", commune="56005", sectors={"EV-01": 0.5})
    supplier(session, "66666666600011", "SCI du Scorff", is_noise=True)
    return session


# --- words ---


@pytest.mark.parametrize("typed", ["érable", "erable", "ERABLES", "feuille érable", "feuille era"])
def test_accents_case_plurals_and_half_typed_words_are_one(base: Session, typed: str) -> None:
    assert set(ask(base, typed)[:2]) == {"Feuille d'Érable", "Feuille Érable"}


def test_words_of_the_description_are_found_and_said(base: Session) -> None:
    hit = search(base, NOMENCLATURE, Query(text="haies")).hits[0]
    assert hit.name == "Jardins du Scorff"
    assert "« haies » dans la description" in hit.reasons


def test_a_name_word_is_a_reason(base: Session) -> None:
    assert (
        "« érable » dans le nom" in search(base, NOMENCLATURE, Query(text="érable")).hits[0].reasons
    )


def test_the_exact_name_comes_first(base: Session) -> None:
    hits = search(base, NOMENCLATURE, Query(text="feuille erable")).hits
    assert (hits[0].name, hits[0].reasons[0]) == ("Feuille Érable", "nom exact")


def test_a_need_finds_those_who_never_wrote_its_words(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(text="entretien d'espaces verts"))
    assert [hit.name for hit in page.hits] == ["Jardins du Scorff", "Paysages Morvan"]
    assert page.guesses[0].code == "EV-01"
    assert page.hits[0].reasons[0].startswith("secteur déclaré : ")


def test_a_declared_sector_outweighs_a_naf_code(base: Session) -> None:
    first, second = search(base, NOMENCLATURE, Query(text="tonte de pelouses")).hits
    assert first.score > second.score
    assert first.name == "Jardins du Scorff"


def test_without_all_the_words_half_of_them_will_do(base: Session) -> None:
    assert ask(base, "morvan xylophone") == ["Paysages Morvan"]


def test_words_nobody_has_find_nobody(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(text="xylophone"))
    assert (page.total, page.hits, page.pages) == (0, (), 1)


@pytest.mark.parametrize("typed", ["!!!", "de la", "'\"); DROP TABLE supplier --", "%", "œ" * 500])
def test_odd_text_is_only_text(base: Session, typed: str) -> None:
    assert search(base, NOMENCLATURE, Query(text=typed)).total == 0


@pytest.mark.parametrize("typed", [FEUILLE, "123 456 782 00010", "123.456.782.00010"])
def test_a_pasted_siret_goes_straight_to_its_supplier(base: Session, typed: str) -> None:
    hit = search(base, NOMENCLATURE, Query(text=typed)).hits[0]
    assert (hit.siret, hit.reasons) == (FEUILLE, ("SIRET demandé",))


def test_a_siren_finds_every_establishment(base: Session) -> None:
    assert len(ask(base, "123 456 782")) == 2


def test_a_number_is_found_beyond_the_territory_and_among_the_hidden(base: Session) -> None:
    assert ask(base, "444444444") == ["Verts de Vannes"]
    assert ask(base, "66666666600011") == ["SCI du Scorff"]


def test_a_naf_code_finds_the_segments_it_hints_at(base: Session) -> None:
    assert "Paysages Morvan" in ask(base, "81.30Z")


# --- segments understood ---


def test_a_segment_is_understood_and_can_be_removed(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(text="tonte de pelouses"))
    assert "EV-01" in [guess.code for guess in page.guesses]
    without = replace(page.query, dropped=tuple(guess.code for guess in page.guesses))
    left = search(base, NOMENCLATURE, without)
    assert left.guesses == ()
    assert left.total < page.total
    assert "sans comprendre" in left.sentence


@pytest.mark.parametrize("vague", ["travaux", "location", "achat de matériel"])
def test_a_vague_need_is_understood_in_several_ways(base: Session, vague: str) -> None:
    assert len(search(base, NOMENCLATURE, Query(text=vague)).guesses) > 1


def test_the_next_likeliest_segments_are_offered(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(text="tonte de pelouses"))
    assert 0 < len(page.offered) <= 3
    assert not {g.code for g in page.offered} & {g.code for g in page.guesses}


def test_a_segment_added_brings_its_suppliers_and_their_reason(base: Session) -> None:
    before = search(base, NOMENCLATURE, Query(text="tonte de pelouses"))
    page = search(base, NOMENCLATURE, replace(before.query, added=("ENV-01",)))
    assert page.total == before.total + 2
    hit = next(hit for hit in page.hits if hit.name == "Feuille Érable")
    assert hit.reasons[0].startswith("secteur déclaré")
    assert "et aussi Collecte" in page.sentence


def test_unknown_segments_change_nothing(base: Session) -> None:
    query = Query(text="tonte", added=("ZZ-99",), dropped=("ZZ-98",))
    assert ask(base, "tonte") == names(base, query)


# --- filters ---


def test_without_a_word_the_territory_is_listed_by_name(base: Session) -> None:
    assert ask(base) == [
        "Feuille d'Érable",
        "Feuille Érable",
        "Jardins du Scorff",
        "Paysages Morvan",
    ]


def test_statuses_add_up_and_facets_narrow(base: Session) -> None:
    assert len(ask(base, statuses=("siae", "esat"))) == 3
    assert ask(base, statuses=("siae", "esat"), communes=(LANESTER,)) == ["Jardins du Scorff"]


def test_a_status_chosen_alone_says_why(base: Session) -> None:
    hit = search(base, NOMENCLATURE, Query(segments=("EV-01",), statuses=("esat",))).hits[0]
    assert hit.reasons


def test_a_chosen_segment_sorts_by_the_strength_of_its_evidence(base: Session) -> None:
    assert ask(base, segments=("EV-01",)) == ["Jardins du Scorff", "Paysages Morvan"]


def test_a_chosen_segment_narrows_the_words(base: Session) -> None:
    assert ask(base, "érable", segments=("EV-01",)) == []


def test_the_territory_can_be_left(base: Session) -> None:
    assert "Verts de Vannes" in ask(base, segments=("EV-01",), territory_only=False)


def test_noise_is_hidden_counted_and_one_click_away(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query())
    assert (page.total, page.hidden) == (4, 1)
    assert search(base, NOMENCLATURE, replace(page.query, with_noise=True)).total == 5


def test_what_is_hidden_is_counted_once_by_its_first_reason(base: Session) -> None:
    supplier(base, "77777777700011", "Fermée", noise=["holding", "closed"])
    supplier(base, "77777777700012", "Aussi", noise=["closed"])
    page = search(base, NOMENCLATURE, Query())
    assert [(each.label, each.count) for each in page.hidden_by] == [
        ("Établissements fermés", 2),
        ("Autres", 1),
    ]
    shown = search(base, NOMENCLATURE, replace(page.query, with_noise=True)).hits
    closed = next(hit for hit in shown if hit.name == "Aussi")
    assert closed.reasons[0] == "masqué d’ordinaire : établissements fermés"


def test_a_departement_is_all_its_communes(base: Session) -> None:
    everywhere = ask(base, territory_only=False, communes=("56",))
    assert everywhere == ask(base, territory_only=False)
    assert ask(base, communes=("29",)) == []
    assert ask(base, communes=("29", LANESTER)) == ["Jardins du Scorff"]


def test_what_lies_a_little_beyond_is_counted(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(segments=("EV-01",)))
    assert (page.total, page.outside) == (2, 1)
    assert page.beyond == replace(page.query, territory_only=False)


def test_beyond_a_radius_the_next_thirty_kilometres_are_counted(base: Session) -> None:
    query = Query(segments=("EV-01",), near=Near("Hennebont"), radius_km=5)
    page = search(base, NOMENCLATURE, query)
    assert page.beyond is not None
    assert page.total + page.outside == search(base, NOMENCLATURE, page.beyond).total


@pytest.mark.parametrize(
    "values",
    [
        {"statuses": ("licorne",)},
        {"families": ("ZZZ",)},
        {"segments": ("ZZ-99",)},
        {"communes": ("00000",)},
        {"sizes": ("énorme",)},
    ],
)
def test_an_unknown_value_finds_nobody(base: Session, values: dict[str, tuple[str, ...]]) -> None:
    page = search(base, NOMENCLATURE, Query(**values))  # type: ignore[arg-type]
    assert (page.total, page.hits) == (0, ())


# --- places ---


@pytest.mark.parametrize("typed", ["56121", "56100", "lorient", "LORIENT cedex", "47.75,-3.37"])
def test_a_place_is_a_code_a_postcode_a_name_or_a_point(base: Session, typed: str) -> None:
    query = Query.from_args({"autour": [typed], "rayon": ["1"]})
    assert names(base, query) == ["Feuille d'Érable", "Paysages Morvan"]


def test_an_old_commune_code_is_followed(base: Session) -> None:
    base.add(OldPlace(code="56999", name_key="VIEUX LORIENT", today=LORIENT))
    base.flush()
    assert len(ask(base, near=Near("56999"), radius_km=1)) == 2


def test_an_unknown_place_is_said_and_finds_nobody(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(near=Near("Atlantide"), radius_km=10))
    assert page.total == 0
    assert "« Atlantide »" in page.problems[0]


def test_the_sentence_says_what_was_asked(base: Session) -> None:
    query = Query(text="tonte", statuses=("siae", "esat"), near=Near("Hennebont"), radius_km=20)
    said = search(base, NOMENCLATURE, query).sentence
    assert said == (
        "« tonte », Insertion (SIAE) ou ESAT, Lorient Agglomération, à moins de 20 km d'Hennebont"
    )


def test_hits_tell_their_distance_and_sort_by_it(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(near=Near("Hennebont"), sort="distance"))
    distances = [hit.distance_km for hit in page.hits]
    assert distances == sorted(d for d in distances if d is not None)
    assert distances[0] == 0


@pytest.mark.parametrize("radius_km", [0.5, 3.0, 12.0, 60.0, 400.0])
def test_the_radius_is_exactly_the_haversine(session: Session, radius_km: float) -> None:
    chance = random.Random(radius_km)
    places(session)
    spread = radius_km / 70
    points = [
        (-3.37 + chance.gauss(0, spread), 47.75 + chance.gauss(0, spread)) for _ in range(150)
    ]
    for index, point in enumerate(points):
        supplier(session, f"u{index}", f"S{index:03}", at=point)
    inside = {
        f"S{i:03}" for i, p in enumerate(points) if distance_km(-3.37, 47.75, *p) <= radius_km
    }
    query = replace(EVERYTHING, near=Near("Lorient"), radius_km=radius_km)
    assert {hit.name for hit in all_hits(session, NOMENCLATURE, query)} == inside


def test_a_zone_of_the_map_narrows(base: Session) -> None:
    assert ask(base, bbox=(-3.30, 47.79, -3.26, 47.81)) == ["Feuille Érable"]


# --- order and pages ---


@pytest.mark.parametrize("sort", SORTS)
def test_pages_hold_everyone_once_in_the_order_of_the_whole(session: Session, sort: str) -> None:
    random_base(session)
    query = replace(EVERYTHING, text="jardin", sort=sort, per_page=7)
    whole = [hit.uid for hit in all_hits(session, NOMENCLATURE, query)]
    pages = search(session, NOMENCLATURE, query).pages
    paged = [
        hit.uid
        for page in range(1, pages + 1)
        for hit in search(session, NOMENCLATURE, replace(query, page=page)).hits
    ]
    assert paged == whole
    assert len(set(whole)) == len(whole)


def test_names_sort_byte_by_byte_then_by_identifier(session: Session) -> None:
    places(session)
    for uid, name in (("b", "Abc"), ("a", "Abc"), ("c", "A bc"), ("d", "École"), ("e", "Ecart")):
        supplier(session, uid, name)
    assert [h.uid for h in search(session, NOMENCLATURE, Query()).hits] == ["c", "a", "b", "e", "d"]


def test_a_page_beyond_the_last_is_empty(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(page=99))
    assert (page.hits, page.total) == ((), 4)


# --- privacy ---


def test_typing_a_masked_persons_name_neither_finds_nor_confirms_it(session: Session) -> None:
    places(session)
    supplier(session, "88888888800011", "Camille Exemple", is_person=True, diffusion="P")
    tag(session, NOMENCLATURE)
    for typed in ("Camille Exemple", "Exemple", "exemp"):
        assert search(session, NOMENCLATURE, Query(typed)).hits == ()
    by_siret = search(session, NOMENCLATURE, Query("88888888800011")).hits[0]
    assert "exemple" not in str(by_siret).lower()


def test_a_masked_person_has_no_name_address_nor_exact_position(session: Session) -> None:
    places(session)
    supplier(
        session,
        "88888888800011",
        "Prénom Nom",
        is_person=True,
        diffusion="P",
        address="1 rue X",
        phone="+33600000000",
        precision="exact",
    )
    hit = search(session, NOMENCLATURE, Query()).hits[0]
    assert (hit.name, hit.address, hit.phone, hit.lon) == ("[Non diffusible]", "", "", None)
    cell = cells(session, NOMENCLATURE, Query(), BRITTANY, 18)[0]
    assert cell.suppliers[0].name == "[Non diffusible]"
