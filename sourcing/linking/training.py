"""Learning the weights again: `python -m sourcing.linking.training REGISTER QUERIES`, about ten seconds."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sourcing.linking import evidence, weights
from sourcing.linking.candidates import Floats, Index, Ints, candidates
from sourcing.linking.comparison import Comparison
from sourcing.linking.normalised import Normaliser
from sourcing.linking.weights import Weights

FOLDS = 10
# The automatic zone must be right this often, out of fold.
PRECISION = 0.99


@dataclass(frozen=True, slots=True)
class Labelled:
    """The pairs of lines whose siret is known: their evidence, and which pair is right."""

    levels: evidence.Levels
    probe: Ints
    right: NDArray[np.bool_]
    # Same firm, same fold: a firm is never learned from and judged on at once.
    firm: NDArray[Any]


def table(path: Path) -> pd.DataFrame:
    """A CSV read as text, with the columns of the linking sets."""
    return pd.read_csv(path, dtype=str).fillna("")


def columns(frame: pd.DataFrame) -> dict[str, Sequence[str]]:
    """The columns of the linking sets, under the names normalisation knows."""
    known = {"name": "name", "alt_name": "other", "address": "address", "postcode": "postcode",
             "city": "town", "siret": "siret"}
    return {to: frame[column].tolist() for column, to in known.items() if column in frame}


def label(register: pd.DataFrame, queries: pd.DataFrame, usual: dict[str, float]) -> Labelled:
    """Candidates of every query with their evidence."""
    normaliser = Normaliser()
    index = Index.build(normaliser.lines(columns(register)), usual)
    probes = normaliser.lines(columns(queries))
    pairs = candidates(index, probes)
    truth = queries["truth_siret"].to_numpy(dtype=object)
    right = register["siret"].to_numpy(dtype=object)[pairs.line] == truth[pairs.probe]
    firm = np.array([t[:9] or f"none{i}" for i, t in enumerate(truth)], dtype=object)
    return Labelled(evidence.look(Comparison(index, probes, pairs)), pairs.probe, right.astype(bool), firm)


def out_of_fold(known: Labelled, seed: int = 0) -> Floats:
    """Each pair's score under weights that never saw its firm."""
    _, firm = np.unique(known.firm.astype(str), return_inverse=True)
    fold = np.random.default_rng(seed).integers(0, FOLDS, firm.max() + 1)[firm][known.probe]
    scores = np.zeros(len(known.probe))
    for k in range(FOLDS):
        held = fold == k
        start, answers = weights.learn(known.levels[~held], known.probe[~held], known.right[~held])
        scores[held] = Weights(start, answers, 1.0, 1.0, 0.0, {}).scores(known.levels[held])
    return scores


def train(known: Labelled, usual: dict[str, float]) -> Weights:
    """Weights from all the data, temperature and thresholds from out-of-fold scores."""
    count = len(known.firm)
    scores = out_of_fold(known)
    temperature = min(np.arange(0.8, 2.5, 0.05), key=lambda t: _surprise(known, scores / t, count))
    chance = weights.posterior(scores / temperature, known.probe, count)
    start, answers = weights.learn(known.levels, known.probe, known.right)
    return Weights(start, answers, round(float(temperature), 2), _threshold(known, chance), 0.2, usual)


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


def _threshold(known: Labelled, chance: Floats) -> float:
    """The lowest probability above which PRECISION of the links are right."""
    _, top = best(known.probe, chance, len(known.firm))
    order = top[np.argsort(-chance[top], kind="stable")]
    precision = np.cumsum(known.right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= PRECISION)
    return round(float(chance[order[enough[-1]]]), 4) if len(enough) else 0.999


def main() -> None:
    register, queries = (table(Path(path)) for path in sys.argv[1:3])
    usual = json.loads(weights.WEIGHTS.read_text())["usual"] if weights.WEIGHTS.exists() else {}
    learned = train(label(register, queries, usual), usual)
    weights.WEIGHTS.write_text(json.dumps(asdict(learned), ensure_ascii=False, indent=1) + "\n")
    print(learned.temperature, learned.same)


if __name__ == "__main__":
    main()
