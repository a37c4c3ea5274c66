"""Learning the weights: `sourcing train linking`, half a minute."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sourcing.linking import evidence, weights
from sourcing.linking.candidates import candidates
from sourcing.linking.comparison import Comparison
from sourcing.linking.guards import held_back
from sourcing.linking.index import Floats, Index, Ints, bags_of
from sourcing.linking.looks import Levels
from sourcing.linking.noise import noisy
from sourcing.linking.normalised import Normaliser
from sourcing.linking.weights import Prior, Weights

FOLDS = 10
# Several ways to cut the folds: 456 lines are few.
SEEDS = (0, 1, 2)
# Out of fold, the automatic zone must be right this often: a little more than the 98.5 % wanted,
# for the guards were chosen on these lines. One link alone is right three times in four at least.
PRECISION, SURE = 0.99, 0.75
# From this probability on, a person is asked.
REVIEW = 0.2
# Tried to make the probabilities say what they mean.
TEMPERATURES, SHIFTS = np.arange(0.8, 2.5, 0.1), np.arange(-1.0, 2.1, 0.25)
ASSURED = np.round(np.arange(0.0, 4.1, 0.1), 1)
# Where the probabilities are cut to be compared with what was right.
RELIABILITY = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97)
# The columns of the linking sets, and what normalisation calls them.
KNOWN = {
    "name": "name",
    "alt_name": "other",
    "address": "address",
    "postcode": "postcode",
    "city": "town",
    "siret": "siret",
    "website": "website",
}
# Lines made noisy on purpose, twice; and the share of lines from which a word is common.
NOISY, COMMON = 1500, 0.0008


# Of best candidates nothing holds back: probability, that of all the candidates, which are right.
Free = tuple[Floats, Floats, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The pairs of lines whose siret is known: their evidence, and which pair is right."""

    levels: Levels
    probe: Ints
    right: NDArray[np.bool_]
    # Same firm, same fold: a firm is never learned from and judged on at once.
    firm: NDArray[Any]


def table(path: Path) -> pd.DataFrame:
    """A CSV read as text, with the columns of the linking sets."""
    return pd.read_csv(path, dtype=str).fillna("")


def columns(frame: pd.DataFrame) -> dict[str, Sequence[str]]:
    """The columns of the linking sets, under the names normalisation knows."""
    return {to: frame[column].tolist() for column, to in KNOWN.items() if column in frame}


def label(register: pd.DataFrame, queries: pd.DataFrame, usual: dict[str, float]) -> Labelled:
    """Candidates of every query with their evidence."""
    normaliser = Normaliser()
    index = Index.build(normaliser.lines(columns(register)), usual)
    probes = normaliser.lines(columns(queries))
    pairs = candidates(index, probes)
    truth = queries["truth_siret"].to_numpy(dtype=object)
    right = register["siret"].to_numpy(dtype=object)[pairs.line] == truth[pairs.probe]
    firm = np.array([t[:9] or f"none{i}" for i, t in enumerate(truth)], dtype=object)
    return Labelled(
        evidence.look(Comparison(index, probes, pairs)), pairs.probe, right.astype(bool), firm
    )


def usual_words(register: pd.DataFrame) -> dict[str, float]:
    """The common words of a register and the share of its lines that have them."""
    lines = Normaliser().lines(columns(register))
    _, of_line = bags_of(lines)
    count = np.bincount(of_line.word, minlength=len(lines.vocabulary.word)).tolist()
    return {
        word: round(n / lines.count, 5)
        for word, n in zip(lines.vocabulary.word.tolist(), count, strict=True)
        if n >= COMMON * lines.count and len(word) > 1 and not word.isdigit()
    }


def made(register: pd.DataFrame, usual: dict[str, float]) -> list[Labelled]:
    """Lines made noisy on purpose."""
    return [label(*noisy(register, NOISY, seed), usual) for seed in (1, 2)]


def prior(parts: Sequence[Labelled]) -> Prior:
    """What lines made noisy on purpose teach, before any real one."""
    shift = len(parts[0].firm)
    levels = np.vstack([p.levels for p in parts])
    probe = np.concatenate([parts[0].probe, parts[1].probe + shift])
    right = np.concatenate([p.right for p in parts])
    return weights.taught(
        levels, probe, weights.learn(levels, probe, right, weights.guessed(0.3, 1.0))
    )


def out_of_fold(known: Labelled, before: Prior, seed: int = 0) -> Floats:
    """Each pair's score under weights that never saw its firm."""
    _, firm = np.unique(known.firm.astype(str), return_inverse=True)
    fold = np.random.default_rng(seed).integers(0, FOLDS, firm.max() + 1)[firm][known.probe]
    scores = np.zeros(len(known.probe))
    every = weights.learn(known.levels, known.probe, known.right, before)
    for k in range(FOLDS):
        held = fold == k
        kept = (known.levels[~held], known.probe[~held], known.right[~held])
        theta = weights.learn(*kept, before, start=every)
        scores[held] = weights.of(theta).scores(known.levels[held])
    return scores


def calibrated(known: Labelled, before: Prior, seed: int) -> Floats:
    """Out-of-fold scores, each half calibrated on the other."""
    scores = out_of_fold(known, before, seed)
    _, firm = np.unique(known.firm.astype(str), return_inverse=True)
    half = np.random.default_rng(seed + 99).integers(0, 2, firm.max() + 1)[firm]
    for side in (0, 1):
        kept = half[known.probe] != side
        there = Labelled(known.levels[kept], known.probe[kept], known.right[kept], known.firm)
        temperature, shift = calibration(there, scores[kept])
        scores = np.where(kept, scores, (scores + shift) / temperature)
    return scores


def train(
    known: Labelled, parts: Sequence[Labelled], before: Prior, usual: dict[str, float]
) -> Weights:
    """Weights from all the data; temperature and threshold from out-of-fold scores."""
    count = len(known.firm)
    scores = out_of_fold(known, before)
    temperature, shift = calibration(known, scores)
    chances = [
        weights.posterior(
            (out_of_fold(known, before, seed) + shift) / temperature, known.probe, count
        )
        for seed in SEEDS
    ]
    theta = weights.learn(known.levels, known.probe, known.right, before)
    theta[0] += shift
    real = _together([_free(known, chance) for chance in chances])
    learned = replace(
        weights.of(theta), temperature=round(float(temperature), 2), review=REVIEW, usual=usual
    )
    learned = replace(learned, assured=_assured([real, _together(_made_free(parts, learned))]))
    chance, every, right = real
    free_chance = weights.settled(chance, every, np.zeros(len(chance), dtype=bool), learned)
    return replace(learned, same=_threshold(free_chance, right))


def calibration(known: Labelled, scores: Floats) -> tuple[float, float]:
    """The temperature, and what is added to every score, that surprise least."""
    count = len(known.firm)
    return min(
        ((float(t), float(shift)) for t in TEMPERATURES for shift in SHIFTS),
        key=lambda pair: _surprise(known, (scores + pair[1]) / pair[0], count),
    )


def _surprise(known: Labelled, scores: Floats, count: int) -> float:
    """Minus the log-likelihood of the right answers, "none" included."""
    chance = weights.posterior(scores, known.probe, count)
    found = np.bincount(known.probe, weights=known.right * chance, minlength=count)
    absent = 1 - np.bincount(known.probe, weights=chance, minlength=count)
    has = np.bincount(known.probe, weights=known.right, minlength=count) > 0
    return -float(np.log(np.clip(np.where(has, found, absent), 1e-9, 1)).sum())


def best(known_probe: Ints, chance: Floats, count: int) -> tuple[Ints, Ints]:
    """The probes that have a candidate, and the place of each one's best."""
    order = np.lexsort((-chance, known_probe))
    probe, first = np.unique(known_probe[order], return_index=True)
    return probe, order[first]


def _made_free(parts: Sequence[Labelled], learned: Weights) -> list[Free]:
    """The same of lines made noisy on purpose."""
    said = [(p, learned.scores(p.levels)) for p in parts]
    return [_free(p, weights.posterior(scores, p.probe, len(p.firm))) for p, scores in said]


def _together(parts: Sequence[Free]) -> Free:
    chance, every, right = (np.concatenate(each) for each in zip(*parts, strict=True))
    return chance, every, right


def _free(known: Labelled, chance: Floats) -> Free:
    """Of the best candidates nothing holds back: probability, that of all, and which are right."""
    count = len(known.firm)
    probe, top = best(known.probe, chance, count)
    every: Floats = np.bincount(known.probe, weights=chance, minlength=count).astype(float)[probe]
    kept = ~held_back(known.levels[top])
    return chance[top][kept], every[kept], known.right[top][kept]


def _assured(parts: Sequence[Free]) -> float:
    """What surprises least, added to the log-odds of somebody when nothing holds the best back.

    Real lines and lines made on purpose count as much, however many: few lists are like ours.
    """
    surprise = np.zeros(len(ASSURED))
    for chance, every, right in parts:
        for i, gain in enumerate(np.exp(ASSURED)):
            free = np.clip(chance * gain / (every * gain + 1 - every), 1e-6, 1 - 1e-6)
            surprise[i] -= float(np.log(np.where(right, free, 1 - free)).mean())
    return float(ASSURED[np.argmin(surprise)])


def _threshold(chance: Floats, right: NDArray[np.bool_]) -> float:
    """The lowest probability above which PRECISION of the links are right, all cuts together."""
    order = np.argsort(-chance, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= PRECISION)
    return max(SURE, round(float(chance[order[enough[-1]]]), 4)) if len(enough) else 0.999


def train_linking(register: Path, queries: Path, output: Path = weights.WEIGHTS) -> dict[str, Any]:
    """Write the weights learned from these lines; what they are worth, out of fold."""
    base, asked = table(register), table(queries)
    usual = usual_words(base)
    known, parts = label(base, asked, usual), made(base, usual)
    before = prior(parts)
    learned = train(known, parts, before, usual)
    said = json.dumps(asdict(learned), ensure_ascii=False, indent=1)
    output.write_text(said + "\n", encoding="utf-8")
    return report(known, before, learned)


def report(
    known: Labelled, before: Prior, learned: Weights, seeds: Sequence[int] = SEEDS
) -> dict[str, Any]:
    """Out-of-fold measures, mean of several ways to cut the folds."""
    count, has = len(known.firm), int((~np.char.startswith(known.firm.astype(str), "none")).sum())
    runs, said = [], []
    for seed in seeds:
        chance = weights.posterior(calibrated(known, before, seed), known.probe, count)
        probe, top = best(known.probe, chance, count)
        held, right = held_back(known.levels[top]), known.right[top]
        every: Floats = np.bincount(known.probe, chance, count).astype(float)[probe]
        chance = weights.settled(chance[top], every, held, learned)
        runs.append(_measures(chance, right, (chance >= learned.same) & ~held, has))
        said.append(np.column_stack([chance, right]))
    mean = {name: round(float(np.mean([run[name] for run in runs])), 4) for name in runs[0]}
    return mean | {"reliability": _reliability(np.vstack(said), len(seeds))}


def _measures(
    chance: Floats, right: NDArray[np.bool_], automatic: NDArray[np.bool_], has: int
) -> dict[str, float]:
    said = chance >= 0.5
    precision, recall = right[said].mean(), right[said].sum() / has
    order = np.argsort(-chance, kind="stable")
    hits, asked = np.cumsum(right[order]), np.arange(1, len(order) + 1)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "f1_best": (2 * hits / (asked + has)).max(),
        "recall_at_p99": (hits * (hits >= 0.99 * asked)).max() / has,
        "recall_at_p95": (hits * (hits >= 0.95 * asked)).max() / has,
        "auto_precision": right[automatic].mean(),
        "auto_share": right[automatic].sum() / has,
    }


def _reliability(said: Floats, cuts: int) -> list[dict[str, float]]:
    """Of the best candidates: mean probability, share right and lines, by what is said."""
    slot = np.digitize(said[:, 0], RELIABILITY)
    return [
        {
            "said": round(float(said[slot == i, 0].mean()), 3),
            "right": round(float(said[slot == i, 1].mean()), 3),
            "lines": round(int((slot == i).sum()) / cuts),
        }
        for i in np.unique(slot)
    ]
