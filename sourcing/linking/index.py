"""The base's lines, ready to be searched and compared: keys, words, how common each thing is."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sourcing.linking.normalised import LINE_BITS, Keys, Lines

# A base of three suppliers knows nothing of which words are rare: every base is counted as if it
# came on top of this many lines, of which common words have their usual share.
BACKGROUND = 30_000
# A key shared by more lines than this says too little to search by.
MOST_SHARED = 300

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FLAG_BITS = 2
# Keys are sorted by so many threads, and read by slices of their first bits; where they are put
# together anew, of so many keys, that what is worked out fits where memory is near.
THREADS, SLICES, IN_SLICE = 2, 16, 1 << 17
IN_LINE = np.uint64((1 << LINE_BITS) - 1)
# Where no line is.
NOWHERE = np.uint64(1 << LINE_BITS)


@dataclass(frozen=True, slots=True)
class Words:
    """Bag `b` holds `word[start[b]:start[b + 1]]`, numbers into a vocabulary, increasing."""

    start: Ints
    word: NDArray[np.int32]
    flags: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Index:
    """The base's keys: `line[start[k]:start[k + 1]]` hold key `k`, rare enough to search by."""

    lines: Lines
    key: Keys
    start: Ints
    line: NDArray[np.int32]
    # The keys that too many share, packed as they come: another month they may be rare.
    common: Keys
    # How many firms of the base share each line's street number and street.
    at_door: NDArray[np.int32]
    # How many lines of the base in each line's town, and in its département, are of its kinds.
    of_kind_in_town: NDArray[np.int32]
    of_kind_around: NDArray[np.int32]
    # The words of each name, and of all the names of each line.
    of_name: Words
    of_line: Words
    of_street: Words
    # Where the names of each line begin.
    alias_start: Ints
    # What each word of the vocabulary tells: the rarer in the base, the more.
    bits: Floats
    # Word -> its usual share of French lines, for bases too small to tell.
    usual: Mapping[str, float]

    @classmethod
    def build(cls, lines: Lines, usual: Mapping[str, float] | None = None) -> "Index":
        """Sort the keys of these lines, in place; those that too many share are kept apart."""
        return cls._with(lines, _sorted_keys(lines.keys), usual or {})

    @classmethod
    def merged(
        cls, lines: Lines, former: "Index", places: Ints, usual: Mapping[str, float]
    ) -> "Index":
        """These lines, of which a former base has all the keys but those they bring.

        `places`: where each of its lines is now, -1 when it is gone.
        """
        return cls._with(lines, _merged_keys(former, places, lines.keys), usual)

    @classmethod
    def _with(cls, lines: Lines, keys: "Shared", usual: Mapping[str, float]) -> "Index":
        of_name, of_line = bags_of(lines)
        return cls(
            replace(lines, keys=lines.keys[:0], key_channel=lines.key_channel[:0]),
            *keys,
            _firms_at_door(lines),
            _kind_crowd(lines, lines.towns.code),
            _kind_crowd(lines, _numbers(lines.marks["departement"])),
            of_name,
            of_line,
            street_bags_of(lines),
            starts(lines.alias_line, lines.count),
            _bits(lines, of_line, usual),
            usual,
        )


def bags_of(lines: Lines) -> tuple[Words, Words]:
    """The words of each name, and of all the names of each line."""
    line = lines.alias_line[lines.word_alias].astype(np.int64)
    size = max(len(lines.vocabulary.word), 1)
    packed = np.sort(((line * size + lines.word) << FLAG_BITS) | lines.word_flags)
    # The same word in two names of one line: its flags together are the larger.
    last = np.append(changes(packed >> FLAG_BITS)[1:], True)[: len(packed)]
    once = packed[last] >> FLAG_BITS
    return (
        Words(starts(lines.word_alias, len(lines.alias_line)), lines.word, lines.word_flags),
        Words(
            starts(once // size, lines.count),
            (once % size).astype(np.int32),
            (packed[last] & ((1 << FLAG_BITS) - 1)).astype(np.uint8),
        ),
    )


def street_bags_of(lines: Lines) -> Words:
    """The words of each line's street."""
    size = max(len(lines.vocabulary.word), 1)
    packed = np.sort(lines.street_line.astype(np.int64) * size + lines.street_word)
    none = np.zeros(len(packed), dtype=np.uint8)
    return Words(starts(packed // size, lines.count), (packed % size).astype(np.int32), none)


def _bits(lines: Lines, of_line: Words, usual: Mapping[str, float]) -> Floats:
    seen = np.bincount(of_line.word, minlength=len(lines.vocabulary.word))
    share = np.array([usual.get(word, 0.0) for word in lines.vocabulary.word.tolist()])
    return np.asarray(np.log2((lines.count + BACKGROUND) / (seen + share * BACKGROUND + 1)))


def starts(owner: NDArray[np.integer], count: int) -> Ints:
    """Where each of `count` owners begins in an increasing array of owners."""
    return np.searchsorted(owner, np.arange(count + 1)).astype(np.int64)


# The keys that few lines share, where each begins, and their lines; then the others, packed.
Shared = tuple[Keys, Ints, NDArray[np.int32], Keys]


def _sorted_keys(packed: Keys) -> Shared:
    """The keys of all lines.

    They are sorted where they are, half by each thread, then read a slice at a time: they are forty
    times as many as the lines.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        middle = len(packed) // 2
        if middle:
            packed.partition(middle)
        list(pool.map(np.ndarray.sort, (packed[:middle], packed[middle:])))
        slices = np.split(packed, np.searchsorted(packed, _cuts(SLICES)))
        return _joined(pool.map(_shared_keys, slices))


def _cuts(slices: int) -> Keys:
    """Where packed keys are cut in so many slices, by their first bits."""
    return np.arange(1, slices, dtype=np.uint64) << np.uint64(64 - slices.bit_length() + 1)


def _joined(parts: Iterable[Shared]) -> Shared:
    """What slices told, in their order."""
    key, count, line, common = (np.concatenate(part) for part in zip(*parts, strict=True))
    return key, np.concatenate([[0], np.cumsum(count)]), line, common


def _merged_keys(former: Index, places: Ints, new: Keys) -> Shared:
    """The keys of a former base's lines, where they are now, and of new ones: no key is made again.

    Each slice is three sorted runs, put in one.
    """
    now = np.where(places < 0, NOWHERE, places.astype(np.uint64))
    new.sort()
    cuts = _cuts(2 << ((len(former.line) + len(former.common)) // IN_SLICE).bit_length())
    ends = (
        np.searchsorted(former.key, cuts >> np.uint64(LINE_BITS)),
        np.searchsorted(former.common, cuts),
        np.searchsorted(new, cuts),
    )
    bounds = (np.concatenate([[0], at, [n]]) for at, n in zip(
        ends, (len(former.key), len(former.common), len(new)), strict=True))  # fmt: skip

    def of_slice(bound: tuple[tuple[int, int], ...]) -> Shared:
        rare, common, fresh = (slice(*each) for each in bound)
        kept = _moved(_packed(former, rare), now), _moved(former.common[common], now)
        packed = np.concatenate([*kept, new[fresh]])
        packed.sort(kind="stable")
        return _shared_keys(packed)

    with ThreadPoolExecutor(THREADS) as pool:
        return _joined(pool.map(of_slice, zip(*map(pairwise, bounds), strict=True)))


def _packed(index: Index, keys: slice) -> Keys:
    """Some of the keys that few lines share, each with each of its lines."""
    start = index.start[keys.start : keys.stop + 1]
    packed: Keys = np.repeat(index.key[keys] << np.uint64(LINE_BITS), np.diff(start))
    packed |= index.line[start[0] : start[-1]].astype(np.uint64)
    return packed


def _moved(packed: Keys, now: Keys) -> Keys:
    """Keys whose lines have moved; without those whose lines are gone."""
    place = now[(packed & IN_LINE).astype(np.int64)]
    kept = place != NOWHERE
    found: Keys = ((packed & ~IN_LINE) | place)[kept]
    return found


def _shared_keys(packed: Keys) -> Shared:
    """Of sorted keys: those few lines share, how many do, their lines; then the others."""
    packed = packed[changes(packed)]
    shift = np.uint64(LINE_BITS)
    firsts = np.flatnonzero(changes(packed >> shift))
    count = np.diff(firsts, append=len(packed))
    rare = count <= MOST_SHARED
    is_kept = np.repeat(rare, count)
    lines = (packed[is_kept] & IN_LINE).astype(np.int32)
    return packed[firsts[rare]] >> shift, count[rare], lines, packed[~is_kept]


def _numbers(values: Keys | Ints) -> Ints:
    """Equal values, equal numbers: small ones."""
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)


def changes(values: Keys | Ints) -> NDArray[np.bool_]:
    """The first of each run of equal values."""
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    return first


def _firms_at_door(lines: Lines) -> NDArray[np.int32]:
    """How many firms say each line's number, street and town; a line without siren is a firm."""
    place = lines.towns.code.astype(np.int64) * len(lines.streets.values) + lines.streets.code
    door = _numbers(place * (1 << 16) + lines.number)
    siren = lines.marks["siren"]
    firm = _numbers(np.where(siren == 0, np.arange(lines.count, dtype=np.uint64), siren))
    firms = np.sort(door * lines.count + firm)
    firms = firms[changes(firms)] // max(lines.count, 1)
    return np.bincount(firms, minlength=1)[door].astype(np.int32)


def _kind_crowd(lines: Lines, place: NDArray[np.integer]) -> NDArray[np.int32]:
    """In each line's place, how many lines share one of its kinds: the rarest counts."""
    crowd = np.full(lines.count, lines.count, dtype=np.int32)
    bit = 1
    while bit <= int(lines.kinds.max(initial=0)):
        has = (lines.kinds & bit) != 0
        at = place[has]
        crowd[has] = np.minimum(crowd[has], np.bincount(at, minlength=1)[at])
        bit <<= 1
    return crowd
