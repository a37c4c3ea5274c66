"""« Faites-vous connaître »: a structure presents itself and proves its address."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from sourcing import campaigns, registrations
from sourcing.model import Place, Registration, Supplier
from sourcing.registrations import COMMITMENTS, GROUPINGS, STATUSES, Answers, RegistrationError
from sourcing.segments import Segment
from sourcing.tagging.statuses import SIZES
from webapp import links, post, protection
from webapp.context import session, site
from webapp.forms import CONSENT_VERSION, ZONES, CodeForm, RegistrationForm, plain
from webapp.identity import commune_named, known_supplier, likely, public_name, read_siret
from webapp.mine import mailbox, remember
from webapp.supplier import shown_address, statuses_of

PAGES = Blueprint("registration", __name__)
# Categories proposed for a description.
PROPOSALS = 6
# Communes a structure may name.
MOST_COMMUNES = 40
SENT = "sent"


@PAGES.get("/inscription")
def form() -> str:
    """Ask for the siret; with one, the form filled from the register."""
    via = _via(request.args.get("via", ""))
    if via and not campaigns.count_opening(session(), via):
        via = ""
    if wanted := request.args.get("modifier", "", type=str):
        return _again(wanted)
    if "creation" in request.args:
        return _first({"via": via}, None)
    asked = request.args.get("siret", "").strip()
    if not asked:
        return _start("", "")
    number, error = read_siret(asked)
    if error:
        return _start(asked, error)
    supplier = known_supplier(number)
    return _first(_prefill(number, supplier) | {"via": via}, supplier)


@PAGES.get("/inscription/retrouver")
def look() -> str:
    """Who the structure is, by its name and commune."""
    protection.slow_down("look")
    name, commune = (request.args.get(key, "").strip()[:120] for key in ("nom", "commune"))
    place = commune_named(commune)
    error = "" if place or not commune else "Cette commune n’est pas reconnue : vérifier son nom."
    return render_template(
        "registration/look.html", title="Retrouver mon SIRET", name=name, commune=commune,
        error=error, found=likely(name, place) if place and name else [], address=shown_address,
        via=_via(request.args.get("via", "")),
    )  # fmt: skip


@PAGES.post("/inscription")
def send() -> Response | str:
    """Check the answers, have the categories confirmed, then store the registration."""
    protection.slow_down("send")
    answers = RegistrationForm()
    if answers.surname.data:
        return redirect(url_for("registration.thanks"))
    number, _error = read_siret(answers.siret.data or "")
    supplier = known_supplier(number)
    if "proposer" in request.form or not _is_valid(answers):
        return _page(answers, supplier)
    if not answers.segments.data and not answers.proposed.data and _proposals(answers):
        return _page(answers, supplier)
    try:
        return _receive(answers)
    except RegistrationError as error:
        flash(str(error), "bad")
        return _page(answers, supplier)


def _receive(form: RegistrationForm) -> Response:
    """Store it and write to its address; an address already proved in this session is enough."""
    answers = _answers(form)
    proof = protection.proof()
    protection.slow_down("mailbox", answers.email)
    if answers.siret:
        protection.slow_down("siret", answers.siret)
    key = str(current_app.secret_key)
    try:
        received = registrations.receive(
            session(), answers, key, proof=proof, campaign=_via(form.via.data or "")
        )
    except IntegrityError as error:
        session().rollback()
        raise RegistrationError("Cet envoi a déjà servi : envoyer de nouveau.") from error
    if mailbox() == answers.email:
        registrations.confirm(session(), received.registration, datetime.now())
        flash("Vos corrections sont enregistrées ; l’équipe achats les vérifie.", "good")
        return redirect(url_for("mine.index"), 303)
    if received.code:
        token = links.signed("confirm", received.registration.id, received.version)
        post.send(
            "confirm", answers.email, name=answers.name, code=received.code,
            link=links.absolute("registration.confirm", token=token),
        )  # fmt: skip
    cookie[SENT] = [received.registration.id, answers.name]
    return redirect(url_for("registration.thanks"), 303)


@PAGES.route("/inscription/merci", methods=["GET", "POST"])
def thanks() -> Response | str:
    """Ask for the code that was sent, and say what happens next."""
    code = CodeForm()
    number, name = cookie.get(SENT, [0, ""])
    if code.validate_on_submit():
        protection.slow_down("code")
        try:
            found = registrations.try_code(
                session(), number, code.code.data, str(current_app.secret_key), datetime.now()
            )
            return _confirmed(found)
        except RegistrationError as error:
            code.code.errors = [str(error)]
    return render_template("registration/thanks.html", title="Merci", name=name, form=code)


@PAGES.route("/inscription/confirmer/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Response | str:
    """A page with a button: mail readers open links, only a person presses."""
    registration = _confirmable(token)
    if request.method == "POST" and registration:
        return _confirmed(registrations.confirm(session(), registration, datetime.now()))
    return render_template(
        "registration/confirm.html", title="Confirmer mon adresse", registration=registration
    )


@PAGES.get("/inscription/confirmee")
def confirmed() -> str:
    """The address is proved; what happens next."""
    return render_template(
        "registration/confirmed.html", title="Adresse confirmée",
        name=cookie.get("confirmed", ""),
    )  # fmt: skip


@PAGES.get("/inscription/registre.json")
def register_json() -> Response:
    """What the register says of a siret, for the page's script."""
    protection.slow_down("look")
    number, error = read_siret(request.args.get("siret", ""))
    if error:
        return jsonify(erreur=error)
    supplier = known_supplier(number)
    if supplier is None:
        return jsonify(siret=number, connu=False)
    return jsonify(
        siret=number, connu=True, nom=public_name(supplier), adresse=shown_address(supplier),
        ferme=supplier.state == "F",
    )  # fmt: skip


@PAGES.get("/inscription/categories.json")
def categories_json() -> Response:
    """Categories proposed for a description, for the page's script."""
    protection.slow_down("look")
    text = request.args.get("texte", "")[:1500]
    return jsonify(
        [{"code": s.code, "libelle": s.label, "famille": s.family} for s in _guessed(text)]
    )


def _via(said: str) -> str:
    """The slug of an invitation; '' for what cannot be one."""
    return said if campaigns.SLUG.fullmatch(said) else ""


def _confirmable(token: str) -> Registration | None:
    said = links.read("confirm", token)
    if said is None:
        return None
    number, version = said
    found = session().get(Registration, number, with_for_update=True)
    is_this = found and found.state == "unconfirmed" and found.code.startswith(version)
    return found if is_this else None


def _confirmed(registration: Registration) -> Response:
    remember(registration.email)
    cookie.pop(SENT, None)
    cookie["confirmed"] = registration.answers["name"]
    return redirect(url_for("registration.confirmed"), 303)


def _is_valid(form: RegistrationForm) -> bool:
    is_valid = bool(form.validate())
    if not form.siret.data and commune_named(form.commune.data or "") is None:
        form.commune.errors = ["Indiquer la commune où la structure se crée."]
        is_valid = False
    if form.zone.data == "communes" and not _communes(form)[0]:
        unknown = _communes(form)[1]
        said = f" : {', '.join(unknown[:3])}" if unknown else ""
        form.communes.errors = [f"Aucune commune reconnue{said}."]
        is_valid = False
    if is_valid and protection.is_too_fast(form.opened.data or ""):
        flash("Relire puis envoyer : le formulaire est arrivé trop vite ou trop tard.", "warn")
        return False
    return is_valid


def _communes(form: RegistrationForm) -> tuple[list[str], list[str]]:
    """The codes of the communes the person named, and the names nobody knows."""
    names = [name.strip() for name in (form.communes.data or "").split(",") if name.strip()]
    places = [(name, commune_named(name)) for name in names[:MOST_COMMUNES]]
    return ([p.code for _, p in places if p], [name for name, p in places if p is None])


def _first(filled: dict[str, Any], supplier: Supplier | None) -> str:
    """The form as it is first shown; light, for a phone in a meeting."""
    # It shows the register's facts, a checked number, a known invitation: nothing else typed.
    g.reflects_nothing = True
    return _page(RegistrationForm(formdata=None, data=filled), supplier)


def _start(asked: str, error: str) -> str:
    return render_template(
        "registration/start.html", title="Faites-vous connaître", siret=asked, error=error,
        via=_via(request.args.get("via", "")),
    )  # fmt: skip


def _again(number: str) -> str:
    """The form with what was declared, for who proved the address."""
    hers = registrations.latest(session(), mailbox())
    mine = next((each for each in hers if str(each.id) == number), None)
    if mine is None:
        return _start("", "")
    said = asdict(registrations.answers_of(mine.answers))
    filled = said | {
        "tih": bool(said["tih_consent"]), "tih_consent": bool(said["tih_consent"]),
        "consent": bool(said["consent"]), "communes": _names(said["communes"]),
        "commune": _names((said["commune_code"],)), "proposed": "1",
    }  # fmt: skip
    form = RegistrationForm(formdata=None, data=filled)
    return _page(form, known_supplier(mine.siret), said["proofs"] or {})


def _names(codes: Any) -> str:
    places = (session().get(Place, code) for code in codes if code)
    return ", ".join(place.name for place in places if place)


def _page(
    answers: RegistrationForm, supplier: Supplier | None, proofs: dict[str, str] | None = None
) -> str:
    said = _proposals(answers)
    answers.proposed.data = "1" if said else ""
    answers.opened.data = answers.opened.data or protection.opened()
    return render_template(
        "registration/form.html", title="Faites-vous connaître", form=answers, supplier=supplier,
        address=shown_address(supplier) if supplier else "",
        statuses=statuses_of(session(), supplier) if supplier and supplier.id else [],
        proposals=said or _of_activity(supplier), zones=ZONES, sizes=SIZES[1:],
        choices=STATUSES, commitments=COMMITMENTS, groupings=GROUPINGS,
        proofs=proofs if proofs is not None else _proofs(),
    )  # fmt: skip


def _prefill(number: str, supplier: Supplier | None) -> dict[str, Any]:
    if supplier is None:
        return {"siret": number}
    size = next((s.code for s in SIZES if supplier.size_code in s.bands), "")
    return {
        "siret": number, "name": public_name(supplier), "website": supplier.website, "size": size,
    }  # fmt: skip


def _proposals(answers: RegistrationForm) -> list[Segment]:
    """The categories the person ticked, then those her words suggest."""
    known = site().nomenclature.by_code
    ticked = [known[code] for code in answers.segments.data or [] if code in known]
    guessed = _guessed(answers.activity.data or "")
    return ticked + [segment for segment in guessed if segment not in ticked]


def _of_activity(supplier: Supplier | None) -> list[Segment]:
    """The categories the register's activity code suggests, before the person has said anything."""
    nomenclature = site().nomenclature
    likely_ones = nomenclature.from_naf(supplier.naf)[:PROPOSALS] if supplier else []
    return [nomenclature.by_code[code] for code, _weight in likely_ones]


def _guessed(text: str) -> list[Segment]:
    nomenclature = site().nomenclature
    if not text.strip():
        return []
    return [nomenclature.by_code[g.code] for g in nomenclature.classify(text, PROPOSALS)]


def _proofs() -> dict[str, str]:
    """What proves each declared status, as typed."""
    said = {status: request.form.get(f"proof:{status}", "") for status in STATUSES}
    return {status: plain(text)[:200] for status, text in said.items() if text.strip()}


def _answers(form: RegistrationForm) -> Answers:
    known = site().nomenclature.by_code
    place = commune_named(form.commune.data or "") if not form.siret.data else None
    statuses = tuple(s for s in form.statuses.data or () if s in STATUSES)
    has_agreed = bool(form.consent.data)
    texts = ("name", "activity", "innovation", "innovation_since", "materials", "references")
    return Answers(
        siret=form.siret.data or "",
        segments=tuple(code for code in form.segments.data or [] if code in known),
        zone=form.zone.data,
        communes=tuple(_communes(form)[0]) if form.zone.data == "communes" else (),
        website=form.website.data or "",
        email=form.email.data or "",
        # Without agreement nobody would see it: it is not kept.
        phone=(form.phone.data or "") if has_agreed else "",
        consent=CONSENT_VERSION if has_agreed else "",
        commune_code=place.code if place else "",
        size=form.size.data or "",
        statuses=statuses,
        proofs={s: p for s, p in _proofs().items() if s in statuses},
        commitments=tuple(c for c in form.commitments.data or () if c in COMMITMENTS),
        grouping=form.grouping.data or "",
        tih_consent=CONSENT_VERSION if form.tih.data and form.tih_consent.data else "",
        **{name: plain(getattr(form, name).data or "") for name in texts},
    )
