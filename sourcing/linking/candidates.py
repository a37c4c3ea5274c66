"""Candidates: for each probe, the few lines of the base that share its rarest keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.linking.normalised import Lines
from sourcing.linking.sql import CHANNELS

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


@dataclass(frozen=True, slots=True)
class Index:
    """The base's keys: `line[start[k]:start[k + 1]]` hold key `k`, rare enough to search by."""

    lines: Lines
    key: NDArray[np.uint64]
    start: Ints
    line: Ints
    # How many lines of the base share each line's street number and street.
    at_door: Ints
    # How many lines of the base in each line's town say they are of the same kinds.
    of_kind_in_town: Ints
    # Word -> its usual share of French lines, for bases too small to tell.
    usual: Mapping[str, float]

    @classmethod
    def build(cls, lines: Lines, usual: Mapping[str, float] | None = None) -> "Index":
        """Sort the base's keys, leaving out those that too many lines share."""
        order = np.argsort(lines.key, kind="stable")
        key, count = np.unique(lines.key[order], return_counts=True)
        rare = count <= MOST_SHARED
        kept = np.repeat(rare, count)
        offsets = np.concatenate([[0], np.cumsum(count[rare])])
        return cls(
            lines,
            key[rare],
            offsets,
            lines.key_line[order][kept].astype(np.int64),
            _crowd(lines, ("number", "street", "town")),
            _kind_crowd(lines),
            usual or {},
        )


def _crowd(lines: Lines, facts: Sequence[str]) -> Ints:
    """How many lines say the same of all these facts, line by line."""
    return _counts(
        ["|".join(parts) for parts in zip(*(lines.facts[f] for f in facts), strict=True)]
    )


def _kind_crowd(lines: Lines) -> Ints:
    """In each line's town, how many lines share one of its kinds: the rarest counts."""
    crowd = np.full(lines.count, lines.count, dtype=np.int64)
    bit = 1
    while bit <= int(lines.kinds.max(initial=0)):
        has = (lines.kinds & bit) != 0
        crowd[has] = np.minimum(crowd[has], _counts(lines.facts["town"][has].tolist()))
        bit <<= 1
    return crowd


def _counts(values: Sequence[str]) -> Ints:
    _, inverse, count = np.unique(
        np.array(values, dtype=str), return_inverse=True, return_counts=True
    )
    return np.asarray(count[inverse], dtype=np.int64)


def candidates(index: Index, probes: Lines) -> Pairs:
    """At most a few dozen lines of the base per probe, by three bounded rankings."""
    probe, line, weight, channel = _shared(index, probes)
    rankings = (
        (np.ones(len(probe), dtype=bool), BEST),
        (np.isin(channel, ADDRESS_CHANNELS), BEST_BY_ADDRESS),
        (np.isin(channel, NUMBER_CHANNELS), BEST_BY_NUMBER),
    )
    size = max(index.lines.count, 1)
    found = [_best(probe[m], line[m], weight[m], size, k) for m, k in rankings]
    pair = np.unique(np.concatenate(found))
    return Pairs(pair // size, pair % size)


def _shared(index: Index, probes: Lines) -> tuple[Ints, Ints, Floats, NDArray[np.object_]]:
    """Every (probe, base line) that share a key, with that key's weight and channel."""
    if not len(index.key) or not len(probes.key):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, object)
    at = np.minimum(np.searchsorted(index.key, probes.key), len(index.key) - 1)
    known = np.flatnonzero(index.key[at] == probes.key)
    at = at[known]
    count = index.start[at + 1] - index.start[at]
    probe = np.repeat(probes.key_line[known].astype(np.int64), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    line = index.line[np.repeat(index.start[at], count) + within]
    codes = {name: CHANNEL_WEIGHT[name] for name in CHANNELS}
    worth = np.array([codes[c] for c in probes.key_channel[known]])
    bits = worth * np.log2((index.lines.count + 1) / count)
    return probe, line, np.repeat(bits, count), np.repeat(probes.key_channel[known], count)


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
