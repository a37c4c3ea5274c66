"""Candidates: for each probe, the few lines of the base that share its rarest keys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sourcing.linking.normalised import LINE_BITS, Keys, Lines
from sourcing.linking.sql import CHANNELS

# A base of three suppliers knows nothing of which words are rare: every base is counted as if it
# came on top of this many lines, of which common words have their usual share.
BACKGROUND = 30_000
# A key shared by more lines than this says too little to search by.
MOST_SHARED = 800
# Kept per probe: best over all channels, then best by address, and by number (phone, host, siren).
BEST, BEST_BY_ADDRESS, BEST_BY_NUMBER = 10, 4, 6
# How much one shared key counts, before its rarity.
CHANNEL_WEIGHT = {
    "word": 1.0,
    "word@departement": 0.6,
    "word@town": 0.8,
    "word@postcode": 0.4,
    "kind@town": 0.4,
    "start@town": 0.3,
    "gram@town": 0.1,
    "acronym": 0.7,
    "door": 1.2,
    "street@town": 0.5,
    "street@postcode": 0.4,
    "phone": 2.0,
    "mail": 2.0,
    "host": 1.5,
    "siren": 3.0,
}
ADDRESS_CHANNELS = ("door", "street@town", "street@postcode")
NUMBER_CHANNELS = ("phone", "mail", "host", "siren")

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Pairs(NamedTuple):
    """Probe and base line numbers, sorted by probe then line."""

    probe: Ints
    line: Ints

    @classmethod
    def of(cls, couples: Iterable[tuple[int, int]]) -> "Pairs":
        kept = np.array(sorted(set(couples)), dtype=np.int64).reshape(-1, 2)
        return cls(kept[:, 0], kept[:, 1])

    def couples(self) -> set[tuple[int, int]]:
        return set(zip(self.probe.tolist(), self.line.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Words:
    """Bag `b` holds `word[start[b]:start[b + 1]]`, numbers into a common vocabulary."""

    start: Ints
    word: Ints


@dataclass(frozen=True, slots=True)
class Index:
    """The base's keys: `line[start[k]:start[k + 1]]` hold key `k`, rare enough to search by."""

    lines: Lines
    key: NDArray[np.uint64]
    start: Ints
    line: NDArray[np.int32]
    # How many lines of the base share each line's street number and street.
    at_door: Ints
    # How many lines of the base in each line's town say they are of the same kinds.
    of_kind_in_town: Ints
    # The words of each name, and of all the names of each line.
    of_name: Words
    of_line: Words
    # Where the names of each line begin.
    alias_start: Ints
    # What each word of the vocabulary tells: the rarer in the base, the more.
    bits: Floats
    # Word -> its number in the vocabulary.
    number: Mapping[str, int]
    # Word -> its usual share of French lines, for bases too small to tell.
    usual: Mapping[str, float]

    @classmethod
    def build(cls, lines: Lines, usual: Mapping[str, float] | None = None) -> "Index":
        """Sort the base's keys, leaving out those that too many lines share."""
        of_name, of_line = bags_of(lines)
        return cls(
            replace(lines, keys=lines.keys[:0], key_channel=lines.key_channel[:0]),
            *_sorted_keys(lines.keys),
            _crowd(lines, ("number", "street", "town")),
            _kind_crowd(lines),
            of_name,
            of_line,
            starts(lines.alias_line, lines.count),
            _bits(lines, of_line, usual or {}),
            dict(zip(lines.vocabulary.tolist(), range(len(lines.vocabulary)), strict=True)),
            usual or {},
        )


def bags_of(lines: Lines) -> tuple[Words, Words]:
    """The words of each name, and of all the names of each line."""
    line = lines.alias_line[lines.word_alias].astype(np.int64)
    size = max(len(lines.vocabulary), 1)
    once = np.unique(line * size + lines.word)
    return (
        Words(starts(lines.word_alias, len(lines.alias_line)), lines.word),
        Words(starts(once // size, lines.count), once % size),
    )


def _bits(lines: Lines, of_line: Words, usual: Mapping[str, float]) -> Floats:
    seen = np.bincount(of_line.word, minlength=len(lines.vocabulary))
    share = np.array([usual.get(word, 0.0) for word in lines.vocabulary.tolist()])
    return np.asarray(np.log2((lines.count + BACKGROUND) / (seen + share * BACKGROUND + 1)))


def starts(owner: Ints, count: int) -> Ints:
    """Where each of `count` owners begins in an increasing array of owners."""
    return np.searchsorted(owner, np.arange(count + 1)).astype(np.int64)


def _sorted_keys(packed: Keys) -> tuple[Keys, Ints, NDArray[np.int32]]:
    """The keys that few lines share, where each begins, and their lines."""
    packed = np.sort(packed)
    packed = packed[_changes(packed)]
    shift = np.uint64(LINE_BITS)
    firsts = np.flatnonzero(_changes(packed >> shift))
    count = np.diff(firsts, append=len(packed))
    rare = count <= MOST_SHARED
    kept = packed[np.repeat(rare, count)]
    lines = (kept & np.uint64((1 << LINE_BITS) - 1)).astype(np.int32)
    return packed[firsts[rare]] >> shift, np.concatenate([[0], np.cumsum(count[rare])]), lines


def _changes(values: Keys) -> NDArray[np.bool_]:
    """The first of each run of equal values."""
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    return first


def _crowd(lines: Lines, facts: Sequence[str]) -> Ints:
    """How many lines say the same of all these facts, line by line."""
    code = np.zeros(lines.count, dtype=np.int64)
    for fact in facts:
        codes, values = pd.factorize(lines.facts[fact])
        code = pd.factorize(code * max(len(values), 1) + codes)[0].astype(np.int64)
    return np.bincount(code, minlength=1)[code]


def _kind_crowd(lines: Lines) -> Ints:
    """In each line's town, how many lines share one of its kinds: the rarest counts."""
    crowd = np.full(lines.count, lines.count, dtype=np.int64)
    town = pd.factorize(lines.facts["town"])[0]
    bit = 1
    while bit <= int(lines.kinds.max(initial=0)):
        has = (lines.kinds & bit) != 0
        crowd[has] = np.minimum(crowd[has], np.bincount(town[has], minlength=1)[town[has]])
        bit <<= 1
    return crowd


def candidates(index: Index, probes: Lines) -> Pairs:
    """At most a few dozen lines of the base per probe, by three bounded rankings."""
    probe, line, weight, channel = _shared(index, probes)
    rankings = (
        (np.ones(len(probe), dtype=bool), BEST),
        (np.isin(channel, _numbers(ADDRESS_CHANNELS)), BEST_BY_ADDRESS),
        (np.isin(channel, _numbers(NUMBER_CHANNELS)), BEST_BY_NUMBER),
    )
    size = max(index.lines.count, 1)
    found = [_best(probe[m], line[m], weight[m], size, k) for m, k in rankings]
    pair = np.unique(np.concatenate(found))
    return Pairs(pair // size, pair % size)


def _shared(index: Index, probes: Lines) -> tuple[Ints, Ints, Floats, Ints]:
    """Every (probe, base line) that share a key, with that key's weight and channel."""
    if not len(index.key) or not len(probes.keys):
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros(0), nothing
    asked, channel = _distinct(probes)
    key = asked >> np.uint64(LINE_BITS)
    at = np.minimum(np.searchsorted(index.key, key), len(index.key) - 1)
    known = np.flatnonzero(index.key[at] == key)
    at = at[known]
    owner = (asked[known] & np.uint64((1 << LINE_BITS) - 1)).astype(np.int64)
    count = index.start[at + 1] - index.start[at]
    probe = np.repeat(owner, count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    line = index.line[np.repeat(index.start[at], count) + within].astype(np.int64)
    worth = np.array([CHANNEL_WEIGHT[name] for name in CHANNELS])[channel[known]]
    bits = worth * np.log2((index.lines.count + 1) / count)
    return probe, line, np.repeat(bits, count), np.repeat(channel[known], count).astype(np.int64)


def _numbers(names: Sequence[str]) -> list[int]:
    order = list(CHANNELS)
    return [order.index(name) for name in names]


def _distinct(probes: Lines) -> tuple[Keys, NDArray[np.uint8]]:
    """Each probe's keys once per channel."""
    order = np.lexsort((probes.key_channel, probes.keys))
    keys, channel = probes.keys[order], probes.key_channel[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (keys[1:] != keys[:-1]) | (channel[1:] != channel[:-1])
    return keys[first], channel[first]


def _best(probe: Ints, line: Ints, weight: Floats, size: int, most: int) -> Ints:
    """The `most` heaviest lines of each probe, as probe * size + line; ties in the base's order."""
    pair, inverse = np.unique(probe * size + line, return_inverse=True)
    total = np.round(np.bincount(inverse, weights=weight, minlength=len(pair)), 6)
    owner = pair // size
    order = np.lexsort((pair, -total, owner))
    owner = owner[order]
    first = np.searchsorted(owner, owner)
    rank = np.arange(len(owner)) - first
    kept: Ints = pair[order][rank < most]
    return kept
