"""Candidates: for each probe, the few lines of the base that share its rarest keys."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.linking.index import Index, Ints, changes
from sourcing.linking.normalised import LINE_BITS, Keys, Lines
from sourcing.linking.overlap import inside, ranges
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
IN_WEIGHT, IN_LINE = (np.uint64((1 << bits) - 1) for bits in (WEIGHT_BITS, LINE_BITS))


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
            (ADDRESS_CHANNELS, BEST_BY_ADDRESS),
            (NUMBER_CHANNELS, BEST_BY_NUMBER),
            (CHANNELS, BEST),
        ):
            # All of them last: what is looked at is written over.
            kept = shared if channels is CHANNELS else shared[_is_of(channels)[of_channel]]
            found.append(_best(kept, most) + np.uint64(first << LINE_BITS))
    pair = np.sort(np.concatenate(found))
    pair = pair[changes(pair)]
    line = pair & IN_LINE
    return Pairs((pair >> np.uint64(LINE_BITS)).astype(np.int64), line.astype(np.int64))


def _asked(probes: Lines) -> Iterator[tuple[int, Keys, NDArray[np.uint8]]]:
    """(first probe, keys, channels) of AT_ONCE probes at a time."""
    if probes.count <= AT_ONCE:
        yield 0, probes.keys, probes.key_channel
        return
    part = (probes.keys & IN_LINE) // np.uint64(AT_ONCE)
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
    owner = (asked[known] & IN_LINE) - np.uint64(first)
    count = index.start[at + 1] - index.start[at]
    kept = _enough(owner, count)
    at, owner, count, channel = at[kept], owner[kept], count[kept], channel[known][kept]
    worth = np.array([CHANNEL_WEIGHT[name] for name in CHANNELS])[channel]
    weight = PRECISION * worth * np.log2((index.lines.count + 1) / count)
    packed = (owner << np.uint64(LINE_BITS + WEIGHT_BITS)) | weight.astype(np.uint64)
    shared = index.line[inside(index.start[at], count)].astype(np.uint64)
    shared <<= np.uint64(WEIGHT_BITS)
    shared |= np.repeat(packed, count)
    return shared, np.repeat(channel, count)


def _enough(owner: Keys, count: Ints) -> Ints:
    """The rarest keys of each probe, until they lead to ENOUGH lines."""
    packed = owner << np.uint64(48) | count.astype(np.uint64) << np.uint64(32)
    packed |= np.arange(len(owner), dtype=np.uint64)
    packed.sort()
    order = (packed & np.uint64((1 << 32) - 1)).astype(np.int64)
    first = np.flatnonzero(changes(packed >> np.uint64(48)))
    before = np.cumsum(count[order]) - count[order]
    before -= np.repeat(before[first], np.diff(first, append=len(order)))
    return order[before < ENOUGH]


def _best(shared: Keys, most: int) -> Keys:
    """The `most` heaviest lines of each probe, (probe, line) packed; ties in the base's order.

    What is shared is sorted, and written over: it is the longest array there is.
    """
    if not len(shared):
        return shared
    shared.sort()
    pair = shared >> np.uint64(WEIGHT_BITS)
    last = np.append(np.flatnonzero(changes(pair))[1:], len(pair)) - 1
    pair = pair[last]
    shared &= IN_WEIGHT
    weight = np.diff(np.cumsum(shared, out=shared)[last], prepend=np.uint64(0))
    # Probe, lightness, line.
    ranked = np.subtract(IN_WEIGHT, weight, out=weight)
    ranked <<= np.uint64(LINE_BITS)
    ranked |= pair & IN_LINE
    pair >>= np.uint64(LINE_BITS)
    pair <<= np.uint64(LINE_BITS + WEIGHT_BITS)
    ranked |= pair
    ranked.sort()
    probes = np.arange(int(ranked[-1] >> np.uint64(LINE_BITS + WEIGHT_BITS)) + 2, dtype=np.uint64)
    begins = np.searchsorted(ranked, probes << np.uint64(LINE_BITS + WEIGHT_BITS))
    owner, at = ranges(begins[:-1], np.minimum(begins[:-1] + most, begins[1:]))
    kept: Keys = ranked[at] & IN_LINE
    kept |= owner.astype(np.uint64) << np.uint64(LINE_BITS)
    return kept
