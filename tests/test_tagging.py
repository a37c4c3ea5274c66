"""Tags say what is true of a supplier and why; the index says it in bits and words."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from sourcing import db, segments
from sourcing.model import Listing, Mention, Place, Run, Setting, Supplier, Tag
from sourcing.tagging import tag
from sourcing.tagging.statuses import SIZES, STATUSES
from sourcing.tagging.told import Told, told

TODAY = date(2026, 11, 23)
NOMENCLATURE = segments.load()
BIT = {status.code: status.bit for status in STATUSES}


@pytest.fixture
def base(session: Session) -> Iterator[Session]:
    session.add(Place(code="56121", name="Lorient", name_key="LORIENT", in_territory=True))
    session.add(Run(id=1, source="marche_inclusion", files=[], started_at=TODAY, leftover=[]))
    session.flush()
    yield session


def supplier(session: Session, siret: str = "31111111100011", **facts: Any) -> Supplier:
    """A supplier of the register, open, in Lorient."""
    facts = {
        "name": "VERT HORIZON",
        "origin": "register",
        "commune_code": "56121",
        "commune": "Lorient",
        "siren": siret[:9],
    } | facts
    row = Supplier(siret=siret, uid=siret, first_seen=TODAY, last_seen=TODAY, **facts)
    session.add(row)
    session.flush()
    return row


def mention(session: Session, of: Supplier, **facts: Any) -> Mention:
    """A line of the inclusion market about this supplier."""
    facts = {
        "source": "marche_inclusion",
        "key": f"k{of.id}",
        "siret": of.siret or "",
        "statuses": [],
        "sectors": [],
        "name": of.name,
    } | facts
    row = Mention(
        supplier_id=of.id,
        run_id=1,
        file="f.csv",
        line=2,
        first_seen=TODAY,
        last_seen=TODAY,
        problems=[],
        **facts,
    )
    session.add(row)
    session.flush()
    return row


def tags(session: Session, of: Supplier, kind: str) -> dict[str, Told]:
    tag(session, NOMENCLATURE)
    return {found.value: found for found in told(session, [of.id])[of.id] if found.kind == kind}


def listing(session: Session, of: Supplier) -> Listing:
    tag(session, NOMENCLATURE)
    return session.get_one(Listing, of.id)


def statuses(session: Session, of: Supplier) -> set[str]:
    bits = listing(session, of).statuses
    return {code for code, bit in BIT.items() if bits & bit}


def found_by(session: Session, word: str, column: str = "") -> list[int]:
    sql, bound = db.text_match(session, [word], "w", column)
    return [row.supplier_id for row in session.execute(text(sql), bound)]


def test_a_declared_sector_is_a_segment_with_its_reason(base: Session) -> None:
    esat = supplier(base)
    mention(base, esat, sectors=["Création et entretien des espaces verts"])
    found = tags(base, esat, "segment")["EV-01"]
    assert found.weight == 1.0
    assert found.because == (
        "secteur déclaré : Création et entretien des espaces verts (Marché de l'inclusion)"
    )


def test_a_naf_code_is_a_weaker_segment_than_a_declared_sector(base: Session) -> None:
    found = tags(base, supplier(base, naf="81.30Z"), "segment")["EV-01"]
    assert found.weight < 0.6
    assert (found.because, found.source, found.level) == ("code NAF 81.30Z", "sirene", "siret")


def test_a_naf_that_says_nothing_gives_no_segment(base: Session) -> None:
    assert not tags(base, supplier(base, naf="94.99Z"), "segment")


def test_a_trade_is_also_a_weak_answer_to_general_contracting(base: Session) -> None:
    found = tags(base, supplier(base, naf="43.31Z"), "segment")
    assert 0 < found["BAT-01"].weight < found["BAT-05"].weight


def test_the_segments_a_structure_ticked_in_the_form_are_declared(base: Session) -> None:
    registered = supplier(base)
    mention(base, registered, source="inscription", sectors=["COM-01"])
    found = tags(base, registered, "segment")["COM-01"]
    assert found.because.startswith("secteur déclaré : Impression, reprographie")


def test_temporary_work_insertion_lends_staff(base: Session) -> None:
    etti = supplier(base)
    mention(base, etti, statuses=["siae:ETTI"])
    assert "RH-02" in tags(base, etti, "segment")


@pytest.mark.parametrize(
    ("asserted", "status"),
    [
        ("siae:ACI", "siae"),
        ("handicap:ESAT", "esat"),
        ("handicap:EA", "ea"),
        ("handicap:EATT", "ea"),
        ("insertion:GEIQ", "insertion"),
        ("innovation:Audélor", "innovation"),
    ],
)
def test_what_a_list_asserts_is_a_status(base: Session, asserted: str, status: str) -> None:
    listed = supplier(base)
    mention(base, listed, statuses=[asserted])
    assert status in statuses(base, listed)


def test_a_geiq_is_not_an_siae(base: Session) -> None:
    geiq = supplier(base)
    mention(base, geiq, statuses=["insertion:GEIQ"])
    assert "siae" not in statuses(base, geiq)


def test_what_vanished_from_its_list_tags_no_more(base: Session) -> None:
    left = supplier(base)
    mention(base, left, statuses=["siae:EI"], sectors=["Traiteur"], gone_on=TODAY)
    assert not tags(base, left, "siae")
    assert not tags(base, left, "segment")


def test_two_lists_that_agree_give_two_reasons(base: Session) -> None:
    both = supplier(base)
    mention(base, both, statuses=["handicap:ESAT"])
    mention(base, both, source="esat_gesat", key="g", statuses=["handicap:ESAT"])
    tag(base, NOMENCLATURE)
    found = base.scalars(select(Tag.source).where(Tag.kind == "handicap")).all()
    assert sorted(found) == ["esat_gesat", "marche_inclusion"]


def test_a_status_from_another_establishment_is_at_siren_level(base: Session) -> None:
    linked = supplier(base)
    mention(base, linked, statuses=["siae:EI"], siret="31111111100029")
    assert tags(base, linked, "siae")["EI"].level == "siren"


@pytest.mark.parametrize(
    ("legal_form", "family"),
    [
        ("9220", "association"),
        ("5458", "scop"),
        ("6316", "cooperative"),
        ("8210", "mutuelle"),
        ("9300", "fondation"),
    ],
)
def test_ess_by_legal_form_has_its_family(base: Session, legal_form: str, family: str) -> None:
    found = tags(base, supplier(base, legal_form=legal_form), "ess")
    assert list(found) == [family]
    assert legal_form in found[family].because


@pytest.mark.parametrize("legal_form", ["7366", "7323", "9150", "5505", "8420"])
def test_what_is_not_ess_by_law_is_not_tagged_so(base: Session, legal_form: str) -> None:
    assert not tags(base, supplier(base, legal_form=legal_form), "ess")


def test_a_commercial_company_is_ess_by_the_register_only(base: Session) -> None:
    assert list(tags(base, supplier(base, legal_form="5710", is_ess=True), "ess")) == ["company"]


def test_an_insertion_company_counts_in_the_ess_but_not_a_public_body(base: Session) -> None:
    company = supplier(base, legal_form="5499")
    town = supplier(
        base, "21560121000018", legal_form="7210", name="COMMUNE DE LORIENT", is_ess=True
    )
    for each in (company, town):
        mention(base, each, statuses=["siae:ACI"])
    assert "ess" in statuses(base, company)
    assert "ess" not in statuses(base, town)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"legal_form": "7348", "siren": "311111111"}, "forme juridique 7348"),
        ({"siren": "200042174"}, "SIREN d'une personne publique"),
        (
            {"origin": "marche_inclusion", "siren": "", "name": "Mairie de Larmor-Plage"},
            "d'après son nom",
        ),
        (
            {"origin": "marche_inclusion", "siren": "", "name": "LORIENT AGGLOMERATION"},
            "d'après son nom",
        ),
        ({"origin": "marche_inclusion", "siren": "", "name": "CCAS"}, "d'après son nom"),
    ],
)
def test_a_public_body_is_told_and_hidden(
    base: Session, facts: dict[str, Any], reason: str
) -> None:
    body = supplier(base, **facts)
    assert reason in tags(base, body, "public")["public"].because
    assert listing(base, body).is_noise


@pytest.mark.parametrize(
    "name", ["Association de la commune de Ploemeur", "TAXIS DE L'AGGLOMERATION"]
)
def test_a_name_that_only_mentions_a_town_is_not_public(base: Session, name: str) -> None:
    assert not tags(base, supplier(base, origin="innovation", name=name), "public")


def test_a_public_esat_is_public_yet_shown(base: Session) -> None:
    esat = supplier(base, legal_form="7366")
    mention(base, esat, statuses=["handicap:ESAT"])
    assert {"public", "esat"} <= statuses(base, esat)
    assert not listing(base, esat).is_noise


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"state": "F", "closed_on": date(2024, 1, 31)}, "closed"),
        ({"naf": "00.00Z"}, "inactive"),
        ({"legal_form": "6540"}, "property"),
        ({"naf": "68.20B"}, "property"),
        ({"naf": "64.20Z"}, "holding"),
        ({"legal_form": "9110"}, "condominium"),
    ],
)
def test_noise_is_hidden_with_its_reason(base: Session, facts: dict[str, Any], kind: str) -> None:
    hidden = supplier(base, **facts)
    assert tags(base, hidden, "noise")[kind].because
    assert listing(base, hidden).is_noise


def test_a_closing_date_is_told_the_french_way(base: Session) -> None:
    closed = supplier(base, state="F", closed_on=date(2024, 1, 31))
    assert tags(base, closed, "noise")["closed"].because == "établissement fermé le 31/01/2024"


def test_a_head_office_wins_contracts_and_is_not_noise(base: Session) -> None:
    assert not tags(base, supplier(base, naf="70.10Z"), "noise")


def test_a_landlord_that_a_list_names_is_shown(base: Session) -> None:
    listed = supplier(base, naf="68.20B")
    mention(base, listed, statuses=["siae:EI"])
    assert not listing(base, listed).is_noise


@pytest.mark.parametrize(
    ("facts", "category"),
    [
        ({"size_code": "02", "category": "PME"}, "tpe"),
        ({"size_code": "12", "category": "PME"}, "pme"),
        ({"size_code": "12", "category": "GE"}, "ge"),
        ({"category": "ETI"}, "eti"),
        ({"size_code": "21"}, "pme"),
        ({"size_code": "NN"}, "tpe"),
        ({"size_code": "52"}, "ge"),
    ],
)
def test_the_category_follows_the_group_then_the_headcount(
    base: Session, facts: dict[str, str], category: str
) -> None:
    assert statuses(base, supplier(base, **facts)) == {category}


def test_sizes_are_in_order_of_headcount(base: Session) -> None:
    small = supplier(base, size_code="03")
    large = supplier(base, "41111111100011", size_code="32")
    assert SIZES[listing(base, small).size].label == "1 à 9 salariés"
    assert listing(base, small).size < listing(base, large).size


def test_mission_and_qpv_come_from_the_register_or_a_list(base: Session) -> None:
    known = supplier(base, is_mission=True, is_qpv=True)
    told = supplier(base, "41111111100011")
    mention(base, told, is_qpv=True)
    assert {"mission", "qpv"} <= statuses(base, known)
    assert "qpv" in statuses(base, told)


def test_names_and_activities_are_searched_apart(base: Session) -> None:
    found = supplier(base, name="FEUILLE D'ÉRABLE")
    mention(base, found, sectors=["Recyclage du verre"], description="Broyage de palettes")
    tag(base, NOMENCLATURE)
    assert found_by(base, "erable", "name") == [found.id]
    assert found_by(base, "palette", "body") == [found.id]
    assert found_by(base, "lorient", "body") == [found.id]
    assert not found_by(base, "erable", "body")


def test_a_masked_person_is_not_found_by_name(base: Session) -> None:
    masked = supplier(base, name="[Non diffusible]", is_person=True, diffusion="P", naf="81.30Z")
    mention(base, masked, name="Camille Exemple")
    tag(base, NOMENCLATURE)
    assert not found_by(base, "exemple")
    assert "EV-01" in tags(base, masked, "segment")


def test_the_territory_is_a_matter_of_commune_code(base: Session) -> None:
    inside, outside = supplier(base), supplier(base, "41111111100011", commune_code="56098")
    assert listing(base, inside).in_territory
    assert not listing(base, outside).in_territory


def test_tagging_again_changes_nothing_but_the_version(base: Session) -> None:
    mention(base, supplier(base, naf="81.30Z"), statuses=["siae:ACI"], sectors=["Traiteur"])

    def snapshot() -> list[Any]:
        tag(base, NOMENCLATURE)
        return sorted(
            tuple(row) for row in base.execute(select(Tag.kind, Tag.value, Tag.weight, Tag.because))
        )

    assert snapshot() == snapshot()
    assert base.get_one(Setting, "data_version").value == "2"


def test_only_the_suppliers_named_are_tagged_again(base: Session) -> None:
    first, second = supplier(base, naf="81.30Z"), supplier(base, "41111111100011", naf="81.30Z")
    tag(base, NOMENCLATURE)
    for each in (first, second):
        each.naf, each.name = "43.31Z", "PEINTURES DU BLAVET"
    base.flush()
    assert tag(base, NOMENCLATURE, only={first.id}) == 1
    families = dict(base.execute(select(Listing.supplier_id, Listing.families)).all())
    assert families[first.id] != families[second.id]
    assert found_by(base, "blavet") == [first.id]
