"""FIELDS: what a column of an unknown list can hold; their usual headers are in a data file."""

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sourcing.mapping import looks
from sourcing.mapping.looks import Looks, holds, matches

HEADERS = Path(__file__).resolve().parents[1] / "data" / "column_headers.csv"


class Field(NamedTuple):
    """One thing a column can hold, what people call it, and how its values look."""

    name: str
    label: str
    # Where it stands in the list a person chooses from; '' when nobody chooses it.
    group: str = ""
    looks: Looks | None = None
    # Values must look so, or the header lied.
    is_strict: bool = False
    # Share of values that must look so for the values alone to decide; over 1: never.
    alone: float = 2.0
    # Nothing else looks so: such values decide against a header that says little.
    is_unmistakable: bool = False
    # How they must look for the values alone, when it takes more.
    proof: Looks | None = None


# The first field wins a tie. Names starting with "-" are recognised in order to be left alone.
FIELDS: tuple[Field, ...] = (
    Field("siret", "SIRET", "Identité", looks.is_siret_like, True, 0.7, True),
    Field("siren", "SIREN ou n° de TVA", "Identité", looks.is_siren_like, True, 0.7,
          proof=looks.is_valid_siren),
    Field("email", "Courriel", "Contact", matches(looks.EMAIL), True, 0.7, True),
    Field("link", "Page chez la source", "Contact", matches(looks.WEBSITE), True),
    Field("website", "Site internet", "Contact", matches(looks.WEBSITE), True, 0.7, True),
    Field("phone", "Téléphone", "Contact", matches(looks.PHONE), True, 0.8, True),
    Field(
        "postcode_commune", "Code postal et commune ensemble", "Lieu",
        matches(looks.TOWN_LINE), True, 0.7,
    ),
    Field("postcode", "Code postal", "Lieu", matches(looks.POSTCODE), True, 0.9,
          proof=matches(looks.FIVE_DIGITS)),
    Field("commune_code", "Code commune INSEE", "Lieu", matches(looks.COMMUNE_CODE), True),
    Field("commune", "Commune", "Lieu", looks.is_words, True),
    Field(
        "position", "Position (latitude, longitude)", "Lieu",
        matches(looks.PAIR), True, 0.9, True,
    ),
    Field("y", "Latitude ou Y", "Lieu", looks.is_coordinate(*looks.FRENCH_LAT), True),
    Field("x", "Longitude ou X", "Lieu", looks.is_coordinate(*looks.FRENCH_LON), True),
    Field("departement", "Département", "Lieu", looks.is_departement, True),
    Field(
        "full_address", "Adresse complète (rue, code postal, commune)", "Lieu",
        holds(looks.TAIL), True, 0.6,
    ),
    Field("address", "Adresse", "Lieu", holds(looks.STREET), False, 0.6),
    Field("is_qpv", "En quartier prioritaire (oui/non)", "Lieu"),
    Field("naf", "Code NAF", "Activité", matches(looks.NAF), True, 0.8, True),
    Field("legal_form", "Forme juridique", "Identité", looks.is_legal_form, False, 0.8),
    Field("workers", "Effectif", "Activité", looks.is_headcount, True),
    Field("kind", "Type ou statut (ESAT, EI, entreprise adaptée…)", "Statuts", looks.is_status,
          True, 0.6),
    Field("labels", "Labels et certifications", "Statuts"),
    Field("ends_on", "Dernier jour de validité", "Statuts", matches(looks.DATE), True),
    Field("sectors", "Secteurs ou métiers", "Activité", looks.is_words, True),
    Field("description", "Activité décrite", "Activité", looks.is_words, True),
    Field("name", "Nom", "Identité", looks.is_words, True),
    Field("other_names", "Autre nom (enseigne, sigle…)", "Identité", looks.is_words, True),
    Field("key", "Identifiant dans cette liste", "Identité"),
    # Known, and left alone.
    Field("-person", "nom ou rôle d'une personne : jamais repris"),
    Field("-date", "date : non reprise", "", looks.is_date, False, 0.8),
    Field("-area", "zone plus large que la commune : non reprise"),
    Field("-amount", "montant : non repris"),
    Field("-other", "colonne connue, sans usage ici"),
)  # fmt: skip
BY_NAME = {field.name: field for field in FIELDS}
LABELS = {field.name: field.label for field in FIELDS if field.group}
GROUPS = ("Identité", "Lieu", "Contact", "Activité", "Statuts")


@cache
def headers() -> dict[str, dict[str, float]]:
    """Field -> its usual headers, folded, with how much each one says (1: no doubt)."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    with HEADERS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["field"]][row["header"]] = float(row["weight"])
    return dict(found)
