"""What the evidence looks at, for all pairs at once: shared words, spelling, streets, towns."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from sourcing.linking.candidates import (
    BACKGROUND,
    Floats,
    Index,
    Ints,
    Pairs,
    Words,
    bags_of,
    starts,
)
from sourcing.linking.normalised import Lines, Text

# rapidfuzz threads: starting them costs more than one list saves.
WORKERS = 1
# Two words are one word misspelt from this likeness on (Jaro-Winkler, 4 letters at least).
SAME_WORD = 0.9
# A word that names the town tells the town, not the supplier.
TOWN_WORD_SHARE = 0.25


class Overlap(NamedTuple):
    """Bits of information of the words shared, and of all the words on each side."""

    shared: Floats
    left: Floats
    right: Floats

    def dice(self) -> Floats:
        return _ratio(2 * self.shared, self.left + self.right)


@dataclass(frozen=True)
class Comparison:
    """All pairs of a set of probes with their candidates in the base."""

    index: Index
    probes: Lines
    pairs: Pairs

    @property
    def base(self) -> Lines:
        return self.index.lines

    def both(self, fact: str) -> tuple[Text, Text]:
        """One fact of the probe and of the base line, pair by pair."""
        return self.probes.facts[fact][self.pairs.probe], self.base.facts[fact][self.pairs.line]

    def agreement(self, fact: str) -> Ints:
        """0 one side does not say, 1 they differ, 2 they are equal."""
        left, right = self.both(fact)
        return np.where((left == "") | (right == ""), 0, np.where(left == right, 2, 1))

    @cached_property
    def vocabulary(self) -> tuple[Ints, Text]:
        """The probes' words numbered as the base's, new ones after them; and all the words."""
        known = self.index.number
        asked = self.probes.vocabulary.tolist()
        new = [word for word in asked if word not in known]
        number = {word: len(known) + i for i, word in enumerate(new)}
        numbers = np.array([number.get(w, known.get(w, 0)) for w in asked], dtype=np.int64)
        return numbers, np.concatenate([self.base.vocabulary, np.array(new, dtype=object)])

    @cached_property
    def bits(self) -> Floats:
        """What each word tells: the rarer in the base, the more."""
        new = self.vocabulary[1][len(self.base.vocabulary) :]
        usual = np.array([self.index.usual.get(word, 0.0) for word in new.tolist()])
        total = self.base.count + BACKGROUND
        of_new = np.log2(total / (usual * BACKGROUND + 1))
        return np.concatenate([self.index.bits, of_new])

    @cached_property
    def asked(self) -> tuple[Words, Words]:
        """The words of each name of the probes, and of all the names of each probe."""
        numbers, texts = self.vocabulary
        word = numbers[self.probes.word] if len(self.probes.word) else self.probes.word
        return bags_of(replace(self.probes, word=word, vocabulary=texts))

    @cached_property
    def full_bits(self) -> float:
        """The bits that single out one line of the base."""
        return float(np.log2(self.base.count + BACKGROUND))

    @cached_property
    def names(self) -> "Names":
        """The best pair of names of each pair of lines."""
        return _best_names(self)

    @cached_property
    def dice(self) -> Floats:
        """0..1, how much of both names is shared, rare words counting more."""
        return self.names.words.dice()

    @cached_property
    def all_names(self) -> Overlap:
        """The words of all the names of one against all those of the other."""
        pairs = self.pairs
        return overlap(
            self,
            self.asked[1],
            self.index.of_line,
            pairs.probe,
            pairs.line,
            np.arange(len(pairs.probe)),
        )

    @cached_property
    def street_likeness(self) -> Floats:
        """0..100, how alike two streets are once their type and small words are gone."""
        left, right = self.both("street")
        whole = process.cpdist(left, right, scorer=fuzz.token_set_ratio, workers=WORKERS)
        # "ZI PETITE SYNTHE VANCAUWENBERGHE" and "VAN CAUWENBERGUE": one inside the other, misspelt.
        part = (
            np.asarray(process.cpdist(left, right, scorer=fuzz.partial_ratio, workers=WORKERS))
            * 0.9
        )
        long = np.array(
            [min(len(a), len(b)) >= 7 for a, b in zip(left, right, strict=True)], dtype=bool
        )
        score = np.maximum(whole, np.where(long & (part >= 76), part, 0))
        return np.where((left == "") | (right == ""), 0.0, score)

    @cached_property
    def same_door(self) -> NDArray[np.bool_]:
        """Same number in the same street, wherever it is."""
        return np.asarray((self.agreement("number") == 2) & (self.street_likeness >= 85))

    @cached_property
    def acronyms(self) -> NDArray[np.bool_]:
        """A name of one is the initials of a name of three words or more of the other."""
        probes, lines = (
            _acronyms(self.probes, self.pairs.probe),
            _acronyms(self.base, self.pairs.line),
        )
        return np.array(
            [
                bool(probes[p][0] & lines[b][1]) or bool(lines[b][0] & probes[p][1])
                for p, b in zip(*map(np.ndarray.tolist, self.pairs), strict=True)
            ],
            dtype=bool,
        )

    @cached_property
    def town_likeness(self) -> Floats:
        left, right = self.both("town")
        score = process.cpdist(left, right, scorer=fuzz.partial_ratio, workers=WORKERS)
        return np.where((left == "") | (right == ""), 0.0, score)


def _acronyms(lines: Lines, asked: Ints) -> dict[int, tuple[set[str], set[str]]]:
    """Of each line asked, the initials of its names, and its words that may be an acronym."""
    wanted = np.unique(asked)
    first, last = np.searchsorted(lines.alias_line, [wanted, wanted + 1])
    found = {}
    for line, start, end in zip(wanted.tolist(), first.tolist(), last.tolist(), strict=True):
        names = [text.split() for text in lines.alias_text[start:end].tolist()]
        found[line] = (
            {"".join(word[0] for word in words) for words in names if len(words) > 2},
            {word for words in names for word in words if 2 < len(word) < 9},
        )
    return found


class Names(NamedTuple):
    """Each pair's best pair of names: their numbers, words in common, likeness 0..100."""

    left: Ints
    right: Ints
    words: Overlap
    likeness: Floats


def _best_names(compared: Comparison) -> Names:
    probes, base, pairs = compared.probes, compared.base, compared.pairs
    pair, left, right = _cross(
        starts(probes.alias_line, probes.count), compared.index.alias_start, pairs.probe, pairs.line
    )
    words = overlap(compared, compared.asked[0], compared.index.of_name, left, right, pair)
    likeness = process.cpdist(
        probes.alias_text[left],
        base.alias_text[right],
        scorer=fuzz.token_sort_ratio,
        workers=WORKERS,
    )
    worth = words.shared * (0.3 + words.dice()) + np.asarray(likeness) / 100
    order = np.lexsort((right, left, -np.round(worth, 6), pair))
    owners, first = np.unique(pair[order], return_index=True)
    best = np.zeros(len(pairs.probe), dtype=np.int64)
    best[owners] = order[first]
    if not len(left):
        empty = np.zeros(len(pairs.probe))
        return Names(best, best, Overlap(empty, empty, empty), empty)
    return Names(left[best], right[best], Overlap(*(part[best] for part in words)), likeness[best])


def overlap(
    compared: Comparison, left: Words, right: Words, left_bag: Ints, right_bag: Ints, pair: Ints
) -> Overlap:
    """Shared words of bag pairs, misspelt ones included; `pair` says whose towns do not count."""
    size = len(compared.bits)
    row_l, word_l = _spread(left, left_bag)
    row_r, word_r = _spread(right, right_bag)
    bits_l = compared.bits[word_l] * _town_share(compared, pair[row_l], word_l)
    bits_r = compared.bits[word_r] * _town_share(compared, pair[row_r], word_r)
    met_l = np.isin(row_l * size + word_l, row_r * size + word_r)
    met_r = np.isin(row_r * size + word_r, row_l * size + word_l)
    count = len(left_bag)
    shared: Floats = _sums(row_l[met_l], bits_l[met_l], count)
    shared = shared + _misspelt(
        compared,
        (row_l[~met_l], word_l[~met_l], bits_l[~met_l]),
        (row_r[~met_r], word_r[~met_r], bits_r[~met_r]),
        count,
    )
    return Overlap(
        shared,
        _sums(row_l, bits_l, count),
        _sums(row_r, bits_r, count),
    )


def _misspelt(
    compared: Comparison, left: tuple[Any, Any, Any], right: tuple[Any, Any, Any], count: int
) -> Floats:
    """Bits of the words that differ by a letter or are cut short, among those not shared."""
    (row_l, word_l, bits_l), (row_r, word_r, bits_r) = left, right
    item, at_l, at_r = _cross(
        starts(row_l, count), starts(row_r, count), np.arange(count), np.arange(count)
    )
    if not len(item):
        return np.zeros(count)
    size = len(compared.bits)
    couples, inverse = np.unique(word_l[at_l] * size + word_r[at_r], return_inverse=True)
    texts = compared.vocabulary[1]
    like = _word_likeness(texts[couples // size], texts[couples % size])[inverse]
    kept = like > 0
    worth = np.minimum(bits_l[at_l], bits_r[at_r])[kept] * like[kept]
    # A word of the left meets at most one word of the right: its best.
    order = np.lexsort((-worth, at_l[kept]))
    _, first = np.unique(at_l[kept][order], return_index=True)
    chosen = order[first]
    return _sums(item[kept][chosen], worth[chosen], count)


def _word_likeness(left: Text, right: Text) -> Floats:
    """0 for different words; 0.85 for a misspelling or an abbreviation."""
    close = process.cpdist(
        left, right, scorer=JaroWinkler.similarity, workers=WORKERS, dtype=np.float32
    )
    long = np.array(
        [min(len(a), len(b)) >= 4 for a, b in zip(left, right, strict=True)], dtype=bool
    )
    cut = np.array(
        [
            min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a))
            for a, b in zip(left, right, strict=True)
        ],
        dtype=bool,
    )
    digits = np.array(
        [a.isdigit() or b.isdigit() for a, b in zip(left, right, strict=True)], dtype=bool
    )
    return np.where(~digits & (((close >= SAME_WORD) & long) | cut), 0.85, 0.0)


def _town_share(compared: Comparison, pair: Ints, word: Ints) -> Floats:
    """1, or TOWN_WORD_SHARE for a word that is part of the name of either town."""
    towns, texts = compared.both("town"), compared.vocabulary[1]
    share = np.ones(len(pair))
    for side in towns:
        names, at = np.unique(side.astype(str), return_inverse=True)
        couples, inverse = np.unique(at[pair] * len(texts) + word, return_inverse=True)
        inside = np.array(
            [
                len(texts[c % len(texts)]) > 3 and texts[c % len(texts)] in names[c // len(texts)]
                for c in couples.tolist()
            ],
            dtype=bool,
        )
        if len(inside):
            share[inside[inverse]] = TOWN_WORD_SHARE
    return share


def _spread(words: Words, bag: Ints) -> tuple[Ints, Ints]:
    """(position in `bag`, word) for every word of every bag asked."""
    row, at = _ranges(words.start[bag], words.start[bag + 1])
    return row, words.word[at]


def _cross(left: Ints, right: Ints, left_owner: Ints, right_owner: Ints) -> tuple[Ints, Ints, Ints]:
    """For each asked couple of owners, every couple of their belongings: (couple, left, right)."""
    row, at = _ranges(left[left_owner], left[left_owner + 1])
    inner, right_at = _ranges(right[right_owner[row]], right[right_owner[row] + 1])
    return row[inner], at[inner], right_at


def _ranges(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Concatenated ranges: the number of the range, and the value in it."""
    count = end - start
    row = np.repeat(np.arange(len(start)), count)
    return row, np.arange(int(count.sum())) - np.repeat(
        np.cumsum(count) - count, count
    ) + np.repeat(start, count)


def _sums(row: Ints, weight: Floats, count: int) -> Floats:
    """The weights of each of `count` rows added up."""
    return np.asarray(np.bincount(row, weights=weight, minlength=count), dtype=np.float64)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> Floats:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
