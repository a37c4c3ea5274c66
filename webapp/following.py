"""Following the purchases to come by e-mail: asked, confirmed by a button, left in one click."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import normalise, purchases
from sourcing.letters import Link
from sourcing.model import Follower, Interest, Purchase
from sourcing.purchases import BANDS, RESERVED, Said
from webapp import links, post, protection
from webapp.context import session, site
from webapp.filters import quarter
from webapp.forms import CONSENT_VERSION, MailboxForm, plain
from webapp.purchases import find, is_open

PAGES = Blueprint("following", __name__, url_prefix="/achats-a-venir")
LONGEST_LINE = 300


@PAGES.route("/suivre", methods=["GET", "POST"])
def follow() -> Response | str:
    """Ask for letters about some families; a letter asks to confirm, known or not."""
    form = MailboxForm()
    known = dict(site().nomenclature.families)
    families = [code for code in request.values.getlist("famille") if code in known]
    if form.surname.data:
        return redirect(url_for("following.asked"))
    if form.validate_on_submit():
        _guard(form)
        asked_for = purchases.ask_to_follow(session(), form.email.data, families, CONSENT_VERSION)
        token = links.signed("follow", *links.holder("f", asked_for), families)
        post.send(
            "follow", form.email.data, link=links.absolute("following.confirm", token=token),
            families=", ".join(known[code] for code in families) or "toutes les familles d’achat",
        )  # fmt: skip
        return redirect(url_for("following.asked"), 303)
    return render_template(
        "purchases/follow.html", title="Suivre les achats à venir", form=form, chosen=families,
        families=known.items(),
    )  # fmt: skip


@PAGES.get("/suivre/demande")
def asked() -> str:
    """A letter is on its way."""
    return render_template("purchases/asked.html", title="Message envoyé")


@PAGES.route("/suivre/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Response | str:
    """A page with a button: nothing happens to who only opens it."""
    said = links.read("follow", token)
    email = links.held(said)
    if request.method == "POST" and said and email:
        if purchases.follow(session(), email, said[3]):
            flash(
                "C’est noté : vous serez prévenu par courriel. Chaque message permet d’arrêter.",
                "good",
            )
        return redirect(url_for("purchases.index"), 303)
    return render_template(
        "purchases/confirm.html", title="Confirmer mon suivi", is_good=bool(email),
        button="Confirmer mon suivi",
    )  # fmt: skip


@PAGES.post("/<uid>/interesse")
def say(uid: str) -> Response:
    """Say that one is interested, with a line; seen by the buyers once the address is proved."""
    purchase, form = find(uid), MailboxForm()
    here = url_for("purchases.one", uid=uid)
    if form.surname.data:
        return redirect(url_for("following.asked"))
    if not is_open(purchase):
        flash("Cet achat n’est plus à venir.", "warn")
        return redirect(here)
    said = _said(form)
    if isinstance(said, str):
        flash(said, "bad")
        return redirect(here)
    _guard(form)
    interest = purchases.say_interest(session(), purchase, said)
    token = links.signed("interest", *links.holder("i", interest))
    post.send(
        "interest", said.email, object=purchase.object, name=said.name,
        link=links.absolute("following.confirm_interest", token=token),
    )  # fmt: skip
    return redirect(url_for("following.asked"), 303)


@PAGES.route("/interet/<token>", methods=["GET", "POST"])
def confirm_interest(token: str) -> Response | str:
    """A page with a button, then a receipt by letter."""
    said = links.read("interest", token)
    is_good = bool(links.held(said))
    if request.method == "POST" and said and is_good:
        interest = purchases.confirm_interest(session(), said[1])
        return _receipt(interest) if interest else redirect(url_for("purchases.index"), 303)
    return render_template(
        "purchases/confirm.html", title="Confirmer mon intérêt", is_good=is_good,
        button="Confirmer mon intérêt",
    )  # fmt: skip


@PAGES.route("/arreter/<token>", methods=["GET", "POST"])
def out(token: str) -> Response | str:
    """One click out: the button of the page, or the mail reader's own (RFC 8058)."""
    said = links.read("out", token)
    if request.method == "POST" and said:
        # Already left: the address is forgotten, and there is nothing more to do.
        if email := links.held(said):
            purchases.leave(session(), email, said[3])
        if request.form.get("List-Unsubscribe") == "One-Click":
            return Response(status=204)
        flash("C’est fait : plus de message de notre part.", "good")
        return redirect(url_for("purchases.index"), 303)
    return render_template(
        "purchases/confirm.html", title="Ne plus recevoir ces messages", is_good=bool(said),
        button="Ne plus recevoir ces messages",
    )  # fmt: skip


def announce(found: Sequence[Purchase]) -> int:
    """Tell each follower of these new public purchases, one letter each; how many."""
    told = purchases.followers(session(), [p for p in found if is_open(p)])
    for follower, theirs in told:
        facts = [
            {"object": p.object, "when": quarter(p.quarter), "band": BANDS[p.band],
             "reserved": RESERVED[p.reserved], "link": links.absolute("purchases.one", uid=p.uid)}
            for p in theirs
        ]  # fmt: skip
        way_out = _way_out("f", follower)
        post.send("news", follower.email, headers=_headers(way_out), purchases=facts, out=way_out)
    return len(told)


def tell(purchase: Purchase, said: str) -> int:
    """Send what was told of a purchase to all who follow it, alike; how many."""
    ways: dict[str, Link] = {
        follower.email: _way_out("f", follower)
        for follower, _ in purchases.followers(session(), [purchase])
    }
    for interest in purchases.interested(session(), purchase):
        ways[interest.email] = _way_out("i", interest, purchase.uid)
    for email, way_out in sorted(ways.items()):
        post.send(
            "told", email, headers=_headers(way_out), object=purchase.object, said=said,
            purchase=links.absolute("purchases.one", uid=purchase.uid), out=way_out,
        )  # fmt: skip
    return len(ways)


def _receipt(interest: Interest) -> Response:
    purchase = session().get_one(Purchase, interest.purchase_id)
    way_out = _way_out("i", interest, purchase.uid)
    post.send(
        "interested", interest.email, headers=_headers(way_out), object=purchase.object,
        name=interest.name, purchase=links.absolute("purchases.one", uid=purchase.uid),
        out=way_out,
    )  # fmt: skip
    flash("Les acheteurs voient que vous êtes intéressé.", "good")
    return redirect(url_for("purchases.one", uid=purchase.uid), 303)


def _way_out(kind: str, row: Interest | Follower, uid: str = "") -> Link:
    token = links.signed("out", *links.holder(kind, row), uid)
    return links.absolute("following.out", token=token)


def _headers(way_out: Link) -> Mapping[str, str]:
    """What lets a mail reader show its own button."""
    return {
        "List-Unsubscribe": f"<{way_out}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }  # fmt: skip


def _guard(form: MailboxForm) -> None:
    protection.slow_down("send")
    protection.proof()
    protection.slow_down("mailbox", form.email.data)


def _said(form: MailboxForm) -> Said | str:
    """Who is interested, or one sentence when the form does not say it."""
    if not form.validate():
        return str(next(iter(form.errors.values()))[0])
    name = " ".join(plain(request.form.get("name", "")).split())
    line = plain(request.form.get("line", ""))
    if not 0 < len(name) <= 150:
        return "Indiquer le nom de la structure, en 150 caractères au plus."
    if len(line) > LONGEST_LINE:
        return f"Le message dépasse {LONGEST_LINE} caractères."
    if not request.form.get("agree"):
        return "Cocher la case : sans accord, les acheteurs ne verront rien."
    try:
        siret = normalise.siret(request.form.get("siret", "")[:60])
    except ValueError as error:
        return f"SIRET : {error}."
    return Said(form.email.data, name, siret, line, CONSENT_VERSION)
