"""Signing in and out; who may see what."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, Flask, abort, flash, g, redirect, render_template, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from sourcing import audit, people
from sourcing.model import Person
from webapp.context import session, site
from webapp.forms import SignInForm
from webapp.protection import failed, forgive, require_patience

PAGES = Blueprint("account", __name__)
P = ParamSpec("P")
R = TypeVar("R")


class Account(UserMixin):  # type: ignore[misc]  # flask_login is not typed
    """The signed-in person, as the pages see her."""

    def __init__(self, person: Person) -> None:
        self.id = person.id
        self.email = person.email
        self.name = person.name or person.email
        self.is_admin = person.role == "admin"
        # Buyers say which supplier a line is; readers look.
        self.can_decide = person.role in ("admin", "buyer")


def account() -> Account | None:
    """Who is signed in, if anyone; nobody when the base cannot be read."""
    if g.get("broken"):
        return None
    known: Account = current_user
    return known if known.is_authenticated else None


def person() -> Person:
    """The signed-in person, as the base knows her."""
    known = account()
    return (people.find(session(), known.id) if known else None) or abort(403)


def organisation() -> str:
    """Whose files she works on: hers, else the one that runs this site."""
    return person().organisation or site().settings.organisation


def admin_only(page: Callable[P, R]) -> Callable[P, R | Response]:
    """A page for administrators: others are asked to sign in, or refused."""
    return _only(page, lambda known: known.is_admin)


def deciders_only(page: Callable[P, R]) -> Callable[P, R | Response]:
    """A page for those who decide of links: others are asked to sign in, or refused."""
    return _only(page, lambda known: known.can_decide)


def _only(page: Callable[P, R], may: Callable[[Account], bool]) -> Callable[P, R | Response]:
    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        known = account()
        if known is None:
            return redirect(url_for("account.sign_in", suite=request.full_path.rstrip("?")))
        if not may(known):
            abort(403)
        return page(*args, **kwargs)

    return guarded


def signed_in(page: Callable[P, R]) -> Callable[P, R | Response]:
    """A page for whoever has an account: others are asked to sign in."""

    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if account() is None:
            here = request.full_path.rstrip("?")
            back = here if request.method == "GET" else url_for(f"{request.blueprint}.index")
            return redirect(url_for("account.sign_in", suite=back))
        return page(*args, **kwargs)

    return guarded


def register(app: Flask) -> None:
    """Let Flask-Login find the person of a session."""
    manager = LoginManager(app)
    manager.session_protection = "basic"

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(person_id: str) -> Account | None:
        person = people.find(session(), int(person_id)) if person_id.isdigit() else None
        return Account(person) if person else None

    app.jinja_env.globals["account"] = account


@PAGES.route("/connexion", methods=["GET", "POST"])
def sign_in() -> Any:
    """Ask for the address and the password, then go where the person was going."""
    form = SignInForm()
    if form.validate_on_submit():
        who = f"{request.remote_addr} {form.email.data.strip().lower()}"
        require_patience("password", who)
        person = people.check(session(), form.email.data, form.password.data)
        if person is not None:
            forgive("password", who)
            audit.write(session(), person.email, "signed_in", "mot de passe")
            login_user(Account(person))
            return redirect(next_page(request.args.get("suite", "")))
        failed("password", who)
        audit.write(session(), form.email.data.strip().lower()[:200], "refused", "mot de passe")
        form.password.errors = ["L’adresse ou le mot de passe n’est pas le bon."]
    return render_template("account/sign_in.html", title="Se connecter", form=form)


@PAGES.post("/deconnexion")
def sign_out() -> Response:
    """Forget the session."""
    logout_user()
    flash("Vous êtes déconnecté.", "good")
    return redirect(url_for("search.suppliers"))


def next_page(wanted: str) -> str:
    """Where to go after signing in: a page of ours, whatever the address says."""
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")):
        return wanted
    return url_for("search.suppliers")
