"""The listing's columns brought up to date: only the suppliers that changed are read again.

It gives what reading them all would give.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.model import Listing
from sourcing.search.common import common
from sourcing.search.holders import Holders
from sourcing.search.tally import Array, Bits, Columns, Mask, Texts, distinct_sets, read

# Beyond so many, or this share of them, all is read again.
MOST_CHANGED, MOST_SHARE = 20_000, 0.2
REMEMBERED = 1 << 16


def brought_up(session: Session, former: Columns, changed: Collection[int]) -> Columns | None:
    """The columns today, where only these suppliers changed; None when better read whole."""
    if len(changed) > min(MOST_CHANGED, MOST_SHARE * len(former.ids)):
        return None
    fresh = read(session, sorted(changed))
    both = _Both(former, fresh, ~np.isin(former.ids, np.asarray(sorted(changed), dtype=np.int64)))
    if both.count != session.scalar(select(func.count()).select_from(Listing)):
        return None
    return both.columns(session)


@dataclass(frozen=True)
class _Both:
    """Who stays of the former columns, and who takes place among them."""

    former: Columns
    fresh: Columns
    stays: Mask

    @cached_property
    def before(self) -> Array:
        """How many of those who stay come before each new one."""
        found: Array = np.searchsorted(self.former.ids[self.stays], self.fresh.ids)
        return found

    @cached_property
    def moved(self) -> Array:
        """The place of each former one in the next columns, -1 for who does not stay."""
        rank = np.arange(int(self.stays.sum()), dtype=np.int32)
        places = np.full(len(self.stays), -1, dtype=np.int32)
        places[self.stays] = rank + np.searchsorted(self.before, rank, side="right")
        return places

    @cached_property
    def new(self) -> Array:
        """The place of each new one in the next columns."""
        found: Array = (self.before + np.arange(len(self.before))).astype(np.int32)
        return found

    @property
    def count(self) -> int:
        return int(self.stays.sum()) + len(self.fresh.ids)

    def of(self, former: Array, fresh: Array) -> Array:
        """Values per supplier of both, in the next columns' order."""
        found: Array = np.insert(former[self.stays], self.before, fresh)
        return found

    def columns(self, session: Session) -> Columns:
        one, other = self.former, self.fresh
        held = self._holders()
        segments, sets = self._sets(list(held))
        communes, codes = self._communes()
        order, squares = self._order()
        ids = self.of(one.ids, other.ids)
        plain = ("sizes", "is_inside", "noise", "lon", "lat", "reach_km")
        return Columns(
            **{name: self.of(getattr(one, name), getattr(other, name)) for name in plain},
            ids=ids,
            places=np.arange(self.count, dtype=np.int32),
            rank=self._rank(),
            statuses=self._bits(one.statuses, other.statuses),
            families=self._bits(one.families, other.families),
            communes=communes,
            segments=segments,
            order=order,
            squares=squares,
            codes=codes,
            sets=sets,
            holders=held,
            uids=self._texts(one.uids, other.uids),
            names=self._texts(one.names, other.names),
            vocabulary=other.vocabulary,
            common=common(session, ids, other.vocabulary.counts),
            ground=other.ground,
        )

    # --- values told once, and who has which ---

    def _used(self, index: Array, count: int) -> Mask:
        """Which of the values somebody who stays still has."""
        found: Mask = np.bincount(index[self.stays], minlength=count) > 0
        return found

    def _bits(self, one: Bits, other: Bits) -> Bits:
        kept = one.values[self._used(one.index, len(one.values))]
        values = np.unique(np.concatenate([kept, other.values]))
        former, fresh = (np.searchsorted(values, of.values)[of.index] for of in (one, other))
        return Bits(self.of(former, fresh).astype(np.int32), values)

    def _communes(self) -> tuple[Array, tuple[str, ...]]:
        one, other = self.former, self.fresh
        used = self._used(one.communes, len(one.codes)).tolist()
        kept = {code for code, is_used in zip(one.codes, used, strict=True) if is_used}
        codes = tuple(sorted(kept | set(other.codes)))
        place = {code: number for number, code in enumerate(codes)}
        former, fresh = (
            np.asarray([place.get(code, -1) for code in of.codes], dtype=np.int32)[of.communes]
            for of in (one, other)
        )
        return self.of(former, fresh), codes

    def _holders(self) -> dict[str, Holders]:
        nobody = Holders(np.empty(0, dtype=np.int32), np.empty(0))
        codes = sorted({*self.former.holders, *self.fresh.holders})
        found = {
            code: self._held(
                self.former.holders.get(code, nobody), self.fresh.holders.get(code, nobody)
            )
            for code in codes
        }
        return {code: held for code, held in found.items() if len(held.places)}

    def _held(self, one: Holders, other: Holders) -> Holders:
        places = self.moved[one.places]
        stays = places >= 0
        places, new = places[stays], self.new[other.places]
        before = np.searchsorted(places, new)
        weights = np.insert(one.weights[stays], before, other.weights)
        return Holders(np.insert(places, before, new), weights)

    def _sets(self, codes: list[str]) -> tuple[Array, Mask]:
        one, other = self.former, self.fresh
        former, fresh = (_by_code(of.sets, of.holders, codes) for of in (one, other))
        used = self._used(one.segments, len(former))
        index, sets = distinct_sets(np.concatenate([former[used], fresh]), len(codes))
        of_former = np.zeros(len(former), dtype=np.int32)
        of_former[used] = index[: used.sum()]
        of_fresh = index[used.sum() :]
        return self.of(of_former[one.segments], of_fresh[other.segments]), sets

    # --- texts and orders ---

    def _texts(self, one: Texts, other: Texts) -> Texts:
        """Runs of those who stay are copied whole."""
        sources = np.insert(np.flatnonzero(self.stays), self.before, ~np.arange(len(self.before)))
        begins = np.ones(len(sources), dtype=bool)
        begins[1:] = (np.diff(sources) != 1) | (sources[:-1] < 0)
        first = sources[begins].tolist()
        last = sources[np.append(begins[1:], True)[: len(sources)]].tolist()
        block = b"".join(
            _run(one, start, end) if start >= 0 else _run(other, ~start, ~end)
            for start, end in zip(first, last, strict=True)
        )
        sizes = (np.diff(of.ends, prepend=0) for of in (one, other))
        return Texts(block, np.cumsum(self.of(*sizes)))

    def _rank(self) -> Array:
        """The place of each in the order of names, then of identifiers."""
        one, other = self.former, self.fresh
        # Who has the name it had stays where it was among the others.
        known = self._as_named()
        there = self.moved.copy()
        there[known[known >= 0]] = self.new[known >= 0]
        ranked, news = _inverse(one.rank), _inverse(other.rank)
        stay, news = ranked[there[ranked] >= 0], news[known[news] < 0]
        ordered = stay.tolist()
        key, start, before = lru_cache(REMEMBERED)(one.key), 0, []
        for place in news.tolist():
            name, uid = other.key(place), other.uids.at(place)
            start = bisect_left(ordered, name, lo=start, key=key)
            # Whoever has the same name follows by identifier.
            if start < len(ordered) and key(ordered[start]) == name:
                end = bisect_right(ordered, name, lo=start, key=key)
                start = bisect_left(ordered, uid, start, end, key=one.uids.at)
            before.append(start)
        return _inverse(np.insert(there[stay], before, self.new[news]))

    def _as_named(self) -> Array:
        """Of each new one, the former place of that supplier if its name was the same, else -1."""
        one, other = self.former, self.fresh
        at = np.minimum(np.searchsorted(one.ids, other.ids), len(one.ids) - 1)
        known = one.ids[at] == other.ids
        for place, before in zip(np.flatnonzero(known).tolist(), at[known].tolist(), strict=True):
            known[place] = (one.names.at(before), one.uids.at(before)) == (
                other.names.at(place), other.uids.at(place)
            )  # fmt: skip
        found: Array = np.where(known, at, -1)
        return found

    def _order(self) -> tuple[Array, Array]:
        """Who has a place, by square, then by position; and the squares."""
        one, other = self.former, self.fresh
        places = self.moved[one.order]
        stays = places >= 0
        kept = one.squares[stays]
        before = np.searchsorted(kept, other.squares, side="right")
        order = np.insert(places[stays], before, self.new[other.order])
        squares = np.insert(kept, before, other.squares)
        for square in np.unique(other.squares):
            start, end = (np.searchsorted(squares, square, side) for side in ("left", "right"))
            order[start:end].sort()
        return order, squares


def _run(texts: Texts, first: int, last: int) -> Any:
    """The bytes of these texts, from the first to the last."""
    start = int(texts.ends[first - 1]) if first else 0
    return texts.block[start : int(texts.ends[last])]


def _inverse(rank: Array) -> Array:
    """The position at each place of an order."""
    found = np.empty(len(rank), dtype=np.int32)
    found[rank] = np.arange(len(rank), dtype=np.int32)
    return found


def _by_code(sets: Mask, holders: Mapping[str, Holders], codes: list[str]) -> Mask:
    """The same sets of segments, told by these codes."""
    place = {code: number for number, code in enumerate(codes)}
    found = np.zeros((len(sets), max(1, len(codes))), dtype=bool)
    for column, code in enumerate(holders):
        if code in place:
            found[:, place[code]] = sets[:, column]
    return found
