"""A person decides; only then does a structure appear."""

from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import registrations
from sourcing.model import Message, Registration, Supplier
from sourcing.registrations import Answers
from tests.webapp import invented
from tests.webapp.conftest import Visitor

SIRET = invented.siret(2)  # a caterer


def declare(app: Flask, **changes: Any) -> int:
    """A registration whose address is confirmed; its number."""
    facts = {
        "siret": SIRET, "name": "La Table du Scorff", "activity": "lavage de vitres",
        "email": "contact@exemple.fr", "consent": "1", "segments": ("PROP-01",),
    } | changes  # fmt: skip
    with Session(app.extensions["sourcing"].engine) as base:
        new = registrations.receive(base, Answers(**facts), "key")
        registrations.confirm(base, new.registration, datetime.now())
        base.commit()
        return new.registration.id


def letters(base: Session) -> list[Message]:
    return list(base.scalars(select(Message).order_by(Message.id)))


def test_the_queue_is_for_administrators(visitor: Visitor) -> None:
    assert visitor.get("/moderation").location == "/connexion?suite=/moderation"
    visitor.sign_in(*invented.BUYER)
    assert visitor.get("/moderation").status_code == 403


def test_what_is_declared_stands_beside_what_is_known(app: Flask, admin: Visitor) -> None:
    declare(app)
    page = admin.read("/moderation")
    assert "La Table du Scorff" in page
    assert "TRAITEUR" in page
    assert "diffère" in page


def test_an_accepted_structure_is_found_by_what_it_sells(either: Flask) -> None:
    number = declare(either, activity="location de vélos à assistance électrique")
    admin = Visitor(either)
    admin.sign_in(*invented.ADMIN)
    before = admin.read("/fournisseurs?q=vélos assistance électrique")
    answer = admin.send("/moderation", to=f"/moderation/{number}/accepter")
    assert "acceptée et visible" in answer.text
    after = admin.read("/fournisseurs?q=vélos assistance électrique")
    assert f'id="f-{SIRET}"' not in before
    assert f'id="f-{SIRET}"' in after
    assert "Déclaré par la structure" in admin.read(f"/fournisseurs/{SIRET}")


def test_a_refusal_asks_for_its_reason_and_tells_it(
    app: Flask, admin: Visitor, base: Session
) -> None:
    number = declare(app, email="moi@exemple.fr")
    assert "Indiquer le motif" in admin.send("/moderation", to=f"/moderation/{number}/refuser").text
    admin.send("/moderation", to=f"/moderation/{number}/refuser", reason="hors territoire")
    refused = base.scalars(select(Registration)).one()
    assert (refused.state, refused.answers["email"]) == ("refused", "")
    (letter,) = letters(base)
    assert letter.recipient == "moi@exemple.fr" and "hors territoire" in letter.text


def test_a_question_goes_by_letter_and_its_answer_comes_back(
    app: Flask, admin: Visitor, base: Session
) -> None:
    number = declare(app)
    admin.send("/moderation", to=f"/moderation/{number}/demander", reason="Quel agrément ?")
    (letter,) = letters(base)
    assert "« Quel agrément ? »" in letter.text
    page = admin.read("/moderation")
    assert "Rien n’attend" in page and "1\xa0réponse attendue" in page
    token = letter.text.split("/inscription/acces/")[1].split()[0]
    structure = Visitor(app)
    structure.send(f"/inscription/acces/{token}")
    assert "Quel agrément\u00a0?" in structure.read("/inscription/ma-fiche")


def test_what_is_sure_is_accepted_in_a_lot_and_the_rest_is_not_ticked(
    app: Flask, admin: Visitor, base: Session
) -> None:
    known = base.scalars(select(Supplier).where(Supplier.siret == SIRET)).one()
    known.website, name = "https://exemple.fr", known.name
    base.commit()
    sure = declare(app, name=name)
    doubtful = declare(app, siret=invented.siret(4), email="moi@ailleurs.fr", name="Autre nom")
    page = admin.read("/moderation")
    assert f'value="{sure}" form="lot" checked' in page
    assert f'value="{doubtful}" form="lot" checked' not in page
    answer = admin.send("/moderation", to="/moderation/lot", chosen=[str(sure)])
    assert "acceptée et visible" in answer.text
    assert [r.id for r in registrations.pending(base)] == [doubtful]
    assert "acceptée" in admin.read("/moderation/journal")


def test_one_reason_goes_to_every_structure_of_a_lot_and_each_is_logged(
    app: Flask, admin: Visitor, base: Session
) -> None:
    lot = [str(declare(app, siret=invented.siret(n), email=f"{n}@exemple.fr")) for n in (2, 4, 6)]

    def decide(decision: str, chosen: list[str], reason: str = "") -> str:
        return admin.send("/moderation", to="/moderation/lot", decision=decision, chosen=chosen,
                          reason=reason).text  # fmt: skip

    assert decide("refuser", lot).count("Indiquer le motif du refus") == 1
    assert "choisir «\u00a0Demander\u00a0» ou" in decide("accepter", lot, "la clé Entrée")
    assert "2 structures reçoivent la question" in decide("demander", lot[:2], "Quel agrément ?")
    assert "La Table du Scorff est refusée" in decide("refuser", lot[2:], "hors territoire")
    told = {(m.recipient, m.kind) for m in letters(base)}
    assert told == {("2@exemple.fr", "asked"), ("4@exemple.fr", "asked"),
                    ("6@exemple.fr", "refused")}  # fmt: skip
    ruled = [(each.action, each.reason) for each in registrations.rulings(base)]
    assert ruled == [("refused", "hors territoire"), *[("asked", "Quel agrément ?")] * 2]


def test_a_claim_on_a_claimed_structure_is_shown_and_the_first_is_told(
    app: Flask, admin: Visitor, base: Session
) -> None:
    admin.send("/moderation", to=f"/moderation/{declare(app)}/accepter")
    second = declare(app, email="autre@exemple.fr")
    assert "Déjà revendiquée par une autre adresse (contact@exemple.fr" in admin.read("/moderation")
    admin.send("/moderation", to=f"/moderation/{second}/accepter")
    told = {(letter.kind, letter.recipient) for letter in letters(base)}
    assert ("claimed", "contact@exemple.fr") in told and ("accepted", "autre@exemple.fr") in told


def test_a_structure_of_unknown_siret_stands_beside_who_it_looks_like(
    app: Flask, admin: Visitor, base: Session
) -> None:
    known = base.scalars(select(Supplier).where(Supplier.siret == SIRET)).one()
    declare(app, siret="", name=known.name, commune_code=known.commune_code)
    page = admin.read("/moderation")
    assert "Ressemble à" in page and known.name in page


def test_a_decision_already_taken_is_said(app: Flask, admin: Visitor) -> None:
    number = declare(app)
    admin.send("/moderation", to=f"/moderation/{number}/accepter")
    again = admin.send("/moderation", to=f"/moderation/{number}/accepter")
    assert "déjà été traitée" in again.text


def test_deciding_needs_a_click_on_our_own_page(app: Flask, admin: Visitor) -> None:
    number = declare(app)
    assert admin.client.post(f"/moderation/{number}/accepter").status_code == 400
    assert admin.get(f"/moderation/{number}/accepter").status_code == 405


def test_the_sheet_says_what_is_declared_and_what_was_proved(app: Flask, admin: Visitor) -> None:
    number = declare(
        app, statuses=("siae:EI", "label:ESUS"), innovation="tri par caméra", tih_consent="1"
    )
    admin.send("/moderation", to=f"/moderation/{number}/accepter", proved=["siae:EI"])
    page = Visitor(app).read(f"/fournisseurs/{SIRET}")
    assert "Déclaré par la structure, le" in page and "tri par caméra" in page
    assert page.count("preuve vue") == 1 and page.count("preuve non vérifiée") == 1
    assert "handicapé" not in page, "health is for signed-in buyers"
    assert "handicapé" in admin.read(f"/fournisseurs/{SIRET}")


def test_a_unit_in_partial_diffusion_stays_masked_whatever_it_declares(
    app: Flask, admin: Visitor
) -> None:
    masked = invented.siret(7)
    number = declare(app, siret=masked, name="Nom Trop Bavard", activity="vitres hautes")
    admin.send("/moderation", to=f"/moderation/{number}/accepter")
    assert "Bavard" not in admin.read(f"/fournisseurs/{masked}")
    assert f'id="f-{masked}"' not in admin.read("/fournisseurs?q=Bavard")
