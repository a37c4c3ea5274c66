"""Verdicts: the best candidates of each line, how sure we are, and why, for a buyer."""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sourcing.linking import evidence, guards, weights, wording
from sourcing.linking.candidates import Pairs, candidates
from sourcing.linking.comparison import Comparison
from sourcing.linking.desk import Columns, File
from sourcing.linking.index import Floats, Index, Ints
from sourcing.linking.looks import Levels
from sourcing.linking.normalised import Lines, Normaliser
from sourcing.linking.overlap import ranges, sums
from sourcing.linking.weights import Weights

SAME, REVIEW, DIFFERENT = "same", "review", "different"
# Kept per line, best first.
SHOWN = 3
# Lines asked at once on each thread: two lists of a thousand lines, or one of five thousand.
PART, THREADS = 2_500, 2
Told = TypeVar("Told")


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


class Judged(NamedTuple):
    """The verdict on each probe that has candidates, before anything is put in words."""

    probe: Ints
    # Their pairs, best first, one probe after the other; where those of each probe begin.
    order: Ints
    begins: Ints
    # That it is the best one; that it is one of the sites of its firm.
    chance: Floats
    firm: Floats
    verdict: NDArray[np.str_]
    is_firm_only: NDArray[np.bool_]
    # What holds the best one back.
    notes: list[tuple[str, ...]]


class Linker:
    """A base ready to be asked which of its lines a given line is."""

    def __init__(self, index: Index, normaliser: Normaliser, closed: Collection[int] = ()) -> None:
        self.weights: Weights = weights.read()
        self.normaliser = normaliser
        self.index = index
        self.closed = frozenset(closed)
        self.part = PART

    @classmethod
    def of(cls, columns: Columns | File, closed: Collection[int] = ()) -> "Linker":
        """Normalise and index these lines."""
        normaliser = Normaliser()
        return cls(Index.build(normaliser.lines(columns), weights.read().usual), normaliser, closed)

    def ask(self, columns: Columns) -> list[Finding]:
        """One finding per line of `columns`."""
        parts = self.in_parts(columns, lambda scored, lines: self.findings(scored, len(lines)))
        return [finding for part in parts for finding in part]

    def in_parts(self, columns: Columns, work: Callable[["Scored", range], Told]) -> Iterator[Told]:
        """What `work` makes of the lines and their candidates, a part of them at a time.

        No line's answer depends on the others: two parts are scored at once.
        """
        count = len(columns["name"])
        cuts = np.linspace(0, count, max(1, -(-count // self.part)) + 1).astype(int).tolist()

        def told(lines: range) -> Told:
            said = {name: texts[lines.start : lines.stop] for name, texts in columns.items()}
            return work(Scored.of(self.index, self.normaliser.lines(said), self.weights), lines)

        parts = list(itertools.starmap(range, itertools.pairwise(cuts)))
        if len(parts) == 1:
            yield told(*parts)
            return
        with ThreadPoolExecutor(THREADS) as pool:
            yield from pool.map(told, parts)

    def alike(self, columns: Columns, own: Sequence[int]) -> Iterator["Alike"]:
        """Lines of the base that are like these, which are the base's own lines `own`.

        Each pair alone: here rivals prove nothing, three lists may name one structure.
        """
        places = np.asarray(own, dtype=np.int64)
        parts = self.in_parts(columns, lambda scored, lines: self._alike(scored, places[lines]))
        return itertools.chain.from_iterable(parts)

    def _alike(self, scored: "Scored", own: Ints) -> list["Alike"]:
        probe, line = own[scored.pairs.probe], scored.pairs.line
        like = np.flatnonzero((scored.alone >= self.weights.same) & (probe != line))
        notes, said = scored.held_back(like, self.closed), scored.reasons(like)
        found = []
        for pair, held, (reasons, against) in zip(like.tolist(), notes, said, strict=True):
            told = reasons[: len(reasons) - against] + held
            both, score = (int(probe[pair]), int(line[pair])), float(scored.alone[pair])
            found.append(Alike(*both, score, not held, told))
        return found

    def findings(self, scored: "Scored", count: int) -> list[Finding]:
        """The verdict on every probe of pairs already scored, and why."""
        judged = self.judged(scored, count)
        found = [Finding()] * count
        for probe, verdict, (best, *others), notes, is_firm_only, firm in zip(
            judged.probe.tolist(),
            judged.verdict.tolist(),
            _shown(scored, judged),
            judged.notes,
            judged.is_firm_only.tolist(),
            judged.firm.tolist(),
            strict=True,
        ):
            told = best.with_notes(notes) if verdict == REVIEW else best
            found[probe] = Finding(verdict, (told, *others), is_firm_only, firm)
        return found

    def judged(self, scored: "Scored", count: int) -> Judged:
        """The verdict on every probe that has candidates."""
        sure, chance = self.weights.same, scored.probability
        order = np.lexsort((scored.pairs.line, -chance, scored.pairs.probe))
        begins = np.searchsorted(scored.pairs.probe, np.arange(count + 1))
        asked = np.flatnonzero(np.diff(begins))
        begins = begins[asked]
        best = order[begins]
        notes = scored.held_back(best, self.closed)
        every = sums(scored.pairs.probe, chance, count)[asked]
        settled = self._settled(chance[best], every, notes)
        # That the site is uncertain says nothing against the firm.
        of_firm = [tuple(note for note in held if note != guards.SITE) for held in notes]
        firm = self._settled(self._firms(scored, order, begins), every, of_firm)
        is_free = (settled >= sure) & ~_any(notes)
        is_likely = np.maximum(settled, firm) >= self.weights.review
        verdict = np.where(~is_likely, DIFFERENT, np.where(is_free, SAME, REVIEW))
        is_unsure = (verdict == REVIEW) & (chance[best] < sure) & (firm >= sure)
        sites = zip(notes, is_unsure.tolist(), strict=True)
        notes = [tuple(dict.fromkeys((*n, guards.SITE))) if unsure else n for n, unsure in sites]
        is_site = np.fromiter((held == (guards.SITE,) for held in notes), bool, len(notes))
        is_firm_only = (verdict == REVIEW) & (firm >= sure) & is_site
        return Judged(asked, order, begins, settled, firm, verdict, is_firm_only, notes)

    def _settled(self, chance: Floats, every: Floats, notes: Sequence[tuple[str, ...]]) -> Floats:
        return np.round(weights.settled(chance, every, _any(notes), self.weights), 6)

    def _firms(self, scored: "Scored", order: Ints, begins: Ints) -> Floats:
        """Probability that it is a site of the best candidate's firm, probe by probe."""
        siren, chance = self.index.lines.marks["siren"][scored.pairs.line], scored.probability
        owner = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))
        best = order[begins]
        same = (siren[order] == siren[best][owner]) & (siren[order] != 0)
        firm = np.maximum(sums(owner[same], chance[order[same]], len(begins)), chance[best])
        return np.minimum(1.0, firm)


def _any(notes: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
    return np.fromiter(map(bool, notes), bool, len(notes))


def _shown(scored: "Scored", judged: Judged) -> Iterator[list[Candidate]]:
    """The few best candidates of each probe, those of likely ones with their reasons."""
    ends = np.append(judged.begins[1:], len(judged.order))
    row, at = ranges(judged.begins, np.minimum(judged.begins + SHOWN, ends))
    pair, of_best = judged.order[at], judged.chance[row]
    others = np.minimum(scored.probability[pair], 1 - of_best)
    probability = np.where(at == judged.begins[row], of_best, others)
    reasons: list[tuple[tuple[str, ...], int]] = [((), 0)] * len(pair)
    told = np.flatnonzero((judged.verdict != DIFFERENT)[row])
    for place, why in zip(told.tolist(), scored.reasons(pair[told]), strict=True):
        reasons[place] = why
    lines, alone = scored.pairs.line[pair].tolist(), scored.alone[pair].tolist()
    each = zip(lines, probability.tolist(), alone, reasons, strict=True)
    every = [Candidate(line, chance, alone, *why) for line, chance, alone, why in each]
    starts = np.searchsorted(row, np.arange(len(judged.probe) + 1)).tolist()
    yield from (every[a:b] for a, b in itertools.pairwise(starts))


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

    def held_back(self, pairs: Ints, closed: Collection[int]) -> list[tuple[str, ...]]:
        """Why each of these may not be linked without a person, however probable, or nothing."""
        return [
            (*notes, "établissement fermé") if line in closed else notes
            for notes, line in zip(
                guards.reasons(self.levels[pairs]), self.pairs.line[pairs].tolist(), strict=True
            )
        ]

    def reasons(self, pairs: Ints) -> list[tuple[tuple[str, ...], int]]:
        """French clauses, what speaks for it first, each side by weight; how many speak against."""
        likeness = self.compared.names.likeness[pairs]
        return wording.reasons(self.levels[pairs], likeness, self.compared.dice[pairs])
