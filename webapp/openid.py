"""Signing in with OpenID Connect: ProConnect, or any provider that describes itself."""

import secrets
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, flash, redirect, request, url_for
from flask import session as visit
from flask_login import login_user
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from werkzeug.wrappers import Response

from sourcing import audit, people
from sourcing.people import AccountError
from sourcing.settings import Settings
from webapp.account import Account, next_page
from webapp.context import session, site

PAGES = Blueprint("openid", __name__)
NAME = "openid"
# ProConnect asks for at least 32 signs; who has no usual name still has an address.
SIGNS, SCOPES = 32, "openid email given_name usual_name siret"
FAILED = "La connexion n’a pas abouti. Recommencer, ou se connecter par mot de passe."


def register(app: Flask, settings: Settings) -> None:
    """Know the provider, when the settings name one."""
    app.jinja_env.globals["openid_name"] = settings.oidc_name if settings.oidc_issuer else ""
    if not settings.oidc_issuer:
        return
    clients = OAuth(app)
    clients.register(
        NAME,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": settings.oidc_scopes or SCOPES, "timeout": 10},
    )
    app.extensions[NAME] = clients.create_client(NAME)


@PAGES.get("/connexion/openid")
def start() -> Any:
    """Go to the provider."""
    client = current_app.extensions.get(NAME)
    if client is None:
        return redirect(url_for("account.sign_in"))
    visit["suite"] = request.args.get("suite", "")
    back = url_for("openid.back", _external=True)
    try:
        return client.authorize_redirect(
            back, state=secrets.token_urlsafe(SIGNS), nonce=secrets.token_urlsafe(SIGNS)
        )
    except (OAuthError, requests.RequestException):
        return _refused(FAILED)


@PAGES.get("/connexion/openid/retour")
def back() -> Any:
    """Come back from it: the person is the account of her verified address."""
    client = current_app.extensions.get(NAME)
    if client is None:
        return redirect(url_for("account.sign_in"))
    try:
        told = client.authorize_access_token()
        said = {**(told.get("userinfo") or {}), **_userinfo(client, told)}
    except (OAuthError, JoseError, requests.RequestException, ValueError):
        return _refused(FAILED)
    return _sign_in(said)


def _userinfo(client: Any, told: Any) -> dict[str, Any]:
    """What the provider says of the person; ProConnect says it in a signed token."""
    found = client.load_server_metadata()
    if "userinfo_endpoint" not in found:
        return {}
    answer = client.get(found["userinfo_endpoint"], token=told)
    answer.raise_for_status()
    if not answer.headers.get("Content-Type", "").startswith("application/jwt"):
        return dict(answer.json())
    keys = KeySet.import_key_set(client.fetch_jwk_set())
    claims = jwt.decode(answer.text, keys, algorithms=["RS256", "ES256"]).claims
    jwt.JWTClaimsRegistry(aud={"essential": True, "value": client.client_id}).validate(claims)
    return dict(claims)


def _sign_in(said: dict[str, Any]) -> Response:
    address = str(said.get("email") or "")
    # A provider that says the address is not checked proves nothing.
    if not address or said.get("email_verified") is False:
        return _refused("Le fournisseur d’identité n’a pas donné d’adresse électronique vérifiée.")
    names = (said.get("given_name"), said.get("usual_name") or said.get("family_name"))
    settings = site().settings
    try:
        person = people.of_provider(
            session(), address, " ".join(map(str, filter(None, names))), settings.oidc_domains
        )
    except AccountError as refused:
        audit.write(session(), address, "refused", settings.oidc_name)
        return _refused(str(refused))
    audit.write(session(), person.email, "signed_in", settings.oidc_name)
    login_user(Account(person))
    return redirect(next_page(str(visit.pop("suite", ""))))


def _refused(sentence: str) -> Response:
    flash(sentence, "bad")
    return redirect(url_for("account.sign_in"))
