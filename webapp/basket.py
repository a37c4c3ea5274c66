"""« Panier »: suppliers put aside from any search; a visitor's lasts as long as her visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as visit
from werkzeug.wrappers import Response

from maps.marks import Badge, badges
from sourcing import basket, dossiers, suppliers
from sourcing.dossiers import opening
from sourcing.dossiers.panel import Added, Trace, add
from sourcing.export import french
from sourcing.export import hits as export
from sourcing.search import Query, describe, those, uids
from sourcing.search.hits import Hit
from sourcing.tagging.statuses import STATUSES
from webapp import exports
from webapp.account import account, deciders_only, organisation, person, signed_in
from webapp.context import session, site
from webapp.filters import count

PAGES = Blueprint("basket", __name__)
VISIT = "panier"
# What a cookie holds without trouble; a signed-in person's basket is in the base.
MOST_IN_VISIT = 60
MOST_COMPARED = 5
# Columns of a file that say nothing of a supplier to a person who compares.
NOT_COMPARED = ("Nom", "Pourquoi", "Distance (km)", "Longitude", "Latitude", "Code INSEE", "SIREN")
Picked = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A supplier of the basket, its badges, and the search it came from, in words."""

    hit: Hit
    badges: list[Badge]
    whence: str
    asked: str


@PAGES.get("/panier")
def index() -> str:
    """Everyone put aside, and what can be done of them."""
    rows = _rows(picked())
    return render_template(
        "basket/index.html", title="Panier", rows=rows, title_of_need=_need(rows),
        dossiers=[d for d in _writable() if d.state == opening.OPEN],
        most_compared=MOST_COMPARED,
    )  # fmt: skip


@PAGES.post("/panier")
def put() -> Response:
    """Put suppliers aside: those ticked, the whole page, or the whole search.

    No anti-forgery token: the page that asks is kept for all visitors alike, the session's cookie
    does not travel with a foreign site's form, and a basket harms nobody.
    """
    asked = _asked()
    wanted = {
        "page": lambda: request.form.get("page", "").split(),
        "tous": lambda: uids(session(), site().nomenclature, Query.from_args(parse_qs(asked))),
    }.get(request.form.get("quoi", ""), lambda: request.form.getlist("choisi"))()
    back = request.form.get("retour") or ""
    here = url_for("search.suppliers") + (f"?{asked}" if asked else "")
    _put(wanted, asked)
    return redirect(back if back.startswith("/fournisseurs/") else here)


def _asked() -> str:
    """The search of the page she comes from, in its canonical form."""
    query = Query.from_args(parse_qs(request.form.get("demande", "")))
    return urlencode(query.to_args())


def _put(wanted: Sequence[str], asked: str) -> None:
    if not wanted:
        flash("Cocher au moins un fournisseur avant d’ajouter au panier.", "bad")
        return
    if len(wanted) > basket.MOST_AT_ONCE:
        flash(f"{count(len(wanted), 'fournisseur')} : préciser la recherche pour en ajouter "
              f"{basket.MOST_AT_ONCE} au plus d’un coup.", "bad")  # fmt: skip
        return
    may = basket.allowed(session(), wanted)
    new = _keep({asked: may})
    masked = len(set(wanted)) - len(may)
    said = f"{count(new, 'fournisseur ajouté', 'fournisseurs ajoutés')} au panier."
    if len(may) > new:
        said += f" {count(len(may) - new, 'y était déjà', 'y étaient déjà')}."
    if masked:
        said += (f" {count(masked, 'unité')} à diffusion partielle n’est pas ajoutée : la "
                 "prospection lui est fermée.")  # fmt: skip
    flash(said, "good" if new else "info")


@PAGES.post("/panier/retirer")
def remove() -> Response:
    """Take one out, or all."""
    uid = request.form.get("uid")
    known = account()
    if known:
        basket.remove(session(), known.id, [uid] if uid else None)
    kept = {asked: [u for u in us if uid and u != uid] for asked, us in _of_visit().items()}
    _set_visit(kept)
    return redirect(url_for("basket.index"))


@PAGES.get("/panier/comparer")
def compare() -> str:
    """Up to five suppliers side by side."""
    asked = list(dict.fromkeys(request.args.getlist("f")))
    hits = _hits(asked[:MOST_COMPARED])
    refused = ""
    if len(asked) > MOST_COMPARED:
        refused = f"{MOST_COMPARED} fournisseurs au plus : les premiers cochés sont comparés."
    elif len(hits) < 2:
        refused = "Cocher deux fournisseurs au moins dans le panier."
    known = [c for c in export.columns(account() is not None) if c.header not in NOT_COMPARED]
    rows = [(c.header, [french(c.value(hit)) for hit in hits]) for c in known]
    return render_template(
        "basket/compare.html", title="Comparer", hits=hits, refused=refused,
        rows=[(label, values) for label, values in rows if any(values)],
    )  # fmt: skip


@PAGES.get("/panier.<kind>")
def download(kind: str) -> Response:
    """The basket as a file."""
    return exports.send(_hits(_uids()), kind, "Fournisseurs du panier")


@PAGES.get("/panier.vcf")
@signed_in
def cards() -> Response:
    """The basket as contact cards."""
    return exports.send_cards(_hits(_uids()))


@PAGES.post("/panier/verser")
@deciders_only
def pour() -> Response:
    """Put the whole basket in a file: an open one, or a new one of this title."""
    wanted = request.form.get("dossier", "")
    by, its = person(), picked()
    try:
        if wanted.isdigit():
            dossier = next(d for d in _writable() if d.id == int(wanted))
        else:
            dossier = dossiers.start(session(), by, organisation(), _first_need(its))
        added = add(session(), dossier, by, its, Trace(site().nomenclature, site().sources))
    except (dossiers.DossierError, StopIteration) as error:
        flash(str(error) or "Ce dossier n’existe plus.", "bad")
        return redirect(url_for("basket.index"))
    basket.remove(session(), by.id)
    _set_visit({})
    flash(_poured(added), "good")
    return redirect(url_for("dossiers.one", dossier_id=dossier.id))


def _poured(added: Added) -> str:
    said = f"{count(added.new, 'fournisseur ajouté', 'fournisseurs ajoutés')} au dossier."
    return said + (
        f" {count(added.known, 'y était déjà', 'y étaient déjà')}." if added.known else ""
    )


def _first_need(its: Mapping[str, Sequence[str]]) -> dossiers.Need:
    """The need as it was typed in the first search, with its likeliest segment and its place."""
    title = request.form.get("titre", "")
    query = next((Query.from_args(parse_qs(asked)) for asked in its if asked), Query())
    guesses = site().nomenclature.classify(query.text or title, top=1)
    segment = next(iter(query.segments), guesses[0].code if guesses else "")
    place = query.near.text if query.near else ""
    return dossiers.Need(title=title, need=query.text, segment=segment, place=place)


def _writable() -> Sequence[Any]:
    known = account()
    if not known or not known.can_decide:
        return []
    return dossiers.of_organisation(session(), organisation())


# --- where a basket is kept ---


def picked() -> Picked:
    """Search -> uids; what a visitor put aside before she signed in comes along."""
    known = account()
    if known is None:
        return _of_visit()
    if VISIT in visit:
        basket.add(session(), known.id, _of_visit())
        visit.pop(VISIT)
    return basket.by_search(basket.of_person(session(), known.id))


def size() -> int:
    """How many are in the basket."""
    return sum(map(len, picked().values()))


def _keep(its: Mapping[str, Sequence[str]]) -> int:
    """Put aside; how many are new."""
    known = account()
    if known:
        return basket.add(session(), known.id, its)
    there = _of_visit()
    held = {uid for group in there.values() for uid in group}
    new = 0
    for asked, wanted in its.items():
        for uid in wanted:
            if uid not in held and len(held) < MOST_IN_VISIT:
                there.setdefault(asked[:300], []).append(uid)
                held.add(uid)
                new += 1
    _set_visit(there)
    return new


def _of_visit() -> Picked:
    return {asked: list(found) for asked, found in visit.get(VISIT, {}).items()}


def _set_visit(its: Mapping[str, Sequence[str]]) -> None:
    kept = {asked: list(group) for asked, group in its.items() if group}
    if kept:
        visit[VISIT] = kept
    else:
        visit.pop(VISIT, None)


# --- what the page shows ---


def _uids() -> list[str]:
    return [uid for group in picked().values() for uid in group]


def _hits(wanted: Sequence[str]) -> list[Hit]:
    """These suppliers in this order, as anyone may see them."""
    ids = [s.id for uid in wanted if (s := suppliers.find(session(), uid))]
    found = {hit.id: hit for hit in those(session(), site().nomenclature, ids)}
    return [found[each] for each in ids if each in found]


def _rows(its: Mapping[str, Sequence[str]]) -> list[Row]:
    found: list[Row] = []
    for asked, group in its.items():
        query = Query.from_args(parse_qs(asked))
        whence = describe(session(), site().nomenclature, query) if asked else "choisi sur sa fiche"
        found += [Row(hit, badges_of(hit), whence, asked) for hit in _hits(group)]
    return found


def badges_of(hit: Hit) -> list[Badge]:
    """What it is and what it holds."""
    shown = {*hit.statuses, *(label.code for label in hit.labels)}
    firm = {label.code for label in hit.labels if label.level == "siren"}
    return badges((s for s in STATUSES if s.code in shown), firm)


def _need(rows: Sequence[Row]) -> str:
    """The title proposed for a file: the first need that was typed."""
    texts = (Query.from_args(parse_qs(row.asked)).text for row in rows)
    text = next(filter(None, texts), "")
    return text[:1].upper() + text[1:]
