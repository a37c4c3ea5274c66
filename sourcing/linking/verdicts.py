"""Verdicts: the best candidates of each line, how sure we are, and why, for a buyer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sourcing.linking import evidence, guards, weights
from sourcing.linking.candidates import Floats, Index, Pairs, candidates
from sourcing.linking.comparison import Comparison
from sourcing.linking.evidence import EVIDENCE, Levels
from sourcing.linking.normalised import Lines, Normaliser
from sourcing.linking.weights import Weights

SAME, REVIEW, DIFFERENT = "same", "review", "different"
# Kept per line, best first.
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of the base that may be the one asked about."""

    line: int
    probability: float
    # With no rival: what this pair alone is worth.
    alone: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one line: candidates, best first, and the verdict on the best."""

    verdict: str = DIFFERENT
    candidates: tuple[Candidate, ...] = ()
    # The firm is sure, which of its sites is not.
    is_firm_only: bool = False
    # Probability that it is one of the sites of the best candidate's firm.
    firm_probability: float = 0.0

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


class Linker:
    """A base ready to be asked which of its lines a given line is."""

    def __init__(self, columns: dict[str, Sequence[str]], closed: Collection[int] = ()) -> None:
        self.weights: Weights = weights.read()
        self.normaliser = Normaliser()
        self.index = Index.build(self.normaliser.lines(columns), self.weights.usual)
        self.closed = frozenset(closed)

    def ask(
        self, columns: dict[str, Sequence[str]], excluded: Collection[tuple[int, int]] = ()
    ) -> list[Finding]:
        """One finding per line of `columns`; `excluded` are (probe, line) a person has refused."""
        probes = self.normaliser.lines(columns)
        return self.findings(Scored.of(self.index, probes, self.weights, excluded), probes.count)

    def sure_pairs(self, columns: dict[str, Sequence[str]]) -> list[tuple[int, int]]:
        """Couples of the base's own lines that are surely one, lower number first."""
        scored = Scored.of(self.index, self.normaliser.lines(columns), self.weights)
        probe, line = scored.pairs
        sure = np.flatnonzero((scored.alone >= self.weights.same) & (probe != line))
        found = {
            (min(p, q), max(p, q))
            for i, p, q in zip(
                sure.tolist(), probe[sure].tolist(), line[sure].tolist(), strict=True
            )
            if not scored.held_back(i, self.closed)
        }
        return sorted(found)

    def findings(self, scored: "Scored", count: int) -> list[Finding]:
        """The verdict on every probe of pairs already scored."""
        starts = np.searchsorted(scored.pairs.probe, np.arange(count + 1))
        return [self._finding(scored, int(a), int(b)) for a, b in pairwise(starts)]

    def _finding(self, scored: "Scored", start: int, end: int) -> Finding:
        """The verdict on the pairs start..end, all of one probe."""
        if start == end:
            return Finding()
        order = start + np.lexsort((scored.pairs.line[start:end], -scored.probability[start:end]))
        best = int(order[0])
        firm = self._firm(scored, best, start, end)
        shown = tuple(scored.candidate(int(i)) for i in order[:SHOWN])
        sure, chance = self.weights.same, float(scored.probability[best])
        notes = scored.held_back(best, self.closed)
        if chance >= sure and not notes:
            return Finding(SAME, shown, False, firm)
        only = chance < sure <= firm
        notes += ("établissement à préciser",) if only else ()
        shown = (_noted(shown[0], notes), *shown[1:])
        verdict = REVIEW if max(chance, firm) >= self.weights.review else DIFFERENT
        return Finding(verdict, shown, only, firm)

    def _firm(self, scored: "Scored", best: int, start: int, end: int) -> float:
        sirens = self.index.lines.facts["siren"][scored.pairs.line[start:end]]
        siren = self.index.lines.facts["siren"][scored.pairs.line[best]]
        same = (sirens == siren) & (sirens != "")
        total = float(scored.probability[start:end][same].sum())
        return min(1.0, max(total, float(scored.probability[best])))


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs with their evidence, the probability of each against its rivals, and of each alone."""

    compared: Comparison
    levels: Levels
    probability: Floats
    alone: Floats

    @classmethod
    def of(
        cls, index: Index, probes: Lines, weigh: Weights, excluded: Collection[tuple[int, int]] = ()
    ) -> "Scored":
        pairs = candidates(index, probes)
        if excluded:
            kept = np.array(
                [p not in excluded for p in zip(*map(np.ndarray.tolist, pairs), strict=True)],
                dtype=bool,
            )
            pairs = Pairs(pairs.probe[kept], pairs.line[kept])
        compared = Comparison(index, probes, pairs)
        levels = evidence.look(compared)
        scores = np.round(weigh.scores(levels), 6)
        alone = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        return cls(compared, levels, weights.posterior(scores, pairs.probe, probes.count), alone)

    @property
    def pairs(self) -> Pairs:
        return self.compared.pairs

    def candidate(self, pair: int) -> Candidate:
        return Candidate(
            int(self.pairs.line[pair]),
            float(self.probability[pair]),
            float(self.alone[pair]),
            self.reasons(pair),
        )

    def held_back(self, pair: int, closed: Collection[int]) -> tuple[str, ...]:
        """Why this pair may not be linked without a person, however probable; empty if nothing."""
        closed_reason = ("établissement fermé",) if int(self.pairs.line[pair]) in closed else ()
        return guards.reasons(self.levels[pair : pair + 1]) + closed_reason

    def reasons(self, pair: int) -> tuple[str, ...]:
        """French clauses, what speaks for it first, each side by weight."""
        weigh = weights.read().answers
        said = [
            (weigh[e.name][e.answers[a][0]], e.answers[a][1])
            for e, a in zip(EVIDENCE, self.levels[pair].tolist(), strict=True)
            if e.answers[a][1]
        ]
        said.append(self._name_reason(pair))
        return tuple(
            clause for _, clause in sorted(said, key=lambda s: (s[0] < 0, -abs(s[0]), s[1]))
        )

    def _name_reason(self, pair: int) -> tuple[float, str]:
        names = self.compared.names
        dice = float(names.words.dice()[pair])
        likeness = round(max(float(names.likeness[pair]), 100 * dice))
        if likeness >= 100 and dice > 0.99:
            return 3.0, "même nom"
        return (2.5 if likeness >= 80 else 1.0 if likeness >= 50 else -1.0), f"nom à {likeness} %"


def _noted(candidate: Candidate, notes: tuple[str, ...]) -> Candidate:
    reasons = candidate.reasons + tuple(n for n in notes if n not in candidate.reasons)
    return Candidate(candidate.line, candidate.probability, candidate.alone, reasons)
