"""The meeting view: a full screen that tours what is bought and where, and stops at a touch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest
from random import Random
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from maps.marks import MARKS, mark
from sourcing.model import Place
from sourcing.search import Page, search
from sourcing.search.facets import Facet
from sourcing.search.query import Query
from webapp.context import session, site
from webapp.headers import BASEMAPS

PAGES = Blueprint("meeting", __name__)
# The counters of a stop: status, how it is called on the screen.
COUNTERS = (
    ("siae", "insertion"),
    ("esat", "ESAT"),
    ("ea", "entreprises adaptées"),
    ("ess", "économie sociale et solidaire"),
    ("innovation", "innovation"),
)
NAMED = ("siae", "esat", "ea", "innovation")
# Names shown at a stop, drawn from this many.
NAMES, DRAWN = 6, 40


@dataclass(frozen=True, slots=True)
class Stop:
    """One screen of the tour: the whole territory, a family of purchases or a commune."""

    kind: str  # territoire, famille or commune
    value: str
    label: str

    @property
    def query(self) -> Query:
        return Query.from_args({self.kind: [self.value]} if self.value else {})

    @property
    def arguments(self) -> str:
        return urlencode(self.query.to_args())


@PAGES.get("/reunion")
def index() -> str:
    """The tour from the stop the address asks for; without script, a page of links."""
    stops = tour()
    place = request.args.get("etape", 1, type=int)
    number = place if 1 <= place <= len(stops) else 1
    return render_template(
        "meeting/index.html",
        title="Réunion",
        stops=stops,
        number=number,
        stop=stops[number - 1],
        details=_details(stops[number - 1]),
        marks=MARKS,
        basemap=BASEMAPS.get(site().settings.basemap),
        form_url=url_for("registration.form", _external=True).split("://")[1],
    )


@PAGES.get("/reunion/etapes.json")
def stops_json() -> Response:
    """The stops in their order, for the page's script."""
    return jsonify([{"genre": s.kind, "valeur": s.value, "titre": s.label} for s in tour()])


@PAGES.get("/reunion/etape.json")
def stop_json() -> Response:
    """The counters and names of one stop."""
    kind, value = request.args.get("genre", ""), request.args.get("valeur", "")
    found = next((s for s in tour() if (s.kind, s.value) == (kind, value)), None)
    return jsonify(_details(found or tour()[0]))


def tour() -> list[Stop]:
    """The territory, then what is bought and where in turn; nothing empty."""
    page = search(session(), site().nomenclature, replace(Query(), per_page=1))
    inside = {code for (code,) in session().query(Place.code).where(Place.in_territory)}
    families = list(_stops("famille", page.facets))
    communes = [stop for stop in _stops("commune", page.facets) if stop.value in inside]
    pairs = zip_longest(families, communes)
    return [
        Stop("territoire", "", _territory(page)),
        *(stop for pair in pairs for stop in pair if stop),
    ]


def _stops(kind: str, facets: Sequence[Facet]) -> Iterator[Stop]:
    options = next((facet.options for facet in facets if facet.name == kind), ())
    yield from (Stop(kind, option.value, option.label) for option in options if option.count)


def _territory(page: Page) -> str:
    return site().settings.organisation


def _details(stop: Stop) -> dict[str, Any]:
    page = search(session(), site().nomenclature, replace(stop.query, per_page=1))
    counts = {
        option.value: option.count
        for facet in page.facets
        if facet.name == "statut"
        for option in facet.options
    }
    return {
        "genre": stop.kind,
        "titre": stop.label,
        "total": page.total,
        "recherche": stop.arguments,
        "commune": stop.value if stop.kind == "commune" else "",
        "compteurs": [
            {
                "statut": code,
                "libelle": label,
                "marque": mark((code,)).name,
                "nombre": counts.get(code, 0),
            }
            for code, label in COUNTERS
        ],
        "noms": _names(stop),
    }


def _names(stop: Stop) -> list[dict[str, str]]:
    """A few suppliers of the stop, others tomorrow; never a person's name."""
    asked = replace(stop.query, statuses=NAMED, per_page=DRAWN)
    hits = [hit for hit in search(session(), site().nomenclature, asked).hits if not hit.is_person]
    drawn = Random(f"{date.today()} {stop.value}").sample(hits, min(NAMES, len(hits)))
    return [
        {"nom": hit.name, "commune": hit.commune, "marque": mark(hit.statuses).name}
        for hit in sorted(drawn, key=lambda hit: hit.name)
    ]
