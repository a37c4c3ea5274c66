"""French as people type it: mistyped, half-typed, abbreviated or joined, the supplier is found."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sourcing.search import Query, all_hits, search
from sourcing.search.evidence import identifier
from sourcing.search.query import SORTS
from tests.listed import ASKED, EVERYTHING, NOMENCLATURE, places, random_base, supplier


@pytest.fixture
def base(session: Session) -> Session:
    places(session)
    supplier(session, "11111111100011", "Nettoyage du Blavet")
    supplier(session, "22222222200011", "Ets Saint-Gilles Lavage", description="Eco-pâturage")
    supplier(session, "33333333300011", "Société navale des chantiers de Keroman")
    supplier(session, "44444444400011", "Moutons", description="Écopâturage de talus")
    supplier(session, "55555555500011", "L'Atelier d'Armor")
    return session


def ask(session: Session, text: str, **rest: object) -> list[str]:
    query = replace(EVERYTHING, text=text, **rest)  # type: ignore[arg-type]
    return [hit.name for hit in search(session, NOMENCLATURE, query).hits]


@pytest.mark.parametrize(
    "typed", ["netoyage blavet", "nettoyagge", "nettoayge", "néttoyages du blavey", "nettoyahe"]
)
def test_one_wrong_letter_still_finds(base: Session, typed: str) -> None:
    assert ask(base, typed)[0] == "Nettoyage du Blavet"


def test_a_correction_is_said_and_can_be_refused(base: Session) -> None:
    page = search(base, NOMENCLATURE, Query(text="netoyage du blavet"))
    assert page.corrected == "nettoyage du blavet"
    assert page.sentence.startswith("« nettoyage du blavet »")
    refused = search(base, NOMENCLATURE, replace(page.query, text="netoyag", exact=True))
    assert (refused.total, refused.corrected) == (0, "")


@pytest.mark.parametrize("typed", ["nettoy", "blav", "ets", "nettoyage", "55555555500011"])
def test_what_is_right_or_half_typed_is_left_alone(base: Session, typed: str) -> None:
    assert search(base, NOMENCLATURE, Query(text=typed)).corrected == ""


def test_a_short_number_is_typed_whole(base: Session) -> None:
    supplier(base, "66666666600011", "Quai 12")
    supplier(base, "77777777700011", "Quai 120")
    assert ask(base, "quai 12") == ["Quai 12"]


def test_a_short_word_is_never_corrected(base: Session) -> None:
    assert search(base, NOMENCLATURE, Query(text="etz")).corrected == ""


@pytest.mark.parametrize("typed", ["st gilles", "ST-GILLES", "saint gilles", "Saint-Gille"])
def test_saint_is_written_both_ways(base: Session, typed: str) -> None:
    assert ask(base, typed)[0] == "Ets Saint-Gilles Lavage"


@pytest.mark.parametrize("typed", ["ecopaturage", "éco-pâturage", "eco paturage", "Écopâturages"])
def test_a_compound_is_found_however_it_is_joined(base: Session, typed: str) -> None:
    assert {"Ets Saint-Gilles Lavage", "Moutons"} <= set(ask(base, typed))


@pytest.mark.parametrize("typed", ["SNCK", "snck", "S.N.C.K."])
def test_initials_find_the_name_they_stand_for(base: Session, typed: str) -> None:
    hit = search(base, NOMENCLATURE, Query(text=typed)).hits[0]
    assert hit.name == "Société navale des chantiers de Keroman"
    assert hit.reasons == (f"« {typed} », initiales du nom",)


@pytest.mark.parametrize("typed", ["l’atelier d’Armor", "atelier armor", "L'ATELIER D'ARMOR"])
def test_elisions_do_not_matter(base: Session, typed: str) -> None:
    assert ask(base, typed)[0] == "L'Atelier d'Armor"


@pytest.mark.parametrize(
    "typed",
    ["123 456 782", "SIREN 123456782", "123\u00a0456\u00a0782", "FR 40 123456782", "n° 123456782"],
)
def test_a_siren_is_read_however_it_is_written(typed: str) -> None:
    assert identifier(typed) == "123456782"


def test_both_databases_answer_alike_in_the_same_order(
    sqlite_engine: Engine, migrated_postgres: Engine
) -> None:
    asked = [replace(query, sort=sort) for query in ASKED for sort in SORTS]
    asked += [replace(EVERYTHING, text=text) for text in ("jrdin", "nettoy", "tonte de haie")]
    answers = []
    for engine in (sqlite_engine, migrated_postgres):
        with Session(engine) as session:
            random_base(session)
            answers.append(
                [
                    [(h.uid, h.score, h.reasons) for h in all_hits(session, NOMENCLATURE, query)]
                    for query in asked
                ]
            )
            session.rollback()
    assert answers[0] == answers[1]
