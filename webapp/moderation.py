"""What structures declared, beside what the register says; a person accepts, asks or refuses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import registrations, suppliers
from sourcing.linking import Match, link, match
from sourcing.model import Mention, Place, Registration, Supplier
from sourcing.normalise import fold
from sourcing.registrations import COMMITMENTS, GROUPINGS, STATUSES, Answers, RegistrationError
from sourcing.registrations.belonging import belonging
from sourcing.source import Record
from sourcing.tagging import tag
from sourcing.tagging.statuses import SIZES
from webapp import links, post
from webapp.account import account, admin_only
from webapp.context import session, site
from webapp.filters import phone
from webapp.forms import ZONES, DecisionForm
from webapp.supplier import segments_of, shown_address, statuses_of

PAGES = Blueprint("moderation", __name__, url_prefix="/moderation")
# Reasons that are often given, to be completed.
REASONS = (
    "Merci de préciser le numéro et la date de votre convention ou de votre agrément.",
    "Merci d’écrire depuis l’adresse professionnelle de la structure.",
    "L’activité décrite n’est pas achetée par les acheteurs du territoire.",
    "Cette inscription en répète une autre.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One fact as declared and as known."""

    label: str
    declared: str
    known: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One registration to decide, the supplier it speaks of, and what speaks for and against."""

    registration: Registration
    answers: Answers
    supplier: Supplier | None
    statuses: list[Any]
    lines: list[Line]
    # See registrations.belonging; the others who claim the same siret; whom it looks like.
    belongs: str
    claims: Sequence[Registration]
    alike: tuple[Match, Supplier] | None

    @property
    def is_sure(self) -> bool:
        """Nothing in it asks for a second look: it may be accepted with others."""
        known = self.supplier is not None and self.supplier.state == "A"
        name_differs = any(line.differs for line in self.lines[:1])
        has_proofs = bool(self.answers.statuses or self.answers.tih_consent)
        proved = self.belongs in ("address", "domain")
        return known and proved and not (name_differs or has_proofs or self.claims)


@PAGES.get("")
@admin_only
def queue() -> str:
    """Everything that waits, oldest first."""
    registrations.erase_forgotten(session(), datetime.now())
    cases = [_case(registration) for registration in registrations.pending(session())]
    return render_template(
        "moderation/queue.html", title="Inscriptions à vérifier", cases=cases,
        asked=registrations.pending(session(), state="asked"),
        unconfirmed=len(registrations.pending(session(), state="unconfirmed")),
        form=DecisionForm(), choices=STATUSES, reasons=REASONS,
    )  # fmt: skip


@PAGES.get("/journal")
@admin_only
def log() -> str:
    """What was decided, by whom, when and why."""
    return render_template(
        "moderation/log.html", title="Décisions sur les inscriptions",
        rulings=registrations.rulings(session()),
    )  # fmt: skip


@PAGES.post("/<int:registration_id>/accepter")
@admin_only
def accept(registration_id: int) -> Response:
    """Make the declaration a mention, link it and tag its supplier: it is on the map at once."""
    _accept([registration_id], request.form.getlist("proved"))
    return redirect(url_for("moderation.queue"))


@PAGES.post("/accepter")
@admin_only
def accept_lot() -> Response:
    """The same for those that are ticked; no status is proved this way."""
    chosen = [int(each) for each in request.form.getlist("chosen") if each.isdigit()]
    if not chosen:
        flash("Cocher les inscriptions à accepter.", "warn")
    else:
        _accept(chosen, ())
    return redirect(url_for("moderation.queue"))


@PAGES.post("/<int:registration_id>/demander")
@admin_only
def ask(registration_id: int) -> Response:
    """Write to the structure for what is missing."""
    try:
        asked = registrations.ask(session(), registration_id, _who(), _reason())
    except RegistrationError as error:
        flash(str(error), "bad")
        return redirect(url_for("moderation.queue"))
    back = links.absolute("mine.enter", token=links.signed("answer", *links.holder("r", asked)))
    post.send("asked", asked.email, name=asked.answers["name"], reason=asked.reason, link=back)
    flash(f"La question part à {asked.answers['name']} ; sa réponse reviendra ici.", "good")
    return redirect(url_for("moderation.queue"))


@PAGES.post("/<int:registration_id>/refuser")
@admin_only
def refuse(registration_id: int) -> Response:
    """Refuse, with the reason."""
    known = session().get(Registration, registration_id)
    address = known.email if known else ""
    try:
        refused = registrations.refuse(session(), registration_id, _who(), _reason())
    except RegistrationError as error:
        flash(str(error), "bad")
        return redirect(url_for("moderation.queue"))
    post.send(
        "refused", address, name=refused.answers["name"], reason=refused.reason,
        link=links.absolute("registration.form"),
    )  # fmt: skip
    flash("L’inscription est refusée ; ses coordonnées sont effacées.", "good")
    return redirect(url_for("moderation.queue"))


def _accept(numbers: Iterable[int], proved: Sequence[str]) -> None:
    accepted = []
    for number in numbers:
        try:
            accepted.append(_accept_one(number, proved))
        except RegistrationError as error:
            flash(str(error), "bad")
    if not accepted:
        return
    link(session())
    for mention in accepted:
        session().refresh(mention)
    changed = {m.supplier_id for m in accepted if m.supplier_id is not None}
    if changed:
        tag(session(), site().nomenclature, only=changed)
    for mention in accepted:
        _tell_accepted(mention)


def _accept_one(number: int, proved: Sequence[str]) -> Mention:
    registration = session().get(Registration, number)
    former = registrations.claims(session(), registration) if registration else []
    replaced = {(r.email, r.answers["name"]) for r in former if r.state == "accepted"}
    mention = registrations.accept(session(), number, _who(), proved)
    for address, name in replaced:
        post.send("claimed", address, name=name, link=links.absolute("registration.form"))
    return mention


def _tell_accepted(mention: Mention) -> None:
    registration = session().get_one(Registration, mention.line)
    supplier = session().get(Supplier, mention.supplier_id) if mention.supplier_id else None
    if supplier is None:
        flash(f"{mention.name} est acceptée ; le rapprochement reste à faire.", "warn")
        sheet = links.absolute("search.suppliers")
    else:
        flash(f"{mention.name} est acceptée et visible dans la recherche.", "good")
        sheet = links.absolute("supplier.sheet", uid=supplier.uid)
    post.send(
        "accepted", registration.email, name=mention.name, sheet=sheet,
        purchases=links.absolute("purchases.index"), mine=links.absolute("mine.ask"),
    )  # fmt: skip


def _reason() -> str:
    form = DecisionForm()
    return form.reason.data or ""


def _who() -> str:
    known = account()
    return known.email if known else abort(403)


def _case(registration: Registration) -> Case:
    answers = registrations.answers_of(registration.answers)
    supplier = registrations.known(session(), registration.siret)
    mentions = suppliers.mentions(session(), supplier) if supplier else []
    emails = [supplier.email if supplier else "", *(m.email for m in mentions)]
    websites = [supplier.website if supplier else "", *(m.website for m in mentions)]
    return Case(
        registration, answers, supplier,
        statuses_of(session(), supplier) if supplier else [],
        _lines(answers, registration, supplier),
        belonging(registration.email, emails, websites),
        registrations.claims(session(), registration),
        None if supplier else _alike(answers),
    )  # fmt: skip


def _alike(answers: Answers) -> tuple[Match, Supplier] | None:
    """The supplier of the base that a structure of unknown SIRET looks like, and why."""
    place = session().get(Place, answers.commune_code) if answers.commune_code else None
    record = Record(
        name=answers.name, siret=answers.siret, commune=place.name if place else "",
        commune_code=answers.commune_code, website=answers.website, email=answers.email,
        phone=answers.phone,
    )  # fmt: skip
    (found,) = match(session(), [record], cache=site().settings.data_dir / "cache")
    supplier = suppliers.find(session(), found.supplier_uid) if found.supplier_uid else None
    return (found, supplier) if supplier else None


def _lines(answers: Answers, kept: Registration, supplier: Supplier | None) -> list[Line]:
    labels = {code: segment.label for code, segment in site().nomenclature.by_code.items()}
    known_segments = [s.label for s in segments_of(session(), supplier)] if supplier else []
    sizes = {size.code: size.label for size in SIZES if size.code}
    known_size = next((s.code for s in SIZES if supplier and supplier.size_code in s.bands), "")
    return [
        _line("Nom", answers.name, supplier.name if supplier else ""),
        Line("Adresse", _place(answers.commune_code), shown_address(supplier) if supplier else ""),
        Line("Ce qu’elle vend", answers.activity, supplier.description if supplier else ""),
        Line("Catégories", " · ".join(labels.get(c, c) for c in answers.segments),
             " · ".join(known_segments[:6])),
        Line("Où elle travaille", _zone(answers), ""),
        _line("Effectif", sizes.get(answers.size, ""), sizes.get(known_size, "")),
        Line("Innovation", _joined(answers.innovation, answers.innovation_since), ""),
        Line("Engagements", ", ".join(COMMITMENTS.get(c, c) for c in answers.commitments), ""),
        Line("Matériaux", answers.materials, ""),
        Line("Références", answers.references, ""),
        Line("Répondrait", GROUPINGS[answers.grouping] if answers.grouping else "", ""),
        Line("Donnée de santé", "TIH, avec son accord exprès" if answers.tih_consent else "", ""),
        _line("Site internet", answers.website, supplier.website if supplier else ""),
        _line("Adresse électronique", kept.email or answers.email,
              supplier.email if supplier else ""),
        _line("Téléphone", phone(answers.phone), phone(supplier.phone if supplier else "")),
        Line("Montrées aux acheteurs", "oui" if answers.consent else "non", ""),
    ]  # fmt: skip


def _joined(*texts: str) -> str:
    return " — ".join(filter(None, texts))


def _place(code: str) -> str:
    place = session().get(Place, code) if code else None
    return place.name if place else ""


def _zone(answers: Answers) -> str:
    if answers.zone == "communes":
        return ", ".join(filter(None, map(_place, answers.communes)))
    return dict(ZONES).get(answers.zone, answers.zone)


def _line(label: str, declared: str, known: str) -> Line:
    """Two words for the same thing are told apart only by what they say, not by case or accents."""
    differs = bool(declared and known) and fold(declared) != fold(known)
    return Line(label, declared, known, differs)
