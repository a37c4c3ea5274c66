"""What structures declared, beside what the register says; a person accepts, asks or refuses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

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
T = TypeVar("T")
AT_A_TIME = 50
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
    """What waits, oldest first, so many at a time."""
    registrations.erase_forgotten(session(), datetime.now())
    waiting = registrations.pending(session())
    pages = max(1, -(-len(waiting) // AT_A_TIME))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "moderation/queue.html", title="Inscriptions à vérifier",
        cases=_cases(waiting[AT_A_TIME * (page - 1) : AT_A_TIME * page]),
        total=len(waiting), page=page, pages=pages,
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
    return _accept([registration_id], request.form.getlist("proved"))


@PAGES.post("/<int:registration_id>/demander")
@admin_only
def ask(registration_id: int) -> Response:
    """Write to the structure for what is missing."""
    return _ask([registration_id])


@PAGES.post("/<int:registration_id>/refuser")
@admin_only
def refuse(registration_id: int) -> Response:
    """Refuse, with the reason."""
    return _refuse([registration_id])


@PAGES.post("/lot")
@admin_only
def lot() -> Response:
    """One decision for those that are ticked, each logged; no status is proved this way."""
    chosen = [int(each) for each in request.form.getlist("chosen") if each.isdigit()]
    decide = {"demander": _ask, "refuser": _refuse}.get(request.form.get("decision", ""))
    if chosen and decide:
        return decide(chosen)
    if chosen and not _reason().strip():
        return _accept(chosen)
    flash(
        "Une question ou un motif est écrit : choisir « Demander » ou « Refuser », ou l’effacer."
        if chosen else "Cocher les inscriptions du lot.", "warn",
    )  # fmt: skip
    return _back()


def _accept(numbers: Sequence[int], proved: Sequence[str] = ()) -> Response:
    accepted = _each(numbers, lambda number: _accept_one(number, proved))
    if accepted:
        link(session())
        for mention in accepted:
            session().refresh(mention)
        tag(session(), site().nomenclature, only={m.supplier_id for m in accepted if m.supplier_id})
        seen = [mention.name for mention in accepted if _tell_accepted(mention)]
        unlinked = [mention.name for mention in accepted if mention.name not in seen]
        _say(seen, "est acceptée et visible dans la recherche",
             "inscriptions sont acceptées et visibles dans la recherche")  # fmt: skip
        _say(unlinked, "est acceptée ; le rapprochement reste à faire",
             "inscriptions sont acceptées ; le rapprochement reste à faire", "warn")  # fmt: skip
    return _back()


def _ask(numbers: Sequence[int]) -> Response:
    _say(_each(numbers, _ask_one), "reçoit la question ; sa réponse reviendra ici",
         "structures reçoivent la question ; leurs réponses reviendront ici")  # fmt: skip
    return _back()


def _refuse(numbers: Sequence[int]) -> Response:
    _say(_each(numbers, _refuse_one), "est refusée ; ses coordonnées sont effacées",
         "inscriptions sont refusées ; leurs coordonnées sont effacées")  # fmt: skip
    return _back()


def _each(numbers: Sequence[int], decide: Callable[[int], T]) -> list[T]:
    """What was decided; why others could not be is said once."""
    done, refused = list[T](), dict[str, None]()
    for number in dict.fromkeys(numbers):
        try:
            done.append(decide(number))
        except RegistrationError as error:
            refused[str(error)] = None
    for sentence in refused:
        flash(sentence, "bad")
    return done


def _say(names: Sequence[str], one: str, many: str, tone: str = "good") -> None:
    if names:
        flash(f"{names[0]} {one}." if len(names) == 1 else f"{len(names)} {many}.", tone)


def _back() -> Response:
    return redirect(url_for("moderation.queue"))


def _ask_one(number: int) -> str:
    asked = registrations.ask(session(), number, _who(), _reason())
    name: str = asked.answers["name"]
    back = links.absolute("mine.enter", token=links.signed("answer", *links.holder("r", asked)))
    post.send("asked", asked.email, name=name, reason=asked.reason, link=back)
    return name


def _refuse_one(number: int) -> str:
    known = session().get(Registration, number)
    address = known.email if known else ""
    refused = registrations.refuse(session(), number, _who(), _reason())
    name: str = refused.answers["name"]
    post.send(
        "refused", address, name=name, reason=refused.reason,
        link=links.absolute("registration.form"),
    )  # fmt: skip
    return name


def _accept_one(number: int, proved: Sequence[str]) -> Mention:
    registration = session().get(Registration, number)
    former = registrations.claims(session(), registration) if registration else []
    replaced = {(r.email, r.answers["name"]) for r in former if r.state == "accepted"}
    mention = registrations.accept(session(), number, _who(), proved)
    for address, name in replaced:
        post.send("claimed", address, name=name, link=links.absolute("registration.form"))
    return mention


def _tell_accepted(mention: Mention) -> bool:
    """Write to the structure; whether it is on a sheet already."""
    registration = session().get_one(Registration, mention.line)
    supplier = session().get(Supplier, mention.supplier_id) if mention.supplier_id else None
    sheet = (
        links.absolute("supplier.sheet", uid=supplier.uid) if supplier
        else links.absolute("search.suppliers")
    )  # fmt: skip
    post.send(
        "accepted", registration.email, name=mention.name, sheet=sheet,
        purchases=links.absolute("purchases.index"), mine=links.absolute("mine.ask"),
    )  # fmt: skip
    return supplier is not None


def _reason() -> str:
    form = DecisionForm()
    return form.reason.data or ""


def _who() -> str:
    known = account()
    return known.email if known else abort(403)


def _cases(waiting: Sequence[Registration]) -> list[Case]:
    suppliers_of = {r.id: registrations.known(session(), r.siret) for r in waiting}
    alike = _alike([r for r in waiting if suppliers_of[r.id] is None])
    return [_case(each, suppliers_of[each.id], alike.get(each.id)) for each in waiting]


def _case(
    registration: Registration, supplier: Supplier | None, alike: tuple[Match, Supplier] | None
) -> Case:
    answers = registrations.answers_of(registration.answers)
    mentions = suppliers.mentions(session(), supplier) if supplier else []
    emails = [supplier.email if supplier else "", *(m.email for m in mentions)]
    websites = [supplier.website if supplier else "", *(m.website for m in mentions)]
    return Case(
        registration, answers, supplier,
        statuses_of(session(), supplier) if supplier else [],
        _lines(answers, registration, supplier),
        belonging(registration.email, emails, websites),
        registrations.claims(session(), registration), alike,
    )  # fmt: skip


def _alike(unknown: Sequence[Registration]) -> dict[int, tuple[Match, Supplier]]:
    """Registration -> the supplier of the base that a structure of unknown SIRET looks like."""
    records = [_record(registrations.answers_of(each.answers)) for each in unknown]
    cache = site().settings.data_dir / "cache"
    matches = match(session(), records, cache=cache) if records else []
    found = zip(unknown, matches, strict=True)
    named = ((r.id, m, suppliers.find(session(), m.supplier_uid)) for r, m in found)
    return {number: (m, supplier) for number, m, supplier in named if supplier}


def _record(answers: Answers) -> Record:
    place = session().get(Place, answers.commune_code) if answers.commune_code else None
    return Record(
        name=answers.name, siret=answers.siret, commune=place.name if place else "",
        commune_code=answers.commune_code, website=answers.website, email=answers.email,
        phone=answers.phone,
    )  # fmt: skip


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
