"""The purchase programme as the team keeps it: typed, imported, published, told, exported."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import purchases
from sourcing.model import Purchase
from sourcing.normalise import fold
from sourcing.purchases import BANDS, PARTNERS, RESERVED, STATES, Draft, PurchaseError, columns
from sourcing.purchases.columns import Read
from sourcing.source import SourceError
from webapp import following, mapped, uploads
from webapp.account import account, deciders_only
from webapp.context import session, site
from webapp.mapped import Sent
from webapp.purchases import find, words

PAGES = Blueprint("programme", __name__, url_prefix="/achats-a-venir/equipe")
MOST_LINES = 2000


@PAGES.get("")
@deciders_only
def index() -> str:
    """All purchases, public or not, with how many are interested."""
    found = purchases.upcoming(session(), everything=True)
    counts = {p.id: len(purchases.interested(session(), p)) for p in found}
    return render_template(
        "programme/index.html", title="Programme des achats", purchases=found, counts=counts,
        words=words(), largest_mb=uploads.LARGEST_MB, partners=PARTNERS,
    )  # fmt: skip


@PAGES.route("/nouveau", methods=["GET", "POST"])
@deciders_only
def new() -> Response | str:
    """Type a purchase; its category is proposed from its words."""
    return _edit(None)


@PAGES.route("/<uid>", methods=["GET", "POST"])
@deciders_only
def edit(uid: str) -> Response | str:
    """Change one."""
    return _edit(find(uid))


@PAGES.post("/<uid>/dire")
@deciders_only
def tell(uid: str) -> Response:
    """Tell something to everybody alike: on the page, and to who follows."""
    purchase = find(uid)
    try:
        note = purchases.tell(session(), purchase, request.form.get("text", ""), _who())
    except PurchaseError as error:
        flash(str(error), "bad")
        return redirect(url_for("purchases.one", uid=uid))
    following.tell(purchase, note.text)
    flash("L’information est sur la page et part à tous ceux qui suivent cet achat.", "good")
    return redirect(url_for("purchases.one", uid=uid))


@PAGES.post("/<uid>/retirer")
@deciders_only
def remove(uid: str) -> Response:
    """Forget it."""
    purchases.remove(session(), find(uid))
    flash("L’achat est retiré du programme.", "good")
    return redirect(url_for("programme.index"))


@PAGES.post("/importer")
@deciders_only
@uploads.takes_file
def send() -> Response:
    """Keep the spreadsheet and look at it."""
    return mapped.send("programme.index", "programme.take", columns.propose)


@PAGES.route("/importer/<token>", methods=["GET", "POST"])
@deciders_only
def take(token: str) -> Response | str:
    """Its columns, what each line becomes, and the button that keeps them."""
    opened = mapped.open_sent(uploads.find(token))
    try:
        sent = mapped.look(opened, columns.propose)
    except SourceError as error:
        flash(str(error), "bad")
        return redirect(url_for("programme.index"))
    chosen = _chosen(sent) if request.method == "POST" else dict(sent.proposal.mapping.columns)
    lines = _lines(sent, chosen)
    good = [line for line in lines if line.draft]
    if "garder" in request.form and good:
        return _keep(good)
    return render_template(
        "programme/columns.html", title=f"Colonnes de {sent.upload.name}", sent=sent,
        choices=mapped.choices(sent, chosen),
        options=[(columns.GROUP, list(columns.LABELS.items()))],
        preview=mapped.preview(sent), lines=lines, good=good, words=words(),
        is_public=bool(request.form.get("is_public")), opened=opened, **mapped.LAYOUTS,
    )  # fmt: skip


def _chosen(sent: Sent) -> dict[str, str]:
    said = {c: request.form.get(f"c{place}", "") for place, c in enumerate(sent.columns)}
    return {column: field for column, field in said.items() if field in columns.LABELS}


def _lines(sent: Sent, chosen: Mapping[str, str]) -> list[Read]:
    found: list[Read] = []
    for row in mapped.rows(sent.upload, sent.layout):
        if len(found) == MOST_LINES:
            break
        if any(value.strip() for value in row.values.values()):
            found.append(columns.read(row, chosen, site().nomenclature))
    return found


def _keep(lines: list[Read]) -> Response:
    """Keep each line; one whose object and place are known is brought up to date."""
    known = {_same(p.object, p.place): p for p in purchases.upcoming(session(), everything=True)}
    is_public, fresh = bool(request.form.get("is_public")), []
    for line in lines:
        if (draft := line.draft) is None:
            continue
        before = known.get(_same(draft.object, draft.place))
        was_public = before is not None and before.is_public
        kept = purchases.save(session(), draft, _who(), before)
        kept.is_public = is_public or was_public
        known[_same(kept.object, kept.place)] = kept
        if kept.is_public and not was_public:
            fresh.append(kept)
    session().flush()
    told = following.announce(fresh)
    flash(f"{len(lines)} achats gardés, {len(fresh)} publiés, {told} abonnés prévenus.", "good")
    return redirect(url_for("programme.index"))


def _same(object_: str, place: str) -> str:
    return f"{fold(object_)} {fold(place)}"


def _edit(purchase: Purchase | None) -> Response | str:
    draft, error = _draft(purchase), ""
    if request.method == "POST":
        try:
            purchases.check(draft, site().nomenclature.by_code)
            return _save(draft, purchase)
        except PurchaseError as refusal:
            error = str(refusal)
    guesses = site().nomenclature.classify(f"{draft.object} {draft.description}", 3)
    return render_template(
        "programme/edit.html", title=purchase.object if purchase else "Nouvel achat", draft=draft,
        purchase=purchase, error=error, words=words(), bands=BANDS, reserved=RESERVED,
        states=STATES, partners=PARTNERS, families=_families(),
        guesses=[site().nomenclature.by_code[g.code] for g in guesses],
    )  # fmt: skip


def _save(draft: Draft, purchase: Purchase | None) -> Response:
    was_public = purchase is not None and purchase.is_public
    kept = purchases.save(session(), draft, _who(), purchase)
    told = following.announce([kept]) if kept.is_public and not was_public else 0
    flash(f"Achat enregistré{f', {told} abonnés prévenus' if told else ''}.", "good")
    return redirect(url_for("purchases.one", uid=kept.uid))


def _draft(purchase: Purchase | None) -> Draft:
    """What the form says, else what is kept."""
    if request.method != "POST":
        if purchase is None:
            return Draft(object="", quarter="")
        kept = {field: getattr(purchase, field) for field in Draft.__slots__}
        return Draft(**kept | {"partners": tuple(purchase.partners)})
    form = request.form
    said: dict[str, Any] = {
        field: form.get(field, "").strip()
        for field in ("object", "description", "segment", "band", "place", "reserved", "contact",
                      "state", "link")
    }  # fmt: skip
    if not said["segment"] and purchase is None:
        guesses = site().nomenclature.classify(f"{said['object']} {said['description']}", 1)
        said["segment"] = guesses[0].code if guesses else ""
    months = form.get("months", "").strip()
    return Draft(
        **said, quarter=_quarter(form.get("quarter", "")),
        months=int(months) if months.isdigit() and len(months) < 4 else None,
        is_innovative=bool(form.get("is_innovative")), is_public=bool(form.get("is_public")),
        partners=tuple(p for p in form.getlist("partners") if p in PARTNERS),
    )  # fmt: skip


def _quarter(said: str) -> str:
    try:
        return purchases.read_quarter(said)
    except ValueError:
        return ""


def _families() -> list[tuple[str, list[tuple[str, str]]]]:
    segments = site().nomenclature.segments
    return [
        (name, [(s.code, s.label) for s in segments if s.family_code == code])
        for code, name in site().nomenclature.families
    ]


def _who() -> str:
    known = account()
    return known.email if known else abort(403)
