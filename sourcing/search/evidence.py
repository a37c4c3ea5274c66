"""Who has evidence for the text of a query, in points: names, words, segments it speaks of."""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    Subquery,
    case,
    column,
    func,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from sourcing import db, normalise
from sourcing.model import Listing, Supplier, Tag
from sourcing.search.filters import resolve
from sourcing.search.query import Query
from sourcing.segments import Nomenclature
from sourcing.segments.classify import Guess

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
LEAST_GUESS, LEAST_SHARE = 0.15, 0.4


class Found(NamedTuple):
    """What the text of a query brings: guesses, and who has evidence (None: no text, everyone)."""

    query: Query
    guesses: tuple[Guess, ...]
    evidence: Subquery | None


def find(session: Session, nomenclature: Nomenclature, query: Query) -> Found:
    query = resolve(session, query)
    if not query.text:
        return Found(query, (), None)
    if digits := identifier(query.text):
        # A pasted number goes straight to its supplier, wherever and whatever it is.
        straight = replace(query, territory_only=False, with_noise=True)
        return Found(straight, (), _gathered(_byidentifier(digits)))
    words = normalise.words(query.text)
    guesses = _guesses(nomenclature, query.text)
    parts = [_by_exact_name(query.text), *_by_words(session, words, bool(guesses))]
    return Found(query, guesses, _gathered([*parts, *_by_tags(guesses)]))


def identifier(typed: str) -> str:
    digits = re.sub(r"[\s.\-]", "", typed)
    return digits if re.fullmatch(r"\d{9}|\d{14}", digits) else ""


def _guesses(nomenclature: Nomenclature, typed: str) -> tuple[Guess, ...]:
    """The segments the text speaks of; a NAF code speaks of those it hints at."""
    if re.fullmatch(r"\d\d\.?\d\d[A-Za-z]", typed):
        links = nomenclature.from_naf(typed)[:5]
        return tuple(
            Guess(code, nomenclature.by_code[code].label, weight, (typed,))
            for code, weight in links
        )
    ranked = nomenclature.classify(typed)
    least = max(LEAST_GUESS, LEAST_SHARE * max((g.score for g in ranked), default=0.0))
    return tuple(guess for guess in ranked if guess.score >= least)


def _gathered(parts: Sequence[Select[Any]]) -> Subquery:
    """One row per supplier: its best words and its best tag, added."""
    each = union_all(*parts).subquery("each")
    score = func.max(each.c.by_text) + func.max(each.c.by_tag)
    return (
        select(each.c.supplier_id, score.label("score"))
        .group_by(each.c.supplier_id)
        .subquery("found")
    )


def _evidence(identity: Any, by_text: Any = 0.0, by_tag: Any = 0.0) -> Select[Any]:
    typed = [
        value if isinstance(value, ColumnElement) else literal(value, Float)
        for value in (by_text, by_tag)
    ]
    return select(
        identity.label("supplier_id"), typed[0].label("by_text"), typed[1].label("by_tag")
    )


def _byidentifier(digits: str) -> list[Select[Any]]:
    exact = _evidence(Supplier.id, IDENTIFIER).where(Supplier.siret == digits)
    head_first = case((Supplier.is_head_office.is_(True), IDENTIFIER), else_=EXACT_NAME)
    return [exact, _evidence(Supplier.id, head_first).where(Supplier.siren == digits[:9])]


def _by_exact_name(typed: str) -> Select[Any]:
    return _evidence(Listing.supplier_id, EXACT_NAME).where(
        Listing.name_key == normalise.fold(typed)
    )


def _by_words(session: Session, words: Sequence[str], has_guesses: bool) -> list[Select[Any]]:
    """Suppliers whose name, then whose whole text, holds every word; failing that, half of them."""
    if not words:
        return []
    named = _matching(session, words, "named", "name")
    bearers = select(named.c.supplier_id).limit(RARE + 1).subquery()
    number = session.scalar(select(func.count()).select_from(bearers)) or 0
    anywhere = _matching(session, words, "anywhere")
    if number or has_guesses or session.scalar(select(anywhere.c.supplier_id).limit(1)):
        return [
            _evidence(named.c.supplier_id, RARE_NAME if number <= RARE else NAME_WORDS),
            _evidence(anywhere.c.supplier_id, BODY_WORDS),
        ]
    return [_half_of(session, words)] if len(words) > 1 else []


def _matching(session: Session, words: Sequence[str], parameter: str, where: str = "") -> Subquery:
    sql, values = db.text_match(session, words, parameter, column=where, prefix=True)
    matched = text(sql).bindparams(**values).columns(column("supplier_id", Integer))
    return matched.subquery(parameter)


def _half_of(session: Session, words: Sequence[str]) -> Select[Any]:
    each = [_matching(session, [word], f"word{index}") for index, word in enumerate(words)]
    held = union_all(*(select(part.c.supplier_id) for part in each)).subquery("held")
    share = SOME_WORDS * func.count() / len(words)
    return (
        _evidence(held.c.supplier_id, share)
        .group_by(held.c.supplier_id)
        .having(func.count() >= ceil(len(words) / 2))
    )


def _by_tags(guesses: Sequence[Guess]) -> list[Select[Any]]:
    if not guesses:
        return []
    points = case(
        {guess.code: literal(TAG * guess.score, Float) for guess in guesses}, value=Tag.value
    )
    codes = [guess.code for guess in guesses]
    return [
        _evidence(Tag.supplier_id, by_tag=Tag.weight * points).where(
            Tag.kind == "segment", Tag.value.in_(codes)
        )
    ]


def by_choice(codes: Sequence[str]) -> Subquery:
    """Segments chosen without any text: the strength of the tag is the relevance."""
    score = (TAG * func.max(Tag.weight)).label("score")
    return (
        select(Tag.supplier_id, score)
        .where(Tag.kind == "segment", Tag.value.in_(codes))
        .group_by(Tag.supplier_id)
        .subquery("found")
    )
