"""A person decides; only then does a structure appear."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import registrations
from sourcing.model import Registration
from sourcing.registrations import Answers
from tests.webapp import invented
from tests.webapp.conftest import Visitor

SIRET = invented.siret(2)  # a caterer


def declare(app: Flask, **changes: str) -> int:
    """A registration that waits; its number."""
    facts = {"siret": SIRET, "name": "La Table du Scorff", "activity": "lavage de vitres"} | changes
    with Session(app.extensions["sourcing"].engine) as base:
        received = registrations.receive(base, Answers(**facts, segments=("PROP-01",)))  # type: ignore[arg-type]
        base.commit()
        return received.id


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


def test_a_refusal_asks_for_its_reason(app: Flask, admin: Visitor, base: Session) -> None:
    number = declare(app, email="moi@exemple.fr")
    assert "Indiquer le motif" in admin.send("/moderation", to=f"/moderation/{number}/refuser").text
    admin.send("/moderation", to=f"/moderation/{number}/refuser", reason="hors territoire")
    refused = base.scalars(select(Registration)).one()
    assert (refused.state, refused.answers["email"]) == ("refused", "")


def test_a_decision_already_taken_is_said(app: Flask, admin: Visitor) -> None:
    number = declare(app)
    admin.send("/moderation", to=f"/moderation/{number}/accepter")
    again = admin.send("/moderation", to=f"/moderation/{number}/accepter")
    assert "déjà été traitée" in again.text


def test_deciding_needs_a_click_on_our_own_page(app: Flask, admin: Visitor) -> None:
    number = declare(app)
    assert admin.client.post(f"/moderation/{number}/accepter").status_code == 400
    assert admin.get(f"/moderation/{number}/accepter").status_code == 405
