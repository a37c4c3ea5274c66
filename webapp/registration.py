"""« Faites-vous connaître »: a structure presents itself; a person of the team decides later."""

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from sourcing import normalise, registrations
from sourcing.model import Supplier
from sourcing.registrations import Answers
from sourcing.segments import Segment
from webapp.context import session, site
from webapp.forms import CONSENT_VERSION, ZONES, RegistrationForm
from webapp.supplier import shown_address, statuses_of

PAGES = Blueprint("registration", __name__)
# Categories proposed for a description.
PROPOSALS = 6
PUBLIC = "O"


@PAGES.get("/inscription")
def form() -> str:
    """Ask for the siret; with one, the form filled from the register."""
    asked = request.args.get("siret", "").strip()
    if not asked:
        return _start("", "")
    number, error = _read_siret(asked)
    if error:
        return _start(asked, error)
    supplier = _known(number)
    return _page(RegistrationForm(formdata=None, data=_prefill(number, supplier)), supplier)


@PAGES.post("/inscription")
def send() -> Response | str:
    """Check the answers, have the categories confirmed, then store the registration."""
    answers = RegistrationForm()
    if answers.surname.data:
        return redirect(url_for("registration.thanks"))
    number, _error = _read_siret(answers.siret.data or "")
    supplier = _known(number)
    wants_proposals = "proposer" in request.form
    if wants_proposals or not answers.validate():
        return _page(answers, supplier)
    if not answers.segments.data and not answers.proposed.data and _proposals(answers):
        return _page(answers, supplier)
    registrations.receive(session(), _answers(answers))
    cookie["registered"] = answers.name.data
    return redirect(url_for("registration.thanks"), 303)


@PAGES.get("/inscription/merci")
def thanks() -> str:
    """Say what happens next."""
    return render_template(
        "registration/thanks.html", title="Merci", name=cookie.pop("registered", "")
    )


@PAGES.get("/inscription/registre.json")
def register_json() -> Response:
    """What the register says of a siret, for the page's script."""
    number, error = _read_siret(request.args.get("siret", ""))
    if error:
        return jsonify(erreur=error)
    supplier = _known(number)
    if supplier is None:
        return jsonify(siret=number, connu=False)
    return jsonify(
        siret=number,
        connu=True,
        nom=_public_name(supplier),
        adresse=shown_address(supplier),
        ferme=supplier.state == "F",
    )


@PAGES.get("/inscription/categories.json")
def categories_json() -> Response:
    """Categories proposed for a description, for the page's script."""
    text = request.args.get("texte", "")[:1500]
    return jsonify(
        [{"code": s.code, "libelle": s.label, "famille": s.family} for s in _guessed(text)]
    )


def _start(asked: str, error: str) -> str:
    return render_template(
        "registration/start.html", title="Faites-vous connaître", siret=asked, error=error
    )


def _page(answers: RegistrationForm, supplier: Supplier | None) -> str:
    said = _proposals(answers)
    answers.proposed.data = "1" if said else ""
    proposals = said or _of_activity(supplier)
    return render_template(
        "registration/form.html",
        title="Faites-vous connaître",
        form=answers,
        supplier=supplier,
        address=shown_address(supplier) if supplier else "",
        statuses=statuses_of(session(), supplier) if supplier and supplier.id else [],
        proposals=proposals,
        zones=ZONES,
    )


def _read_siret(text: str) -> tuple[str, str]:
    """The clean siret and no error, or nothing and a sentence."""
    try:
        number = normalise.siret(text)
    except ValueError as error:
        sentence = str(error).rstrip(".")
        return "", f"{sentence[:1].upper()}{sentence[1:]}. Le SIRET compte 14 chiffres."
    return number, "" if number else "Indiquer le SIRET : 14 chiffres."


def _known(number: str) -> Supplier | None:
    """What the base knows under this siret, else what the public directory says of it."""
    if not number:
        return None
    directory = site().directory
    known = registrations.known(session(), number)
    return known if known or directory is None else directory.find(number)


def _prefill(number: str, supplier: Supplier | None) -> dict[str, Any]:
    if supplier is None:
        return {"siret": number}
    return {"siret": number, "name": _public_name(supplier), "website": supplier.website}


def _public_name(supplier: Supplier) -> str:
    """The name, or nothing for a unit that asked not to be shown."""
    return supplier.name if supplier.diffusion == PUBLIC else ""


def _proposals(answers: RegistrationForm) -> list[Segment]:
    """The categories the person ticked, then those her words suggest."""
    known = site().nomenclature.by_code
    ticked = [known[code] for code in answers.segments.data or [] if code in known]
    guessed = _guessed(answers.activity.data or "")
    return ticked + [segment for segment in guessed if segment not in ticked]


def _of_activity(supplier: Supplier | None) -> list[Segment]:
    """The categories the register's activity code suggests, before the person has said anything."""
    nomenclature = site().nomenclature
    likely = nomenclature.from_naf(supplier.naf)[:PROPOSALS] if supplier else []
    return [nomenclature.by_code[code] for code, _weight in likely]


def _guessed(text: str) -> list[Segment]:
    nomenclature = site().nomenclature
    if not text.strip():
        return []
    return [nomenclature.by_code[g.code] for g in nomenclature.classify(text, PROPOSALS)]


def _answers(answers: RegistrationForm) -> Answers:
    known = site().nomenclature.by_code
    has_contact = answers.email.data or answers.phone.data
    return Answers(
        siret=answers.siret.data,
        name=answers.name.data.strip(),
        activity=answers.activity.data.strip(),
        segments=tuple(code for code in answers.segments.data or [] if code in known),
        zone=answers.zone.data,
        website=answers.website.data or "",
        email=answers.email.data or "",
        phone=answers.phone.data or "",
        consent=CONSENT_VERSION if has_contact else "",
    )
