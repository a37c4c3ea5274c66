"""Signing in and out."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Person
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from webapp.protection import RATES


def test_signing_in_opens_the_administrators_pages(visitor: Visitor) -> None:
    visitor.sign_in(*invented.ADMIN)
    assert "Inscriptions à vérifier" in visitor.read("/fournisseurs")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(visitor: Visitor) -> None:
    answers = [visitor.sign_in(email, "faux") for email in (invented.ADMIN[0], "qui@exemple.fr")]
    assert all("n’est pas le bon" in answer.text for answer in answers)


def test_one_returns_to_the_page_one_asked_for(visitor: Visitor) -> None:
    page = "/connexion?suite=/moderation"
    answer = visitor.send(page, email=invented.ADMIN[0], password=invented.ADMIN[1])
    assert answer.request.path == "/moderation"


@pytest.mark.parametrize("elsewhere", ["//mechant.fr", "https://mechant.fr", "/\\mechant.fr"])
def test_signing_in_never_leads_to_another_site(visitor: Visitor, elsewhere: str) -> None:
    page = f"/connexion?suite={elsewhere}"
    answer = visitor.send(page, email=invented.ADMIN[0], password=invented.ADMIN[1])
    assert answer.request.path == "/fournisseurs"


def test_guessing_passwords_is_slowed_down(visitor: Visitor) -> None:
    tries = RATES["password"].amount
    codes = [visitor.sign_in(invented.BUYER[0], "faux").status_code for _ in range(tries)]
    assert tries == 10 and set(codes) == {200}
    assert visitor.sign_in(*invented.BUYER).status_code == 429


def test_signing_out_forgets(visitor: Visitor) -> None:
    visitor.sign_in(*invented.ADMIN)
    visitor.send("/fournisseurs", to="/deconnexion")
    assert visitor.get("/moderation").status_code == 302


def test_an_administrator_opens_moves_and_closes_accounts_and_each_is_in_the_audit_log(
    app: Flask, admin: Visitor, base: Session
) -> None:
    said = {"nom": "Maïwenn", "role": "buyer", "organisation": "Ville d’Hennebont"}
    here, password = "/parametres/comptes", "une phrase assez longue"
    opened = {"courriel": "maiwenn@exemple.fr", "mot_de_passe": password} | said
    assert "Compte ouvert" in admin.send(here, **opened).text
    assert "a déjà un compte" in admin.send(here, **opened).text
    person = base.scalars(select(Person).where(Person.email == "maiwenn@exemple.fr")).one()
    assert person.organisation == "Ville d’Hennebont"
    its = f"{here}/{person.id}"
    admin.send(here, to=its, **said | {"role": "reader", "organisation": "Lorient Agglomération"})
    base.expire_all()
    assert (person.role, person.organisation) == ("reader", ""), "'' is who runs the site"
    member = Visitor(app)
    member.sign_in(person.email, password)
    assert member.get(here).status_code == 403
    admin.send(here, to=f"{its}/supprimer")
    assert member.get("/dossiers").status_code == 302
    assert admin.read("/parametres/journal").count("maiwenn@exemple.fr") == 4


def test_an_administrator_cannot_lock_herself_out(admin: Visitor, base: Session) -> None:
    me = base.scalars(select(Person.id).where(Person.email == invented.ADMIN[0])).one()
    here = "/parametres/comptes"
    assert "par une autre personne" in admin.send(here, to=f"{here}/{me}", role="reader").text
    assert "par une autre personne" in admin.send(here, to=f"{here}/{me}/supprimer").text
    assert admin.get(here).status_code == 200
