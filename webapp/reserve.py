"""« Réservabilité »: who could do a need here, by kind, and what the law then allows; its kit."""

import csv
import io
from itertools import groupby
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import kit, law
from sourcing import reservability as domain
from sourcing.dossiers import questionnaire
from sourcing.export import french, harmless
from sourcing.reservability import Where
from sourcing.segments import Segment
from webapp.account import account
from webapp.awards import families
from webapp.context import session, site

PAGES = Blueprint("reserve", __name__)
RADII_KM = tuple(int(km) for km in domain.RADII_KM)
HEADERS = (
    "Segment",
    "Famille",
    "Sous-segment",
    *domain.LABELS.values(),
    "Inclusives pour une ordinaire",
)


@PAGES.get("/reservabilite")
def index() -> str:
    """One sub-segment around a place; without one, all of them."""
    where, problem = _where()
    understood = _asked()
    shown: dict[str, Any] = {
        "families": families(), "radii": RADII_KM, "where": where, "problem": problem,
        "place": request.args.get("autour", ""), "text": request.args.get("q", ""),
        "law": law.in_force(session()), "enough": domain.ENOUGH,
        "labels": domain.LABELS,
    }  # fmt: skip
    if understood and where:
        answer = domain.answer(session(), site().nomenclature, understood, where)
        title = f"Réserver : {answer.segment.label}"
        return render_template("reserve/one.html", title=title, answer=answer, **shown)
    lines = domain.overview(session(), site().nomenclature, where) if where else []
    return render_template(
        "reserve/index.html", title="Réservabilité", **shown,
        lines=[(name, list(group)) for name, group in groupby(lines, lambda x: x.segment.family)],
        export=url_for("reserve.table", autour=shown["place"] or None, rayon=_radius()),
    )  # fmt: skip


@PAGES.get("/reservabilite.csv")
def table() -> Response:
    """Every sub-segment, for a spreadsheet."""
    where, _ = _where()
    lines = domain.overview(session(), site().nomenclature, where) if where else []
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADERS)
    for line in lines:
        ratio = "" if line.ratio is None else round(line.ratio, 3)
        said = (line.segment.code, line.segment.family, line.segment.label,
                *(line.counts[kind] for kind in domain.LABELS), ratio)  # fmt: skip
        writer.writerow([french(harmless(value)) for value in said])
    headers = {"Content-Disposition": "attachment; filename=reservabilite.csv"}
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers=headers)


@PAGES.get("/kit/<segment>")
def kit_of(segment: str) -> str:
    """The inclusive purchase kit of a sub-segment: one page, made to be printed."""
    found = site().nomenclature.by_code.get(segment.upper()) or abort(404)
    where, problem = _where()
    if where is None:
        abort(404)
    answer = domain.answer(session(), site().nomenclature, [found], where)
    rules = law.in_force(session())
    return render_template(
        "kit/index.html", title=f"Kit achat inclusif : {found.label}", answer=answer, law=rules,
        where=where, problem=problem, clauses=kit.clauses(answer, rules), contacts=kit.contacts(),
        questions=questionnaire.standard(found.code), with_contacts=account() is not None,
        enough=domain.ENOUGH,
    )  # fmt: skip


def _radius() -> int:
    text = request.args.get("rayon", "")
    return min(200, max(1, int(text))) if text.isdigit() else int(domain.USUAL_KM)


def _where() -> tuple[Where | None, str]:
    """Around what, and one sentence when the place is unknown."""
    place = " ".join(request.args.get("autour", "").split())
    found = domain.locate(session(), place, _radius())
    if found or not place:
        return found, ""
    return domain.locate(session(), "", _radius()), (
        f"Lieu inconnu : « {place} ». Le centre du territoire est pris à sa place ; indiquer une "
        "commune ou un code postal."
    )


def _asked() -> list[Segment]:
    """What the need typed may be, the sub-segment chosen first; [] when nothing is asked."""
    chosen = site().nomenclature.by_code.get(request.args.get("segment", "").upper())
    text = request.args.get("q", "").strip()
    guessed = domain.of_need(site().nomenclature, text) if text else ()
    return list(dict.fromkeys([*([chosen] if chosen else []), *guessed]))
