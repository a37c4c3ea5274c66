"""Links to check: a line of a list beside the supplier it may be; persons decide, and may undo."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import db, suppliers
from sourcing.linking import review
from sourcing.linking.deciding import DecisionError, Desk
from sourcing.linking.decisions import FIRM, SITE
from sourcing.linking.explanation import waterfall
from sourcing.linking.review import Waiting
from sourcing.model import Mention, Supplier
from sourcing.tagging import tag
from webapp import background, comparison
from webapp.account import account, deciders_only
from webapp.context import session, site
from webapp.headers import BASEMAPS
from webapp.supplier import shown_name, source_title

PAGES = Blueprint("review", __name__)
# Lines named beside the one at hand.
SHOWN = 12
KINDS = {"": "À vérifier", "etablissement": "Établissement à préciser", "de-cote": "Mis de côté"}
# From so many suppliers on, tags are redone beside the site.
MANY = 200
BUSY = (
    "Une mise à jour des données est en cours : rien n’a été enregistré. Réessayer dans une minute."
)


@PAGES.get("/liens")
@deciders_only
def queue() -> str:
    """The first line to look at."""
    found = _filtered(_waiting())
    return _page(found[0].mention if found else 0, found)


@PAGES.get("/liens/<int:mention>")
@deciders_only
def case(mention: int) -> str:
    """One line, waiting or not, beside the supplier it is or may be."""
    if session().get(Mention, mention) is None:
        abort(404)
    return _page(mention, _filtered(_waiting()))


@PAGES.post("/liens/<int:mention>")
@deciders_only
def decide(mention: int) -> Response:
    """What the person says of this line; then the next one, or the sheet she came from."""
    line = session().get(Mention, mention) or abort(404)
    name, gesture = line.name, GESTURES.get(request.form.get("geste", "")) or abort(400)
    found = _filtered(_waiting())
    chosen = suppliers.find(session(), request.form.get("fournisseur", ""))
    if not _is_current(line) or not _apply(lambda desk: gesture(desk, line, chosen)):
        return _to(mention)
    said = SAID[request.form["geste"]]
    flash(said.format(name=name, supplier=shown_name(chosen) if chosen else ""), "good")
    back = suppliers.find(session(), request.form.get("retour", ""))
    if back is not None:
        return redirect(url_for("supplier.sheet", uid=back.uid))
    return _to(_following(found, mention))


@PAGES.post("/liens/annuler/<int:decision>")
@deciders_only
def undo(decision: int) -> Response:
    """Take a decision back; its line is shown again."""
    lines = [g.mention for g in review.history(session(), 1, before=decision + 1)]
    if _apply(lambda desk: desk.undo(decision)):
        flash("La décision est annulée : tout est comme avant elle.", "good")
    if request.form.get("vers") == "historique" or not lines:
        return redirect(url_for("review.history"))
    return _to(lines[0])


@PAGES.get("/liens/historique")
@deciders_only
def history() -> str:
    """Every decision, its author and its day; those taken back stay in the list."""
    before = request.args.get("avant", 0, type=int)
    gestures = review.history(session(), 50, before=before)
    return render_template(
        "review/history.html", title="Décisions sur les liens", gestures=gestures,
        told=[(g, _told(g)) for g in gestures], more=len(gestures) == 50,
    )  # fmt: skip


@PAGES.get("/liens/<int:mention>/calcul")
@deciders_only
def sum_of(mention: int) -> str:
    """The probability as a sum anyone can redo."""
    line = session().get(Mention, mention) or abort(404)
    supplier = suppliers.find(session(), request.args.get("fournisseur", "")) or abort(404)
    steps = waterfall(session(), line.id, supplier.id, site().settings.data_dir / "cache")
    most = max((abs(step.bits) for step in steps), default=1.0)
    return render_template(
        "review/sum.html", title="Le calcul de la probabilité", line=line, steps=steps, most=most,
        name=shown_name(supplier), uid=supplier.uid,
    )  # fmt: skip


@PAGES.route("/liens/lot", methods=["GET", "POST"])
@deciders_only
def lot() -> str | Response:
    """Accept together what a source has of most probable: seen first, undone in one click."""
    waiting = _waiting()
    sources = sorted({one.source for one in waiting})
    source = request.values.get("source", sources[0] if sources else "")
    least = min(100, max(50, request.values.get("seuil", 80, type=int)))
    found = review.lot(waiting, source, least / 100)
    seen = f"{len(found)}-{sum(one.mention * 31 + one.supplier for one in found)}"
    if request.method == "POST" and request.form.get("vu") != seen:
        flash("Le lot a changé depuis son affichage : le revoir avant de l’accepter.", "bad")
    elif request.method == "POST":
        pairs = [(one.mention, one.supplier) for one in found]
        if _apply(lambda desk: desk.accept(pairs)):
            flash(f"{len(pairs)} liens acceptés d’un coup ; l’historique permet d’annuler.", "good")
            return redirect(url_for("review.history"))
    return render_template(
        "review/lot.html", title="Accepter un lot", sources=[(s, source_title(s)) for s in sources],
        source=source, least=least, found=_named(found[:100]), total=len(found), seen=seen,
    )  # fmt: skip


@PAGES.route("/liens/fusion/<uid>", methods=["GET", "POST"])
@deciders_only
def merge(uid: str) -> str | Response:
    """A supplier that only lists know is another one: all its lines go there."""
    supplier = suppliers.find(session(), uid) or abort(404)
    into = suppliers.find(session(), request.values.get("avec", ""))
    if request.method == "POST" and into is not None:
        if _apply(lambda desk: desk.merge(supplier.id, into.id)):
            flash(f"Ses lignes sont maintenant chez {shown_name(into)}.", "good")
            return redirect(url_for("supplier.sheet", uid=into.uid))
        return redirect(url_for("review.merge", uid=uid, avec=into.uid))
    return render_template(
        "review/merge.html", title="Fusionner deux fournisseurs", supplier=supplier, into=into,
        fields=comparison.fields(supplier, into) if into else [],
        lines=suppliers.mentions(session(), supplier), asked=request.args.get("chercher", ""),
        choices=comparison.search(request.args.get("chercher", ""), besides=supplier.id),
    )  # fmt: skip


# --- gestures ---

Gesture = Callable[[Desk, Mention, Supplier | None], Any]


def _same(desk: Desk, line: Mention, supplier: Supplier | None) -> None:
    """A line at another siret leaves it; one of a supplier of its own takes that along."""
    home = session().get(Supplier, line.supplier_id) if line.supplier_id else None
    if home and supplier and home.siret and home.id != supplier.id and not line.firm:
        desk.move(line.id, supplier.id)
    else:
        desk.same(line.id, _named_one(supplier).id, SITE)


def _named_one(supplier: Supplier | None) -> Supplier:
    if supplier is None:
        raise DecisionError("Choisir d’abord un fournisseur.")
    return supplier


GESTURES: dict[str, Gesture] = {
    "oui": _same,
    "entreprise": lambda desk, line, s: desk.same(line.id, _named_one(s).id, FIRM),
    "non": lambda desk, line, s: desk.different(line.id, _named_one(s).id),
    "nouveau": lambda desk, line, _: desk.neither(line.id),
    "passer": lambda desk, line, _: desk.unsure(line.id),
    "detacher": lambda desk, line, _: desk.move(line.id),
    "deplacer": lambda desk, line, s: desk.move(line.id, _named_one(s).id),
}
SAID = {
    "oui": "« {name} » est {supplier}.",
    "entreprise": "« {name} » est l’entreprise de {supplier}, sans préciser l’établissement.",
    "non": "« {name} » n’est pas {supplier}.",
    "nouveau": "« {name} » est un fournisseur à part.",
    "passer": "« {name} » est mis de côté.",
    "detacher": "« {name} » est détaché et devient un fournisseur à part.",
    "deplacer": "« {name} » est maintenant chez {supplier}.",
}


def _apply(gesture: Callable[[Desk], Any]) -> bool:
    """Decide, and redo the tags this changes; a refusal is said, and nothing is kept of it."""
    if db.is_filling(site().engine):
        flash(BUSY, "bad")
        return False
    desk = Desk(session(), _who())
    try:
        gesture(desk)
    except DecisionError as error:
        session().rollback()
        flash(str(error), "bad")
        return False
    # Linking left them all in the to-tag queue: when they are many, a command takes them up.
    if len(desk.changed) > MANY:
        session().commit()
        background.start(site(), "tag", ["tag"])
    else:
        tag(session(), site().nomenclature, only=desk.changed)
    return True


def _who() -> str:
    known = account()
    return known.email if known else abort(403)


def _is_current(line: Mention) -> bool:
    """Is the question still the one the person saw?"""
    seen, now = request.form.get("vu"), str(comparison.question(line.id) or "")
    if seen is not None and seen != now:
        flash("Quelqu’un vient de décider pour cette ligne : voici où elle en est.", "warn")
        return False
    return True


# --- the page ---


def _waiting() -> list[Waiting]:
    """The whole queue; read again only when something may have changed it."""
    state = review.state(session())
    if state != site().queue[0]:
        site().queue = (state, review.waiting(session(), site().nomenclature))
    return site().queue[1]


def _kept() -> dict[str, str]:
    """The filters of the queue, as the address has them."""
    return {name: value for name in ("source", "etat") if (value := request.values.get(name, ""))}


def _to(mention: int | None) -> Response:
    """To this line, or to the first that waits, with the same filters."""
    values: dict[str, Any] = _kept() | ({"mention": mention} if mention else {})
    return redirect(url_for("review.case" if mention else "review.queue", **values))


def _kind(one: Waiting) -> str:
    return "de-cote" if one.is_aside else "etablissement" if one.level == FIRM else ""


def _filtered(found: Sequence[Waiting]) -> list[Waiting]:
    source, kind = request.values.get("source", ""), request.values.get("etat", "")
    return [o for o in found if _kind(o) == kind and source in ("", o.source)]


def _following(found: Sequence[Waiting], mention: int) -> int | None:
    """The line after this one in the queue, which it may have left."""
    place = next((n for n, one in enumerate(found) if one.mention == mention), -1)
    rest = [one.mention for one in (*found[place + 1 :], *found[: max(place, 0)])]
    return rest[0] if rest else None


def _page(mention: int, found: Sequence[Waiting]) -> str:
    line = session().get(Mention, mention) if mention else None
    place = next((n for n, one in enumerate(found) if one.mention == mention), -1)
    last = review.history(session(), 1, author=_who())
    first = max(0, min(place - 2, len(found) - SHOWN))
    return render_template(
        "review/case.html",
        title="Liens à vérifier",
        total=len(found),
        place=place,
        before=found[place - 1].mention if place > 0 else None,
        after=found[place + 1].mention if place + 1 < len(found) else None,
        beside=_named(found[first : first + SHOWN]),
        first=first,
        filters=_filters(),
        kept=_kept(),
        case=comparison.case(line) if line else None,
        last=(last[0], _told(last[0])) if last else None,
        basemap=BASEMAPS.get(site().settings.basemap),
    )


def _filters() -> dict[str, list[tuple[str, str, int, bool]]]:
    """Of each filter: value, label, how many lines, whether it is the one chosen."""
    chosen = (request.values.get("etat", ""), request.values.get("source", ""))
    counted = Counter((_kind(one), one.source) for one in _waiting())
    kinds = [
        (kind, label, sum(n for (k, _), n in counted.items() if k == kind), chosen[0] == kind)
        for kind, label in KINDS.items()
    ]
    sources = [
        (source, source_title(source), n, chosen[1] == source)
        for (kind, source), n in sorted(counted.items())
        if kind == chosen[0]
    ]
    return {"etat": kinds, "source": sources}


def _named(found: Sequence[Waiting]) -> list[tuple[Waiting, str, str]]:
    """Each with the name of its line and of the supplier it may be."""
    lines = {m.id: m.name for m in comparison.rows(Mention, [one.mention for one in found])}
    names = {s.id: shown_name(s) for s in comparison.rows(Supplier, [o.supplier for o in found])}
    return [(one, lines.get(one.mention, ""), names.get(one.supplier, "")) for one in found]


def _told(gesture: review.Gesture) -> str:
    """A decision in one sentence."""
    supplier = suppliers.find(session(), gesture.supplier) if gesture.supplier else None
    where = shown_name(supplier) if supplier else f"« {gesture.other} »" if gesture.other else ""
    name = f"« {gesture.line} »"
    return {
        "same": f"{name} est {where}",
        "different": f"{name} n’est pas {where}",
        "new": f"{name} est un fournisseur à part",
        "unsure": f"{name} est mis de côté",
        "move": f"{name} change de fournisseur",
        "merge": f"{name} et ses autres lignes vont chez {where}",
        "bulk": f"{gesture.lines} liens acceptés d’un coup",
    }[gesture.decision.kind]
