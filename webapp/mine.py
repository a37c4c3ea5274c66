"""What a structure declared, for who proves the address: see, correct, take away, erase."""

import time
from datetime import datetime

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from sourcing import registrations
from sourcing.model import Follower, Interest, Purchase
from sourcing.tagging import tag
from webapp import links, post, protection
from webapp.context import session, site
from webapp.forms import MailboxForm

PAGES = Blueprint("mine", __name__, url_prefix="/inscription")
KEY = "mailbox"
LASTS_S = 2 * 3600
# What a letter may have been sent for, and leads here.
PURPOSES = ("access", "answer", "still")


def remember(email: str) -> None:
    """This visitor proved this address: for two hours, she may see what it declared."""
    cookie[KEY] = [email, time.time() + LASTS_S]


def mailbox() -> str:
    """The address this visitor proved; '' when she has not, or it was too long ago."""
    email, until = cookie.get(KEY, ["", 0])
    return str(email) if until > time.time() else ""


@PAGES.route("/acces", methods=["GET", "POST"])
def ask() -> BaseResponse | str:
    """Ask for an access by e-mail: the same answer, and a letter, whoever asks."""
    form = MailboxForm()
    if form.surname.data:
        return redirect(url_for("mine.asked"))
    if form.validate_on_submit():
        protection.slow_down("send")
        protection.proof()
        protection.slow_down("mailbox", form.email.data)
        _write(form.email.data)
        return redirect(url_for("mine.asked"), 303)
    return render_template("mine/ask.html", title="Retrouver ma fiche", form=form)


@PAGES.get("/acces/demande")
def asked() -> str:
    """The letter is on its way, whether or not anything is known."""
    return render_template("mine/asked.html", title="Message envoyé")


@PAGES.route("/acces/<token>", methods=["GET", "POST"])
def enter(token: str) -> BaseResponse | str:
    """A page with a button: nothing happens to who only opens it."""
    said = next(filter(None, (links.read(purpose, token) for purpose in PURPOSES)), None)
    email = links.held(said)
    if request.method == "POST" and email:
        remember(email)
        return redirect(url_for("mine.index"), 303)
    return render_template("mine/enter.html", title="Ma fiche", is_good=bool(email))


@PAGES.get("/ma-fiche")
def index() -> BaseResponse | str:
    """All that is kept under her address."""
    email = mailbox()
    if not email:
        return redirect(url_for("mine.ask"))
    labels = {code: s.label for code, s in site().nomenclature.by_code.items()}
    declared = [
        (each, registrations.answers_of(each.answers), registrations.sheet_of(session(), each))
        for each in registrations.latest(session(), email)
    ]
    hers = select(Interest, Purchase).join(Purchase, Purchase.id == Interest.purchase_id)
    interests = session().execute(hers.where(Interest.email == email)).all()
    follower = session().scalar(select(Follower).where(Follower.email == email))
    return render_template(
        "mine/index.html", title="Ma fiche", email=email, declared=declared, labels=labels,
        interests=interests, follower=follower, families=dict(site().nomenclature.families),
        choices=registrations.STATUSES, commitments=registrations.COMMITMENTS,
    )  # fmt: skip


@PAGES.get("/ma-fiche.json")
def export() -> BaseResponse:
    """The same, to take away."""
    email = mailbox()
    if not email:
        return redirect(url_for("mine.ask"))
    answer: Response = jsonify(registrations.everything_of(session(), email))
    answer.headers["Content-Disposition"] = 'attachment; filename="ma-fiche.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@PAGES.post("/ma-fiche/exacte")
def exact() -> BaseResponse:
    """It still holds: nobody asks for another year."""
    for each in registrations.latest(session(), mailbox()):
        if each.state == "accepted":
            registrations.still_true(each, datetime.now())
    flash("Merci : votre fiche est gardée une année de plus.", "good")
    return redirect(url_for("mine.index"), 303)


@PAGES.post("/ma-fiche/effacer")
def erase() -> BaseResponse:
    """Forget all of it, at once."""
    email = mailbox()
    if not email:
        return redirect(url_for("mine.ask"))
    if not request.form.get("sure"):
        flash("Cocher la case pour confirmer l’effacement.", "warn")
        return redirect(url_for("mine.index"), 303)
    changed = registrations.erase(session(), email)
    if changed:
        tag(session(), site().nomenclature, only=changed)
    cookie.pop(KEY, None)
    flash("Tout ce qui venait de vous est effacé.", "good")
    return redirect(url_for("registration.form"), 303)


@PAGES.post("/ma-fiche/quitter")
def leave() -> BaseResponse:
    """Nobody else who sits here sees it."""
    cookie.pop(KEY, None)
    return redirect(url_for("registration.form"), 303)


def _write(email: str) -> None:
    """A letter in any case, so that neither the page nor its time tells who is known."""
    mine = registrations.latest(session(), email)
    name = mine[0].answers["name"] if mine else "votre structure"
    theirs = (
        (kind, session().scalar(select(table).where(table.email == email).limit(1)))
        for kind, table in links.HOLDERS.items()
    )
    found = next(((kind, row) for kind, row in theirs if row is not None), None)
    if found:
        token = links.signed("access", *links.holder(*found))
        post.send("access", email, name=name, link=links.absolute("mine.enter", token=token))
    else:
        post.send("unknown", email, link=links.absolute("registration.form"))
