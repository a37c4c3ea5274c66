"""Verdicts: the best candidates of each line, how sure we are, and why, for a buyer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sourcing.linking import evidence, guards, weights
from sourcing.linking.candidates import Floats, Index, Ints, Pairs, candidates
from sourcing.linking.comparison import Comparison
from sourcing.linking.evidence import EVIDENCE, Levels
from sourcing.linking.normalised import Lines, Normaliser
from sourcing.linking.weights import Weights

SAME, REVIEW, DIFFERENT = "same", "review", "different"
# Kept per line, best first.
SHOWN = 3


class Candidate(NamedTuple):
    """A line of the base that may be the one asked about."""

    line: int
    probability: float
    # With no rival: what this pair alone is worth.
    alone: float
    # Told of the best candidate only, when there is something to tell.
    reasons: tuple[str, ...] = ()


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

    def __init__(self, index: Index, normaliser: Normaliser, closed: Collection[int] = ()) -> None:
        self.weights: Weights = weights.read()
        self.normaliser = normaliser
        self.index = index
        self.closed = frozenset(closed)

    @classmethod
    def of(cls, columns: dict[str, Sequence[str]], closed: Collection[int] = ()) -> "Linker":
        """Normalise and index these lines."""
        normaliser = Normaliser()
        return cls(Index.build(normaliser.lines(columns), weights.read().usual), normaliser, closed)

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
        notes = scored.held_back(sure, self.closed)
        couples = zip(probe[sure].tolist(), line[sure].tolist(), notes, strict=True)
        return sorted({(min(p, q), max(p, q)) for p, q, held in couples if not held})

    def findings(self, scored: "Scored", count: int) -> list[Finding]:
        """The verdict on every probe of pairs already scored."""
        order = np.lexsort((scored.pairs.line, -scored.probability, scored.pairs.probe))
        begins = np.searchsorted(scored.pairs.probe, np.arange(count + 1))
        asked = np.flatnonzero(np.diff(begins))
        notes = scored.held_back(order[begins[asked]], self.closed)
        found = [Finding()] * count
        for probe, held in zip(asked.tolist(), notes, strict=True):
            found[probe] = self._finding(scored, order[begins[probe] : begins[probe + 1]], held)
        return found

    def _finding(self, scored: "Scored", order: Ints, notes: tuple[str, ...]) -> Finding:
        """The verdict on the pairs of one probe, best first; `notes` hold the best back."""
        best = int(order[0])
        sure, chance = self.weights.same, float(scored.probability[best])
        firm = self._firm(scored, order)
        shown = tuple(scored.candidate(i) for i in order[:SHOWN].tolist())
        if max(chance, firm) < self.weights.review:
            return Finding(DIFFERENT, shown, False, firm)
        reasons = scored.reasons(best)
        if chance >= sure and not notes:
            return Finding(SAME, (shown[0]._replace(reasons=reasons), *shown[1:]), False, firm)
        only = chance < sure <= firm
        notes += ("établissement à préciser",) if only else ()
        reasons += tuple(note for note in dict.fromkeys(notes) if note not in reasons)
        return Finding(REVIEW, (shown[0]._replace(reasons=reasons), *shown[1:]), only, firm)

    def _firm(self, scored: "Scored", order: Ints) -> float:
        sirens = self.index.lines.facts["siren"][scored.pairs.line[order]]
        same = (sirens == sirens[0]) & (sirens != "")
        chance = scored.probability[order]
        return min(1.0, max(float(chance[same].sum()), float(chance[0])))


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs with their evidence, the probability of each against its rivals, and of each alone."""

    compared: Comparison
    levels: Levels
    probability: Floats
    alone: Floats

    @classmethod
    def of(
        cls,
        index: Index,
        probes: Lines,
        weigh: Weights,
        excluded: Collection[tuple[int, int]] = (),
        wanted: Collection[tuple[int, int]] = (),
    ) -> "Scored":
        """Score the candidates, and the pairs `wanted` whatever they share."""
        pairs = candidates(index, probes)
        if excluded or wanted:
            pairs = Pairs.of((pairs.couples() | set(wanted)) - set(excluded))
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
            int(self.pairs.line[pair]), float(self.probability[pair]), float(self.alone[pair])
        )

    def held_back(self, pairs: Ints, closed: Collection[int]) -> list[tuple[str, ...]]:
        """Why each of these may not be linked without a person, however probable, or nothing."""
        return [
            (*notes, "établissement fermé") if line in closed else notes
            for notes, line in zip(
                guards.reasons(self.levels[pairs]), self.pairs.line[pairs].tolist(), strict=True
            )
        ]

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
        dice = float(self.compared.dice[pair])
        likeness = round(max(float(self.compared.names.likeness[pair]), 100 * dice))
        if likeness >= 100 and dice > 0.99:
            return 3.0, "même nom"
        return (2.5 if likeness >= 80 else 1.0 if likeness >= 50 else -1.0), f"nom à {likeness} %"
