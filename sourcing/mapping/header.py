"""What a header says: its words against the usual headers of each field."""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from rapidfuzz import fuzz, process

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
    "depuis since distance tva fonction prenom civilite commentaire remarque zone surface "
    "livraison stockage"
)
_NUMBERS = _words("numero num n number code id")
# Heads that only say of these fields what they are: a count of people, the number to call.
OWN_HEADS = {
    "workers": _words("nombre nb number combien"),
    "phone": _NUMBERS, "siret": _NUMBERS, "siren": _NUMBERS | {"tva"}, "key": _NUMBERS,
}  # fmt: skip
PERSONS = _words(
    "dirigeant dirigeante dirigeants gerant gerante contact referent referente responsable "
    "president presidente pdt interlocuteur interlocutrice fondateur fondatrice fondateurs "
    "exploitant directeur directrice representant prenom civilite utilisateur ceo founder "
    "owner"
)
# Words that may follow "nom" without making it the name of something else.
SUPPLIERS = _words(
    "entreprise societe structure etablissement organisme association fournisseur adherent "
    "membre titulaire beneficiaire tiers usuel usuelle complet complete legal legale "
    "commercial commerciale organisation organization company officiel officielle juridique "
    "siege raison sociale denomination nom name actuel actuelle court long principal "
    "principale enseigne cooperative esat siae prestataire exposant etab asso exploitation"
)
# Whom the column describes when it is not the supplier.
OTHERS = _words(
    "acheteur acheteuse acheteurs certificateur organisateur financeur autorite adjudicateur "
    "attribuant donneur conventionneur instructeur admin administrateur pouvoir buyer"
)
FAX, PHONES = _words("fax telecopie telecopieur"), _words("tel telephone phone")
SOCIAL = _words("facebook linkedin twitter instagram youtube tiktok pinterest")
# "Activités proposées aux acheteurs" is not about them.
_ADDRESSEE = re.compile(r"(?<=\w) (aux|pour les)\b.*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ASIDE = re.compile(r"\([^)]*\)|\*|\bSIREN?E?\b(?= \d{4})")
# "Emplois (ETP)", "Registration no. (SIREN)": in brackets, the usual word.
_BRACKETS = re.compile(r"\(([^)]{2,40})\)")
_NAMESPACE = re.compile(r"^([A-Za-z]+)(?: +- +|[_.\-]+)(?=\w)")
# Shortest beginning of a word that stands for it: "Téléph.", "Raison soc.".
SHORTEST = 4
# Likeness, of 100, of a header spelt nearly so.
NEARLY = 88
# "RS_ETAB", "TEL_ETAB": what many columns end with.
_ENDING = re.compile(r"(?<=\w)_[A-Za-z]+$")
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
    """Without little words, numbers and plurals."""
    words = (w for w in text.split() if w not in NOISE and not w.isdigit())
    return " ".join(w[:-1] if len(w) > 4 and w[-1] == "s" and w not in HEADS else w for w in words)


def variants(column: str, columns: Sequence[str]) -> list[str]:
    """The header, without what it shares with others ("ET-Adresse"), what its brackets say."""
    found = [key(column)]
    if shorter := _LEVEL.sub("", column):
        found.append(key(shorter))
    prefix = _NAMESPACE.match(column)
    if prefix and sum(c.startswith(prefix[0]) for c in columns) > 1:
        found.append(key(column[prefix.end() :]))
    ending = _ENDING.search(column)
    if ending and sum(c.endswith(ending[0]) for c in columns) > max(2, len(columns) / 4):
        found.append(key(column[: ending.start()]))
    found += map(key, _BRACKETS.findall(column))
    return list(dict.fromkeys(filter(None, found)))


@cache
def says(text: str) -> dict[str, Said]:
    """Field -> how well this key names it; fields it does not name are left out."""
    found: dict[str, Said] = {}
    for usual in _candidates(text):
        score = _score(text, usual.known, usual.field) * usual.weight
        best = found.get(usual.field, Said(0.0, ""))
        # Of two that say as much, the plainer is told.
        if score > best.score or (score == best.score > 0 and len(usual.known) < len(best.known)):
            found[usual.field] = Said(score, usual.known)
    return {field.name: found[field.name] for field in FIELDS if field.name in found}


class Usual(NamedTuple):
    """A usual header of a field, as it is looked up."""

    field: str
    known: str
    weight: float
    plain: str
    first: str


@cache
def _usual() -> tuple[Usual, ...]:
    return tuple(
        Usual(field, known, weight, bare(known), bare(known).partition(" ")[0])
        for field, all_of_it in headers().items()
        for known, weight in all_of_it.items()
    )


def _candidates(text: str) -> list[Usual]:
    """Those that may name the same: fourteen hundred are too many to compare with each header."""
    said = bare(text)
    words, start = set(said.split()), said[: SHORTEST - 1]
    plains = [usual.plain for usual in _usual()]
    alike = process.extract(said, plains, scorer=fuzz.ratio, score_cutoff=NEARLY, limit=None)
    near = {plain for plain, *_ in alike}
    return [
        usual for usual in _usual()
        if usual.known == text or usual.first in words or usual.plain in near
        or usual.first.startswith(start)
    ]  # fmt: skip


def _score(text: str, known: str, field: str) -> float:
    """1 for a known header, less for one that contains a known one or is spelt nearly so."""
    if text == known:
        return 1.0
    said, plain = bare(text), bare(known)
    if not said or not plain:
        return 0.0
    if said == plain:
        return 0.95
    if f" {plain} " in f" {said} " and len(plain) > 1:
        return _contained(said.split(), plain.split(), field)
    if text not in _all_known() and _is_cut(said.split(), plain.split()):
        return 0.8
    # One letter is all the difference between a number of members and a member's number.
    is_other = any(len(word) < 4 for word in HEADS & set(said.split()) ^ HEADS & set(plain.split()))
    return 0.8 if len(plain) > 5 and not is_other and fuzz.ratio(said, plain) >= NEARLY else 0.0


@cache
def _all_known() -> frozenset[str]:
    return frozenset(known for usual in headers().values() for known in usual)


def _is_cut(said: Sequence[str], plain: Sequence[str]) -> bool:
    """Whether some words of a known header are cut short, and no other differs."""
    pairs = list(zip(said, plain, strict=False))
    cut = [one for one, whole in pairs if one != whole]
    return (
        len(said) == len(plain)
        and all(whole.startswith(one) for one, whole in pairs)
        and min(map(len, cut), default=0) >= (SHORTEST if len(said) == 1 else SHORTEST - 1)
    )


def _contained(said: Sequence[str], plain: Sequence[str], field: str) -> float:
    """A part of the header is known: more at its beginning, less when another word is its head."""
    score = 0.5 + 0.45 * len(plain) / len(said) + 0.06 * (list(said[: len(plain)]) == list(plain))
    extra = set(said) - set(plain)
    if field == "name" and extra - SUPPLIERS:
        score *= 0.7
    heads = HEADS - OWN_HEADS.get(field, frozenset())
    return score * 0.5 if heads & extra else score


def subject(text: str) -> str:
    """ "person", "other" (the buyer, the certifier…), "social", "fax", or '' for the supplier."""
    words = set(_ADDRESSEE.sub("", text).split())
    if words & FAX and not words & PHONES:
        return "fax"
    if words & SOCIAL:
        return "social"
    if words & OTHERS:
        return "other"
    return "person" if words & PERSONS else ""
