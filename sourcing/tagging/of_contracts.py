"""Tags that follow from the public contracts a supplier has won."""

from collections.abc import Iterator
from typing import Any

from sourcing import contracts
from sourcing.contracts import SegmentWon
from sourcing.tagging.scope import Scope

# Having sold it to a public buyer says more than describing it, less than declaring it.
WEIGHT, LEAST_SCORE = 0.9, 0.35


def segments(scope: Scope) -> None:
    """What it was paid for, as sure as the objects of its contracts are clear."""
    scope.give_rows(_rows(scope))


def _rows(scope: Scope) -> Iterator[tuple[Any, ...]]:
    known = scope.nomenclature.by_code
    for supplier_id, several in contracts.segments_won(scope.session, scope.only):
        for won in several:
            if won.score >= LEAST_SCORE and won.segment in known:
                yield (supplier_id, "segment", won.segment, won.level, _because(won),
                       won.source, round(WEIGHT * won.score, 3), None)  # fmt: skip


def _because(won: SegmentWon) -> str:
    """ "a remporté 3 marchés publics de ce type, le dernier en 2025 (COMMUNE DE LORIENT)"."""
    buyer = f" ({won.last_buyer})" if won.last_buyer else ""
    year = f" en {won.last_on.year}" if won.last_on else ""
    if won.count == 1:
        return f"a remporté un marché public de ce type{year}{buyer}"
    last = f", le dernier{year}{buyer}" if year else ""
    return f"a remporté {won.count} marchés publics de ce type{last}"
