"""Who has evidence for the text of a query, in points: names, words, segments it speaks of."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

import numpy as np
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sourcing import normalise
from sourcing.model import Listing, Supplier
from sourcing.search.common import PARTS, matching, numbers
from sourcing.search.filters import resolve
from sourcing.search.query import Query
from sourcing.search.shelf import columns
from sourcing.search.tally import Array, Columns
from sourcing.search.words import correct, spellings
from sourcing.segments import Nomenclature
from sourcing.segments.classify import Guess
from sourcing.tagging.listing import acronym_word
from sourcing.tagging.sql import ACRONYM_SIZES

# Points; a tag's are multiplied by its weight and by the guess's confidence.
IDENTIFIER = 1000.0
EXACT_NAME = 400.0
# All words in a name few suppliers bear: it is that supplier which is asked for.
RARE_NAME, RARE = 150.0, 30
TAG = 100.0
NAME_WORDS = 70.0
BODY_WORDS = 60.0
SOME_WORDS = 40.0
# Guesses below this, or far below the best one, would bring more noise than suppliers.
LEAST_GUESS, LEAST_SHARE = 0.1, 0.35
# Guesses looked at, and those offered beside the ones in use.
LOOKED_AT, OFFERED = 8, 3
NAMED = select(Listing.supplier_id).where(Listing.name_key == bindparam("name"))


class Found(NamedTuple):
    """What the text of a query brings: how it is understood, and who has evidence for it."""

    query: Query
    # The text that was searched, and the one typed when a word seemed mistyped.
    text: str
    typed: str
    guesses: tuple[Guess, ...]
    offered: tuple[Guess, ...]
    # The suppliers with evidence and their points; everyone, without points, when nothing is asked.
    data: Columns
    scores: Array
    is_ranked: bool


def find(session: Session, nomenclature: Nomenclature, query: Query) -> Found:
    data = columns(session)
    query = resolve(session, data.ground, query)
    if digits := identifier(query.text):
        # A pasted number goes straight to its supplier, wherever and whatever it is.
        query = replace(query, territory_only=False, with_noise=True)
        points = Points(data)
        _give_identifier(session, points, digits)
        return _found(query, query.text, "", (), (), points)
    typed, was = query.text, ""
    if typed and not query.exact:
        typed, was = correct(data.vocabulary, typed, _usual_words(nomenclature))
    guesses, offered = understood(nomenclature, query, typed)
    if not typed and not guesses:
        return _everyone(query, data, nomenclature)
    points = Points(data)
    if typed:
        points.give(EXACT_NAME, data.find(numbers(session, NAMED, name=normalise.fold(typed))))
        _give_words(session, points, normalise.words(typed), bool(guesses))
    points.give_tags({guess.code: guess.score for guess in guesses})
    return _found(query, typed, was, guesses, offered, points)


def identifier(typed: str) -> str:
    """The SIREN or SIRET in the text, however it is written; '' for any other text."""
    digits = re.sub(r"^(?:siren|siret|tva|n[°o])+|[\s.\-:]", "", typed.strip().lower())
    digits = re.sub(r"^fr\d\d(?=\d{9}$)", "", digits)
    return digits if re.fullmatch(r"\d{9}|\d{14}", digits) else ""


def _found(
    query: Query,
    typed: str,
    was: str,
    guesses: tuple[Guess, ...],
    offered: tuple[Guess, ...],
    points: "Points",
) -> Found:
    scores = points.by_text + points.by_tag
    held = np.flatnonzero(scores)
    return Found(query, typed, was, guesses, offered, points.data.take(held), scores[held], True)


def _everyone(query: Query, data: Columns, nomenclature: Nomenclature) -> Found:
    """No text: everyone; with segments chosen, the strength of their tags is the relevance."""
    points = Points(data)
    points.give_tags(dict.fromkeys(query.segments, 1.0))
    return Found(query, "", "", (), (), data, points.by_tag, bool(query.segments))


# --- segments ---


def understood(
    nomenclature: Nomenclature, query: Query, typed: str
) -> tuple[tuple[Guess, ...], tuple[Guess, ...]]:
    """The segments the text speaks of as the person left them, and the next likeliest ones."""
    ranked = _ranked(nomenclature, typed) if typed else []
    least = max(LEAST_GUESS, LEAST_SHARE * max((g.score for g in ranked), default=0.0))
    chosen = [
        Guess(code, nomenclature.by_code[code].label, 1.0, ())
        for code in query.added
        if code in nomenclature.by_code
    ]
    taken = {*query.dropped, *(guess.code for guess in chosen)}
    others = [guess for guess in ranked if guess.code not in taken]
    # Those the person added come last: they are hers, the others ours.
    sure = [guess for guess in others[:OFFERED] if guess.score >= least]
    offered = [guess for guess in others if guess not in sure]
    return (*sure, *chosen), tuple(offered[:OFFERED])


def _ranked(nomenclature: Nomenclature, typed: str) -> list[Guess]:
    """The likeliest segments; a NAF code speaks of those it hints at."""
    if not re.fullmatch(r"\d\d\.?\d\d[A-Za-z]", typed):
        return nomenclature.classify(typed, top=LOOKED_AT)
    links = nomenclature.from_naf(typed)[:LOOKED_AT]
    return [
        Guess(code, nomenclature.by_code[code].label, weight, (typed,)) for code, weight in links
    ]


_usual: dict[int, tuple[Nomenclature, dict[str, str]]] = {}


def _usual_words(nomenclature: Nomenclature) -> dict[str, str]:
    """Folded word -> as it is written, of the labels and keywords of the nomenclature."""
    held = _usual.get(0)
    if held is None or held[0] is not nomenclature:
        written = {
            folded: word.lower()
            for phrases in nomenclature.phrases.values()
            for phrase in phrases
            for word in re.findall(r"\w+", phrase)
            for folded in normalise.words(word)
        }
        held = _usual[0] = (nomenclature, written)
    return held[1]


# --- points ---


class Points:
    """Per supplier, its best words and its best tag."""

    def __init__(self, data: Columns) -> None:
        self.data = data
        self.by_text = np.zeros(len(data.ids))
        self.by_tag = np.zeros(len(data.ids))

    def give(self, points: float | Array, places: Array) -> None:
        """At least so many points to who is at each of these places, once each."""
        self.by_text[places] = np.maximum(self.by_text[places], points)

    def give_tags(self, confidence: dict[str, float]) -> None:
        """Points for the tags of these segments, by their weight and how sure we are."""
        for code, sure in confidence.items():
            if held := self.data.holders.get(code):
                points = held.weights * (TAG * sure)
                self.by_tag[held.places] = np.maximum(self.by_tag[held.places], points)


def _distinct(*places: Array) -> Array:
    """Each once, ascending. NumPy's own `unique` hashes: ten times slower on a broad word."""
    ordered = np.sort(np.concatenate(places))
    found: Array = ordered[np.diff(ordered, prepend=-1) > 0]
    return found


def _give_identifier(session: Session, points: Points, digits: str) -> None:
    same = select(Supplier.id).where(Supplier.siren == digits[:9])
    office = same.where(Supplier.is_head_office.is_(True))
    itself = select(Supplier.id).where(Supplier.siret == digits)
    for worth, asked in ((EXACT_NAME, same), (IDENTIFIER, office), (IDENTIFIER, itself)):
        points.give(worth, points.data.find(numbers(session, asked)))


def _give_words(session: Session, points: Points, words: Sequence[str], has_guesses: bool) -> None:
    """Suppliers whose name, then whose whole text, holds every word; failing that, half of them."""
    if not words:
        return
    data = points.data
    written = spellings(data.vocabulary, words)
    named = _matching(session, data, [*written, *_acronyms(words)], "name")
    alone = len(words) == 1
    anywhere = _in_body(session, data, written) if alone else _matching(session, data, written)
    if len(named) or has_guesses or len(anywhere):
        points.give(RARE_NAME if len(named) <= RARE else NAME_WORDS, named)
        points.give(BODY_WORDS, anywhere)
    elif not alone:
        each = [_matching(session, data, [[word]]) for word in words]
        held, counts = np.unique(np.concatenate(each), return_counts=True)
        most = counts >= ceil(len(words) / 2)
        points.give(SOME_WORDS * counts[most] / len(words), held[most])


def _in_body(session: Session, data: Columns, written: Sequence[Sequence[str]]) -> Array:
    """As `_matching` anywhere for one word, without reading again those whose name has it."""
    alone = [words for words in written if len(words) == 1]
    split = [words for words in written if len(words) > 1]
    body = _matching(session, data, alone, "body")
    return _distinct(body, _matching(session, data, split)) if split else body


def _acronyms(words: Sequence[str]) -> list[list[str]]:
    """The word that stands for a name's initials, when one short word is asked."""
    if len(words) == 1 and words[0].isalpha() and len(words[0]) in ACRONYM_SIZES:
        return [[acronym_word(words[0])]]
    return []


def _matching(
    session: Session, data: Columns, written: Iterable[Sequence[str]], where: str = ""
) -> Array:
    """The places of who has all the words, in one of these spellings."""
    found = []
    for words in written:
        known = _known(data, words, where)
        found.append(data.find(matching(session, words, where)) if known is None else known)
    held = [places for places in found if len(places)] or found[:1]
    return held[0] if len(held) == 1 else _distinct(*held)


def _known(data: Columns, words: Sequence[str], where: str) -> Array | None:
    """The places of who has this one word, when it is a common one."""
    parts = [data.common.get(f"{part}:{words[0]}") for part in ([where] if where else PARTS)]
    known = [part for part in parts if part is not None]
    if len(words) > 1 or not known:
        return None
    return known[0] if where else _distinct(*known)
