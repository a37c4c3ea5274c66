"""The words a great many suppliers bear: who has them is found beforehand, with the columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Integer, Select, Text, TextualSelect, cast, column, func, select, text
from sqlalchemy.orm import Session

from sourcing import db

Array = NDArray[Any]
# From so many suppliers on, the index takes longer than a map may to list them.
COMMON = 100_000
SHORTEST_HALF_NUMBER = 4
PARTS = ("name", "body")
ID = column("supplier_id", Integer)


def common(session: Session, ids: Array, counts: Mapping[str, int]) -> dict[str, Array]:
    """Positions of who has each word of these counts that is common, as `matching` gives them.

    By "name:word" and "body:word"; `ids` are those of the listing, ascending.
    """
    words = sorted(word for word, count in counts.items() if count >= COMMON)
    return {
        f"{where}:{word}": positions(ids, matching(session, [word], where))
        for word in words
        for where in PARTS
    }


def matching(session: Session, words: Sequence[str], where: str) -> Array:
    """The suppliers whose name, body or ('') either has all the words, the last as it is typed."""
    prefix = _may_be_half_typed(words)
    sql, values = db.text_match(session, words, "asked", column=where, prefix=prefix)
    return numbers(session, text(sql).columns(ID), **values)


def _may_be_half_typed(words: Sequence[str]) -> bool:
    """Initials and short numbers are typed whole: « 12 » would bring every 120 and every 1200."""
    is_acronym, last = words[0][:1] == "0", words[-1]
    return not is_acronym and not (last.isdigit() and len(last) < SHORTEST_HALF_NUMBER)


def positions(ids: Array, wanted: Array) -> Array:
    """The positions of these among ascending ids; those that are not there are passed over."""
    places = np.searchsorted(ids, wanted).astype(np.int32)
    is_there = places < len(ids)
    is_there[is_there] = ids[places[is_there]] == wanted[is_there]
    found: Array = places[is_there]
    return found


def numbers(session: Session, statement: Select[Any] | TextualSelect, **values: object) -> Array:
    """The one column of whole numbers a statement selects."""
    # As one text: the driver makes rows four times slower than the index finds them.
    (asked,) = statement.subquery().columns
    joined = select(func.aggregate_strings(cast(asked, Text), ","))
    said = session.scalar(joined, values)
    found: Array = np.fromstring(said, dtype=np.int64, sep=",") if said else np.empty(0, np.int64)
    return found
