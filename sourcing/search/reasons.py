"""Why a supplier was found, in French, strongest first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sourcing import normalise
from sourcing.model import NATIONAL_KM
from sourcing.search.evidence import Found, identifier
from sourcing.search.ground import Point
from sourcing.search.query import number
from sourcing.search.words import spellings
from sourcing.tagging.listing import acronym
from sourcing.tagging.statuses import STATUSES
from sourcing.tagging.told import Told

MOST = 4


class Said(NamedTuple):
    """The words of a supplier that may be shown: what reasons may quote."""

    names: tuple[str, str, str]
    description: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as every supplier of the page is compared with it."""

    text: str
    folded: str
    # The SIREN or SIRET asked for, else ''.
    digits: str
    words: tuple[str, ...]
    # The ways to write these words, and how the person wrote each.
    ways: tuple[tuple[str, ...], ...]
    typed: Mapping[str, str]
    # How sure we are of each segment, and the kinds of tags that were filtered.
    confidence: Mapping[str, float]
    kinds: frozenset[tuple[str, str]]
    point: Point | None

    @classmethod
    def of(cls, found: Found) -> "Asked":
        query, text = found.query, found.text
        digits = identifier(text)
        words = normalise.words(text) if text and not digits else []
        pieces = ((normalise.words(piece), piece) for piece in re.findall(r"\w+", text))
        confidence = {guess.code: guess.score for guess in found.guesses}
        chosen = (*query.statuses, *query.labels)
        return cls(
            text=text,
            folded=normalise.fold(text),
            digits=digits,
            words=tuple(words),
            ways=tuple(map(tuple, spellings(found.data.vocabulary, words))) if words else (),
            typed={held[0]: piece for held, piece in pieces if len(held) == 1},
            confidence=confidence | dict.fromkeys(query.segments, 1.0),
            kinds=frozenset(
                k for status in STATUSES if status.code in chosen for k in status.kinds
            ),
            point=query.near.point if query.near else None,
        )


def reasons(asked: Asked, row: Any, said: Said, tags: Sequence[Told]) -> tuple[str, ...]:
    """Why this supplier is there; `row` has its siret, siren and reach_km."""
    found = [
        *_noise_reasons(tags),
        *_name_reasons(asked, row, said),
        *_tag_reasons(asked, tags),
        *_word_reasons(asked, said),
        *_status_reasons(asked, tags),
        *_reach_reasons(row),
    ]
    return tuple(dict.fromkeys(found))[:MOST]


def _noise_reasons(tags: Sequence[Told]) -> Iterator[str]:
    """Why it is hidden, first: it is only there because someone asked for all of them."""
    yield from (f"masqué d’ordinaire : {c.because}" for c in tags if c.kind == "noise")


def _name_reasons(asked: Asked, row: Any, said: Said) -> Iterator[str]:
    if asked.digits:
        if asked.digits == row.siret:
            yield "SIRET demandé"
        elif asked.digits[:9] == row.siren:
            yield "même SIREN" if len(asked.digits) == 14 else "SIREN demandé"
    elif asked.folded and asked.folded == normalise.fold(said.names[0]):
        yield "nom exact"


def _tag_reasons(asked: Asked, tags: Sequence[Told]) -> Iterator[str]:
    telling = [c for c in tags if c.kind == "segment" and c.value in asked.confidence]
    telling.sort(key=lambda c: -c.weight * asked.confidence[c.value])
    yield from (clue.because for clue in telling)


def _word_reasons(asked: Asked, said: Said) -> Iterator[str]:
    """The words of the first way of writing that its name or its description holds."""
    if not asked.words:
        return
    told = [
        ("dans le nom", normalise.words(" ".join(said.names))),
        ("dans la description", normalise.words(said.description)),
    ]
    for way in asked.ways:
        found, wanted = [], list(way)
        for where, held in told:
            words = [w for w in dict.fromkeys(wanted) if _holds(held, w, w == way[-1])]
            wanted = [word for word in wanted if word not in words]
            if words:
                quoted = ", ".join(f"« {asked.typed.get(word, word)} »" for word in words)
                found.append(f"{quoted} {where}")
        if found:
            yield from found
            return
    if len(asked.words) == 1 and asked.words[0] in map(acronym, said.names):
        yield f"« {asked.text} », initiales du nom"


def _holds(held: Sequence[str], word: str, is_last: bool) -> bool:
    return word in held or (is_last and any(each.startswith(word) for each in held))


def _status_reasons(asked: Asked, tags: Sequence[Told]) -> Iterator[str]:
    if asked.kinds:
        yield from (c.because for c in tags if asked.kinds & {(c.kind, c.value), (c.kind, "")})


def _reach_reasons(row: Any) -> Iterator[str]:
    """Where it says it works, beyond its address."""
    if row.reach_km and row.reach_km >= NATIONAL_KM:
        yield "intervient dans toute la France"
    elif row.reach_km:
        yield f"intervient à {number(row.reach_km)} km"
