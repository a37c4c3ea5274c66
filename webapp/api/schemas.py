"""The shapes of the API's answers, as JSON Schema."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SCORE: Schema = {"type": "number"}
DEGREES: Schema = {"type": ["number", "null"]}
DAY: Schema = {"type": ["string", "null"], "format": "date"}
LEVEL: Schema = {"type": "string", "enum": ["siret", "siren"]}


def ref(name: str) -> Schema:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def several(each: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": each}


def record(fields: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    """An object whose fields are all given but the optional ones; new fields may come."""
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": dict(fields), "required": required}


def described(schema: Schema, sentence: str) -> Schema:
    """The schema with what it means."""
    return {**schema, "description": sentence}


_IDENTITY: Mapping[str, Schema] = {
    "uid": described(TEXT, "Identifiant stable : le SIRET, sinon un identifiant propre."),
    "siret": TEXT,
    "siren": TEXT,
    "name": TEXT,
    "legal_name": TEXT,
    "other_names": TEXT,
    "state": described({"type": "string", "enum": ["A", "F"]}, "A : ouvert ; F : fermé."),
    "address": TEXT,
    "postcode": TEXT,
    "commune": TEXT,
    "commune_code": TEXT,
    "naf": TEXT,
    "size": TEXT,
    "website": TEXT,
}
_PRECISION = described(TEXT, "exact, street, commune, ou vide quand la position est inconnue.")
_FOUND: Mapping[str, Schema] = {
    "precision": _PRECISION,
    "statuses": several(TEXT),
    "labels": several(record({"code": TEXT, "label": TEXT, "level": LEVEL, "ends_on": DAY})),
    "segments": several(record({"code": TEXT, "label": TEXT})),
    "reasons": described(several(TEXT), "Pourquoi ce fournisseur est là, le plus fort d’abord."),
    "sources": several(TEXT),
    "score": SCORE,
    "distance_km": {"type": ["number", "null"]},
}
_CLAIM: Mapping[str, Schema] = {
    "value": TEXT,
    "label": TEXT,
    "because": described(TEXT, "La raison, en français."),
    "level": described(LEVEL, "siret : cet établissement ; siren : toute l’entreprise."),
    "source": TEXT,
    "seen_on": described(DAY, "Dernier jour où la source le disait."),
}
_RULE: Mapping[str, Schema] = {
    "code": TEXT,
    "rule": TEXT,
    "ends_on": described(DAY, "Dernier jour de validité, s’il y en a un."),
}
_GUESS: Mapping[str, Schema] = {
    "code": TEXT,
    "label": TEXT,
    "score": described({"type": "number", "minimum": 0, "maximum": 1}, "Part de certitude."),
    "words": described(several(TEXT), "Les mots qui ont décidé."),
}
_META: Mapping[str, Schema] = {
    "data_version": TEXT,
    "is_demo": described(FLAG, "Vrai : noms et structures fictifs."),
    "organisation": TEXT,
    "notice": TEXT,
    "sources": several(ref("Source")),
}
_POINT: Schema = {
    "oneOf": [
        {"type": "null"},
        record({"type": {"const": "Point"}, "coordinates": several({"type": "number"})}),
    ]
}


def feature(geometry: Schema, properties: Schema) -> Schema:
    """A GeoJSON feature."""
    return record({"type": {"const": "Feature"}, "geometry": geometry, "properties": properties})


def collection(each: Schema, **more: Schema) -> Schema:
    """A GeoJSON collection, with what it says of itself."""
    return record({"type": {"const": "FeatureCollection"}, "features": several(each), **more})


_ON_PAGE: Mapping[str, Schema] = {
    "total": COUNT,
    "page": COUNT,
    "pages": COUNT,
    "par_page": COUNT,
    "sentence": described(TEXT, "La recherche, en une phrase."),
    "hidden": described(COUNT, "Masqués par défaut ; « masques=1 » les montre."),
    "outside": described(COUNT, "Répondant aussi, au-delà du lieu demandé."),
    "guesses": several(record(_GUESS)),
}
_DETAIL: Mapping[str, Schema] = {
    "shown_address": described(TEXT, "L’adresse en une ligne, telle qu’elle peut être montrée."),
    "is_partial": described(FLAG, "Diffusion partielle : ni nom de personne ni adresse."),
    "is_head_office": FLAG,
    "created_on": DAY,
    "closed_on": DAY,
    "position": record({"lon": DEGREES, "lat": DEGREES, "precision": _PRECISION}),
    "statuses": several(record({**_CLAIM, **_RULE})),
    "labels": several(record({**_CLAIM, **_RULE})),
    "segments": several(record({**_CLAIM, "code": TEXT, "weight": SCORE})),
    "noise": described(several(record(_CLAIM)), "Pourquoi il est masqué par défaut."),
    "sources": several(
        record(
            dict.fromkeys(("name", "title", "link"), TEXT)
            | dict.fromkeys(("first_seen", "last_seen", "gone_on"), DAY)
        )
    ),
}
_SEGMENT: Mapping[str, Schema] = {
    **_GUESS,
    **dict.fromkeys(("family_code", "family", "nature", "agec"), TEXT),
    **dict.fromkeys(("keywords", "naf", "cpv", "reservable", "extends"), several(TEXT)),
}
_COMMUNE: Mapping[str, Schema] = {
    "code": TEXT,
    "name": TEXT,
    "postcodes": several(TEXT),
    "departement": TEXT,
    "population": {"type": ["integer", "null"]},
    "lon": DEGREES,
    "lat": DEGREES,
}
_PROBLEM: Mapping[str, Schema] = {
    "type": TEXT,
    "title": TEXT,
    "status": {"type": "integer"},
    "detail": TEXT,
    "parameter": TEXT,
    "nearest": {"type": ["string", "null"]},
    "known": several(TEXT),
}
_SOURCE: Mapping[str, Schema] = {
    **dict.fromkeys(("name", "title", "publisher", "licence", "url"), TEXT),
    "updated_on": {"type": "string", "format": "date"},
}

SCHEMAS: Mapping[str, Schema] = {
    "Meta": described(record(_META), "Ce que toute réponse dit d’elle-même."),
    "SearchMeta": described(
        record({**_META, **_ON_PAGE}), "Une page de résultats : ses comptes, ce qui a été compris."
    ),
    "Source": record(_SOURCE),
    "Links": described(
        record(
            dict.fromkeys(("self", "first", "prev", "next", "last"), TEXT),
            optional=("prev", "next"),
        ),
        "Chemins de cette page et de ses voisines.",
    ),
    "Supplier": described(
        record({**_IDENTITY, **_FOUND, "lon": DEGREES, "lat": DEGREES}), "Un fournisseur trouvé."
    ),
    "SupplierDetail": described(
        record({**_IDENTITY, **_DETAIL}), "Un fournisseur et la raison de tout ce qui en est dit."
    ),
    "Segment": described(
        record(_SEGMENT, optional=("score", "words")),
        "Un sous-segment d’achat ; score et mots quand un besoin est donné.",
    ),
    "Commune": record(_COMMUNE),
    "Problem": described(
        record(_PROBLEM, optional=("parameter", "nearest", "known")),
        "Une erreur (RFC 9457) : ce qui ne va pas, en une phrase.",
    ),
}

SUPPLIERS = record(
    {"meta": ref("SearchMeta"), "links": ref("Links"), "suppliers": several(ref("Supplier"))}
)
SUPPLIER_FEATURES = collection(
    feature(_POINT, record({**_IDENTITY, **_FOUND})), meta=ref("SearchMeta"), links=ref("Links")
)
SUPPLIER = record(
    {
        "meta": ref("Meta"),
        "links": record({"self": TEXT, "page": TEXT}),
        "supplier": ref("SupplierDetail"),
    }
)
SEGMENTS = record({"meta": ref("Meta"), "segments": several(ref("Segment"))})
COMMUNES = record({"meta": ref("Meta"), "communes": several(ref("Commune"))})
COMMUNE_FEATURES = collection(
    feature(
        record({"type": TEXT, "coordinates": {"type": "array"}}),
        record({"code": TEXT, "name": TEXT, "lon": DEGREES, "lat": DEGREES}),
    ),
    meta=ref("Meta"),
)
