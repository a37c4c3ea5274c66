"""« Paramètres »: the law as a dated, sourced table; administrators write in it."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sourcing import audit, law
from sourcing.law import LawError, Rule
from webapp.account import account, admin_only, person
from webapp.context import session

PAGES = Blueprint("law", __name__)


@PAGES.get("/parametres")
def index() -> str:
    """Every rule with its value, dates, source and whether it was checked."""
    known = account()
    return render_template(
        "law/index.html", title="Paramètres juridiques",
        topics=law.by_topic(law.every(session())), today=date.today(), names=law.TOPICS,
        may_edit=bool(known and known.is_admin),
    )  # fmt: skip


@PAGES.post("/parametres")
@admin_only
def write() -> Response:
    """Keep a rule: a new value from a day on, or a correction of one that is there."""
    try:
        rule = _rule()
        law.write(session(), rule, person().name or person().email)
        audit.write(session(), person().email, "law", f"{rule.code} : {rule.amount} {rule.source}")
        flash(f"Règle enregistrée : {rule.label}.", "good")
    except LawError as refused:
        flash(str(refused), "bad")
    return redirect(url_for("law.index", _anchor=request.form.get("code") or None))


@PAGES.post("/parametres/retablir")
@admin_only
def restore() -> Response:
    """Put back the value the software came with."""
    law.restore(session(), request.form.get("code", ""), request.form.get("depuis", ""))
    audit.write(session(), person().email, "law", request.form.get("code", "") + " rétabli")
    flash("Valeur d’origine rétablie.", "good")
    return redirect(url_for("law.index"))


@PAGES.get("/parametres/journal")
@admin_only
def journal() -> str:
    """The audit log."""
    return render_template(
        "law/audit.html", title="Journal d’audit", entries=audit.latest(session()),
        kinds=audit.KINDS,
    )  # fmt: skip


def _rule() -> Rule:
    said = {name: " ".join(text.split()) for name, text in request.form.items()}
    topic = said.get("theme", "")
    return Rule(
        code=said.get("code", "").upper()[:40], topic=topic if topic in law.TOPICS else "clauses",
        label=said.get("intitule", "")[:300], value=_value(said.get("valeur", "")),
        unit=said.get("unite", "")[:30], starts_on=_day(said.get("debut", "")),
        ends_on=_day(said.get("fin", "")), article=said.get("article", "")[:200],
        source=said.get("source", "")[:300], is_verified="verifie" in said,
        note=said.get("remarque", "")[:1000],
    )  # fmt: skip


def _value(text: str) -> float | None:
    try:
        return float("".join(text.split()).replace(",", ".")) if text else None
    except ValueError:
        raise LawError(f"« {text} » n’est pas un nombre.") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise LawError(f"« {text} » n’est pas une date (AAAA-MM-JJ).") from None
