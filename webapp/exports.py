"""The whole result of a search as a file that says where its lines come from."""

import io
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

from flask import Blueprint, abort, flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from maps import sheet, sheet_pdf
from maps.geojson import contours
from maps.page import document
from sourcing import export, provenance
from sourcing.export import About
from sourcing.search import all_hits, describe
from sourcing.search.hits import Hit
from sourcing.search.query import Query
from webapp.account import account
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
IN_MEMORY_BYTES = 8_000_000


@PAGES.get("/fournisseurs.<kind>")
def download(kind: str) -> Response:
    """Every hit of the query of the address; contacts only for those who signed in."""
    if kind not in KINDS:
        abort(404)
    mimetype, write = KINDS[kind]
    query = Query.from_args(request.args)
    hits: Iterable[Hit] = all_hits(session(), site().nomenclature, query)
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed once sent
    try:
        write(hits, cast(BinaryIO, out), _about(query), with_contacts=account() is not None)
    except ValueError as error:
        flash(str(error), "bad")
        return redirect(url_for("search.suppliers") + f"?{request.query_string.decode()}")
    out.seek(0)
    name = f"fournisseurs-{date.today():%Y-%m-%d}.{kind}"
    return send_file(cast(Any, out), mimetype=mimetype, as_attachment=True, download_name=name)


@PAGES.get("/feuille/<paper>.pdf")
def printed(paper: str) -> Response:
    """The search of the address on paper: numbered map, list, legend, sources."""
    if paper not in sheet.FORMATS:
        abort(404)
    query = Query.from_args(request.args)
    made = sheet.sheet(session(), site().nomenclature, query, _about(query), paper)
    out = io.BytesIO()
    sheet_pdf.write(made, out)
    out.seek(0)
    name = f"fournisseurs-{date.today():%Y-%m-%d}-{paper}.pdf"
    return send_file(out, mimetype="application/pdf", download_name=name)


def _about(query: Query) -> About:
    sentence = describe(session(), site().nomenclature, query)
    organisation = site().settings.organisation
    return provenance.about(session(), site().sources, sentence, organisation)
