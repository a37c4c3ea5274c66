"""The parameters of a search, learned from the page's own parser so that the two cannot drift."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from sourcing.model import Place, Supplier
from sourcing.search import shelf
from sourcing.search.facets import TITLES
from sourcing.search.filters import labels
from sourcing.search.query import SORTS, Query
from sourcing.segments import Nomenclature
from webapp.api.problems import Problem, unknown
from webapp.search import PER_PAGE

Schema = Mapping[str, Any]
PAGE_SIZE = "par_page"
MOST_PER_PAGE, MOST_VALUES, LONGEST, LONGEST_ZONE = 100, 100, 500, 5_000
TEXT: Schema = {"type": "string", "maxLength": LONGEST, "pattern": "^[^\\u0000]*$"}
FLAG: Schema = {"type": "string", "enum": ["0", "1"]}
NUMBER: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000}
# What the parser's behaviour does not tell of a value.
SCHEMAS: Mapping[str, Schema] = {
    "autour": {**TEXT, "format": "lieu"},
    "commune": {**TEXT, "format": "code-commune"},
    "zone": {**TEXT, "maxLength": LONGEST_ZONE, "format": "zone"},
    "tri": {"type": "string", "enum": list(SORTS), "default": SORTS[0]},
    "page": {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1},
    PAGE_SIZE: {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": PER_PAGE},
}
# Names that take the vocabulary of another.
VOCABULARIES = {"avec": "segment", "sans": "segment"}
SENTENCES: Mapping[str, str] = {
    "q": "Le besoin avec les mots de l’acheteur, un nom, un SIREN ou un SIRET.",
    "exact": "Les mots de « q », répétés : ils sont pris tels quels, sans correction.",
    "avec": "Sous-segment à chercher avec ceux que les mots font comprendre.",
    "sans": "Sous-segment que les mots ne doivent pas faire comprendre.",
    "segment": "Sous-segment d’achat, par son code ; /api/v1/segments les donne.",
    "famille": "Famille d’achat, par son code.",
    "statut": "Statut du fournisseur.",
    "label": "Label tenu par l’établissement ou par son entreprise.",
    "commune": "Code INSEE d’une commune, d’un département, ou SIREN d’un EPCI ; voir "
    "/api/v1/communes.",
    "effectif": "Tranche d’effectif.",
    "autour": "Commune, code postal ou « latitude,longitude » d’où mesurer les distances.",
    "rayon": "Distance au plus, en kilomètres, depuis le lieu de « autour ».",
    "territoire": "1 (par défaut) : le territoire seul ; 0 : tout ce qui est chargé.",
    "zone": "Rectangle « ouest,sud,est,nord », ou contour « lon,lat,lon,lat,… » de 3 à 100 "
    "sommets, en degrés.",
    "tri": "Ordre des résultats.",
    "nationaux": "1 : avec ceux qui interviennent dans toute la France, où qu’ils soient.",
    "masques": "1 : avec les établissements fermés, holdings, bailleurs… masqués par défaut.",
    "page": "Numéro de la page de résultats.",
    PAGE_SIZE: f"Fournisseurs par page, {MOST_PER_PAGE} au plus.",
}
_NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: the schema of one value, whether it repeats, and the names of its values."""

    name: str
    description: str
    schema: Schema
    is_many: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)


def of_search(session: Session, nomenclature: Nomenclature) -> dict[str, Parameter]:
    """Every parameter of a supplier search, by name, with the values that exist here."""
    known = labels(nomenclature, shelf.columns(session).ground, Query())
    ordered = [name for name in SENTENCES if name in names() or name == PAGE_SIZE]
    return {name: _parameter(name, known) for name in dict.fromkeys((*ordered, *names()))}


def values(args: MultiDict[str, str], name: str) -> list[str]:
    """The values given for this name; empty ones are as if absent, as on the page."""
    return [text for value in args.getlist(name) if (text := value.strip())]


def check(args: MultiDict[str, str], parameters: Mapping[str, Parameter]) -> None:
    """Refuse with a 400 the first name or value that would otherwise be passed over."""
    for name in args:
        if name not in parameters:
            raise unknown(
                "Le paramètre", name, tuple(parameters), "Paramètre inconnu", parameter=name
            )
        given, parameter = values(args, name), parameters[name]
        if len(given) > (MOST_VALUES if parameter.is_many else 1):
            raise _invalid(name, f"« {name} » est donné trop de fois.")
        for value in given:
            _check_value(parameter, value)
        if given and name in names() and _is_passed_over(args, parameter):
            raise _invalid(name, f"« {name} » n’est pas compris. {parameter.description}")


def query_of(session: Session, nomenclature: Nomenclature, args: MultiDict[str, str]) -> Query:
    """The query of these arguments, all of them understood."""
    check(args, of_search(session, nomenclature))
    if values(args, "rayon") and not values(args, "autour"):
        raise _invalid("rayon", "« rayon » demande un lieu : ajouter « autour ».")
    size = (values(args, PAGE_SIZE) or [str(PER_PAGE)])[0]
    query = replace(Query.from_args(args), per_page=int(float(size)))
    _check_communes(session, query.communes)
    return query


# --- what the parser tells of itself ---


class _Listening(Mapping[str, Sequence[str]]):
    """Arguments that give the same answer to every name, and note which are asked."""

    def __init__(self, answer: str) -> None:
        self.answer, self.asked = answer, dict[str, None]()

    def __getitem__(self, name: str) -> Sequence[str]:
        self.asked[name] = None
        return (self.answer,)

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)


@cache
def names() -> tuple[str, ...]:
    """The URL names Query.from_args reads; some are only read beside others."""
    asked: dict[str, None] = {}
    for answer in ("", "a", "1"):
        args = _Listening(answer)
        Query.from_args(args)
        asked |= args.asked
    return tuple(name for name in asked if name != PAGE_SIZE)


def _changes(name: str, *given: str) -> bool:
    """Whether the parser makes something of these values."""
    return Query.from_args({name: given}) != Query.from_args({name: given[:-1]})


@cache
def _repeats(name: str) -> bool:
    """Whether the parser makes something of a second value."""
    return _changes(name, "a", "b")


def _is_passed_over(args: MultiDict[str, str], parameter: Parameter) -> bool:
    """Whether the parser makes nothing of these values, beside the others; a default says so."""
    if "enum" in parameter.schema or parameter.schema["type"] == "integer":
        return False
    others = MultiDict((k, v) for k, v in args.items(multi=True) if k != parameter.name)
    return Query.from_args(args) == Query.from_args(others)


def _parameter(name: str, known: Mapping[str, str]) -> Parameter:
    prefix = f"{VOCABULARIES.get(name, name)}:"
    choices = {key.removeprefix(prefix): label for key, label in known.items()
               if key.startswith(prefix) and key != prefix}  # fmt: skip
    description = SENTENCES.get(name) or f"{TITLES.get(name, name)}, comme sur la page."
    return Parameter(name, description, _schema(name, tuple(choices)), _repeats(name), choices)


@cache
def _schema(name: str, choices: Sequence[str]) -> Schema:
    """The known schema, else the vocabulary, else what the parser's answers to a few values say."""
    if name in SCHEMAS:
        return SCHEMAS[name]
    if choices:
        return {"type": "string", "enum": list(choices)}
    if _changes(name, "a"):
        return TEXT
    if _changes(name, "2"):
        return NUMBER
    usual = next((flag for flag in "01" if not _changes(name, flag)), "")
    is_flag = any(_changes(name, flag) for flag in "01")
    return {**FLAG, "default": usual} if is_flag else TEXT


# --- values ---


def _check_value(parameter: Parameter, value: str) -> None:
    name, schema = parameter.name, parameter.schema
    if allowed := schema.get("enum"):
        if value not in allowed:
            raise unknown(
                f"Pour « {name} », la valeur", value, allowed, "Valeur inconnue", parameter=name
            )
    elif schema["type"] == "integer":
        if not _is_whole(value, schema):
            raise _invalid(name, f"« {name} » attend un nombre entier de {_bounds(schema)}.")
    elif schema["type"] == "number" and not _is_number(value, schema):
        raise _invalid(name, f"« {name} » attend un nombre positif, au plus {schema['maximum']}.")
    elif "\0" in value or len(value) > schema.get("maxLength", LONGEST):
        raise _invalid(name, f"« {name} » est trop long ou contient un caractère interdit.")


def _is_number(value: str, schema: Schema) -> bool:
    if not _NUMBER.fullmatch(value):
        return False
    number = float(value.replace(",", "."))
    return bool(schema["exclusiveMinimum"] < number <= schema["maximum"])


def _is_whole(value: str, schema: Schema) -> bool:
    """Whether it is an integer within bounds; to JSON Schema 9.0 is one."""
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", value):
        return False
    return bool(schema["minimum"] <= float(value) <= schema["maximum"])


def _bounds(schema: Schema) -> str:
    return f"{schema['minimum']} à {schema['maximum']}"


def _check_communes(session: Session, codes: Sequence[str]) -> None:
    """Each code is a commune or a département of the base."""
    for code in codes:
        place = select(Place.code).where(
            or_(Place.code == code, Place.departement == code, Place.epci == code)
        )
        held = select(Supplier.commune_code).where(Supplier.commune_code == code)
        if not any(session.scalar(found.limit(1)) for found in (place, held)):
            raise _invalid("commune", f"La commune « {code} » n’est pas dans la base.")


def _invalid(name: str, sentence: str) -> Problem:
    return Problem(400, "Valeur refusée", sentence, parameter=name)
