"""The search page and its exports: parse the address, ask the domain, answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from maps.marks import BY_STATUS, MARKS, Badge, Mark, badges, mark
from sourcing.basket import MOST_AT_ONCE
from sourcing.geocoding import Spot
from sourcing.search import Page, search, shelf
from sourcing.search.facets import Facet, Option
from sourcing.search.filters import is_named
from sourcing.search.hits import Hit
from sourcing.search.query import SORTS, Near, Query
from sourcing.tagging.statuses import STATUSES
from webapp import kept
from webapp.context import session, site
from webapp.filters import number
from webapp.headers import BASEMAPS
from webapp.map import outlines

PAGES = Blueprint("search", __name__)
PER_PAGE = 25
# Values of a facet shown before « Voir plus ».
SHOWN_OPTIONS = 8
RADII_KM = (2, 5, 10, 20, 30, 50)
EXAMPLES = (
    "entretien d’espaces verts",
    "blanchisserie",
    "traiteur",
    "nettoyage de locaux",
    "réparation de vélos",
    "impression",
)
SORT_LABELS = {
    "pertinence": "Pertinence",
    "distance": "Distance",
    "nom": "Nom",
    "effectif": "Effectif",
}
FACET_NAMES = ("statut", "label", "famille", "segment", "commune", "effectif")
# Kept when a filter is removed, but no filter: how the words are read, and the order.
READING = ("q", "exact", "sans", "avec")
NOT_FILTERS = ("page", "tri")


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice in words, and the address of the page once it is made or undone."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Result:
    """A hit as the list shows it: its number, its look."""

    number: int
    hit: Hit
    badges: list[Badge]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Understood:
    """The segments the words are understood as: to remove, to add, to put back."""

    used: list[Chip]
    offered: list[Chip]
    dropped: list[Chip]


@PAGES.get("/")
def home() -> Response:
    """The site opens on the search."""
    query_string = request.query_string.decode()
    return redirect(url_for("search.suppliers") + (f"?{query_string}" if query_string else ""))


@PAGES.get("/fournisseurs")
def suppliers() -> str | Response:
    """Search box, facets, list and map: one page, its state in the address."""
    query = Query.from_args(request.args)
    if spot := _typed_address(query):
        # The position goes in the address: the map, exports and kept searches ask nothing.
        near = Near(f"{spot.label} @{spot.lat},{spot.lon}")
        return redirect(link(replace(query, near=near)))
    return kept.page(_suppliers)


def _typed_address(query: Query) -> Spot | None:
    """Where the address typed is, when it is no commune and a service may be asked."""
    asked = site().addresses
    if asked is None or query.near is None or query.near.point:
        return None
    ground = shelf.columns(session()).ground
    if is_named(session(), ground, query.near):
        return None
    return asked.find(query.near.text, ground.centre)


def _suppliers() -> str:
    query = replace(Query.from_args(request.args), per_page=PER_PAGE)
    page = search(session(), site().nomenclature, query)
    data = shelf.columns(session())
    return render_template(
        "search/index.html",
        title=_title(page),
        page=page,
        query=query,
        results=results(page),
        facets=[_split(facet) for facet in page.facets if facet.options],
        chips=_chips(page),
        understood=_understood(page),
        reading=[pair for pair in query.to_args() if pair[0] in READING[1:]],
        exact=link(replace(query, exact=True, page=1)) if page.corrected else "",
        hidden=_hidden(page),
        communes=data.ground.communes,
        is_bare=not len(data.ids),
        examples=EXAMPLES,
        radii=RADII_KM,
        most_picked=MOST_AT_ONCE,
        marks=MARKS,
        sorts=[(name, SORT_LABELS[name]) for name in SORTS],
        link=link,
        toggled=_toggled,
        looks=BY_STATUS,
        near=page.near,
        territory=outlines().box,
        basemap=BASEMAPS.get(site().settings.basemap),
        beyond=_beyond_url(page),
        remedies=_remedies(page) if not page.total else [],
    )


def results(page: Page) -> list[Result]:
    """The hits of a page, numbered as in the whole result."""
    first = (page.query.page - 1) * page.query.per_page + 1
    return [
        Result(number, hit, _badges(hit), mark(hit.statuses))
        for number, hit in enumerate(page.hits, first)
    ]


def _badges(hit: Hit) -> list[Badge]:
    of_firm = {label.code for label in hit.labels if label.level == "siren"}
    shown = {*hit.statuses, *(label.code for label in hit.labels)}
    return badges((s for s in STATUSES if s.code in shown), of_firm)


def link(query: Query, endpoint: str = "search.suppliers", **values: Any) -> str:
    """The address of this query, on the search page or elsewhere."""
    arguments = urlencode(query.to_args())
    path = url_for(endpoint, **values)
    return f"{path}?{arguments}" if arguments else path


def _toggled(query: Query, codes: Sequence[str]) -> str:
    """The address with these statuses added, or removed when they are all there."""
    others = tuple(code for code in query.statuses if code not in codes)
    is_there = set(codes) <= set(query.statuses)
    return link(replace(query, page=1, statuses=others if is_there else (*others, *codes)))


def _understood(page: Page) -> Understood:
    """Each segment in use with the search without it, and those that could be added."""
    query, nomenclature = replace(page.query, page=1), site().nomenclature

    def without(code: str) -> str:
        if code in query.added:
            return link(replace(query, added=tuple(c for c in query.added if c != code)))
        return link(replace(query, dropped=(*query.dropped, code)))

    def restored(code: str) -> str:
        return link(replace(query, dropped=tuple(c for c in query.dropped if c != code)))

    return Understood(
        used=[Chip(guess.label, without(guess.code)) for guess in page.guesses],
        offered=[
            Chip(guess.label, link(replace(query, added=(*query.added, guess.code))))
            for guess in page.offered
        ],
        dropped=[
            Chip(nomenclature.by_code[code].label, restored(code))
            for code in query.dropped
            if code in nomenclature.by_code
        ],
    )


def _hidden(page: Page) -> Chip | None:
    """How many are left out, why, and the page that shows them."""
    if not page.hidden:
        return None
    reasons = ", ".join(
        f"{each.label[:1].lower()}{each.label[1:]} : {number(each.count)}"
        for each in page.hidden_by
    )
    return Chip(reasons, link(replace(page.query, with_noise=True, page=1)))


def _chips(page: Page) -> list[Chip]:
    """One chip per filter in use, words and sort apart."""
    names = {
        (facet.name, option.value): option.label
        for facet in page.facets
        for option in facet.options
    }
    arguments = [pair for pair in page.query.to_args() if pair[0] not in NOT_FILTERS]
    filters = [pair for pair in arguments if pair[0] not in READING]
    near = page.query.near
    is_measured = near and (near.point or page.query.radius_km)
    hidden = {"rayon": near, "autour": not is_measured}
    return [
        Chip(_chip_label(pair, names, arguments), _without(pair, arguments))
        for pair in filters
        if not hidden.get(pair[0])
    ]


def _chip_label(
    pair: tuple[str, str],
    names: Mapping[tuple[str, str], str],
    arguments: Sequence[tuple[str, str]],
) -> str:
    name, value = pair
    if name == "autour":
        radius = dict(arguments).get("rayon")
        near = Query.from_args({name: [value]}).near
        place = (near and near.label) or value
        return f"À moins de {radius} km de {place}" if radius else f"Distances depuis {place}"
    fixed = {
        "territoire": "Au-delà du territoire",
        "zone": "Dans la zone de la carte" if value.count(",") == 3 else "Dans la zone dessinée",
        "masques": "Établissements masqués compris",
        "nationaux": "Fournisseurs nationaux compris",
        "rayon": f"Rayon de {value} km",
    }
    return fixed.get(name) or names.get(pair) or value


def _without(pair: tuple[str, str], arguments: Sequence[tuple[str, str]]) -> str:
    """The address without this filter; a radius goes with its place."""
    gone = {pair} | ({a for a in arguments if a[0] == "rayon"} if pair[0] == "autour" else set())
    kept = urlencode([argument for argument in arguments if argument not in gone])
    return url_for("search.suppliers") + (f"?{kept}" if kept else "")


def _split(facet: Facet) -> dict[str, Any]:
    """A facet's values: the first ones, and the rest behind « Voir plus »."""
    options = sorted(facet.options, key=lambda o: not (o.count or o.is_chosen))
    if facet.name in ("segment", "famille"):
        options = sorted(options, key=lambda o: (not o.is_chosen, -o.count))
    chosen = [o for o in options[SHOWN_OPTIONS:] if o.is_chosen]
    first = [*options[:SHOWN_OPTIONS], *chosen]
    return {
        "name": facet.name,
        "title": facet.title,
        "first": [_plain(o) for o in first],
        "rest": [_plain(o) for o in options[SHOWN_OPTIONS:] if not o.is_chosen],
    }


def _plain(option: Option) -> tuple[str, str, int, bool]:
    return option.value, option.label, option.count, option.is_chosen


def _remedies(page: Page) -> list[Chip]:
    """What to leave out when nothing is found, with what it would bring."""
    found = []
    for chip_query, label in _relaxed(page.query):
        total = search(session(), site().nomenclature, replace(chip_query, per_page=1)).total
        if total:
            found.append(Chip(f"{label} : {total}", link(chip_query)))
    return found


def _relaxed(query: Query) -> Iterable[tuple[Query, str]]:
    query = replace(query, page=1)
    if query.bbox or query.polygon:
        yield replace(query, bbox=None, polygon=()), "hors de la zone de la carte"
    if query.radius_km or query.near:
        yield replace(query, near=None, radius_km=None), "sans limite de distance"
    for attribute, label in (
        ("statuses", "sans filtre de statut"),
        ("labels", "sans filtre de label"),
        ("communes", "toutes communes"),
        ("sizes", "tous effectifs"),
        ("segments", "toutes catégories"),
        ("families", "toutes familles"),
    ):
        if getattr(query, attribute):
            nothing: dict[str, Any] = {attribute: ()}
            yield replace(query, **nothing), label
    if query.territory_only:
        yield replace(query, territory_only=False), "au-delà du territoire"


def _beyond_url(page: Page) -> str:
    return link(page.beyond) if page.beyond and page.outside else ""


def _title(page: Page) -> str:
    """The state in a few words, for the tab and the history."""
    parts = [page.query.text or "Fournisseurs", f"{page.total} résultat{'s'[: page.total > 1]}"]
    if page.query.page > 1:
        parts.append(f"page {page.query.page}")
    return " – ".join(parts)
