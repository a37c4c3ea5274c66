"""« Faites-vous connaître », without JavaScript."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from sourcing import registrations
from tests.geo_api_server import running
from tests.public_services import FAILURES, Firms, firm
from tests.webapp import invented
from tests.webapp.conftest import Visitor, site

SIRET = invented.siret(0)
# Of no supplier of the base.
NEW = invented.siret(900)
FORM = f"/inscription?siret={SIRET}"
GOOD = {
    "siret": SIRET, "name": "Les Jardins du Scorff", "activity": "tonte et taille de haies",
    "segments": ["EV-01"], "zone": "30", "email": "Contact@Exemple.fr", "phone": "02 97 00 00 00",
    "consent": "y",
}  # fmt: skip


def send(visitor: Visitor, **changes: str | list[str]) -> str:
    return visitor.send(FORM, to="/inscription", **(GOOD | changes)).text


def test_a_siret_with_spaces_brings_what_the_register_knows(either: Flask) -> None:
    spaced = f"{SIRET[:3]} {SIRET[3:6]} {SIRET[6:9]} {SIRET[9:]}"
    page = Visitor(either).read(f"/inscription?siret={spaced}")
    assert re.search(r'name="name"[^>]*value="JARDINS', page)
    assert "rue de l’Exemple" in page


def test_the_activity_code_proposes_categories_before_anything_is_said(visitor: Visitor) -> None:
    assert 'name="segments" value="EV-01"' in visitor.read(FORM)


def test_a_wrong_siret_is_explained_beside_the_field(visitor: Visitor) -> None:
    page = visitor.read("/inscription?siret=1234")
    assert 'id="siret-error"' in page
    assert 'value="1234"' in page


def test_a_siret_we_do_not_know_can_still_register(visitor: Visitor) -> None:
    assert "pas encore dans notre base" in visitor.read(f"/inscription?siret={invented.siret(999)}")


def test_a_masked_name_is_not_given_away_by_the_form(visitor: Visitor) -> None:
    known = visitor.get(f"/inscription/registre.json?siret={invented.siret(7)}").json
    assert (known["connu"], known["nom"]) == (True, "")
    assert "rue" not in known["adresse"]


def test_a_complete_form_waits_for_a_decision(either: Flask) -> None:
    assert "Merci, Les Jardins du Scorff" in send(Visitor(either))
    with Session(either.extensions["sourcing"].engine) as base:
        (waiting,) = registrations.pending(base)
    assert waiting.answers["email"] == "contact@exemple.fr"
    assert waiting.answers["phone"] == "+33297000000"
    assert waiting.answers["segments"] == ["EV-01"]
    assert waiting.answers["consent"]


def test_categories_come_from_ones_own_words_and_are_confirmed(
    visitor: Visitor, base: Session
) -> None:
    page = send(visitor, segments=[])
    assert 'value="EV-01"' in page
    assert registrations.pending(base) == []
    assert "Merci" in send(visitor, segments=[], proposed="1")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Indiquer le nom"),
        ("activity", "", "Dire en une phrase"),
        ("email", "personne", "n’est pas complète"),
        ("phone", "12", "Téléphone"),
        ("website", "javascript:alert(1)", "seules les adresses http"),
        ("consent", "", "Cocher cette case"),
    ],
)
def test_an_error_is_beside_its_field_and_nothing_typed_is_lost(
    visitor: Visitor, base: Session, field: str, value: str, sentence: str
) -> None:
    page = send(visitor, **{field: value})
    assert sentence in page
    assert f'id="{field}-error"' in page
    assert registrations.pending(base) == []
    if field != "activity":
        assert "tonte et taille de haies" in page


def test_a_robot_that_fills_the_hidden_field_is_thanked_and_forgotten(
    visitor: Visitor, base: Session
) -> None:
    assert "Merci" in send(visitor, surname="Buy now")
    assert registrations.pending(base) == []


def test_a_form_from_elsewhere_is_refused(visitor: Visitor, base: Session) -> None:
    answer = visitor.client.post("/inscription", data=GOOD)
    assert answer.status_code == 400
    assert "Formulaire expiré" in answer.text
    assert registrations.pending(base) == []


def test_a_form_too_long_to_be_honest_is_refused(visitor: Visitor) -> None:
    assert visitor.client.post("/inscription", data={"activity": "x" * 80_000}).status_code == 413


@pytest.fixture
def firms() -> Iterator[Firms]:
    with running(Firms()) as server:
        yield server


def asking(app: Flask, folder: Path, firms: Firms) -> Visitor:
    """A visitor of the same base, whose site asks this directory."""
    engine = app.extensions["sourcing"].engine
    return Visitor(site(engine, folder, recherche_entreprises_url=firms.url))


def test_a_siret_the_base_does_not_know_is_asked_of_the_public_directory(
    app: Flask, tmp_path: Path, firms: Firms
) -> None:
    firms.firms = (firm(NEW),)
    page = asking(app, tmp_path, firms).read(f"/inscription?siret={NEW}")
    assert 'value="LES JARDINS INVENTES"' in page
    assert "12 RUE DES ORMEAUX, 56100 LORIENT" in page
    assert "Annuaire des entreprises, lu à l’instant" in page
    assert 'value="EV-01"' in page


def test_what_a_person_asked_to_hide_stays_hidden_in_the_form(
    app: Flask, tmp_path: Path, firms: Firms
) -> None:
    firms.firms = (firm(NEW, statut_diffusion="P", nature_juridique="1000",
                        nom_complet="NOM TROP BAVARD"),)  # fmt: skip
    page = asking(app, tmp_path, firms).read(f"/inscription?siret={NEW}")
    assert "BAVARD" not in page and "ORMEAUX" not in page


@pytest.mark.parametrize("failure", ["limited", "down", "web page", "nonsense"])
def test_a_directory_that_fails_never_stops_the_form(
    app: Flask, tmp_path: Path, firms: Firms, failure: str
) -> None:
    firms.on("/search", FAILURES[failure])
    page = asking(app, tmp_path, firms).read(f"/inscription?siret={NEW}")
    assert "n’est pas encore dans notre base" in page and 'name="activity"' in page


def test_the_directory_is_not_asked_for_what_the_base_knows_nor_when_switched_off(
    app: Flask, tmp_path: Path, firms: Firms, visitor: Visitor
) -> None:
    asking(app, tmp_path, firms).read(f"/inscription?siret={invented.siret(0)}")
    visitor.read(f"/inscription?siret={NEW}")
    assert firms.seen == []
