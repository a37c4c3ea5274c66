"""Signing in and out; who may see what."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, Flask, abort, flash, g, redirect, render_template, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from sourcing import audit, people
from sourcing.model import Person
from webapp.context import session
from webapp.forms import SignInForm

PAGES = Blueprint("account", __name__)
P = ParamSpec("P")
R = TypeVar("R")

# A password may be tried this many times per address in this many seconds.
TRIES = 10
WINDOW_SECONDS = 300
MOST_KEPT = 10_000
_failures: dict[str, deque[float]] = defaultdict(deque)


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
        _slow_down(form.email.data)
        person = people.check(session(), form.email.data, form.password.data)
        if person is not None:
            _failures.pop(_key(form.email.data), None)
            audit.write(session(), person.email, "signed_in", "mot de passe")
            login_user(Account(person))
            return redirect(next_page(request.args.get("suite", "")))
        _failures[_key(form.email.data)].append(time.monotonic())
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


def _key(email: str) -> str:
    return f"{request.remote_addr} {email.strip().lower()}"


def _slow_down(email: str) -> None:
    tries = _failures[_key(email)]
    while tries and tries[0] < time.monotonic() - WINDOW_SECONDS:
        tries.popleft()
    if len(tries) >= TRIES:
        abort(429)
    if len(_failures) > MOST_KEPT:
        forget_failures()


def forget_failures() -> None:
    """Start counting again."""
    _failures.clear()
