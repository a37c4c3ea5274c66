"""Candidates: for each probe, the few lines of the base that share its rarest keys."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.linking.index import Index, Ints, changes
from sourcing.linking.normalised import LINE_BITS, Keys, Lines
from sourcing.linking.sql import CHANNELS

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
    "site@departement": 0.6,
    "site@town": 0.1,
    "acronym": 0.7,
    "door": 1.2,
    "street@town": 0.5,
    "street@departement": 0.4,
    "place@town": 0.5,
    "street@postcode": 0.4,
    "phone": 2.0,
    "mail": 2.0,
    "host": 1.5,
    "siren": 3.0,
}
ADDRESS_CHANNELS = ("door", "street@town", "street@departement", "street@postcode")
NUMBER_CHANNELS = ("phone", "mail", "host", "siren")
# The keys that a probe's rarer ones lead to so many lines are not looked up.
ENOUGH = 200
# Asked at once: what they share with the base must fit in memory.
AT_ONCE = 8_192
# A shared key as one number to sort: probe (16 bits), line (24), weight (24, in 512ths).
WEIGHT_BITS, PRECISION = 24, 512


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


def candidates(index: Index, probes: Lines) -> Pairs:
    """At most a few dozen lines of the base per probe, by three bounded rankings."""
    found = [np.zeros(0, np.uint64)]
    for first, keys, channel in _asked(probes):
        shared, of_channel = _shared(index, keys, channel, first)
        for channels, most in (
            (CHANNELS, BEST),
            (ADDRESS_CHANNELS, BEST_BY_ADDRESS),
            (NUMBER_CHANNELS, BEST_BY_NUMBER),
        ):
            kept = (
                shared if len(channels) == len(CHANNELS) else shared[_is_of(channels)[of_channel]]
            )
            found.append(_best(kept, most) + np.uint64(first << LINE_BITS))
    pair = np.sort(np.concatenate(found))
    pair = pair[changes(pair)]
    line = pair & np.uint64((1 << LINE_BITS) - 1)
    return Pairs((pair >> np.uint64(LINE_BITS)).astype(np.int64), line.astype(np.int64))


def _asked(probes: Lines) -> Iterator[tuple[int, Keys, NDArray[np.uint8]]]:
    """(first probe, keys, channels) of AT_ONCE probes at a time."""
    if probes.count <= AT_ONCE:
        yield 0, probes.keys, probes.key_channel
        return
    part = (probes.keys & np.uint64((1 << LINE_BITS) - 1)) // np.uint64(AT_ONCE)
    for first in range(0, probes.count, AT_ONCE):
        at = np.flatnonzero(part == first // AT_ONCE)
        yield first, probes.keys[at], probes.key_channel[at]


def _is_of(names: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([name in names for name in CHANNELS], dtype=bool)


def _shared(
    index: Index, asked: Keys, channel: NDArray[np.uint8], first: int
) -> tuple[Keys, NDArray[np.uint8]]:
    """Each (probe, line, weight) that share a key, packed; and the key's channel."""
    if not len(index.key) or not len(asked):
        return np.zeros(0, np.uint64), np.zeros(0, np.uint8)
    # In the base's order: a key is found near the one before.
    order = np.argsort(asked)
    asked, channel = asked[order], channel[order]
    key = asked >> np.uint64(LINE_BITS)
    at = np.minimum(np.searchsorted(index.key, key), len(index.key) - 1)
    known = np.flatnonzero(index.key[at] == key)
    at = at[known]
    owner = (asked[known] & np.uint64((1 << LINE_BITS) - 1)) - np.uint64(first)
    count = index.start[at + 1] - index.start[at]
    kept = _enough(owner, count)
    at, owner, count, channel = at[kept], owner[kept], count[kept], channel[known][kept]
    worth = np.array([CHANNEL_WEIGHT[name] for name in CHANNELS])[channel]
    weight = PRECISION * worth * np.log2((index.lines.count + 1) / count)
    packed = (owner << np.uint64(LINE_BITS + WEIGHT_BITS)) | weight.astype(np.uint64)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - index.start[at], count)
    line = index.line[within].astype(np.uint64) << np.uint64(WEIGHT_BITS)
    return np.repeat(packed, count) | line, np.repeat(channel, count)


def _enough(owner: Keys, count: Ints) -> Ints:
    """The rarest keys of each probe, until they lead to ENOUGH lines."""
    order = np.lexsort((count, owner))
    first = np.flatnonzero(changes(owner[order]))
    before = np.cumsum(count[order]) - count[order]
    before -= np.repeat(before[first], np.diff(first, append=len(order)))
    return order[before < ENOUGH]


def _best(shared: Keys, most: int) -> Keys:
    """The `most` heaviest lines of each probe, (probe, line) packed; ties in the base's order."""
    if not len(shared):
        return shared
    shared = np.sort(shared)
    pair = shared >> np.uint64(WEIGHT_BITS)
    first = np.flatnonzero(changes(pair))
    weight = np.add.reduceat(shared & np.uint64((1 << WEIGHT_BITS) - 1), first)
    pair = pair[first]
    probe = pair >> np.uint64(LINE_BITS)
    line = pair & np.uint64((1 << LINE_BITS) - 1)
    lightness = np.uint64((1 << WEIGHT_BITS) - 1) - weight
    ranked = np.sort(
        (probe << np.uint64(LINE_BITS + WEIGHT_BITS)) | (lightness << np.uint64(LINE_BITS)) | line
    )
    owner = ranked >> np.uint64(LINE_BITS + WEIGHT_BITS)
    begins = np.flatnonzero(changes(owner))
    rank = np.arange(len(owner)) - np.repeat(begins, np.diff(begins, append=len(owner)))
    kept = rank < most
    line = ranked[kept] & np.uint64((1 << LINE_BITS) - 1)
    return (owner[kept] << np.uint64(LINE_BITS)) | line
