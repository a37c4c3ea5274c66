"""A structure presents itself; nothing is public before its address and a person have said yes."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing import registrations
from sourcing.model import Follower, Mention, Place, Registration, Ruling, Stale, Supplier
from sourcing.registrations import Answers, RegistrationError
from sourcing.registrations.belonging import belonging as belongs

KEY = "a key"
NOW = datetime.now()
ANSWERS = Answers(
    siret="73282932000074",
    name="Atelier du Scorff",
    activity="taille de haies",
    segments=("EV-01",),
    email="contact@exemple.fr",
    phone="+33297000000",
    consent="1",
    statuses=("siae:EI", "ess:ess"),
    materials="terreau local",
)


def lorient_supplier(session: Session) -> Supplier:
    session.add(Place(code="56121", name="Lorient", name_key="LORIENT"))
    supplier = Supplier(
        uid=ANSWERS.siret, siret=ANSWERS.siret, origin="register", name="ATELIER SCORFF",
        commune_code="56121", postcode="56100", first_seen=date(2026, 1, 1),
        last_seen=date(2026, 1, 1),
    )  # fmt: skip
    session.add(supplier)
    session.flush()
    return supplier


def received(session: Session, answers: Answers = ANSWERS) -> registrations.Received:
    return registrations.receive(session, answers, KEY)


def confirmed(session: Session, answers: Answers = ANSWERS) -> Registration:
    return registrations.confirm(session, received(session, answers).registration, NOW)


def test_an_accepted_registration_becomes_a_mention_in_the_registers_commune(
    session: Session,
) -> None:
    lorient_supplier(session)
    waiting = confirmed(session)
    mention = registrations.accept(session, waiting.id, "nolwenn@exemple.fr", ["siae:EI"])
    assert (mention.commune_code, mention.sectors) == ("56121", ["EV-01"])
    assert mention.statuses == ["siae:EI"], "only what the team saw the proof of"
    assert mention.description == "taille de haies — Matériaux : terreau local"
    assert waiting.decided_by == "nolwenn@exemple.fr"
    assert registrations.pending(session) == []


def test_nothing_waits_for_the_team_before_the_address_is_confirmed(session: Session) -> None:
    received(session)
    assert registrations.pending(session) == []
    assert session.scalars(select(Mention)).all() == []


def test_six_digits_confirm_and_wrong_ones_are_counted(session: Session) -> None:
    new = received(session)
    wrong = "000000" if new.code != "000000" else "111111"
    with pytest.raises(RegistrationError, match="4 essais"):
        registrations.try_code(session, new.registration.id, wrong, KEY, NOW)
    spaced = f"{new.code[:3]} {new.code[3:]}"
    found = registrations.try_code(session, new.registration.id, spaced, KEY, NOW)
    assert found.state == "pending" and found.code == ""


def test_a_code_ends_after_five_tries_and_after_an_hour(session: Session) -> None:
    new = received(session)
    with pytest.raises(RegistrationError, match="ne vaut plus"):
        registrations.try_code(
            session, new.registration.id, new.code, KEY, NOW + timedelta(hours=2)
        )
    for _ in range(registrations.CODE_TRIES):
        with pytest.raises(RegistrationError):
            registrations.try_code(session, new.registration.id, "no", KEY, NOW)
    with pytest.raises(RegistrationError, match="ne vaut plus"):
        registrations.try_code(session, new.registration.id, new.code, KEY, NOW)


def test_sending_the_form_twice_keeps_one_registration(session: Session) -> None:
    first = received(session).registration.id
    assert received(session).registration.id == first
    confirmed(session)
    received(session, replace(ANSWERS, activity="autre chose, par un autre"))
    (waiting,) = registrations.pending(session)
    assert waiting.answers["activity"] == "taille de haies", "unconfirmed answers change nothing"


def test_a_form_sent_again_after_a_cut_is_there_once_and_its_code_stays(session: Session) -> None:
    first = registrations.receive(session, ANSWERS, KEY, proof="signature")
    again = registrations.receive(session, ANSWERS, KEY, proof="signature")
    assert (again.registration.id, again.code) == (first.registration.id, "")
    registrations.try_code(session, first.registration.id, first.code, KEY, NOW)
    late = registrations.receive(session, ANSWERS, KEY, proof="signature").registration
    assert registrations.confirm(session, late, NOW).state == "pending"
    assert session.scalar(select(func.count()).select_from(Registration)) == 1


def test_a_proof_of_work_serves_one_structure_only(session: Session) -> None:
    registrations.receive(session, ANSWERS, KEY, proof="signature")
    registrations.receive(session, ANSWERS, KEY, proof="signature")
    with pytest.raises(RegistrationError, match="envoyer de nouveau"):
        other = replace(ANSWERS, siret="", name="Autre")
        registrations.receive(session, other, KEY, proof="signature")


def test_a_second_declaration_updates_the_first_ones_mention(session: Session) -> None:
    lorient_supplier(session)
    for _ in range(2):
        registrations.accept(session, confirmed(session).id, "n@exemple.fr")
    assert len(session.scalars(select(Mention)).all()) == 1
    assert session.scalar(select(func.count()).select_from(Registration)) == 1


def test_another_address_that_claims_the_same_structure_is_said(session: Session) -> None:
    lorient_supplier(session)
    registrations.accept(session, confirmed(session).id, "n@exemple.fr")
    second = confirmed(session, replace(ANSWERS, email="autre@exemple.fr"))
    (claim,) = registrations.claims(session, second)
    assert (claim.email, claim.state) == ("contact@exemple.fr", "accepted")


def test_a_refusal_needs_a_reason_and_forgets_the_contact(session: Session) -> None:
    waiting = confirmed(session)
    with pytest.raises(RegistrationError, match="motif"):
        registrations.refuse(session, waiting.id, "n@exemple.fr", " ")
    refused = registrations.refuse(session, waiting.id, "n@exemple.fr", "hors territoire")
    assert (refused.answers["email"], refused.answers["phone"], refused.email) == ("", "", "")


def test_every_decision_is_logged_and_taken_once(session: Session) -> None:
    waiting = confirmed(session)
    registrations.ask(session, waiting.id, "n@exemple.fr", "quel agrément ?")
    registrations.refuse(session, waiting.id, "n@exemple.fr", "doublon")
    with pytest.raises(RegistrationError, match="déjà"):
        registrations.accept(session, waiting.id, "n@exemple.fr")
    said = [(each.action, each.reason) for each in registrations.rulings(session)]
    assert said == [("refused", "doublon"), ("asked", "quel agrément ?")]


def test_contacts_reach_the_buyers_only_with_an_agreement(session: Session) -> None:
    lorient_supplier(session)
    silent = confirmed(session, replace(ANSWERS, consent=""))
    assert registrations.accept(session, silent.id, "n@exemple.fr").email == ""


def test_a_structure_without_siret_is_placed_in_its_commune(session: Session) -> None:
    session.add(Place(code="56121", name="Lorient", name_key="LORIENT", postcodes="56100"))
    new = confirmed(session, replace(ANSWERS, siret="", commune_code="56121"))
    mention = registrations.accept(session, new.id, "n@exemple.fr")
    assert (mention.siret, mention.commune, mention.postcode) == ("", "Lorient", "56100")
    later = NOW + timedelta(days=61)
    assert [r.id for r in registrations.to_ask_again(session, later)] == [new.id]
    assert registrations.to_ask_again(session, later) == [], "asked once"


def test_a_person_sees_and_erases_all_that_is_hers(session: Session) -> None:
    supplier = lorient_supplier(session)
    mention = registrations.accept(session, confirmed(session).id, "n@exemple.fr")
    mention.supplier_id = supplier.id
    session.add(Follower(email=ANSWERS.email, families=[], wanted=[], consent="1", created_at=NOW))
    session.flush()
    kept = registrations.everything_of(session, ANSWERS.email)
    assert kept["inscriptions"][0]["reponses"]["phone"] == "+33297000000" and kept["suivi"]
    assert registrations.erase(session, ANSWERS.email) == {supplier.id}
    assert (mention.email, mention.description, mention.gone_on) == ("", "", date.today())
    assert session.scalars(select(Stale.supplier_id)).all() == [supplier.id]
    left = registrations.everything_of(session, ANSWERS.email)
    assert (left["inscriptions"], left["interets"], left["suivi"]) == ([], [], None)
    assert session.scalars(select(Ruling.action)).all()[-1] == "withdrawn"


@pytest.mark.parametrize(
    ("state", "days"), [("unconfirmed", 3), ("pending", 180), ("refused", 365)]
)
def test_each_state_has_its_term(session: Session, state: str, days: int) -> None:
    if state == "unconfirmed":
        received(session)
    else:
        waiting = confirmed(session)
    if state == "refused":
        registrations.refuse(session, waiting.id, "n@exemple.fr", "doublon")
    before, after = (datetime.now() + timedelta(days=days + shift) for shift in (-1, 1))
    assert registrations.erase_forgotten(session, before) == 0
    assert registrations.erase_forgotten(session, after) == 1


def test_an_accepted_declaration_nobody_confirms_again_is_withdrawn(session: Session) -> None:
    lorient_supplier(session)
    kept = confirmed(session)
    mention = registrations.accept(session, kept.id, "n@exemple.fr")
    year = NOW + timedelta(days=366)
    assert len(registrations.to_ask_again(session, year)) == 1
    registrations.still_true(kept, year)
    assert registrations.erase_forgotten(session, year + timedelta(days=364)) == 0
    registrations.to_ask_again(session, year + timedelta(days=366))
    registrations.erase_forgotten(session, year + timedelta(days=800))
    assert mention.gone_on and mention.email == ""


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("contact@exemple.fr", "address"),
        ("achats@exemple.fr", "domain"),
        ("moi@agence.exemple-site.fr", "domain"),
        ("moi@autre.fr", "other"),
        ("moi@gmail.com", ""),
    ],
)
def test_an_address_is_compared_with_what_is_known(email: str, said: str) -> None:
    websites = ["https://www.exemple-site.fr/contact"]
    assert belongs(email, ["Contact@exemple.fr"], websites) == said
