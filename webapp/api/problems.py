"""Errors of the API as application/problem+json (RFC 9457), each with a French sentence."""

import json
import logging
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

MEDIA = "application/problem+json"
SENTENCES = {
    400: ("Demande illisible", "Un élément de la demande n’a pas pu être lu."),
    404: (
        "Adresse inconnue",
        "Cette adresse n’existe pas. La page /api donne celles qui existent.",
    ),
    405: ("Méthode refusée", "Cette API se lit seulement : GET, HEAD ou OPTIONS."),
    500: ("Erreur du serveur", "Elle est enregistrée. Recommencer dans un instant."),
}
SHOWN_KNOWN = 40
_log = logging.getLogger(__name__)


class Problem(HTTPException):
    """What was wrong with a request, in one sentence, and what would have been right."""

    def __init__(self, code: int, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.code, self.title, self.detail, self.more = code, title, detail, more


def unknown(what: str, value: str, known: Collection[str], title: str, **more: Any) -> Problem:
    """A 400 that names the nearest of what is known; `what` begins the sentence."""
    near = nearest(value, known)
    hint = f" Vouliez-vous dire « {near} » ?" if near else f" Connus : {_listed(known)}."
    sentence = f"{what} « {value} » n’existe pas.{hint}"
    return Problem(400, title, sentence, nearest=near or None, known=list(known), **more)


def nearest(value: str, known: Iterable[str]) -> str:
    """The known value that looks most like this one, or ''."""
    by_key = {each.casefold(): each for each in known}
    found = get_close_matches(value.casefold(), by_key, 1, 0.5)
    return by_key[found[0]] if found else ""


def _listed(known: Collection[str]) -> str:
    shown = ", ".join(list(known)[:SHOWN_KNOWN])
    return shown + (", …" if len(known) > SHOWN_KNOWN else "") if shown else "aucun"


def answer(error: HTTPException) -> Response:
    """The problem document of an error."""
    code = error.code or 500
    title, detail = SENTENCES.get(code, SENTENCES[500 if code >= 500 else 400])
    more: dict[str, Any] = {}
    if isinstance(error, Problem):
        title, detail, more = error.title, error.detail, error.more
    said = {"type": "about:blank", "title": title, "status": code, "detail": detail, **more}
    response = Response(json.dumps(said, ensure_ascii=False), code, content_type=MEDIA)
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def unexpected(_error: Exception) -> Response:
    """The problem document of an error nobody foresaw; nothing of it is told."""
    _log.exception("unexpected error on %s", request.path)
    g.broken = True
    return answer(HTTPException())
