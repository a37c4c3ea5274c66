"""The weights of the evidence: in a file a person can read, learned from known sirets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.linking.evidence import EVIDENCE
from sourcing.linking.index import Floats, Ints
from sourcing.linking.looks import Levels

WEIGHTS = Path(__file__).resolve().parents[1] / "data" / "linking_weights.json"
# How firmly a weight is held to its prior, and neighbouring answers of a scale to each other; how
# much of what other lines made certain holds it too.
RIDGE, SMOOTH, CERTAIN = 2.0, 3.0, 0.05
# The start is held by hardly anything.
FREE = 0.02
# What is known without data: identifiers are rarely in the lists we can learn from.
PRIOR = {
    ("siren", "same"): 6.0,
    ("siren", "different"): -9.0,
    ("phone", "same"): 4.0,
    ("phone", "different"): -0.5,
    ("mail", "same"): 3.5,
    ("host", "same"): 2.5,
    ("host", "different"): -0.4,
}


@dataclass(frozen=True, slots=True)
class Weights:
    """Natural-log weights: one per answer of each evidence, against the `none` of them all."""

    start: float
    # evidence -> answer -> weight
    answers: Mapping[str, Mapping[str, float]]
    # The scores are divided by this before they become probabilities (learned out of fold).
    temperature: float
    # Probabilities from which a link is made, and from which a person is asked.
    same: float
    review: float
    # Added to the log-odds of a best candidate that no guard holds back (learned out of fold).
    assured: float
    # Usual share of the common words among French lines.
    usual: Mapping[str, float]

    def table(self) -> list[Floats]:
        """One array per evidence, in the order of its answers."""
        return [
            np.array([self.answers.get(e.name, {}).get(code, 0.0) for code, _ in e.answers])
            for e in EVIDENCE
        ]

    def scores(self, levels: Levels) -> Floats:
        """The sum of each pair's weights."""
        total = np.full(len(levels), self.start)
        for column, weights in enumerate(self.table()):
            total += weights[levels[:, column]]
        return np.asarray(total / self.temperature)


@cache
def read(path: Path = WEIGHTS) -> Weights:
    """The weights that ship with the project, or those of another file."""
    return Weights(**json.loads(path.read_text(encoding="utf-8")))


def posterior(scores: Floats, probe: Ints, count: int) -> Floats:
    """Each candidate's probability against its rivals and against "not in the base"."""
    top = np.zeros(count)
    np.maximum.at(top, probe, scores)
    weight = np.exp(scores - top[probe])
    total = np.bincount(probe, weights=weight, minlength=count) + np.exp(-top)
    return np.asarray(weight / total[probe])


def settled(chance: Floats, every: Floats, held: NDArray[np.bool_], weigh: Weights) -> Floats:
    """The probability of best candidates once it is known whether a guard holds them back.

    Nothing does: "nobody" is less likely, rivals are as likely as they were (`every`: the sum over
    all the candidates). Something does: above one half, it never reaches `same`.
    """
    gain = np.exp(weigh.assured)
    free = chance * gain / (every * gain + np.maximum(1 - every, 0))
    doubted = 0.5 + (chance - 0.5) * 2 * (weigh.same - 0.5)
    return np.where(held, np.where(chance > 0.5, doubted, chance), free)


class Prior(NamedTuple):
    """What is known of the weights before some data, and how firmly: the matrix of a penalty."""

    theta: Floats
    firmness: Floats


def learn(
    levels: Levels,
    probe: Ints,
    right: NDArray[np.bool_],
    prior: Prior,
    start: Floats | None = None,
) -> Floats:
    """The weights most likely to choose the right candidate of each probe, or none.

    There is one answer; a `start` near it is only quicker.
    """
    design, (before, penalty) = _design(levels), prior
    penalty = penalty.copy()
    # A question nobody in the data answers keeps its prior.
    penalty[np.ptp(design, axis=0) == 0, np.ptp(design, axis=0) == 0] = 1e6
    penalty[0, 0] = FREE
    group, first = _groups(probe)
    theta = (before if start is None else start).copy()
    for _ in range(30):
        chance = posterior(design @ theta, group, len(first))
        gradient = design.T @ (right - chance) - penalty @ (theta - before)
        step = np.linalg.solve(_curvature(design, chance, first) + penalty, gradient)
        theta = theta + step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-9))
        if np.abs(step).max() < 1e-3:
            break
    return theta


def taught(levels: Levels, probe: Ints, theta: Floats) -> Prior:
    """What these data taught, held where they made it certain: other data move the rest."""
    design, (group, first) = _design(levels), _groups(probe)
    curvature = _curvature(design, posterior(design @ theta, group, len(first)), first)
    return Prior(theta, _penalty(RIDGE, SMOOTH) + CERTAIN * curvature)


def guessed(ridge: float, smooth: float) -> Prior:
    """What is known before any data, loosely."""
    return Prior(known(), _penalty(ridge, smooth))


def _groups(probe: Ints) -> tuple[Ints, Ints]:
    """The probes numbered from 0, and where the pairs of each begin."""
    _, group = np.unique(probe, return_inverse=True)
    return group, np.searchsorted(group, np.arange(group.max(initial=-1) + 1))


def _curvature(design: Floats, chance: Floats, first: Ints) -> Floats:
    """How fast the slope turns, which need not be exact."""
    rough = design.astype(np.float32)
    weighted = rough * chance[:, None].astype(np.float32)
    means = np.add.reduceat(weighted, first) if len(first) else weighted
    return np.asarray(rough.T @ weighted - means.T @ means, dtype=np.float64)


def of(theta: Floats) -> Weights:
    """Weights as learned, not yet calibrated."""
    return Weights(float(theta[0]), named(theta), 1.0, 1.0, 0.0, 0.0, {})


def _columns() -> list[tuple[str, str]]:
    return [(e.name, code) for e in EVIDENCE for code, _ in e.answers]


def _design(levels: Levels) -> Floats:
    blocks = [np.ones((len(levels), 1))]
    blocks += [np.eye(len(e.answers))[levels[:, i]] for i, e in enumerate(EVIDENCE)]
    return np.hstack(blocks)


def known() -> Floats:
    """The weights before any data."""
    return np.array([-3.0] + [PRIOR.get(column, 0.0) for column in _columns()])


def _penalty(ridge: float, smooth: float) -> Floats:
    size = 1 + len(_columns())
    penalty = np.eye(size) * ridge
    penalty[0, 0] = FREE
    at = 1
    for evidence in EVIDENCE:
        for i in range(at, at + len(evidence.answers) - 1):
            if evidence.is_scale:
                penalty[i, i] += smooth
                penalty[i + 1, i + 1] += smooth
                penalty[i, i + 1] -= smooth
                penalty[i + 1, i] -= smooth
        at += len(evidence.answers)
    return penalty


def named(theta: Floats) -> dict[str, dict[str, float]]:
    """evidence -> answer -> weight, as the file keeps them."""
    answers: dict[str, dict[str, float]] = {e.name: {} for e in EVIDENCE}
    for (evidence, code), value in zip(_columns(), theta[1:], strict=True):
        answers[evidence][code] = round(float(value), 3)
    return answers
