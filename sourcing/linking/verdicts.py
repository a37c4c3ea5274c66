"""Verdicts: the best candidates of each line, how sure we are, and why, for a buyer."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from sourcing.linking import evidence, guards, weights
from sourcing.linking.candidates import Pairs, candidates
from sourcing.linking.comparison import Comparison
from sourcing.linking.evidence import EVIDENCE
from sourcing.linking.index import Floats, Index, Ints
from sourcing.linking.looks import Levels
from sourcing.linking.normalised import Lines, Normaliser
from sourcing.linking.overlap import sums
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
    # Told when there is something to tell: what speaks for it, then what does not.
    reasons: tuple[str, ...] = ()
    # How many of the reasons, from the end, speak against it.
    against: int = 0

    def with_notes(self, notes: Iterable[str]) -> "Candidate":
        """The same with notes that hold it back, told last and once."""
        new = tuple(note for note in notes if note not in self.reasons)
        return self._replace(reasons=self.reasons + new, against=self.against + len(new))


class Alike(NamedTuple):
    """Two lines of one base that are like enough to name one structure."""

    one: int
    other: int
    score: float
    # Nothing holds the pair back.
    is_sure: bool
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

    def ask(self, columns: dict[str, Sequence[str]]) -> list[Finding]:
        """One finding per line of `columns`."""
        probes = self.normaliser.lines(columns)
        return self.findings(Scored.of(self.index, probes, self.weights), probes.count)

    def alike(self, columns: dict[str, Sequence[str]], own: Sequence[int]) -> Iterator["Alike"]:
        """Lines of the base that are like these, which are the base's own lines `own`.

        Each pair alone: here rivals prove nothing, three lists may name one structure.
        """
        scored = Scored.of(self.index, self.normaliser.lines(columns), self.weights)
        probe, line = np.asarray(own, dtype=np.int64)[scored.pairs.probe], scored.pairs.line
        like = np.flatnonzero((scored.alone >= self.weights.same) & (probe != line))
        notes = scored.held_back(like, self.closed)
        for pair, held in zip(like.tolist(), notes, strict=True):
            reasons, against = scored.reasons(pair)
            told = reasons[: len(reasons) - against] + held
            both, score = (int(probe[pair]), int(line[pair])), float(scored.alone[pair])
            yield Alike(*both, score, not held, told)

    def findings(self, scored: "Scored", count: int) -> list[Finding]:
        """The verdict on every probe of pairs already scored."""
        order = np.lexsort((scored.pairs.line, -scored.probability, scored.pairs.probe))
        begins = np.searchsorted(scored.pairs.probe, np.arange(count + 1))
        asked = np.flatnonzero(np.diff(begins))
        best = order[begins[asked]]
        notes = scored.held_back(best, self.closed)
        chance = scored.probability
        every = sums(scored.pairs.probe, chance, count)[asked]
        settled = self._settled(chance[best], every, notes)
        # That the site is uncertain says nothing against the firm.
        told = [tuple(note for note in held if note != guards.SITE) for held in notes]
        firms = self._settled(self._firms(scored, order, begins[asked]), every, told)
        found = [Finding()] * count
        for probe, *chances, held in zip(asked.tolist(), settled, firms, notes, strict=True):
            shown = order[begins[probe] : min(begins[probe] + SHOWN, begins[probe + 1])].tolist()
            found[probe] = self._finding(scored, shown, chances, held)
        return found

    def _finding(
        self,
        scored: "Scored",
        order: Sequence[int],
        chances: Sequence[float],
        notes: tuple[str, ...],
    ) -> Finding:
        """The verdict on the best pairs of one probe, best first; `notes` hold the best back.

        `chances`: that it is the best one, that it is one of the sites of its firm.
        """
        sure, (chance, firm) = self.weights.same, chances
        shown = map(scored.candidate if max(chances) < self.weights.review else scored.told, order)
        best, *others = shown
        best = best._replace(probability=chance)
        others = [o._replace(probability=min(o.probability, 1 - chance)) for o in others]
        if max(chances) < self.weights.review:
            return Finding(DIFFERENT, (best, *others), False, firm)
        if chance >= sure and not notes:
            return Finding(SAME, (best, *others), False, firm)
        if scored.probability[order[0]] < sure <= firm:
            notes = (*notes, guards.SITE)
        is_firm = firm >= sure and set(notes) == {guards.SITE}
        return Finding(REVIEW, (best.with_notes(dict.fromkeys(notes)), *others), is_firm, firm)

    def _settled(
        self, chance: Floats, every: Floats, notes: Sequence[tuple[str, ...]]
    ) -> list[float]:
        held = np.fromiter(map(bool, notes), bool, len(notes))
        settled = weights.settled(chance, every, held, self.weights)
        told: list[float] = np.round(settled, 6).tolist()
        return told

    def _firms(self, scored: "Scored", order: Ints, begins: Ints) -> Floats:
        """Probability that it is a site of the best candidate's firm, probe by probe."""
        siren, chance = self.index.lines.marks["siren"][scored.pairs.line], scored.probability
        owner = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))
        best = order[begins]
        same = (siren[order] == siren[best][owner]) & (siren[order] != 0)
        firm = np.maximum(sums(owner[same], chance[order[same]], len(begins)), chance[best])
        return np.minimum(1.0, firm)


@cache
def _clauses() -> list[tuple[int, dict[int, tuple[float, str]]]]:
    """Of each question that is told, its place and its answers' weight and French clause."""
    weigh = weights.read().answers
    said = [
        (
            i,
            {
                n: (weigh[e.name][code], clause)
                for n, (code, clause) in enumerate(e.answers)
                if clause
            },
        )
        for i, e in enumerate(EVIDENCE)
    ]
    return [(i, told) for i, told in said if told]


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
        wanted: Collection[tuple[int, int]] = (),
    ) -> "Scored":
        """Score the candidates, and the pairs `wanted` whatever they share."""
        pairs = candidates(index, probes)
        if wanted:
            pairs = Pairs.of(pairs.couples() | set(wanted))
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

    def told(self, pair: int) -> Candidate:
        reasons, against = self.reasons(pair)
        return self.candidate(pair)._replace(reasons=reasons, against=against)

    def held_back(self, pairs: Ints, closed: Collection[int]) -> list[tuple[str, ...]]:
        """Why each of these may not be linked without a person, however probable, or nothing."""
        return [
            (*notes, "établissement fermé") if line in closed else notes
            for notes, line in zip(
                guards.reasons(self.levels[pairs]), self.pairs.line[pairs].tolist(), strict=True
            )
        ]

    def reasons(self, pair: int) -> tuple[tuple[str, ...], int]:
        """French clauses, what speaks for it first, each side by weight; how many speak against."""
        levels = self.levels[pair].tolist()
        said = [told[level] for column, told in _clauses() if (level := levels[column]) in told]
        said.append(self._name_reason(pair))
        said.sort(key=lambda s: (s[0] < 0, -abs(s[0]), s[1]))
        return tuple(clause for _, clause in said), sum(weight < 0 for weight, _ in said)

    def _name_reason(self, pair: int) -> tuple[float, str]:
        dice = float(self.compared.dice[pair])
        likeness = round(max(float(self.compared.names.likeness[pair]), 100 * dice))
        if likeness >= 100 and dice > 0.99:
            return 3.0, "même nom"
        return (2.5 if likeness >= 80 else 1.0 if likeness >= 50 else -1.0), f"nom à {likeness} %"
