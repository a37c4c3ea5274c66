"""The words of the base: a mistyped word finds its neighbour, a compound its other spellings."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from sourcing import db, normalise

# One wrong letter in a word of five or more.
LEAST_LENGTH, WRONG_LETTERS = 5, 1
# A compound written in one word: its least size and that of its first part, the ways tried.
LEAST_COMPOUND, LEAST_PART, SPLITS = 8, 3, 2
SAINTS = {"st": "saint", "ste": "sainte"}
SAINTS |= {long: short for short, long in SAINTS.items()}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every word of the suppliers' texts, and how many texts have it."""

    counts: Mapping[str, int]
    ordered: tuple[str, ...]
    by_length: Mapping[int, tuple[str, ...]]

    def begins(self, start: str) -> bool:
        """Whether a word begins so."""
        place = bisect_left(self.ordered, start)
        return place < len(self.ordered) and self.ordered[place].startswith(start)

    def nearest(self, word: str, also: Iterable[str] = ()) -> str:
        """The likeliest word one letter away, '' when there is none."""
        lengths = range(len(word) - WRONG_LETTERS, len(word) + WRONG_LETTERS + 1)
        known = [near for length in lengths for near in self.by_length.get(length, ())]
        known += [near for near in also if near not in self.counts]
        found: Any = process.extract(
            word, known, scorer=OSA.distance, score_cutoff=WRONG_LETTERS, limit=None
        )
        return min(
            (near for near, _, _ in found), key=lambda near: self._order(word, near), default=""
        )

    def _order(self, word: str, near: str) -> tuple[bool, int, str]:
        """A same first letter is likelier, then a common word."""
        return near[:1] != word[:1], -self.counts.get(near, 0), near


def vocabulary(session: Session) -> Vocabulary:
    """The words of the base."""
    return of_counts(dict(db.text_words(session)))


def of_counts(counts: Mapping[str, int]) -> Vocabulary:
    """The vocabulary of words each with how many texts have it."""
    by_length: dict[int, list[str]] = {}
    for word in counts:
        if word.isalpha() and len(word) >= LEAST_LENGTH - WRONG_LETTERS:
            by_length.setdefault(len(word), []).append(word)
    return Vocabulary(
        counts, tuple(sorted(counts)), {size: tuple(held) for size, held in by_length.items()}
    )


class Corrected(NamedTuple):
    """A text with its mistyped words replaced; `was` when there was none."""

    text: str
    was: str


def correct(known: Vocabulary, text: str, also: Mapping[str, str]) -> Corrected:
    """The text with the words of the base; `also`: other words people use, as they write them."""
    pieces = text.split()
    fixed = [
        _fixed(known, piece, also, is_last=place == len(pieces) - 1)
        for place, piece in enumerate(pieces)
    ]
    better = " ".join(fixed)
    return Corrected(better, text if better != text else "")


def _fixed(known: Vocabulary, piece: str, also: Mapping[str, str], is_last: bool) -> str:
    """The piece with the one word it holds corrected."""
    held = normalise.words(piece)
    if len(held) != 1 or len(held[0]) < LEAST_LENGTH or not held[0].isalpha():
        return piece
    (word,) = held
    if word in known.counts or word in also or (is_last and known.begins(word)):
        return piece
    near = known.nearest(word, also)
    if not near:
        return piece
    return also.get(near, near)


def spellings(known: Vocabulary, words: Sequence[str]) -> list[list[str]]:
    """The words, then the other ways to write them: st or saint, compounds joined or split."""
    found = [list(words)]
    for place, word in enumerate(words):
        before, after = list(words[:place]), list(words[place + 1 :])
        if word in SAINTS:
            found.append([*before, SAINTS[word], *after])
        if after and word + after[0] in known.counts:
            found.append([*before, word + after[0], *after[1:]])
        found += [[*before, *parts, *after] for parts in _splits(known, word)]
    return found


def _splits(known: Vocabulary, word: str) -> list[tuple[str, str]]:
    """ecopaturage -> eco, paturage: where the base has both parts, the commonest first."""
    if len(word) < LEAST_COMPOUND:
        return []
    parts = [
        (word[:place], word[place:])
        for place in range(LEAST_PART, len(word) - LEAST_PART)
        if word[:place] in known.counts and word[place:] in known.counts
    ]
    parts.sort(key=lambda pair: (-min(known.counts[part] for part in pair), pair))
    return parts[:SPLITS]
