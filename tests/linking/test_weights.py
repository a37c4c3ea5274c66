"""Weights learned twice: what the first data made sure is held, what they left unsaid moves."""

import numpy as np

from sourcing.linking import weights
from sourcing.linking.evidence import EVIDENCE

AT = {evidence.name: i for i, evidence in enumerate(EVIDENCE)}


def pairs(count: int, **said: int) -> np.ndarray:
    """One candidate per line, every question answered by its first answer but these."""
    levels = np.zeros((count, len(EVIDENCE)), dtype=np.int64)
    for name, level in said.items():
        levels[:, AT[name]] = level
    return levels


def test_what_many_lines_made_sure_is_held_against_a_few_others() -> None:
    many, probe = np.vstack([pairs(500, acronym=1), pairs(500)]), np.arange(1000)
    first = weights.learn(many, probe, probe % 2 == 0, weights.guessed(0.3, 1.0))
    few, right = np.vstack([pairs(20, acronym=1), pairs(20)]), np.arange(40) < 20
    sure = weights.taught(many, probe, first)
    unsure = sure._replace(firmness=weights.guessed(weights.RIDGE, weights.SMOOTH).firmness)
    held, free = (weights.learn(few, np.arange(40), right, prior) for prior in (sure, unsure))
    place = 1 + sum(len(evidence.answers) for evidence in EVIDENCE[: AT["acronym"]]) + 1
    assert first[place] < held[place] < free[place]
