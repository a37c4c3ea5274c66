"""What the evidence looks at, for all pairs at once: names, spelling, streets, doors, towns."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from sourcing.linking.candidates import Pairs
from sourcing.linking.index import (
    BACKGROUND,
    Floats,
    Index,
    Ints,
    Words,
    bags_of,
    changes,
    starts,
    street_bags_of,
)
from sourcing.linking.normalised import Keys, Labels, Lines, Text, Vocabulary
from sourcing.linking.overlap import (
    Flags,
    Overlap,
    Spread,
    highest,
    likeness,
    met,
    numbers,
    overlap,
    pairwise,
    ranges,
    ratio,
    sums,
)

# Towns and streets less alike than this are different ones, whatever the likeness.
DOUBTFUL = 60
# Street numbers so far apart are still next door: entrances, corner houses.
NEXT_DOOR = 8


class Names(NamedTuple):
    """Each pair's best pair of names: words in common, likeness 0..100, numbers as `numbers`."""

    words: Overlap
    likeness: Floats
    numbers: Ints


@dataclass(frozen=True)
class Comparison:
    """All pairs of a set of probes with their candidates in the base."""

    index: Index
    probes: Lines
    pairs: Pairs
    # Answers already given, by question.
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> Lines:
        return self.index.lines

    def both(self, fact: str) -> tuple[Keys, Keys]:
        """One fact of the probe and of the base line, pair by pair; 0 unsaid."""
        return self.probes.marks[fact][self.pairs.probe], self.base.marks[fact][self.pairs.line]

    def agreement(self, fact: str) -> Ints:
        """0 one side does not say, 1 they differ, 2 they are equal."""
        left, right = self.both(fact)
        return np.where((left == 0) | (right == 0), 0, np.where(left == right, 2, 1))

    @cached_property
    def vocabulary(self) -> tuple[Ints, Vocabulary]:
        """The probes' words numbered as the base's, new ones after them; and all the words."""
        base, asked = self.base.vocabulary, self.probes.vocabulary
        at = np.searchsorted(base.mark, asked.mark)
        known = np.zeros(len(at), dtype=bool)
        inside = at < len(base.mark)
        known[inside] = base.mark[at[inside]] == asked.mark[inside]
        new = np.flatnonzero(~known)
        at[new] = len(base.mark) + np.arange(len(new))
        every = Vocabulary(
            np.concatenate([base.word, asked.word[new]]),
            np.concatenate([base.mark, asked.mark[new]]),
            np.concatenate([base.first, asked.first[new]]),
            np.concatenate([base.length, asked.length[new]]),
            np.concatenate([base.is_number, asked.is_number[new]]),
        )
        return at.astype(np.int64), every

    @cached_property
    def bits(self) -> Floats:
        """What each word tells: the rarer in the base, the more."""
        new = self.vocabulary[1].word[len(self.index.bits) :]
        usual = np.array([self.index.usual.get(word, 0.0) for word in new.tolist()])
        of_new = np.log2((self.base.count + BACKGROUND) / (usual * BACKGROUND + 1))
        return np.concatenate([self.index.bits, of_new])

    @cached_property
    def full_bits(self) -> float:
        """The bits that single out one line of the base."""
        return float(np.log2(self.base.count + BACKGROUND))

    @cached_property
    def asked(self) -> tuple[Words, Words, Words]:
        """The words of each name of the probes, of all their names, of their streets."""
        numbers, every = self.vocabulary
        word, street = (
            numbers[words].astype(np.int32) if len(numbers) else words
            for words in (self.probes.word, self.probes.street_word)
        )
        probes = replace(self.probes, word=word, street_word=street, vocabulary=every)
        return *bags_of(probes), street_bags_of(probes)

    @cached_property
    def names(self) -> Names:
        """The best pair of names of each pair of lines."""
        aliases = starts(self.probes.alias_line, self.probes.count)
        pair, left, right = pairwise(
            aliases, self.index.alias_start, self.pairs.probe, self.pairs.line
        )
        if not len(pair):
            nothing = np.zeros(len(self.pairs.probe))
            return Names(Overlap(nothing, nothing, nothing, nothing), nothing, nothing.astype(int))
        alike = likeness(self.probes.alias_text[left], self.base.alias_text[right], fuzz.ratio)
        chosen = self._best_names(pair, left, right, alike)
        one, other = self._words(left[chosen], right[chosen])
        count, words = len(chosen), self.vocabulary[1]
        return Names(
            overlap(one, other, count, words),
            alike[chosen].astype(np.float64),
            numbers(one, other, count, words),
        )

    def _best_names(self, pair: Ints, left: Ints, right: Ints, alike: NDArray[np.float32]) -> Ints:
        """Which of its names say most of each pair; words are looked at where there are several."""
        first = np.flatnonzero(changes(pair))
        count = np.diff(first, append=len(pair))
        chosen = np.zeros(len(self.pairs.probe), dtype=np.int64)
        chosen[pair[first]] = first
        at = np.flatnonzero(np.repeat(count > 1, count))
        strict = overlap(
            *self._words(left[at], right[at]), len(at), self.vocabulary[1], is_loose=False
        )
        worth = strict.shared * (0.3 + strict.dice()) + alike[at] / 100
        best = at[highest(pair[at], np.round(worth, 6))]
        chosen[pair[best]] = best
        return chosen

    def _words(self, left: Ints, right: Ints) -> tuple[Spread, Spread]:
        """The words of these names of the probes, and of these of the base."""
        one = Spread.of(self.asked[0], left, self.bits)
        return one, Spread.of(self.index.of_name, right, self.bits)

    @cached_property
    def dice(self) -> Floats:
        """0..1, how much of both names is shared, rare words counting more."""
        return self.names.words.dice()

    @cached_property
    def all_names(self) -> Overlap:
        """The words of all the names of one against all those of the other."""
        one = Spread.of(self.asked[1], self.pairs.probe, self.bits)
        other = Spread.of(self.index.of_line, self.pairs.line, self.bits)
        return overlap(one, other, len(self.pairs.probe), self.vocabulary[1])

    @cached_property
    def placed(self) -> Floats:
        """0..1, how much of the names of one that the other's names lack is in its street."""
        probe, line = self.pairs
        asked = [Spread.of(words, probe, self.bits) for words in self.asked[1:]]
        bags = (self.index.of_line, self.index.of_street)
        base = [Spread.of(words, line, self.bits) for words in bags]
        count, found = len(probe), np.zeros(len(probe))
        for said, known, street in ((asked[0], *base), (base[0], *asked)):
            size = len(self.vocabulary[1].word)
            left = said.where(~met(said, known, size)[0])
            there = left.where(met(left, street, size)[0])
            found = np.maximum(found, ratio(there.total(count), said.total(count)))
        return found

    @cached_property
    def in_site(self) -> tuple[Flags, Floats]:
        """Does one name its web site; 0..1, how much of that name the other's words are made of."""
        probe, line = self.pairs
        said, found = np.zeros(len(probe), dtype=bool), np.zeros(len(probe))
        both = ((self.probes.sites, probe, self.index.of_line, line),
                (self.base.sites, line, self.asked[1], probe))  # fmt: skip
        texts = self.vocabulary[1].word
        for sites, ours, words, theirs in both:
            labels = sites.values[sites.code[ours]]
            at = np.flatnonzero(labels != "")
            row, word = ranges(words.start[theirs[at]], words.start[theirs[at] + 1])
            long = np.flatnonzero(self.vocabulary[1].length[words.word[word]] > 3)
            row, word = row[long], word[long]
            held = zip(labels[at[row]].tolist(), texts[words.word[word]].tolist(), strict=True)
            covered = [len(w) / len(s) if w in s else 0.0 for s, w in held]
            said[at] = True
            found[at] = np.maximum(found[at], sums(row, np.array(covered), len(at)))
        return said, found

    @cached_property
    def acronyms(self) -> Flags:
        """A word of one is made of the initials of a name of three words or more of the other."""
        probe, line = self.pairs
        found = np.zeros(len(probe), dtype=bool)
        found[self._made_of(self.asked[1], probe, self.base, line)] = True
        found[self._made_of(self.index.of_line, line, self.probes, probe)] = True
        return found

    def _made_of(self, words: Words, ours: Ints, lines: Lines, theirs: Ints) -> Ints:
        """Pairs one of whose words on our side is the initials of a name on the other."""
        names = (
            self.index.alias_start if lines is self.base else starts(lines.alias_line, lines.count)
        )
        pair, word, name = pairwise(words.start, names, ours, theirs)
        _, every = self.vocabulary
        number = words.word[word]
        length, (first, least, most) = every.length[number], lines.alias_shape[name].T
        may = (every.first[number] == first) & (least > 2) & (length > 2) & (length < 9)
        at = np.flatnonzero(may & (length >= least) & (length <= most))
        texts, made = every.word[number[at]], _texts(lines.alias_initials, name[at])
        told = [is_acronym(t, *m.split(" ")) for t, m in zip(texts.tolist(), made, strict=True)]
        return np.asarray(pair[at[np.array(told, dtype=bool)]])

    @cached_property
    def street_likeness(self) -> Floats:
        """0..100, how alike two streets are once their type and small words are gone; 0: not."""
        near = self.agreement("departement") != 1
        couples = _Couples.of(self.probes.streets, self.base.streets, self.pairs, near)
        return couples.told(_alike_streets(*couples.texts))

    @cached_property
    def says_street(self) -> tuple[Flags, Flags]:
        """Does each side name a street or a place in its town?"""
        probe, line = self.pairs
        sides = ((self.probes.streets, probe), (self.base.streets, line))
        left, right = ((labels.values != "")[labels.code[at]] for labels, at in sides)
        return left, right

    @cached_property
    def doors(self) -> Ints:
        """Street numbers: 0 one side does not say, 1 far, 2 next door, 3 the same."""
        probe, line = self.pairs
        first, last = (
            self.probes.number[probe].astype(int),
            self.probes.last_number[probe].astype(int),
        )
        other, other_last = (
            self.base.number[line].astype(int),
            self.base.last_number[line].astype(int),
        )
        gap = np.maximum(first - other_last, other - last)
        level = np.where(gap <= 0, 3, np.where(gap <= NEXT_DOOR, 2, 1))
        return np.where((first == 0) | (other == 0), 0, level)

    @cached_property
    def same_door(self) -> Flags:
        """Same number in the same street, wherever it is."""
        return np.asarray((self.doors == 3) & (self.street_likeness >= 85))

    @cached_property
    def rivals(self) -> tuple[Ints, Ints, Flags]:
        """Every pair with each other one of its probe; are both sites of one firm."""
        probe, siren = self.pairs.probe, self.base.marks["siren"][self.pairs.line]
        first = np.flatnonzero(changes(probe))
        count = np.diff(first, append=len(probe))
        one, other = ranges(np.repeat(first, count), np.repeat(first + count, count))
        apart = np.flatnonzero(one != other)
        one, other = one[apart], other[apart]
        firm = siren[one]
        return one, other, (firm == siren[other]) & (firm != 0)

    @cached_property
    def town_likeness(self) -> Floats:
        """0..100, how alike two towns' names are; 0 when not very."""
        couples = _Couples.of(
            self.probes.towns, self.base.towns, self.pairs, self.agreement("town") == 1
        )
        return couples.told(likeness(*couples.texts, fuzz.partial_ratio, DOUBTFUL))

    @property
    def is_cedex(self) -> Flags:
        """The town of one may be that of its post office."""
        return self.probes.is_cedex[self.pairs.probe] | self.base.is_cedex[self.pairs.line]

    @cached_property
    def named_town(self) -> Flags:
        """The town of one is named in the street or the names of the other.

        Asked when nothing else says that they are near.
        """
        differ = (self.agreement(fact) != 2 for fact in ("postcode", "town_code"))
        apart = np.logical_and.reduce([*differ, self.town_likeness < 85])
        near = self.agreement("departement") != 1
        at = np.flatnonzero((self.agreement("town") == 1) & near & apart)
        probe, line = self.pairs.probe[at], self.pairs.line[at]
        one, other = _said(self.probes, probe), _said(self.base, line)
        towns = zip(_texts(self.probes.towns, probe), _texts(self.base.towns, line), strict=True)
        named = np.zeros(len(self.pairs.probe), dtype=bool)
        named[at] = [
            (len(a) > 4 and a in said_b) or (len(b) > 4 and b in said_a)
            for (a, b), said_a, said_b in zip(towns, one, other, strict=True)
        ]
        return named


def is_acronym(word: str, initials: str, every: str) -> bool:
    """All the initials in order, small words' optional: FDM of "Faculté des métiers" (FM, FDM)."""
    return _runs_through(initials, word) and _runs_through(word, every)


def _runs_through(few: str, many: str) -> bool:
    """The letters of `few` are in `many` in that order."""
    rest = iter(many)
    return all(letter in rest for letter in few)


def _texts(labels: Labels, lines: Ints) -> list[str]:
    texts: list[str] = labels.values[labels.code[lines]].tolist()
    return texts


def _said(lines: Lines, asked: Ints) -> list[str]:
    """The street and names of each line asked, in one word."""
    once, back = np.unique(asked, return_inverse=True)
    begins, ends = (np.searchsorted(lines.alias_line, once + i) for i in (0, 1))
    row, at = ranges(begins, ends)
    names, cuts = lines.alias_text[at].tolist(), starts(row, len(once)).tolist()
    said = [
        "".join([street, *names[a:b]]).replace(" ", "")
        for street, a, b in zip(_texts(lines.streets, once), cuts[:-1], cuts[1:], strict=True)
    ]
    return [said[i] for i in back.tolist()]


class _Couples(NamedTuple):
    """The distinct couples of texts of the pairs asked about, each compared once."""

    texts: tuple[Text, Text]
    # The pairs asked about, and the couple of each.
    at: Ints
    couple: Ints
    # Of all the pairs.
    size: int

    @classmethod
    def of(cls, left: Labels, right: Labels, pairs: Pairs, kept: Flags) -> "_Couples":
        size, at = max(len(right.values), 1), np.flatnonzero(kept)
        one, other = left.code[pairs.probe[at]].astype(np.int64), right.code[pairs.line[at]]
        couples, back = np.unique(one * size + other, return_inverse=True)
        texts = left.values[couples // size], right.values[couples % size]
        return cls(texts, at, back, len(pairs.probe))

    def told(self, alike: NDArray[np.floating[Any]]) -> Floats:
        """What was found of each couple, pair by pair; 0 for those not asked about."""
        found = np.zeros(self.size)
        found[self.at] = alike[self.couple]
        return found


def _alike_streets(one: Text, other: Text) -> Floats:
    """0..100; what is under DOUBTFUL is 0."""
    # "ALSACE" is in "GERARD D ALSACE", another street.
    whole = likeness(one, other, fuzz.token_sort_ratio, DOUBTFUL).astype(np.float64)
    at = np.flatnonzero(whole < 85)
    within = likeness(one[at], other[at], fuzz.token_set_ratio, DOUBTFUL).astype(np.float64) * 0.8
    whole[at] = np.maximum(whole[at], within)
    # "ZI PETITE SYNTHE VANCAUWENBERGHE" and "VAN CAUWENBERGUE": one inside the other, misspelt.
    at = at[whole[at] < 85]
    sizes = (map(len, side[at].tolist()) for side in (one, other))
    at = at[np.fromiter(map(min, *sizes), np.int64, len(at)) >= 7]
    part = likeness(one[at], other[at], fuzz.partial_ratio, 76).astype(np.float64) * 0.9
    whole[at] = np.maximum(whole[at], np.where(part >= 76, part, 0))
    return whole
