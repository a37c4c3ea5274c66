"""A prepared base brought up to date: only the suppliers that changed are normalised again.

It gives what reading them all would give: how common words, keys and kinds are, and what towns tell
of each other, are counted over all the lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from sourcing import duplicates
from sourcing.linking import weights
from sourcing.linking.bases import Base, last_run, of_suppliers, read_suppliers
from sourcing.linking.index import IN_LINE, Index, Ints
from sourcing.linking.normalised import (
    Drafts,
    Labels,
    Lines,
    Normaliser,
    Vocabulary,
)
from sourcing.linking.verdicts import Linker
from sourcing.model import REGISTER, Supplier

# Beyond this share of changes, or so many firms that changed numbers, all is read again.
MOST_CHANGED, MOST_FIRMS = 0.2, 500


@dataclass(frozen=True, slots=True)
class Places:
    """Where the lines of a former base (-1: nowhere) and the new ones are in the next."""

    former: Ints
    new: Ints

    @property
    def count(self) -> int:
        return int((self.former >= 0).sum()) + len(self.new)

    def of(self, former: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        """Values per line of both, in the next base's order."""
        kind = np.result_type(former, new)
        both = np.empty((self.count, *former.shape[1:]), dtype=kind)
        kept = self.former >= 0
        both[self.former[kept]], both[self.new] = former[kept], new
        return both


def brought_up(session: Session, former: Base) -> Base | None:
    """The register's suppliers today, from a base of them; None when it is better read again."""
    firms = duplicates.in_base(session)
    renumbered = {siren for siren, _ in firms.items() ^ former.firms.items()}
    if len(renumbered) > MOST_FIRMS:
        return None
    ours = Supplier.origin == REGISTER
    changed = or_(Supplier.run_id > former.run, Supplier.siren.in_(renumbered))
    return _with(session, replace(former, firms=firms), ours & changed, ours)


def with_lists(session: Session, register: Base) -> Base | None:
    """Every supplier, from a base of the register's; None when it is better read whole."""
    there = Supplier.merged_into.is_(None)
    return _with(session, register, there & (Supplier.origin != REGISTER), there)


def _with(
    session: Session, former: Base, changed: ColumnElement[bool], every: ColumnElement[bool]
) -> Base | None:
    """A base whose changed suppliers are read again; None unless it then has `every` one."""
    said = read_suppliers(session, changed, former.firms)
    uids = np.array(said["uid"], dtype=np.bytes_)
    if len(uids) > MOST_CHANGED * len(former.uids):
        return None
    places = _places(former.uids, uids)
    if places.count != session.scalar(select(func.count()).where(every)):
        return None
    if not len(uids):
        return replace(former, run=last_run(session))
    linker = _linker(former.linker, said, places)
    if linker is None:
        return None
    sirets = places.of(former.sirets, np.array(said["siret"], dtype=np.bytes_))
    names = places.of(former.names, np.array(said["name"], dtype=object))
    ids = places.of(former.ids, np.array(said["id"], dtype=np.int64))
    uids = places.of(former.uids, uids)
    return Base(ids, uids, sirets, names, linker, former.firms, last_run(session))


def _places(former: NDArray[Any], new: NDArray[Any]) -> Places:
    """Both in the order of their uids; a new line takes the place of the former of its uid."""
    kept = np.ones(len(former), dtype=bool)
    near = np.minimum(np.searchsorted(former, new), max(len(former) - 1, 0))
    if len(former):
        kept[near[former[near] == new]] = False
    before = np.searchsorted(former[kept], new)
    places = np.full(len(former), -1, dtype=np.int64)
    rank = np.arange(int(kept.sum()))
    places[kept] = rank + np.searchsorted(before, rank, side="right")
    return Places(places, before + np.arange(len(new)))


def _linker(former: Linker, said: Mapping[str, Sequence[Any]], places: Places) -> Linker | None:
    """None when what a town tells changed for a line that did not."""
    columns, normaliser = of_suppliers(said), Normaliser()
    drafts = _drafts(former.normaliser.drafts, normaliser.draft(columns), places)
    normaliser.learn(drafts)
    kept = places.former[places.former >= 0]
    told, now = former.normaliser.towns(), normaliser.towns()
    if _rely(drafts, kept, {town for town, _ in told.items() ^ now.items()}):
        return None
    lines = merged(former.index.lines, normaliser.lines(columns), places)
    index = Index.merged(lines, former.index, places.former, weights.read().usual)
    closed = np.concatenate(
        [places.former[[*former.closed]], places.new[np.array(said["state"]) == "F"]]
    )
    return Linker(index, normaliser, frozenset(closed.tolist()) - {-1})


def _drafts(former: Drafts, new: Drafts, places: Places) -> Drafts:
    pairs = zip(former, new, strict=True)
    return Drafts(*(_labels(one, other, places) for one, other in pairs))


def _rely(drafts: Drafts, lines: Ints, towns: set[str]) -> bool:
    """Whether one of these lines is known by what one of these towns tells."""
    if not towns:
        return False
    name, postcode, code = (texts.values[texts.code[lines]] for texts in drafts)
    bare = np.flatnonzero((name == "") | ((postcode == "") & (code == "")))
    said = chain(name[bare], "c" + code[bare], "p" + postcode[bare])
    return not towns.isdisjoint(said)


# --- lines of both, in one ---


def merged(old: Lines, new: Lines, places: Places) -> Lines:
    """The lines of a base that stay, and the new ones, with their keys."""
    vocabulary, words, new_words = _vocabulary(old.vocabulary, new.vocabulary)
    alias = _Owned.of(old.alias_line, new.alias_line, places)
    word = _Owned.of(old.word_alias, new.word_alias, Places(*alias.places))
    street = _Owned.of(old.street_line, new.street_line, places)
    pairs = {mark: (old.marks[mark], new.marks[mark]) for mark in new.marks}
    return Lines(
        places.count,
        {mark: places.of(*both) for mark, both in pairs.items()},
        _labels(old.towns, new.towns, places),
        places.of(old.is_cedex, new.is_cedex),
        _labels(old.streets, new.streets, places),
        _labels(old.sites, new.sites, places),
        places.of(old.number, new.number),
        places.of(old.last_number, new.last_number),
        places.of(old.nic, new.nic),
        places.of(old.kinds, new.kinds),
        alias.owner.astype(np.int32),
        alias.both(old.alias_text, new.alias_text),
        _labels(old.alias_initials, new.alias_initials, Places(*alias.places)),
        alias.both(old.alias_shape, new.alias_shape),
        word.owner.astype(np.int32),
        word.both(words[old.word], new_words[new.word]).astype(np.int32),
        word.both(old.word_flags, new.word_flags),
        street.owner.astype(np.int32),
        street.both(words[old.street_word], new_words[new.street_word]).astype(np.int32),
        vocabulary,
        (new.keys & ~IN_LINE) | places.new[(new.keys & IN_LINE).astype(np.int64)].astype(np.uint64),
        new.key_channel[:0],
    )


@dataclass(frozen=True, slots=True)
class _Owned:
    """Things each owned by a line, or by a name: where they are once their owners have moved."""

    owner: Ints
    # Of all the former, then the new ones.
    kept: NDArray[np.bool_]
    order: Ints
    places: tuple[Ints, Ints]

    @classmethod
    def of(cls, former: NDArray[Any], new: NDArray[Any], owners: Places) -> "_Owned":
        moved = np.concatenate([owners.former[former], owners.new[new]])
        kept = moved >= 0
        order = np.argsort(moved[kept], kind="stable")
        rank = np.full(len(moved), -1, dtype=np.int64)
        rank[np.flatnonzero(kept)[order]] = np.arange(len(order))
        return cls(moved[kept][order], kept, order, (rank[: len(former)], rank[len(former) :]))

    def both(self, former: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([former, new])[self.kept][self.order]


def _labels(former: Labels, new: Labels, places: Places) -> Labels:
    code, values = Labels.of(np.concatenate([former.values, new.values]))
    size = len(former.values)
    return Labels(places.of(code[:size][former.code], code[size:][new.code]), values)


def _vocabulary(former: Vocabulary, new: Vocabulary) -> tuple[Vocabulary, Ints, Ints]:
    """The words of both in the order of their marks, and each one's words' numbers in it."""
    size = len(former.word)
    near = np.minimum(np.searchsorted(former.mark, new.mark), max(size - 1, 0))
    known = np.zeros(len(new.word), dtype=bool)
    if size:
        known = (former.mark[near] == new.mark) & (former.word[near] == new.word)
    marks = np.concatenate([former.mark, new.mark[~known]])
    order = np.argsort(marks, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    numbers = np.empty(len(new.word), dtype=np.int64)
    numbers[known], numbers[~known] = rank[near[known]], rank[size:]
    pairs: Iterator[tuple[Any, Any]] = zip(former, new, strict=True)
    words = (np.concatenate([one, other[~known]])[order] for one, other in pairs)
    return Vocabulary(*words), rank[:size], numbers
