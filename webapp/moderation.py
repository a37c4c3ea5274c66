"""What structures declared, beside what the register says; a person accepts or refuses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from sourcing import registrations
from sourcing.linking import link
from sourcing.model import Registration, Supplier
from sourcing.normalise import fold
from sourcing.registrations import RegistrationError
from sourcing.tagging import tag
from webapp.account import account, admin_only
from webapp.context import session, site
from webapp.filters import phone
from webapp.forms import ZONES, DecisionForm
from webapp.supplier import segments_of, shown_address, statuses_of

PAGES = Blueprint("moderation", __name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One fact as declared and as known."""

    label: str
    declared: str
    known: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One registration to decide, and the supplier it speaks of."""

    registration: Registration
    supplier: Supplier | None
    statuses: list[Any]
    lines: list[Line]


@PAGES.get("/moderation")
@admin_only
def queue() -> str:
    """Everything that waits, oldest first."""
    registrations.erase_forgotten(session(), datetime.now())
    cases = [_case(registration) for registration in registrations.pending(session())]
    return render_template(
        "moderation/queue.html", title="Inscriptions à vérifier", cases=cases, form=DecisionForm()
    )


@PAGES.post("/moderation/<int:registration_id>/accepter")
@admin_only
def accept(registration_id: int) -> Response:
    """Make the declaration a mention, link it and tag its supplier: it is on the map at once."""
    try:
        mention = registrations.accept(session(), registration_id, _who())
    except RegistrationError as error:
        flash(str(error), "bad")
        return redirect(url_for("moderation.queue"))
    link(session())
    session().refresh(mention)
    if mention.supplier_id is None:
        flash(f"{mention.name} est acceptée ; le rapprochement reste à faire.", "warn")
        return redirect(url_for("moderation.queue"))
    tag(session(), site().nomenclature, only={mention.supplier_id})
    flash(f"{mention.name} est acceptée et visible dans la recherche.", "good")
    return redirect(url_for("moderation.queue"))


@PAGES.post("/moderation/<int:registration_id>/refuser")
@admin_only
def refuse(registration_id: int) -> Response:
    """Refuse, with the reason."""
    form = DecisionForm()
    try:
        registrations.refuse(session(), registration_id, _who(), form.reason.data or "")
        flash("L’inscription est refusée ; ses coordonnées sont effacées.", "good")
    except RegistrationError as error:
        flash(str(error), "bad")
    return redirect(url_for("moderation.queue"))


def _who() -> str:
    known = account()
    return known.email if known else abort(403)


def _case(registration: Registration) -> Case:
    answers = registration.answers
    supplier = registrations.known(session(), registration.siret)
    labels = {code: segment.label for code, segment in site().nomenclature.by_code.items()}
    known_segments = [s.label for s in segments_of(session(), supplier)] if supplier else []
    declared_segments = [labels.get(code, code) for code in answers["segments"]]
    lines = [
        _line("Nom", answers["name"], supplier.name if supplier else ""),
        Line("Adresse", "", shown_address(supplier) if supplier else ""),
        Line("Ce qu’elle vend", answers["activity"], supplier.description if supplier else ""),
        Line("Catégories", " · ".join(declared_segments), " · ".join(known_segments[:6])),
        Line("Où elle travaille", dict(ZONES).get(answers["zone"], answers["zone"]), ""),
        _line("Site internet", answers["website"], supplier.website if supplier else ""),
        _line("Adresse électronique", answers["email"], supplier.email if supplier else ""),
        _line("Téléphone", phone(answers["phone"]), phone(supplier.phone if supplier else "")),
    ]
    return Case(registration, supplier, statuses_of(session(), supplier) if supplier else [], lines)


def _line(label: str, declared: str, known: str) -> Line:
    """Two words for the same thing are told apart only by what they say, not by case or accents."""
    differs = bool(declared and known) and fold(declared) != fold(known)
    return Line(label, declared, known, differs)
