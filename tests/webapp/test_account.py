"""Signing in and out."""

import pytest

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
