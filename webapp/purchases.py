"""« Achats à venir »: the programme as anyone reads it, on the page, in feeds, in other sites."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, g, jsonify, render_template, request, url_for

from sourcing import purchases
from sourcing.model import Purchase
from sourcing.purchases import BANDS, PARTNERS, RESERVED, STATES, family_of, sharing
from sourcing.search import Query, search
from webapp import links
from webapp.account import account
from webapp.context import session, site
from webapp.forms import MailboxForm

PAGES = Blueprint("purchases", __name__, url_prefix="/achats-a-venir")
CALENDAR, ATOM = "text/calendar", "application/atom+xml"


class Filters(NamedTuple):
    """What the address narrows the programme to."""

    families: tuple[str, ...]
    is_reserved: bool
    is_innovative: bool
    partner: str

    @property
    def arguments(self) -> dict[str, Any]:
        said: dict[str, Any] = {"famille": list(self.families), "partenaire": self.partner,
                "reserve": "1" if self.is_reserved else "",
                "innovant": "1" if self.is_innovative else ""}  # fmt: skip
        return {key: value for key, value in said.items() if value}


@PAGES.get("")
def index() -> str:
    """The public purchases still to come, by quarter."""
    return _index("purchases/index.html")


@PAGES.get("/integrer")
def embed() -> str:
    """The same, bare, for other sites' frames."""
    g.embeddable = True
    return _index("purchases/embed.html")


@PAGES.get("/<uid>")
def one(uid: str) -> str:
    """One purchase, what was told of it, and the form to say that one is interested."""
    purchase = find(uid)
    segment = site().nomenclature.by_code.get(purchase.segment)
    person = account()
    is_team = bool(person and person.can_decide)
    return render_template(
        "purchases/one.html", title=purchase.object, purchase=purchase, segment=segment,
        notes=purchases.told(session(), purchase), form=MailboxForm(formdata=None),
        is_open=is_open(purchase), is_team=is_team, words=words(),
        interested=purchases.interested(session(), purchase) if is_team else [],
        depth=depth(purchase) if is_team and segment else 0,
    )  # fmt: skip


@PAGES.get("/flux.atom")
def atom() -> Response:
    """Atom: the latest told of first."""
    found = sorted(shown(), key=lambda p: p.updated_at, reverse=True)
    page = render_template(
        "purchases/feed.xml", purchases=found, words=words(), absolute=links.absolute,
        arguments=asked().arguments,
    )  # fmt: skip
    return Response(page, mimetype=ATOM)


@PAGES.get("/agenda.ics")
def calendar() -> Response:
    """iCalendar, to subscribe to."""
    title = f"Achats à venir – {site().settings.organisation}"

    def address(purchase: Purchase) -> str:
        return str(links.absolute("purchases.one", uid=purchase.uid))

    return Response(sharing.as_calendar(shown(), title, address), mimetype=CALENDAR)


@PAGES.get("/programme.csv")
def table() -> Response:
    """A table for Excel."""
    answer = Response(sharing.as_csv(shown(), site().nomenclature), mimetype="text/csv")
    name = f"achats-a-venir{'-' + asked().partner if asked().partner else ''}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@PAGES.get("/programme.json")
def objects() -> Response:
    """The same for programs, with its caution."""
    return jsonify(
        prevision=sharing.CAUTION, acheteur=site().settings.organisation,
        licence="Licence Ouverte 2.0", achats=sharing.as_objects(shown(), site().nomenclature),
    )  # fmt: skip


def asked() -> Filters:
    """The filters of this address; what is not known narrows nothing."""
    families = dict(site().nomenclature.families)
    partner = request.args.get("partenaire", "")
    return Filters(
        tuple(code for code in request.args.getlist("famille") if code in families),
        request.args.get("reserve") == "1",
        request.args.get("innovant") == "1",
        partner if partner in PARTNERS else "",
    )


def shown() -> list[Purchase]:
    """The public purchases this address asks for."""
    filters = asked()
    found = purchases.upcoming(session(), filters.families)
    return [
        p for p in (sharing.for_partner(found, filters.partner) if filters.partner else found)
        if (p.reserved or not filters.is_reserved)
        and (p.is_innovative or not filters.is_innovative)
    ]  # fmt: skip


def find(uid: str) -> Purchase:
    """The purchase of this address: 404 when the public may not see it."""
    purchase = purchases.find(session(), uid)
    person = account()
    if purchase is None or not (purchase.is_public or (person and person.can_decide)):
        abort(404)
    return purchase


def is_open(purchase: Purchase) -> bool:
    """Whether one may still say that one is interested."""
    return purchase.is_public and purchase.state in ("planned", "prepared")


def depth(purchase: Purchase) -> int:
    """How many suppliers of the territory may sell it."""
    asked_for = Query.from_args({"segment": [purchase.segment]})
    return search(session(), site().nomenclature, asked_for).total


def words() -> dict[str, dict[str, str]]:
    """How codes are read."""
    by_code = site().nomenclature.by_code
    return {
        "band": BANDS, "reserved": RESERVED, "state": STATES, "partner": PARTNERS,
        "segment": {code: segment.label for code, segment in by_code.items()},
        "family": dict(site().nomenclature.families),
    }  # fmt: skip


def _index(template: str) -> str:
    found = shown()
    everything: Sequence[Purchase] = purchases.upcoming(session())
    present = {family_of(p.segment) for p in everything}
    families = [(c, label) for c, label in site().nomenclature.families if c in present]
    by_quarter = [(q, list(each)) for q, each in groupby(found, key=lambda p: p.quarter)]
    return render_template(
        template, title="Achats à venir", quarters=by_quarter, count=len(found), asked=asked(),
        families=families, words=words(), total=len(everything), caution=sharing.CAUTION,
        embed=url_for("purchases.embed", _external=True, **asked().arguments),
    )  # fmt: skip
