"""« Attributions »: who won this elsewhere, from whom, for how much."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, BinaryIO, cast
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, send_file, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from sourcing.contracts.search import Page, Query, all_awards, find, years
from sourcing.export import awards as export
from sourcing.model import Contract, Place, Supplier
from webapp.context import session, site
from webapp.exports import IN_MEMORY_BYTES
from webapp.filters import count

PAGES = Blueprint("awards", __name__)


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice in words, and the address of the page without it."""

    label: str
    url: str


@PAGES.get("/attributions")
def index() -> str:
    """The contracts asked for, the latest first, each with its winners."""
    page = find(session(), site().nomenclature, Query.from_args(request.args))
    communes = _communes()
    return render_template(
        "awards/index.html",
        title=_title(page),
        page=page,
        query=page.query,
        chips=_chips(page.query, communes),
        families=families(),
        labels={s.code: s.label for s in site().nomenclature.segments},
        years=years(session()),
        communes=communes,
        is_empty=not page.total and session().scalar(select(Contract.id).limit(1)) is None,
        export=url_for("awards.download") + _tail(replace(page.query, page=1)),
        link=lambda number: link(replace(page.query, page=number)),
    )


@PAGES.get("/attributions.csv")
def download() -> Response:
    """Every contract of the query of the address."""
    query = Query.from_args(request.args)
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed once sent
    nomenclature = site().nomenclature
    export.csv(all_awards(session(), nomenclature, query), cast(BinaryIO, out), nomenclature)
    out.seek(0)
    name = f"attributions-{date.today():%Y-%m-%d}.csv"
    return send_file(cast(Any, out), mimetype="text/csv", as_attachment=True, download_name=name)


def link(query: Query) -> str:
    """The address of a query."""
    return url_for("awards.index") + _tail(query)


def _tail(query: Query) -> str:
    arguments = urlencode(query.to_args())
    return f"?{arguments}" if arguments else ""


def _title(page: Page) -> str:
    said = page.query.text or "Marchés attribués"
    return f"{said} – {count(page.total, 'marché')}"


def families() -> list[tuple[str, list[tuple[str, str]]]]:
    """Families of the nomenclature with their sub-segments, for a list of choices."""
    segments = site().nomenclature.segments
    return [
        (name, [(s.code, s.label) for s in segments if s.family_code == code])
        for code, name in site().nomenclature.families
    ]


def _communes() -> Mapping[str, str]:
    """Communes of the territory, by name."""
    rows = session().execute(
        select(Place.code, Place.name).where(Place.in_territory).order_by(Place.name_key)
    )
    return {row.code: row.name for row in rows}


def _chips(query: Query, communes: Mapping[str, str]) -> Sequence[Chip]:
    """What narrows the list beside the words, each with the way back."""
    segment = site().nomenclature.by_code.get(query.segment)
    said = (
        ("segment", segment.label if segment else query.segment),
        ("cpv", f"CPV {query.cpv}…" if query.cpv else ""),
        ("buyer", f"Acheteur : {query.buyer}" if query.buyer else ""),
        ("winner", f"Titulaire : {_firm(query.winner)}" if query.winner else ""),
        ("year", str(query.year or "")),
        ("commune", f"Titulaire à {communes.get(query.commune, query.commune)}"
         if query.commune else ""),
    )  # fmt: skip
    nothing: Mapping[str, Any] = {"year": None, "page": 1}
    return [
        Chip(label, link(replace(query, **({field: nothing.get(field, "")} | {"page": 1}))))
        for field, label in said
        if label
    ]


def _firm(siren: str) -> str:
    """A firm by its legal name; its number when the base does not know it, or may not name it."""
    named = select(Supplier.legal_name).where(
        Supplier.siren == siren, Supplier.is_person.is_(False), Supplier.legal_name != ""
    )
    return session().scalar(named.limit(1)) or siren
