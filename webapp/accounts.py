"""« Comptes »: an administrator says who may sign in, as what, and for which organisation."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import audit, people
from sourcing.model import Person
from sourcing.people import AccountError, Profile
from webapp.account import admin_only, person
from webapp.context import session, site

PAGES = Blueprint("accounts", __name__, url_prefix="/parametres/comptes")


@PAGES.get("")
@admin_only
def index() -> str:
    """Every account, and a form to open one."""
    return _page(request.args, "")


@PAGES.post("")
@admin_only
def create() -> Response | str:
    """Open an account with a first password, which the administrator hands over."""
    try:
        made = people.create(session(), request.form.get("courriel", ""), _profile())
    except AccountError as refused:
        session().rollback()
        return _page(request.form, str(refused))
    return _done(made, "ouvert")


@PAGES.post("/<int:person_id>")
@admin_only
def change(person_id: int) -> Response:
    """Its name, role, organisation, and a new password when one is given."""
    return _on(person_id, lambda of: people.change(session(), person(), of, _profile()), "modifié")


@PAGES.post("/<int:person_id>/supprimer")
@admin_only
def remove(person_id: int) -> Response:
    """Close an account; what it signed stays signed."""
    return _on(person_id, lambda of: people.remove(session(), person(), of), "supprimé")


def _on(person_id: int, do: Callable[[Person], None], done: str) -> Response:
    of = people.find(session(), person_id) or abort(404)
    try:
        do(of)
    except AccountError as refused:
        session().rollback()
        flash(str(refused), "bad")
        return redirect(url_for("accounts.index"))
    return _done(of, done)


def _done(of: Person, done: str) -> Response:
    about = f"{of.email} {done} : {people.ROLES[of.role]}, {of.organisation or _ours()}"
    audit.write(session(), person().email, "account", about)
    flash(f"Compte {done} : {of.email}.", "good")
    return redirect(url_for("accounts.index"))


def _page(given: object, error: str) -> str:
    return render_template(
        "account/people.html", title="Comptes", persons=people.every(session()), given=given,
        error=error, roles=people.ROLES, ours=_ours(), me=person().id,
        organisations=people.organisations(session()), shortest=people.SHORTEST_PASSWORD,
    )  # fmt: skip


def _ours() -> str:
    return site().settings.organisation


def _profile() -> Profile:
    said = request.form
    organisation = " ".join(said.get("organisation", "").split())
    return Profile(
        said.get("nom", ""), said.get("role", ""),
        "" if organisation == _ours() else organisation, said.get("mot_de_passe", ""),
    )  # fmt: skip
