"""The reasons of pairs in French: what speaks for each first, each side by weight."""

from functools import cache
from math import copysign
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.linking import weights
from sourcing.linking.evidence import EVIDENCE, Evidence
from sourcing.linking.index import Floats, Ints
from sourcing.linking.looks import Levels

SAME_NAME = (3.0, "même nom")


class Clauses(NamedTuple):
    """Every clause there is, in the order they are told; each answer's place among them."""

    texts: list[str]
    # From this place on, they speak against; from the end on, nothing is told.
    against: int
    of_answers: list[tuple[int, Ints]]
    # By likeness, 0..100; then for the same name.
    of_names: Ints


def reasons(levels: Levels, likeness: Floats, dice: Floats) -> list[tuple[tuple[str, ...], int]]:
    """The clauses of each pair, and how many of them, from the end, speak against it."""
    known = _clauses()
    alike = np.rint(np.maximum(likeness, 100 * dice)).astype(np.int64)
    same = (alike >= 100) & (dice > 0.99)
    said = [places[levels[:, column]] for column, places in known.of_answers]
    said.append(known.of_names[np.where(same, 101, np.minimum(alike, 100))])
    # One row per pair: what is not told comes last.
    place = np.sort(np.column_stack(said), axis=1)
    told = (place < len(known.texts)).sum(axis=1)
    against = told - (place < known.against).sum(axis=1)
    texts = known.texts.__getitem__
    return [
        (tuple(map(texts, row[:count])), fewer)
        for row, count, fewer in zip(place.tolist(), told.tolist(), against.tolist(), strict=True)
    ]


@cache
def _clauses() -> Clauses:
    weigh = weights.read().answers
    answers = [
        [
            (_side(e, code) * abs(weigh[e.name][code]), clause) if clause else None
            for code, clause in e.answers
        ]
        for e in EVIDENCE
    ]
    names = [(_worth(likeness), f"nom à {likeness} %") for likeness in range(101)] + [SAME_NAME]
    every = {said for said in (*names, *(one for many in answers for one in many)) if said}
    ranked = sorted(every, key=lambda said: (_is_against(said[0]), -abs(said[0]), said[1]))
    place = {said: n for n, said in enumerate(ranked)}
    return Clauses(
        [clause for _, clause in ranked],
        sum(not _is_against(weight) for weight, _ in ranked),
        [
            (column, _places([place.get(one, len(ranked)) if one else len(ranked) for one in many]))
            for column, many in enumerate(answers)
            if any(many)
        ],
        _places([place[one] for one in names]),
    )


def _side(evidence: Evidence, code: str) -> float:
    return -1.0 if code in evidence.against else 1.0


def _is_against(weight: float) -> bool:
    """Even of no weight, it stays on its side."""
    return copysign(1, weight) < 0


def _worth(likeness: int) -> float:
    return 2.5 if likeness >= 80 else 1.0 if likeness >= 50 else -1.0


def _places(places: list[int]) -> NDArray[np.int64]:
    return np.array(places, dtype=np.int64)
