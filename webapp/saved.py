"""Searches a signed-in person keeps by name, and what is new in each."""

from urllib.parse import parse_qs

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import saved
from sourcing.model import SavedSearch
from sourcing.saved import SavedError
from sourcing.search import Query, describe
from webapp.account import account, signed_in
from webapp.context import session, site
from webapp.search import link

PAGES = Blueprint("saved", __name__)


@PAGES.get("/recherches")
@signed_in
def index() -> str:
    """Her searches, each with how many came in and left."""
    kept = [
        (each, describe(session(), site().nomenclature, saved.query_of(each)), _changes(each))
        for each in saved.of_person(session(), _person_id())
    ]
    return render_template("saved/index.html", title="Mes recherches", kept=kept, link=_link)


@PAGES.post("/recherches")
@signed_in
def save() -> Response:
    """Keep the search of the page she comes from."""
    query = Query.from_args(parse_qs(request.form.get("demande", "")))
    try:
        kept = saved.save(
            session(), site().nomenclature, _person_id(), request.form.get("nom", ""), query
        )
    except SavedError as error:
        flash(str(error), "bad")
        return redirect(link(query))
    flash(f"Recherche « {kept.name} » enregistrée.", "good")
    return redirect(url_for("saved.index"))


@PAGES.get("/recherches/<int:saved_id>")
@signed_in
def one(saved_id: int) -> str:
    """Who came in and who left since she last looked."""
    kept = _hers(saved_id)
    return render_template(
        "saved/one.html", title=kept.name, kept=kept, changes=_changes(kept), link=_link
    )


@PAGES.post("/recherches/<int:saved_id>/vu")
@signed_in
def looked(saved_id: int) -> Response:
    """She has seen what is new."""
    try:
        saved.look(session(), site().nomenclature, _hers(saved_id))
    except SavedError as error:
        flash(str(error), "bad")
    return redirect(url_for("saved.index"))


@PAGES.post("/recherches/<int:saved_id>/retirer")
@signed_in
def remove(saved_id: int) -> Response:
    """Forget it."""
    session().delete(_hers(saved_id))
    return redirect(url_for("saved.index"))


def _hers(saved_id: int) -> SavedSearch:
    return saved.find(session(), _person_id(), saved_id) or abort(404)


def _person_id() -> int:
    person = account()
    return person.id if person else abort(403)


def _changes(kept: SavedSearch) -> saved.Changes:
    return saved.changes(session(), site().nomenclature, kept)


def _link(kept: SavedSearch) -> str:
    return link(saved.query_of(kept))
