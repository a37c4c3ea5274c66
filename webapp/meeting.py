"""The meeting: a full screen that tours what is bought and where, and stops at a touch."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

import segno
from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import func, select

from maps.marks import MARKS
from maps.meeting import SIZES, Tour, tour
from sourcing.model import Purchase, Registration, Setting
from webapp.context import session, site
from webapp.links import absolute

PAGES = Blueprint("meeting", __name__)
KEPT = "meeting"
KINDS = {
    "territoire": "Le territoire",
    "famille": "Ce qui s’achète",
    "commune": "Commune",
    "achats": "Achats à venir",
    "arrivees": "Bienvenue",
    "inscription": "Faites-vous connaître",
}


@dataclass(slots=True)
class Kept:
    """The last tour made, and what it was made from."""

    key: object = None
    page: str = ""
    lock: Lock = field(default_factory=Lock)


def register(app: Flask) -> None:
    app.extensions[KEPT] = Kept()


@PAGES.get("/reunion")
def index() -> str:
    """The tour from the stop the address asks for; without script, a page of links."""
    made = _tour()
    place = request.args.get("etape", 1, type=int)
    number = place if 1 <= place <= len(made.stops) else 1
    return render_template(
        "meeting/index.html",
        title="Réunion",
        number=number,
        scene=made.scene(number - 1),
        visit_url=url_for("meeting.visit"),
        keeper_url=url_for("meeting.keeper"),
        **parts(made, form_url()),
    )


@PAGES.get("/reunion/visite")
def visit() -> Response:
    """Every stop as it will be shown: asked for now and then, and most often unchanged."""
    kept: Kept = current_app.extensions[KEPT]
    key = _key()
    with kept.lock:
        if kept.key != key:
            made = _tour()
            kept.page = render_template(
                "meeting/visit.html", scenes=made.scenes(), **parts(made, form_url())
            )
            kept.key = key
        response = Response(kept.page, mimetype="text/html")
    response.set_etag(hashlib.sha256(repr(key).encode()).hexdigest()[:20])
    response.make_conditional(request)
    return response


@PAGES.get("/reunion/gardien.js")
def keeper() -> Response:
    """The script that keeps the page for an outage; it may look after this page alone."""
    response = current_app.send_static_file("js/keeper.js")
    response.headers["Service-Worker-Allowed"] = url_for("meeting.index")
    response.headers["Cache-Control"] = "no-cache"
    return response


def parts(made: Tour, address: str) -> dict[str, Any]:
    """What the meeting's templates are filled with, whatever the stop."""
    return {
        "tour": made,
        "kinds": KINDS,
        "sizes": SIZES,
        "shapes": {each.name: each.path for each in MARKS},
        "families": dict(site().nomenclature.families),
        "address": address.split("://")[1],
        "code": code_of(address),
        "version": current_app.static_url_path,
    }


def form_url() -> str:
    """Where a structure makes itself known."""
    return str(absolute("registration.form"))


def code_of(address: str) -> Markup:
    """The address as a QR code."""
    drawn = segno.make(address, error="m").svg_inline(
        omitsize=True, border=2, dark="#000", light="#fff", svgclass="code", lineclass=None
    )
    return Markup(drawn)  # noqa: S704  # drawn by us, from our own address


def _tour() -> Tour:
    return tour(session(), site().nomenclature, site().settings.organisation)


def _key() -> object:
    """All that the tour is made from: base, nomenclature, arrivals, purchases, hour, site."""
    said = session().execute(select(Setting.key, Setting.value).order_by(Setting.key))
    arrived = select(func.count(), func.max(Registration.decided_at)).select_from(Registration)
    coming = select(func.count(), func.max(Purchase.updated_at)).select_from(Purchase)
    changes = [tuple(session().execute(each).one()) for each in (arrived, coming)]
    base = (tuple(map(tuple, said)), site().nomenclature.fingerprint, *changes)
    return (base, f"{datetime.now():%Y-%m-%d %H}", form_url(), current_app.static_url_path)
