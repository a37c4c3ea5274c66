"""EVIDENCE: what speaks for or against "same supplier": questions, each with a few answers."""

from typing import NamedTuple

import numpy as np

from sourcing.linking import looks
from sourcing.linking.comparison import Comparison
from sourcing.linking.looks import Levels, Look


class Evidence(NamedTuple):
    """A question asked of every pair; an answer whose French clause is '' is not told."""

    name: str
    look: Look
    answers: tuple[tuple[str, str], ...]
    # What the question is about, in French.
    title: str
    # The answers go from less to more: neighbours weigh about the same.
    is_scale: bool = False
    # The answers whose clause is told among what speaks against: by what it says, for a weight
    # alone means nothing but beside those of the other answers.
    against: frozenset[str] = frozenset()

    def label(self, level: int) -> str:
        """The answer as the waterfall tells it, in French."""
        clause = self.answers[level][1]
        return f"{self.title} : {clause}" if clause else self.title


def asked(look: Look, title: str, **answers: str) -> Evidence:
    """A question named after what answers it; its clauses, "-" first when they speak against."""
    against = frozenset(code for code, clause in answers.items() if clause.startswith("-"))
    told = tuple((code, clause.removeprefix("-")) for code, clause in answers.items())
    return Evidence(look.__name__, look, told, title, against=against)


def scale(look: Look, title: str, letter: str, count: int) -> Evidence:
    """Answers from less to more: d0, d1…"""
    answers = tuple((f"{letter}{i}", "") for i in range(count))
    return Evidence(look.__name__, look, answers, title, is_scale=True)


def product(look: Look, title: str, letter: str, count: int) -> Evidence:
    """The strength of the names, and `count` answers of another question: n0s0, n0s1…"""
    codes = (f"n{strength}{letter}{i}" for strength in range(4) for i in range(count))
    return asked(look, title, **dict.fromkeys(codes, ""))


# fmt: off
EVIDENCE: tuple[Evidence, ...] = (
    asked(looks.siren, "SIREN", unknown="", different="-SIREN différent", same="même SIREN"),
    asked(looks.phone, "téléphone", unknown="", different="-téléphone différent",
          same="même téléphone"),
    asked(looks.mail, "courriel", unknown="", different="", same="même adresse électronique"),
    asked(looks.host, "site internet", unknown="", different="-site internet différent",
          same="même site internet"),
    asked(looks.site_name, "nom du site internet", unsaid="", no="", partly="",
          yes="le site internet porte ce nom"),
    asked(looks.street, "adresse", unsaid="", line_only="-adresse inconnue de la base",
          base_only="", far="", different="-rue différente", close="rue ressemblante",
          other_number="même rue, autre numéro", next_door="même rue, numéro voisin",
          same_street="même rue", same_door="même adresse"),
    scale(looks.name, "mots communs aux noms", "d", 9),
    scale(looks.rarity, "rareté des mots communs", "r", 8),
    scale(looks.spelling, "orthographe des noms", "s", 7),
    asked(looks.word_for_word, "mots semblables ou pareils", none="", alike="", some="", all=""),
    scale(looks.all_names, "part des mots de la ligne", "a", 7),
    scale(looks.base_names, "part des mots de la base", "b", 7),
    asked(looks.site, "site de l'entreprise", only="", first="", later=""),
    asked(looks.contained, "un nom dans l'autre", no="", left="", right="", both=""),
    asked(looks.placed, "nom et lieu-dit", no="", partly="",
          yes="le nom de l'un est l'adresse de l'autre"),
    asked(looks.acronym, "sigle", no="", yes="l'un des noms est le sigle de l'autre",
          there="l'un des noms est le sigle de l'autre"),
    asked(looks.kind, "nature", unsaid="", base_only="", line_only="",
          different="-nature différente", partly="", same="même nature"),
    asked(looks.only_kind, "nature dans la commune", no="", one="seul de sa nature dans la commune",
          few="", many="", one_around="seul de sa nature dans le département", few_around=""),
    asked(looks.exact, "nom identique", no="", far="", departement="", town="", generic="",
          generic_elsewhere=""),
    asked(looks.numbers, "numéros dans les noms", none="",
          different="-numéros différents dans les noms", same=""),
    asked(looks.town, "commune", far="-autre département", unknown="", departement="-autre commune",
          post_office="-autre commune, l'une est peut-être celle du bureau de poste",
          door="-autre commune", named="commune nommée dans l'adresse ou le nom",
          alike="commune de nom voisin", postcode="même code postal", same="même commune"),
    asked(looks.neighbours, "voisins à l'adresse", none="", alone="", two="", few="",
          many="-adresse partagée par de nombreux établissements"),
    asked(looks.rivals, "rivaux à l'adresse", none="", neighbour="", like_neighbour="", twin="",
          like_twin="-autre établissement de la même entreprise à cette adresse"),
    asked(looks.unnamed, "adresse sans nom commun", no="", elsewhere="", neighbour="", kind=""),
    product(looks.name_and_street, "nom et adresse ensemble", "s", 4),
    product(looks.name_and_town, "nom et commune ensemble", "t", 3),
    product(looks.name_and_crowd, "nom et nombre d'établissements dans la commune", "c", 4),
)
# fmt: on


def look(compared: Comparison) -> Levels:
    """The answer to each question (columns, in EVIDENCE's order) for each pair (rows)."""
    return np.column_stack([evidence.look(compared) for evidence in EVIDENCE])
