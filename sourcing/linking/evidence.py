"""EVIDENCE: what speaks for or against "same supplier": questions, each with a few answers."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sourcing.linking import looks
from sourcing.linking.comparison import Comparison
from sourcing.linking.looks import Levels


class Evidence(NamedTuple):
    """A question asked of every pair; an answer whose French clause is '' is not told."""

    name: str
    look: Callable[[Comparison], Levels]
    answers: tuple[tuple[str, str], ...]
    # What the question is about, in French.
    title: str
    # The answers go from less to more: neighbours weigh about the same.
    is_scale: bool = False

    def label(self, level: int) -> str:
        """The answer as the waterfall tells it, in French."""
        clause = self.answers[level][1]
        return f"{self.title} : {clause}" if clause else self.title


EVIDENCE: tuple[Evidence, ...] = (
    Evidence(
        "siren",
        looks.siren,
        (("unknown", ""), ("different", "SIREN différent"), ("same", "même SIREN")),
        "SIREN",
    ),
    Evidence(
        "phone",
        looks.phone,
        (("unknown", ""), ("different", "téléphone différent"), ("same", "même téléphone")),
        "téléphone",
    ),
    Evidence(
        "mail",
        looks.mail,
        (("unknown", ""), ("different", ""), ("same", "même adresse électronique")),
        "courriel",
    ),
    Evidence(
        "host",
        looks.host,
        (("unknown", ""), ("different", "site internet différent"), ("same", "même site internet")),
        "site internet",
    ),
    Evidence(
        "street",
        looks.street,
        (
            ("unsaid", ""),
            ("line_only", "adresse inconnue de la base"),
            ("base_only", ""),
            ("far", ""),
            ("different", "rue différente"),
            ("close", "rue ressemblante"),
            ("other_number", "même rue, autre numéro"),
            ("next_door", "même rue, numéro voisin"),
            ("same_street", "même rue"),
            ("same_door", "même adresse"),
        ),
        "adresse",
    ),
    Evidence(
        "name",
        looks.name,
        tuple((f"d{i}", "") for i in range(9)),
        "mots communs aux noms",
        is_scale=True,
    ),
    Evidence(
        "rarity",
        looks.rarity,
        tuple((f"r{i}", "") for i in range(8)),
        "rareté des mots communs",
        is_scale=True,
    ),
    Evidence(
        "spelling",
        looks.spelling,
        tuple((f"s{i}", "") for i in range(7)),
        "orthographe des noms",
        is_scale=True,
    ),
    Evidence(
        "all_names",
        looks.all_names,
        tuple((f"a{i}", "") for i in range(7)),
        "part des mots de la ligne",
        is_scale=True,
    ),
    Evidence(
        "base_names",
        looks.base_names,
        tuple((f"b{i}", "") for i in range(7)),
        "part des mots de la base",
        is_scale=True,
    ),
    Evidence(
        "site", looks.site, (("only", ""), ("first", ""), ("later", "")), "site de l'entreprise"
    ),
    Evidence(
        "contained",
        looks.contained,
        (("no", ""), ("left", ""), ("right", ""), ("both", "")),
        "un nom dans l'autre",
    ),
    Evidence(
        "placed",
        looks.placed,
        (("no", ""), ("partly", ""), ("yes", "le nom de l'un est l'adresse de l'autre")),
        "nom et lieu-dit",
    ),
    Evidence(
        "acronym",
        looks.acronym,
        (
            ("no", ""),
            ("yes", "l'un des noms est le sigle de l'autre"),
            ("there", "l'un des noms est le sigle de l'autre"),
        ),
        "sigle",
    ),
    Evidence(
        "kind",
        looks.kind,
        (
            ("unsaid", ""),
            ("base_only", ""),
            ("line_only", ""),
            ("different", "nature différente"),
            ("partly", ""),
            ("same", "même nature"),
        ),
        "nature",
    ),
    Evidence(
        "only_kind",
        looks.only_kind,
        (
            ("no", ""),
            ("one", "seul de sa nature dans la commune"),
            ("few", ""),
            ("many", ""),
            ("one_around", "seul de sa nature dans le département"),
            ("few_around", ""),
        ),
        "nature dans la commune",
    ),
    Evidence(
        "exact",
        looks.exact,
        (
            ("no", ""),
            ("far", ""),
            ("departement", ""),
            ("town", ""),
            ("generic", ""),
            ("generic_elsewhere", ""),
        ),
        "nom identique",
    ),
    Evidence(
        "numbers",
        looks.numbers,
        (("none", ""), ("different", "numéros différents dans les noms"), ("same", "")),
        "numéros dans les noms",
    ),
    Evidence(
        "town",
        looks.town,
        (
            ("far", "autre département"),
            ("unknown", ""),
            ("departement", "autre commune"),
            ("post_office", "autre commune, l'une est peut-être celle du bureau de poste"),
            ("door", "autre commune"),
            ("named", "commune nommée dans l'adresse ou le nom"),
            ("alike", "commune de nom voisin"),
            ("postcode", "même code postal"),
            ("same", "même commune"),
        ),
        "commune",
    ),
    Evidence(
        "neighbours",
        looks.neighbours,
        (
            ("none", ""),
            ("alone", ""),
            ("two", ""),
            ("few", ""),
            ("many", "adresse partagée par de nombreux établissements"),
        ),
        "voisins à l'adresse",
    ),
    Evidence(
        "rivals",
        looks.rivals,
        (
            ("none", ""),
            ("neighbour", ""),
            ("like_neighbour", ""),
            ("twin", ""),
            ("like_twin", "autre établissement de la même entreprise à cette adresse"),
        ),
        "rivaux à l'adresse",
    ),
    Evidence(
        "name_and_street",
        looks.name_and_street,
        tuple((f"n{i // 4}s{i % 4}", "") for i in range(16)),
        "nom et adresse ensemble",
    ),
    Evidence(
        "name_and_town",
        looks.name_and_town,
        tuple((f"n{i // 3}t{i % 3}", "") for i in range(12)),
        "nom et commune ensemble",
    ),
)


def look(compared: Comparison) -> Levels:
    """The answer to each question (columns, in EVIDENCE's order) for each pair (rows)."""
    return np.column_stack([evidence.look(compared) for evidence in EVIDENCE])
