"""What a header says: its words against the usual headers of each field."""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from rapidfuzz import fuzz

from sourcing.mapping.columns import FIELDS, headers
from sourcing.normalise.text import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOISE = _words(
    "de du des la le les l d votre notre vos nos quel quelle est sont quels quelles au aux a "
    "et en un une ou dans vous etes of the your"
)
# Words that say what the whole column is: one that the matched words leave out undoes the match.
HEADS = _words(
    "type categorie category kind nature statut status date annee an year mois nombre nb "
    "number code numero num n logo photo fax telecopie region pays country taux part montant "
    "chiffre ca score id siren siret qui quand comment combien pourquoi accompagnement duree "
    "depuis since distance tva fonction prenom civilite commentaire remarque"
)
QUANTITIES = frozenset(("nombre", "nb", "number"))
PERSONS = _words(
    "dirigeant dirigeante dirigeants gerant gerante contact referent referente responsable "
    "president presidente interlocuteur interlocutrice fondateur fondatrice fondateurs "
    "exploitant directeur directrice representant prenom civilite utilisateur ceo founder "
    "owner"
)
# Words that may follow "nom" without making it the name of something else.
SUPPLIERS = _words(
    "entreprise societe structure etablissement organisme association fournisseur adherent "
    "membre titulaire beneficiaire tiers usuel usuelle complet complete legal legale "
    "commercial commerciale organisation organization company officiel officielle juridique "
    "siege raison sociale denomination nom name actuel actuelle court long principal "
    "principale enseigne cooperative esat siae prestataire exposant"
)
# Whom the column describes when it is not the supplier.
OTHERS = _words(
    "acheteur acheteuse acheteurs certificateur organisateur financeur autorite adjudicateur "
    "attribuant donneur conventionneur instructeur admin administrateur pouvoir buyer"
)
SOCIAL = _words("facebook linkedin twitter instagram youtube tiktok pinterest")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ASIDE = re.compile(r"\([^)]*\)|\*|\bSIREN?E?\b(?= \d{4})")
_NAMESPACE = re.compile(r"^([A-Za-z]+)[_.\-]+(?=\w)")
# INSEE's columns say at the end of whom they speak.
_LEVEL = re.compile(r"(?<=[a-zA-Z0-9])(Etablissement|UniteLegale)$")


class Said(NamedTuple):
    """How well a header names a field (1: exactly), and through which usual header."""

    score: float
    known: str


@cache
def key(column: str) -> str:
    """A header as compared: folded, lower case, without asides, camel case and numbers cut."""
    text = fold(_ASIDE.sub(" ", _CAMEL.sub(" ", column))).lower()
    return " ".join(re.sub(r"(?<=[a-z])(?=\d)", " ", text).split())


@cache
def bare(text: str) -> str:
    """Without little words and numbers."""
    return " ".join(w for w in text.split() if w not in NOISE and not w.isdigit())


def variants(column: str, columns: Sequence[str]) -> list[str]:
    """The header, and without the prefix it shares with others ("ET-Adresse", "siege.cp")."""
    found = [key(column)]
    if shorter := _LEVEL.sub("", column):
        found.append(key(shorter))
    prefix = _NAMESPACE.match(column)
    if prefix and sum(c.startswith(prefix[0]) for c in columns) > 1:
        found.append(key(column[prefix.end() :]))
    return list(dict.fromkeys(filter(None, found)))


@cache
def says(text: str) -> dict[str, Said]:
    """Field -> how well this key names it; fields it does not name are left out."""
    found: dict[str, Said] = {}
    for field in FIELDS:
        best = max(
            (Said(_score(text, known, field.name) * weight, known)
             for known, weight in headers().get(field.name, {}).items()),
            default=Said(0.0, ""),
        )  # fmt: skip
        if best.score > 0:
            found[field.name] = best
    return found


def _score(text: str, known: str, field: str) -> float:
    """1 for a known header, less for one that contains a known one or is spelt nearly so."""
    if text == known:
        return 1.0
    said, plain = bare(text), bare(known)
    if not said or not plain:
        return 0.0
    if said == plain:
        return 0.95
    if f" {plain} " in f" {said} " and len(plain) > 2:
        return _contained(said.split(), plain.split(), field)
    return 0.8 if len(plain) > 5 and fuzz.ratio(said, plain) >= 88 else 0.0


def _contained(said: Sequence[str], plain: Sequence[str], field: str) -> float:
    """A part of the header is known: more at its beginning, less when another word is its head."""
    score = 0.5 + 0.45 * len(plain) / len(said) + 0.06 * (list(said[: len(plain)]) == list(plain))
    extra = set(said) - set(plain)
    if field == "name" and extra - SUPPLIERS:
        score *= 0.7
    heads = HEADS - QUANTITIES if field == "workers" else HEADS
    return score * 0.5 if heads & extra else score


def subject(text: str) -> str:
    """ "person", "other" (the buyer, the certifier…), "social", or '' for the supplier itself."""
    words = set(text.split())
    if words & SOCIAL:
        return "social"
    if words & OTHERS:
        return "other"
    return "person" if words & PERSONS else ""
