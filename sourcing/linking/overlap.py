"""The words two sets of names share, misspelt and shortened ones included."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from sourcing.linking.index import Floats, Ints, Words, changes
from sourcing.linking.normalised import IS_CUT, IS_PLACE, Text, Vocabulary

# From so many texts on, rapidfuzz starts threads of its own: the interpreter is left to others.
MANY = 2_000
# Two words are one word misspelt from this likeness on (Jaro-Winkler, 4 letters at least).
SAME_WORD = 0.9
# What a misspelt or shortened word is worth beside the same word.
MISSPELT = 0.85
# A word that names the town or the département tells the place, not the supplier.
PLACE_WORD_SHARE = 0.25
Flags = NDArray[np.bool_]


class Overlap(NamedTuple):
    """Bits of information of the words shared, and of all the words on each side."""

    shared: Floats
    left: Floats
    right: Floats
    # Of what is shared, the part that is word for word.
    exact: Floats

    def dice(self) -> Floats:
        return ratio(2 * self.shared, self.left + self.right)


class Spread(NamedTuple):
    """Every word of every bag asked: its row, its number, what it tells, its flags."""

    row: Ints
    word: Ints
    bits: Floats
    flags: NDArray[np.uint8]

    @classmethod
    def of(cls, words: Words, bags: Ints, bits: Floats) -> "Spread":
        row, at = ranges(words.start[bags], words.start[bags + 1])
        word, flags = words.word[at].astype(np.int64), words.flags[at]
        return cls(row, word, np.where(flags & IS_PLACE, PLACE_WORD_SHARE, 1.0) * bits[word], flags)

    def where(self, kept: Flags) -> "Spread":
        at = np.flatnonzero(kept)
        return Spread(self.row[at], self.word[at], self.bits[at], self.flags[at])

    def total(self, count: int) -> Floats:
        return sums(self.row, self.bits, count)


def overlap(
    left: Spread, right: Spread, count: int, vocabulary: Vocabulary, is_loose: bool = True
) -> Overlap:
    """What `count` rows share; the words of `right` are increasing in each row.

    Misspelt and shortened words count only if `is_loose`.
    """
    met_l, met_r = met(left, right, len(vocabulary.word))
    shared = exact = left.where(met_l).total(count)
    of_left, of_right = left.total(count), right.total(count)
    if is_loose:
        near = _near(left.where(~met_l), right.where(~met_r), vocabulary)
        shared = shared + sums(near.row, near.worth, count)
        of_left = of_left - sums(near.row, near.spare_left, count)
        of_right = of_right - sums(near.row, near.spare_right, count)
    return Overlap(shared, of_left, of_right, exact)


def numbers(left: Spread, right: Spread, count: int, vocabulary: Vocabulary) -> Ints:
    """Numbers among the words: 0 none or one side only, 1 they contradict, 2 one is shared."""
    one, other = (side.where(vocabulary.is_number[side.word]) for side in (left, right))
    shared = one.row[met(one, other, len(vocabulary.word))[0]]
    said_l, said_r, both = (
        np.bincount(row, minlength=count) > 0 for row in (one.row, other.row, shared)
    )
    return np.where(both, 2, np.where(said_l & said_r, 1, 0))


def met(left: Spread, right: Spread, size: int) -> tuple[Flags, Flags]:
    """Which words of each side are on the other too; those of `right` are in order in each row."""
    wanted, known = left.row * size + left.word, right.row * size + right.word
    met_r = np.zeros(len(known), dtype=bool)
    if not len(known):
        return np.zeros(len(wanted), dtype=bool), met_r
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    met_l = known[at] == wanted
    met_r[at[met_l]] = True
    return met_l, met_r


class _Near(NamedTuple):
    """Words that differ by a letter or are cut short: their row, and what they tell together.

    A misspelling is in no base: it looks rarer than the word it stands for, by `spare` bits.
    """

    row: Ints
    worth: Floats
    spare_left: Floats
    spare_right: Floats


def _near(left: Spread, right: Spread, vocabulary: Vocabulary) -> _Near:
    """The best match of each word of the left, among those not shared."""
    left, right = (side.where(_may_be_alike(side.word, vocabulary)) for side in (left, right))
    rows = int(max(left.row.max(initial=-1), right.row.max(initial=-1))) + 1
    row, at_l, at_r = cross(_starts(left.row, rows), _starts(right.row, rows), np.arange(rows))
    kept = np.flatnonzero(vocabulary.first[left.word[at_l]] == vocabulary.first[right.word[at_r]])
    row, at_l, at_r = row[kept], at_l[kept], at_r[kept]
    is_close, is_start = _likeness(left.word[at_l], right.word[at_r], vocabulary)
    is_cut = is_start & (((left.flags[at_l] | right.flags[at_r]) & IS_CUT) != 0)
    bits = np.minimum(left.bits[at_l], right.bits[at_r])
    worth = np.where(is_cut, 1.0, np.where(is_close | is_start, MISSPELT, 0.0)) * bits
    chosen = np.flatnonzero(worth > 0)
    chosen = chosen[highest(at_l[chosen], worth[chosen])]
    bits, at_l, at_r = bits[chosen], at_l[chosen], at_r[chosen]
    return _Near(row[chosen], worth[chosen], left.bits[at_l] - bits, right.bits[at_r] - bits)


def _may_be_alike(words: Ints, vocabulary: Vocabulary) -> Flags:
    """Words long enough, no numbers."""
    return np.asarray((vocabulary.length[words] >= 3) & ~vocabulary.is_number[words])


def highest(owner: Ints, worth: Floats) -> Ints:
    """The first of the highest of each owner; owners are increasing."""
    begins = np.flatnonzero(changes(owner))
    count = np.diff(begins, append=len(owner))
    is_top = worth == np.repeat(np.maximum.reduceat(worth, begins), count)
    at = np.flatnonzero(is_top)
    return at[changes(owner[at])]


def _likeness(left: Ints, right: Ints, vocabulary: Vocabulary) -> tuple[Flags, Flags]:
    """Is one a misspelling of the other; is one the beginning of the other."""
    size, texts = len(vocabulary.word), vocabulary.word
    couples, inverse = np.unique(left * size + right, return_inverse=True)
    one, other = couples // size, couples % size
    close = likeness(texts[one], texts[other], JaroWinkler.similarity, SAME_WORD)
    long = np.minimum(vocabulary.length[one], vocabulary.length[other]) >= 4
    starts = np.fromiter(map(_is_start, texts[one].tolist(), texts[other].tolist()), bool, len(one))
    return (long & (close >= SAME_WORD))[inverse], starts[inverse]


def likeness(one: Text, other: Text, scorer: Any, least: float = 0) -> NDArray[np.float32]:
    """How alike each text of one is to the other's; 0 under `least`."""
    workers = 2 if len(one) >= MANY else 1
    found = process.cpdist(
        one, other, scorer=scorer, workers=workers, dtype=np.float32, score_cutoff=least
    )
    return np.asarray(found, dtype=np.float32)


def _is_start(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def cross(left: Ints, right: Ints, owner: Ints) -> tuple[Ints, Ints, Ints]:
    """For each owner, every couple of its belongings on both sides: (owner, left, right)."""
    return pairwise(left, right, owner, owner)


def pairwise(left: Ints, right: Ints, of_left: Ints, of_right: Ints) -> tuple[Ints, Ints, Ints]:
    """For each couple of owners, every couple of their belongings: (couple, left, right)."""
    row, at = ranges(left[of_left], left[of_left + 1])
    inner, right_at = ranges(right[of_right[row]], right[of_right[row] + 1])
    return row[inner], at[inner], right_at


def ranges(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Concatenated ranges: the number of the range, and the value in it."""
    count = end - start
    return np.repeat(np.arange(len(start)), count), inside(start, count)


def inside(start: Ints, count: Ints) -> Ints:
    """Concatenated ranges: the values in each."""
    values = np.repeat(start - np.cumsum(count) + count, count)
    values += np.arange(len(values))
    return values


def sums(row: Ints, weight: Floats, count: int) -> Floats:
    """The weights of each of `count` rows added up."""
    return np.asarray(np.bincount(row, weights=weight, minlength=count), dtype=np.float64)


def ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)


def _starts(row: Ints, count: int) -> Ints:
    return np.searchsorted(row, np.arange(count + 1)).astype(np.int64)
