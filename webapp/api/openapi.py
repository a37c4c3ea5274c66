"""The OpenAPI 3.1 document, built from the parameters the site accepts and the answers' shapes."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from webapp.api import problems, schemas
from webapp.api.parameters import MOST_VALUES, TEXT, Parameter

JSON, GEOJSON, CSV = "application/json", "application/geo+json", "text/csv"
LONGEST_NEED = 2_000
NEED = Parameter(
    "besoin",
    "Un besoin en texte libre : seuls les sous-segments les plus probables sont rendus.",
    {**TEXT, "maxLength": LONGEST_NEED},
)
NEED_BY_NAME = {NEED.name: NEED}
UID = {
    "name": "uid",
    "in": "path",
    "required": True,
    "description": "Le SIRET, ou l’identifiant propre d’un fournisseur sans SIRET.",
    "schema": {"type": "string", "minLength": 1},
}
ABOUT = (
    "La recherche du site pour les programmes : mêmes filtres, mêmes noms, mêmes résultats, en "
    "lecture seule et sans coordonnées. Un paramètre inconnu ou une valeur incomprise est refusé, "
    "jamais ignoré. Les sources et leurs licences sont dans « meta »."
)
REFUSED = {
    "400": "Paramètre inconnu ou valeur refusée.",
    "404": "Adresse ou fournisseur inconnu.",
    "405": "Méthode refusée.",
    "406": "Aucun des formats demandés n’est possible.",
}
Node = dict[str, Any]


def document(parameters: Sequence[Parameter], contact: str) -> Node:
    """The whole document."""
    info: Node = {"title": "Sourcing territorial", "version": "1", "description": ABOUT}
    if contact:
        info["contact"] = {"email": contact}
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": "/"}],
        "paths": _paths(parameters),
        "components": {"schemas": dict(schemas.SCHEMAS), "responses": dict(_refusals())},
    }


def digest(text: str) -> str:
    """A short fingerprint, for validators."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _paths(parameters: Sequence[Parameter]) -> Node:
    found = {JSON: schemas.SUPPLIERS, GEOJSON: schemas.SUPPLIER_FEATURES, CSV: schemas.TEXT}
    communes = {JSON: schemas.COMMUNES, GEOJSON: schemas.COMMUNE_FEATURES}
    return {
        "/api/v1/suppliers": _get(
            "suppliers", "Chercher des fournisseurs", found, map(_query, parameters), is_paged=True
        ),
        "/api/v1/suppliers/{uid}": _get(
            "supplier", "Lire un fournisseur", {JSON: schemas.SUPPLIER}, [UID]
        ),
        "/api/v1/segments": _get(
            "segments",
            "Lire la nomenclature d’achat, ou classer un besoin",
            {JSON: schemas.SEGMENTS},
            [_query(NEED)],
        ),
        "/api/v1/communes": _get("communes", "Lire les communes du territoire", communes, []),
        "/api/v1/openapi.json": _get("openapi", "Lire ce document", {JSON: {"type": "object"}}, []),
    }


def _get(
    name: str, summary: str, media: Node, given: Iterable[Node], is_paged: bool = False
) -> Node:
    headers = {"ETag": _header("Validateur de la réponse, à renvoyer dans If-None-Match.")}
    if is_paged:
        headers["Link"] = _header("Pages voisines (rel first, prev, next, last) et sources.")
        headers["X-Total-Count"] = _header("Nombre de fournisseurs de toute la recherche.")
    content = {kind: {"schema": schema} for kind, schema in media.items()}
    answers: Node = {
        "200": {"description": "Trouvé.", "headers": headers, "content": content},
        "304": {"description": "Inchangé depuis la réponse gardée."},
        **{code: {"$ref": f"#/components/responses/{code}"} for code in REFUSED},
    }
    operation = {"operationId": name, "summary": summary, "responses": answers}
    return {"get": operation | {"parameters": list(given)}}


def _header(sentence: str) -> Node:
    return {"description": sentence, "schema": {"type": "string"}}


def _query(parameter: Parameter) -> Node:
    """A query parameter; one that repeats is an array, `nom=a&nom=b`."""
    schema: Node = dict(parameter.schema)
    if parameter.is_many:
        schema = {"type": "array", "items": schema, "maxItems": MOST_VALUES}
    return {
        "name": parameter.name,
        "in": "query",
        "description": _described(parameter),
        "schema": schema,
        **({"style": "form", "explode": True} if parameter.is_many else {"allowEmptyValue": True}),
    }


def _described(parameter: Parameter) -> str:
    """The sentence, and what each value means when they are codes."""
    meanings = [f"- `{code}` : {label}" for code, label in parameter.choices.items()]
    return "\n".join([parameter.description, *([""] if meanings else []), *meanings])


def _refusals() -> Iterable[tuple[str, Node]]:
    content = {problems.MEDIA: {"schema": schemas.ref("Problem")}}
    for code, sentence in REFUSED.items():
        yield code, {"description": sentence, "content": content}
