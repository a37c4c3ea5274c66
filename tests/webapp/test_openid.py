"""Signing in with OpenID Connect, against a provider on a real socket."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask

from sourcing import db
from tests.openid_provider import CLIENT, Provider, running
from tests.webapp import invented
from tests.webapp.conftest import Visitor, site


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as found:
        yield found


@pytest.fixture
def joined(provider: Provider, filled_sqlite: Path, tmp_path: Path) -> Iterator[Flask]:
    """The site, told of the provider."""
    shutil.copy(filled_sqlite, tmp_path / "base.sqlite")
    engine = db.connect(f"sqlite:///{tmp_path / 'base.sqlite'}")
    yield site(
        engine, tmp_path, oidc_issuer=provider.address, oidc_client_id=CLIENT,
        oidc_client_secret="for the tests", oidc_domains="ville.exemple.fr",
    )  # fmt: skip
    engine.dispose()


def come_back(visitor: Visitor, wanted: str = "") -> str:
    """Go to the provider and come back, as a browser does; the page she lands on."""
    start = visitor.get(f"/connexion/openid?suite={wanted}")
    sent = requests.get(start.location, allow_redirects=False, timeout=60)
    back = urlsplit(sent.headers["Location"])
    answer = visitor.client.get(f"{back.path}?{back.query}", follow_redirects=True)
    return f"{answer.request.path} {answer.text}"


def test_a_known_address_signs_in_and_goes_where_she_was_going(
    joined: Flask, provider: Provider
) -> None:
    visitor = Visitor(joined)
    assert "Se connecter avec ProConnect" in visitor.read("/connexion")
    provider.person = {"email": invented.BUYER[0].upper(), "given_name": "E", "usual_name": "L"}
    page = come_back(visitor, "/dossiers")
    assert page.startswith("/dossiers ")
    assert "Ouvrir un dossier" in page
    assert "//" not in come_back(Visitor(joined), "//ailleurs.fr").split(" ")[0]


def test_an_unknown_address_needs_an_account_or_a_known_domain(
    joined: Flask, provider: Provider
) -> None:
    provider.person = {"email": "x@ailleurs.fr"}
    assert "pas de compte ici" in come_back(Visitor(joined))
    provider.is_plain, provider.person = True, {"email": "anna@ville.exemple.fr"}
    reader = Visitor(joined)
    come_back(reader)
    assert "Ouvrir un dossier" not in reader.read("/dossiers")
    provider.person |= {"email_verified": False}
    assert "adresse électronique vérifiée" in come_back(Visitor(joined))


def test_a_forged_return_and_a_silent_provider_sign_nobody_in(
    joined: Flask, provider: Provider
) -> None:
    provider.person = {"email": invented.BUYER[0]}
    visitor = Visitor(joined)
    forged = visitor.client.get("/connexion/openid/retour?code=x&state=y", follow_redirects=True)
    assert "n’a pas abouti" in forged.text
    assert visitor.get("/dossiers").status_code == 302


def test_no_provider_no_button(app: Flask) -> None:
    visitor = Visitor(app)
    assert "Se connecter avec" not in visitor.read("/connexion")
    assert visitor.get("/connexion/openid").location == "/connexion"


def test_who_signed_in_and_who_was_refused_is_told_to_the_administrator(admin: Visitor) -> None:
    other = Visitor(admin.client.application)
    other.sign_in(invented.BUYER[0], "pas le bon mot de passe")
    page = admin.read("/parametres/journal")
    assert "Connexion refusée" in page
    assert invented.ADMIN[0] in page
    assert other.get("/parametres/journal").status_code == 302
