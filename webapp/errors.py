"""Error pages in the site's own look; the only place that meets any exception at all."""

import logging

from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

_log = logging.getLogger(__name__)

# Status -> (title, what happened and what to do).
SENTENCES = {
    400: (
        "Demande illisible",
        "Un élément de la demande n’a pas pu être lu. Revenir à la page précédente et recommencer.",
    ),
    403: ("Accès réservé", "Cette page demande un compte qui y a droit."),
    404: ("Page introuvable", "L’adresse est erronée, ou le fournisseur n’est plus dans la base."),
    405: ("Demande impossible", "Cette adresse ne s’utilise pas de cette façon."),
    413: ("Envoi trop volumineux", "Ce qui a été envoyé dépasse la taille acceptée."),
    429: ("Trop de demandes", "Attendre une minute avant de recommencer."),
    500: (
        "Une erreur est survenue",
        "Elle est enregistrée. Recommencer dans un instant ; si elle "
        "persiste, prévenir l’équipe achats en indiquant l’heure.",
    ),
}


def register(app: Flask) -> None:
    """Answer every error with a page, or with JSON where the browser's script asked."""
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(HTTPException, _known)
    app.register_error_handler(Exception, _unexpected)


def _expired(_error: CSRFError) -> tuple[Response | str, int]:
    return _answer(
        400,
        "Formulaire expiré",
        "La page est restée ouverte trop longtemps. La recharger puis renvoyer le formulaire.",
    )


def _known(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    title, sentence = SENTENCES.get(code, SENTENCES[500 if code >= 500 else 400])
    if code == 413 and "largest_mb" in g:
        sentence = (
            f"Le fichier dépasse {g.largest_mb} Mo. L’enregistrer en CSV, le couper en plusieurs "
            "fichiers, ou le charger par la ligne de commande."
        )
    return _answer(code, title, sentence)


def _unexpected(_error: Exception) -> tuple[Response | str, int]:
    _log.exception("unexpected error on %s", request.path)
    g.broken = True
    return _answer(500, *SENTENCES[500])


def _answer(code: int, title: str, sentence: str) -> tuple[Response | str, int]:
    if request.path.endswith((".json", ".geojson")):
        return jsonify(erreur=sentence), code
    return render_template("errors/error.html", code=code, title=title, sentence=sentence), code
