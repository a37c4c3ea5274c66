"""Who has each segment, by position in the listing, and how strongly: declared, won or hinted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from sourcing.model import NafHint, Tag

Array = NDArray[Any]


class Holders(NamedTuple):
    """Who has a segment, by position, and how strongly."""

    places: Array
    weights: Array


def holders(
    session: Session, ids: Array, nafs: Array, among: ColumnElement[bool]
) -> dict[str, Holders]:
    """Per segment, each holder once with its strongest weight.

    `ids` and `nafs` (bytes) are those of the listing, in its order; `among`: which tags to read.
    """
    found = _kept(session, ids, among)
    for code, hinted in _hinted(session, nafs).items():
        found.setdefault(code, []).extend(hinted)
    return {code: _strongest(parts) for code, parts in sorted(found.items())}


def _kept(session: Session, ids: Array, among: ColumnElement[bool]) -> dict[str, list[Holders]]:
    """What lists, contracts and the structures themselves say."""
    tagged = select(Tag.value, Tag.supplier_id, Tag.weight).where(Tag.kind == "segment", among)
    rows: dict[str, list[tuple[int, float]]] = {}
    for code, supplier, weight in session.execute(tagged):
        rows.setdefault(code, []).append((supplier, weight))
    found = {}
    for code, pairs in rows.items():
        suppliers = np.asarray([supplier for supplier, _ in pairs], dtype=np.int64)
        weights = np.asarray([weight for _, weight in pairs], dtype=float)
        places = np.minimum(np.searchsorted(ids, suppliers), max(0, len(ids) - 1))
        is_listed = ids[places] == suppliers if len(ids) else np.zeros(len(suppliers), dtype=bool)
        found[code] = [Holders(places[is_listed].astype(np.int32), weights[is_listed])]
    return found


def _hinted(session: Session, nafs: Array) -> dict[str, list[Holders]]:
    """What the NAF codes hint at."""
    order = np.argsort(nafs, kind="stable").astype(np.int32)
    ordered = nafs[order]
    found: dict[str, list[Holders]] = {}
    for naf, code, weight in session.execute(select(NafHint.naf, NafHint.segment, NafHint.weight)):
        first, last = (np.searchsorted(ordered, naf.encode(), side) for side in ("left", "right"))
        if last > first:
            places = order[first:last]
            found.setdefault(code, []).append(Holders(places, np.full(len(places), weight)))
    return found


def _strongest(parts: Sequence[Holders]) -> Holders:
    places = np.concatenate([part.places for part in parts])
    weights = np.concatenate([part.weights for part in parts])
    order = np.lexsort((-weights, places))
    places, weights = places[order], weights[order]
    is_first = np.append(True, places[1:] != places[:-1])[: len(places)]
    return Holders(places[is_first], weights[is_first])
