"""The whole result of a search, or a basket, as a file that says where its lines come from."""

import io
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask import session as visit
from werkzeug.wrappers import Response

from maps import sheet, sheet_pdf
from maps.geojson import contours
from maps.page import document
from sourcing import audit, provenance
from sourcing.export import About, vcard
from sourcing.export import hits as export
from sourcing.search import all_hits, describe
from sourcing.search.hits import Hit
from sourcing.search.query import Query
from webapp.account import account, signed_in
from webapp.context import session, site

PAGES = Blueprint("exports", __name__)
VENDOR = Path(__file__).parent / "static" / "vendor"


def _one_file(
    hits: Iterable[Hit], out: BinaryIO, about: About, *, with_contacts: bool = False
) -> None:
    """The map in one file that opens with no network; it never holds a contact."""
    page = document(hits, about=about, contours=contours(session()), assets=VENDOR)
    out.write(page.encode())


# Extension -> content type and writer.
KINDS: Mapping[str, tuple[str, Callable[..., object]]] = {
    "csv": ("text/csv", export.csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", export.xlsx),
    "geojson": ("application/geo+json", export.geojson),
    "html": ("text/html", _one_file),
}
# Those whose columns one chooses.
SPREADSHEETS = ("csv", "xlsx")
IN_MEMORY_BYTES = 8_000_000
# The columns chosen last, kept with the visit.
CHOSEN = "colonnes"


@PAGES.get("/fournisseurs.<kind>")
def download(kind: str) -> Response:
    """Every hit of the query of the address; contacts only for those who signed in."""
    query = Query.from_args(request.args)
    hits: Iterable[Hit] = all_hits(session(), site().nomenclature, query)
    sentence = describe(session(), site().nomenclature, query)
    try:
        return send(hits, kind, sentence)
    except ValueError as error:
        flash(str(error), "bad")
        return redirect(url_for("search.suppliers") + f"?{request.query_string.decode()}")


@PAGES.get("/fournisseurs.vcf")
@signed_in
def cards() -> Response:
    """The same as contact cards, for those who signed in."""
    query = Query.from_args(request.args)
    return send_cards(all_hits(session(), site().nomenclature, query))


def send(hits: Iterable[Hit], kind: str, sentence: str) -> Response:
    """These suppliers as a file; never a unit in partial diffusion, closed to prospection."""
    if kind not in KINDS:
        abort(404)
    mimetype, write = KINDS[kind]
    about = _about(sentence)
    only = {"only": chosen_columns()} if kind in SPREADSHEETS else {}
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed once sent
    _note(kind, sentence)
    write(_open_to_prospection(hits), cast(BinaryIO, out), about,
          with_contacts=account() is not None, **only)  # fmt: skip
    return _sent(out, mimetype, kind)


def send_cards(hits: Iterable[Hit]) -> Response:
    """These suppliers as contact cards."""
    _note("vcf", "")
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed once sent
    vcard.write(_open_to_prospection(hits), cast(BinaryIO, out))
    return _sent(out, "text/vcard", "vcf")


def _note(kind: str, sentence: str) -> None:
    """Contacts that leave are told in the audit log."""
    if known := account():
        audit.write(session(), known.email, "export", f"{kind.upper()} {sentence}".strip())


def _open_to_prospection(hits: Iterable[Hit]) -> Iterable[Hit]:
    return (hit for hit in hits if not hit.is_partial)


def _sent(out: Any, mimetype: str, kind: str) -> Response:
    out.seek(0)
    name = f"fournisseurs-{date.today():%Y-%m-%d}.{kind}"
    return send_file(out, mimetype=mimetype, as_attachment=True, download_name=name)


@PAGES.get("/feuille/<paper>.pdf")
def printed(paper: str) -> Response:
    """The search of the address on paper: numbered map, list, legend, sources."""
    if paper not in sheet.FORMATS:
        abort(404)
    query = Query.from_args(request.args)
    about = _about(describe(session(), site().nomenclature, query))
    made = sheet.sheet(session(), site().nomenclature, query, about, paper)
    out = io.BytesIO()
    sheet_pdf.write(made, out)
    out.seek(0)
    name = f"fournisseurs-{date.today():%Y-%m-%d}-{paper}.pdf"
    return send_file(out, mimetype="application/pdf", download_name=name)


def _about(sentence: str) -> About:
    organisation = site().settings.organisation
    return provenance.about(session(), site().sources, sentence, organisation)


# --- columns ---


def chosen_columns() -> tuple[str, ...]:
    """The headers chosen last; none when all are wanted."""
    return tuple(visit.get(CHOSEN, ()))


@PAGES.route("/exports/colonnes", methods=["GET", "POST"])
def columns() -> Any:
    """Choose the columns of spreadsheets, remembered from one file to the next."""
    offered = [column.header for column in export.columns(account() is not None)]
    if request.method == "POST":
        wanted = [header for header in offered if header in request.form.getlist("colonne")]
        visit[CHOSEN] = wanted if 0 < len(wanted) < len(offered) else []
        flash("Colonnes retenues pour les prochains fichiers.", "good")
        back = request.form.get("retour", "")
        is_ours = back.startswith(("/fournisseurs", "/panier"))
        return redirect(back if is_ours else url_for("search.suppliers"))
    return render_template(
        "exports/columns.html", title="Colonnes des exports", offered=offered,
        chosen=chosen_columns() or offered, back=request.args.get("retour", ""),
    )  # fmt: skip
