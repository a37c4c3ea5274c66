"""The public API: the page's search for programs, read-only, without contacts."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException

from maps import geojson
from sourcing import provenance
from sourcing.export import hits as export
from sourcing.model import Run
from sourcing.search import Page, describe, search
from webapp.api import answers, openapi, parameters, problems
from webapp.api.openapi import CSV, GEOJSON, JSON
from webapp.api.problems import Problem
from webapp.context import session, site

PAGES = Blueprint("api", __name__)
ROOT = "/api/v1"
# Nomenclature and code are read at the start: a kept answer does not outlive the process.
_STARTED = secrets.token_hex(4)
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, X-Total-Count",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, If-None-Match",
    "Access-Control-Max-Age": "86400",
}

# --- addresses ---


@PAGES.get("/api")
def index() -> str:
    """The API for people: addresses, parameters, examples."""
    known = parameters.of_search(session(), site().nomenclature)
    return render_template(
        "api/index.html",
        title="API",
        parameters=known.values(),
        contact=site().settings.contact,
    )


@PAGES.get(f"{ROOT}/openapi.json")
def document() -> Response:
    """The OpenAPI document, made from the parameters this very site accepts."""
    parameters.check(request.args, {})
    _negotiate(JSON)
    known = parameters.of_search(session(), site().nomenclature)
    return _json(openapi.document(tuple(known.values()), site().settings.contact))


@PAGES.get(f"{ROOT}/suppliers")
def suppliers() -> Response:
    """One page of the same search as the site's, as JSON, GeoJSON or CSV."""
    query = parameters.query_of(session(), site().nomenclature, request.args)
    media = _negotiate(JSON, GEOJSON, CSV)
    tag = _search_tag(media)
    if request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    page = search(session(), site().nomenclature, query)
    if page.problems:
        raise Problem(400, "Valeur refusée", page.problems[0])
    response = WRITERS[media](page)
    response.headers["X-Total-Count"] = str(page.total)
    _link(response, page)
    return _tagged(response, tag)


@PAGES.get(f"{ROOT}/suppliers/<uid>")
def supplier(uid: str) -> Response:
    """One supplier with the reason, the level and the source of all that is said of it."""
    parameters.check(request.args, {})
    _negotiate(JSON)
    # A NUL is text for SQLite and an error for PostgreSQL.
    found = None if "\0" in uid else answers.supplier(uid)
    if found is None:
        raise Problem(404, "Fournisseur inconnu", f"Aucun fournisseur « {uid} » dans la base.")
    links = {"self": request.path, "page": url_for("supplier.sheet", uid=found["uid"])}
    return _json({"meta": answers.meta(), "links": links, "supplier": found})


@PAGES.get(f"{ROOT}/segments")
def segments() -> Response:
    """The purchase nomenclature; with a need, the likeliest of it with the words that decided."""
    parameters.check(request.args, openapi.NEED_BY_NAME)
    _negotiate(JSON)
    need = " ".join(request.args.get(openapi.NEED.name, "").split())
    known = site().nomenclature.segments
    found = answers.guessed(need) if need else [answers.segment(each) for each in known]
    return _json({"meta": answers.meta(total=len(found), need=need), "segments": found})


@PAGES.get(f"{ROOT}/communes")
def communes() -> Response:
    """The communes of the territory, as JSON or as GeoJSON with their contours."""
    parameters.check(request.args, {})
    if _negotiate(JSON, GEOJSON) == GEOJSON:
        features = geojson.contours(session())
        collection = {"type": "FeatureCollection", "features": features}
        return _json(collection | {"meta": answers.meta(total=len(features))}, GEOJSON)
    found = answers.communes()
    return _json({"meta": answers.meta(total=len(found)), "communes": found})


# --- one page of suppliers, in each format ---


def _as_json(page: Page) -> Response:
    found = [answers.listed(hit) for hit in page.hits]
    said = {"meta": answers.search_meta(page), "links": dict(_links(page)), "suppliers": found}
    return Response(_text(said), mimetype=JSON)


def _as_geojson(page: Page) -> Response:
    collection = {
        "type": "FeatureCollection",
        "meta": answers.search_meta(page),
        "links": dict(_links(page)),
        "features": [export.feature(hit) for hit in page.hits],
    }
    return Response(_text(collection), mimetype=GEOJSON)


def _as_csv(page: Page) -> Response:
    sentence = describe(session(), site().nomenclature, page.query)
    organisation = site().settings.organisation
    about = provenance.about(session(), site().sources, sentence, organisation)
    out = BytesIO()
    export.csv(page.hits, out, about)
    return Response(out.getvalue(), mimetype=CSV)


WRITERS: Mapping[str, Callable[[Page], Response]] = {
    JSON: _as_json,
    GEOJSON: _as_geojson,
    CSV: _as_csv,
}


def _links(page: Page) -> Iterator[tuple[str, str]]:
    """This page and its neighbours, their arguments as they were given."""
    number, last = page.query.page, page.pages
    yield "self", _at(number)
    yield "first", _at(1)
    if number > 1:
        yield "prev", _at(min(number - 1, last))
    if number < last:
        yield "next", _at(number + 1)
    yield "last", _at(last)


def _at(number: int) -> str:
    given = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{request.path}?{urlencode([*given, ('page', number)])}"


def _link(response: Response, page: Page) -> None:
    for relation, address in _links(page):
        response.headers.add("Link", f'<{address}>; rel="{relation}"')
    # A CSV has no room for them: where the lines come from and under which licences.
    response.headers.add("Link", f'<{url_for("sources.index")}>; rel="describedby"')


# --- formats, validators ---


def _negotiate(*offered: str) -> str:
    """The media type the client prefers among those offered; 406 when it wants none."""
    # "application/json; charset=utf-8" asks for application/json.
    accepted = MIMEAccept([(m.partition(";")[0], q) for m, q in request.accept_mimetypes])
    chosen = accepted.best_match(offered) if accepted else offered[0]
    if chosen is None:
        listed = ", ".join(offered)
        raise Problem(406, "Format inconnu", f"Formats possibles : {listed}.", known=offered)
    return chosen


def _text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _json(content: Any, media: str = JSON) -> Response:
    """An answer checked against what the client kept, by its content."""
    text = _text(content)
    response = _tagged(Response(text, mimetype=media), openapi.digest(text))
    response.make_conditional(request)
    return response


def _search_tag(media: str) -> str:
    """What identifies an answer before it is computed: the data's version and the question."""
    run = session().execute(select(Run.id, Run.finished_at).order_by(Run.id.desc()).limit(1))
    parts = (_STARTED, answers.data_version(), run.all(), date.today(), media, request.full_path)
    return openapi.digest(repr(parts))


def _tagged(response: Response, tag: str) -> Response:
    """Anyone may keep it; the kept answer is checked before each use."""
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "public, no-cache"
    response.vary.update(("Accept", "Accept-Encoding"))
    return response


# --- errors and other origins ---


@PAGES.before_app_request
def unrouted() -> Response | None:
    """Unknown addresses and methods under the API's root get its errors, not the site's pages."""
    error = request.routing_exception
    is_error = isinstance(error, HTTPException) and (error.code or 500) >= 400
    return problems.answer(error) if error and is_error and _is_api() else None


@PAGES.after_app_request
def open_to_all(response: Response) -> Response:
    """Open data: any site's script may read, none with its visitor's cookies."""
    if _is_api():
        response.headers.update(_CORS | (_PREFLIGHT if request.method == "OPTIONS" else {}))
    return response


def _is_api() -> bool:
    return request.path == ROOT or request.path.startswith(f"{ROOT}/")


PAGES.register_error_handler(HTTPException, problems.answer)
PAGES.register_error_handler(Exception, problems.unexpected)
