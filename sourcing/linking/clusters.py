"""Lines of lists that no supplier of the base is: which of them name the same structure."""

from collections.abc import Mapping, Sequence
from typing import Any

from sourcing.linking.bases import Columns
from sourcing.linking.decisions import Refusals
from sourcing.linking.verdicts import Linker


def clusters(
    mentions: Sequence[Mapping[str, Any]], columns: Columns, refusals: Refusals
) -> list[list[int]]:
    """Groups of positions in `mentions`, in order; every line is in one.

    Two lines join when their pair alone is sure enough: here rivals prove nothing, three lists may
    name one structure. The answer does not depend on the order of the mentions.
    """
    count = len(mentions)
    if count < 2:
        return [[i] for i in range(count)]
    linker = Linker.of(columns)
    apart = (
        {
            (i, j)
            for i, one in enumerate(mentions)
            for j, other in enumerate(mentions)
            if other["supplier_id"] in refusals.of(one["id"])
        }
        if refusals.suppliers
        else set()
    )
    pairs = [
        pair for pair in linker.sure_pairs(columns) if pair not in apart and pair[::-1] not in apart
    ]
    return _components(count, [p for p in pairs if _may_join(*(mentions[i] for i in p))])


def _may_join(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Two valid sirens are two firms."""
    return not (one["siren"] and other["siren"] and one["siren"] != other["siren"])


def _components(count: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    leader = list(range(count))

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for i, j in pairs:
        a, b = sorted((find(i), find(j)))
        leader[b] = a
    groups: dict[int, list[int]] = {}
    for i in range(count):
        groups.setdefault(find(i), []).append(i)
    return list(groups.values())
