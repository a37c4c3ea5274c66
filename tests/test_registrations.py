"""A structure presents itself; nothing is public before a person has said yes."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import registrations
from sourcing.model import Mention, Place, Supplier
from sourcing.registrations import Answers, RegistrationError

ANSWERS = Answers(
    siret="73282932000074",
    name="Atelier du Scorff",
    activity="taille de haies",
    segments=("EV-01",),
    email="contact@exemple.fr",
    phone="+33297000000",
    consent="1",
)


def lorient_supplier(session: Session) -> Supplier:
    session.add(Place(code="56121", name="Lorient", name_key="LORIENT"))
    supplier = Supplier(
        uid=ANSWERS.siret,
        siret=ANSWERS.siret,
        origin="register",
        name="ATELIER SCORFF",
        commune_code="56121",
        postcode="56100",
        first_seen=date(2026, 1, 1),
        last_seen=date(2026, 1, 1),
    )
    session.add(supplier)
    session.flush()
    return supplier


def test_an_accepted_registration_becomes_a_mention_in_the_registers_commune(
    session: Session,
) -> None:
    lorient_supplier(session)
    received = registrations.receive(session, ANSWERS)
    mention = registrations.accept(session, received.id, "nolwenn@exemple.fr")
    assert (mention.commune_code, mention.sectors) == ("56121", ["EV-01"])
    assert received.decided_by == "nolwenn@exemple.fr"
    assert registrations.pending(session) == []


def test_nothing_is_a_mention_before_a_decision(session: Session) -> None:
    registrations.receive(session, ANSWERS)
    assert session.scalars(select(Mention)).all() == []


def test_sending_the_form_twice_keeps_one_registration(session: Session) -> None:
    registrations.receive(session, ANSWERS)
    registrations.receive(session, ANSWERS)
    assert len(registrations.pending(session)) == 1


def test_a_second_declaration_updates_the_first_ones_mention(session: Session) -> None:
    lorient_supplier(session)
    for _ in range(2):
        registrations.accept(session, registrations.receive(session, ANSWERS).id, "n@exemple.fr")
    assert len(session.scalars(select(Mention)).all()) == 1


def test_a_refusal_needs_a_reason_and_forgets_the_contact(session: Session) -> None:
    received = registrations.receive(session, ANSWERS)
    with pytest.raises(RegistrationError, match="motif"):
        registrations.refuse(session, received.id, "n@exemple.fr", " ")
    refused = registrations.refuse(session, received.id, "n@exemple.fr", "hors territoire")
    assert (refused.answers["email"], refused.answers["phone"]) == ("", "")


def test_a_decision_is_taken_once(session: Session) -> None:
    received = registrations.receive(session, ANSWERS)
    registrations.refuse(session, received.id, "n@exemple.fr", "doublon")
    with pytest.raises(RegistrationError, match="déjà"):
        registrations.accept(session, received.id, "n@exemple.fr")


def test_what_nobody_decided_is_erased_at_its_term(session: Session) -> None:
    received = registrations.receive(session, ANSWERS)
    assert registrations.erase_forgotten(session, received.received_at + timedelta(days=179)) == 0
    assert registrations.erase_forgotten(session, datetime.now() + timedelta(days=181)) == 1
    assert registrations.pending(session) == []
