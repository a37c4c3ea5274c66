"""« Indicateurs »: the charter's figures by year, their detail, the ledger behind them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import select
from werkzeug.wrappers import Response

from sourcing import audit, spending
from sourcing import indicators as domain
from sourcing.export import french, harmless
from sourcing.indicators import Figure, Indicator, IndicatorError
from sourcing.model import MASKED, PARTIAL, Spending, Supplier
from webapp import background, uploads
from webapp.account import account, deciders_only, person, signed_in
from webapp.charts import Chart, by_year
from webapp.context import session, site
from webapp.uploads import UploadError

PAGES = Blueprint("indicators", __name__)
WORK = "depenses"
REFRESH_SECONDS = "2"
DETAIL_SHOWN = 40
LINE_HEADERS = ("Exercice", "SIRET", "Fournisseur", "Montant (€)", "N° de marché", "Direction",
                "Objet", "Segment", "Retrouvé par", "Ligne du fichier")  # fmt: skip


@PAGES.get("/indicateurs")
@signed_in
def index() -> Any:
    """Every indicator of a year beside its 2022 value and its 2027 target."""
    years = domain.years(session())
    year = _year(years)
    directorate = request.args.get("direction", "")
    advance = background.advance(site(), WORK)
    page = render_template(
        "indicators/index.html", title=f"Indicateurs {year}", year=year, years=years,
        figures=domain.board(session(), year, directorate), directorate=directorate,
        directorates=[name for name in spending.spent(session()).directorates if name],
        definitions=domain.definitions(session(), year), known=domain.known_share(session(), year),
        report=spending.reports(session()).get(year), advance=advance, sources=SOURCES,
        levels=spending.LEVELS,
        largest_mb=uploads.LARGEST_MB, may_write=_may_write(), target_year=domain.TARGET_YEAR,
        base_year=domain.BASE_YEAR,
    )  # fmt: skip
    answer = make_response(page)
    if advance and advance.state == "running":
        answer.headers["Refresh"] = REFRESH_SECONDS
    return answer


SOURCES = (
    (domain.LEDGER, "D’après les dépenses"),
    (domain.CONTRACTS, "D’après les marchés publiés (DECP, à partir de 40 000 € HT)"),
    (domain.HAND, "Saisis à la main"),
)


@PAGES.get("/indicateurs/<code>")
@signed_in
def one(code: str) -> str:
    """One indicator over the years, by segment and by directorate."""
    each = domain.by_code().get(code) or abort(404)
    year = _year(domain.years(session()))
    labels = {s.code: s.label for s in site().nomenclature.segments}
    return render_template(
        "indicators/one.html", title=each.label, each=each, year=year,
        years=domain.years(session()), chart=_chart(each), series=domain.series(session(), code),
        by_segment=domain.detail(session(), code, year, "segment")[:DETAIL_SHOWN],
        by_directorate=domain.detail(session(), code, year, "directorate")[:DETAIL_SHOWN],
        labels=labels, definitions=domain.definitions(session(), year) if code == "ESS" else [],
    )  # fmt: skip


def _chart(each: Indicator) -> Chart | None:
    known = [(f.year, f.value, f.entered is not None) for f in domain.series(session(), each.code)
             if f.value is not None]  # fmt: skip
    if each.value_2022 is not None and domain.BASE_YEAR not in {year for year, _, _ in known}:
        known.insert(0, (domain.BASE_YEAR, each.value_2022, True))
    return by_year(sorted(known), each.target_2027)


@PAGES.get("/indicateurs.csv")
@signed_in
def table() -> Response:
    """Every indicator of the year."""
    year = _year(domain.years(session()))
    figures = domain.board(session(), year, request.args.get("direction", ""))
    return _csv(f"indicateurs-{year}.csv", domain.HEADERS, domain.table(figures))


@PAGES.get("/indicateurs/<code>.csv")
@signed_in
def detail(code: str) -> Response:
    """What stands behind one figure: by segment, then by directorate."""
    if code not in domain.by_code():
        abort(404)
    year = _year(domain.years(session()))
    rows: list[tuple[str, str, Figure]] = [
        (by, name, figure)
        for by, label in (("segment", "Segment"), ("directorate", "Direction"))
        for name, figure in domain.detail(session(), code, year, by)  # type: ignore[arg-type]
    ]
    headers = ("Par", "Valeur", *domain.HEADERS)
    lines = ((by, name, *next(domain.table([figure]))) for by, name, figure in rows)
    return _csv(f"{code.lower()}-{year}.csv", headers, lines)


@PAGES.get("/indicateurs/depenses.csv")
@signed_in
def lines() -> Response:
    """The lines of the ledger of a year, each with its supplier as it was found."""
    year = _year(domain.years(session()))
    return _csv(f"depenses-{year}.csv", LINE_HEADERS, _lines(year))


def _lines(year: int) -> Iterator[tuple[object, ...]]:
    wanted = (
        select(Spending, Supplier.diffusion, Supplier.is_person)
        .outerjoin(Supplier, Supplier.id == Spending.supplier_id)
        .where(Spending.year == year)
        .order_by(Spending.id)
    )
    for each, diffusion, is_person in session().execute(wanted):
        name = MASKED if diffusion == PARTIAL and is_person else each.name
        yield (each.year, each.siret, name, each.amount_eur, each.contract, each.directorate,
               each.label, each.segment, each.level, each.line)  # fmt: skip


@PAGES.post("/indicateurs/depenses")
@deciders_only
@uploads.takes_file
def take() -> Response:
    """Keep the ledger sent, and read it beside the site."""
    year = request.form.get("annee", "")
    try:
        upload = uploads.receive()
    except UploadError as refused:
        flash(str(refused), "bad")
        return redirect(url_for("indicators.index"))
    audit.write(session(), person().email, "ledger", upload.name)
    command = ["spending", str(upload.path.resolve()), "--name", upload.name]
    command += ["--year", year] if year.isdigit() else []
    if not background.start(site(), WORK, command):
        flash("Un export est déjà en cours de lecture : attendre qu’il finisse.", "bad")
    return redirect(url_for("indicators.index"))


@PAGES.post("/indicateurs/saisie")
@deciders_only
def enter() -> Response:
    """Keep a value entered by hand."""
    said = request.form
    year = said.get("annee", "")
    try:
        value = _number(said.get("valeur", ""))
        by = person()
        domain.enter(session(), said.get("code", ""), int(year) if year.isdigit() else 0, value,
                     (said.get("note", ""), by.name or by.email))  # fmt: skip
        audit.write(session(), by.email, "indicator", f"{said.get('code')} {year} : {value:g}")
        flash("Valeur enregistrée, marquée comme saisie à la main.", "good")
    except IndicatorError as refused:
        flash(str(refused), "bad")
    return redirect(url_for("indicators.index", annee=year or None, _anchor="saisie"))


def _number(text: str) -> float:
    try:
        return float("".join(text.split()).replace(",", "."))
    except ValueError:
        raise IndicatorError(f"« {text} » n’est pas un nombre.") from None


def _may_write() -> bool:
    known = account()
    return bool(known and known.can_decide)


def _year(years: Sequence[int]) -> int:
    asked = request.args.get("annee", "")
    return (
        int(asked) if asked.isdigit() and len(asked) == 4 else next(iter(years), date.today().year)
    )


def _csv(name: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """As French Excel opens it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(headers)
    writer.writerows([french(harmless(value)) for value in row] for row in rows)
    sent = {"Content-Disposition": f"attachment; filename={name}"}
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers=sent)
