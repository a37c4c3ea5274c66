"""Learn what words say of sub-segments from tender objects, whose CPV is right 2 times in 3.

Each object's sub-segment is unknown but for what three witnesses say: its words, the buyer's CPV
and the winner's NAF; some are labelled by hand (data/needs_labels.csv). The model and the
witnesses' reliability are estimated in turn. Only weights are written, and every word of the file
is in our nomenclature or in the official CPV labels: no buyer, place or person can be in it.
"""

import csv
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourcing.normalise.text import fold
from sourcing.segments import Nomenclature, load
from sourcing.segments.classify import features, terms

LABELS = Path(__file__).resolve().parents[1] / "data" / "needs_labels.csv"
ROUNDS, FOLDS = 5, 3
# How much one example of each kind weighs.
CPV_WEIGHT, KEYWORD_WEIGHT, LABELLED_WEIGHT = 0.3, 2.0, 3.0
PENALTY, STEP = 2e-5, 0.3
# Passes over the examples: for the weights that are written, and for a round's.
TURNS = (45, 25)
# A pair of words of the corpus is kept when this many different objects hold it.
LEAST_OBJECTS = 4
# Weights nearer to nothing than this are not written.
LEAST_WEIGHT = 0.2
SAME_OBJECT = 28  # first characters by which two objects are lots of one contract

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Need:
    """A real object, the sub-segment of its CPV, the winner's NAF, and the hand's labels if any."""

    text: str
    code: str
    naf: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Sparse rows: column indices and values, row i from starts[i] to starts[i + 1]."""

    indices: Ints
    values: Floats
    starts: Ints

    def only(self, kept: NDArray[np.bool_]) -> "Rows":
        lengths = np.diff(self.starts)
        cells = np.repeat(kept, lengths)
        return Rows(
            self.indices[cells], self.values[cells], np.concatenate(([0], np.cumsum(lengths[kept])))
        )


def train_needs(corpus: Path, cpv: Path | None, out: Path) -> dict[str, Any]:
    """Learn from the corpus, and the official CPV labels if given; write the weights to `out`."""
    nomenclature = load()
    needs = read_needs(corpus, nomenclature)
    phrases = [
        (text, s.code, KEYWORD_WEIGHT)
        for s in nomenclature.segments
        for text in (s.label, *s.keywords)
    ]
    if cpv:
        phrases += [(text, code, CPV_WEIGHT) for text, code in cpv_labels(cpv, nomenclature)]
    trainer = Trainer(needs, phrases, [s.code for s in nomenclature.segments])
    weights, bias = trainer.learn()
    content = trainer.written(weights, bias)
    out.write_text(_readable(content), encoding="utf-8")
    return {
        "needs": len(needs),
        "labelled": sum(bool(n.labels) for n in needs),
        "features": len(content["weights"]),
        "bytes": out.stat().st_size,
    }


def read_needs(corpus: Path, nomenclature: Nomenclature) -> list[Need]:
    """The corpus without the objects of needs_dev.csv beside it, with which we measure."""
    dev = corpus.with_name("needs_dev.csv")
    kept_back = {_object_key(row["objet"]) for row in _read(dev)} if dev.exists() else set()
    rows = _read(corpus)
    by_hand = {row["need_id"]: row["codes"].split("|") for row in _read(LABELS)}
    # The same words mean the same thing, wherever they were labelled.
    labels = {
        fold(row["objet"]): by_hand[row["need_id"]] for row in rows if row["need_id"] in by_hand
    }
    return [
        Need(
            row["objet"],
            row["sous_segment_cpv"],
            row["titulaire_naf"],
            tuple(c for c in labels.get(fold(row["objet"]), ()) if c in nomenclature.by_code),
        )
        for row in rows
        if _object_key(row["objet"]) not in kept_back
        and row["sous_segment_cpv"] in nomenclature.by_code
    ]


def cpv_labels(path: Path, nomenclature: Nomenclature) -> list[tuple[str, str]]:
    """Each official CPV label with the sub-segment whose code is its longest beginning."""
    beginnings = {code[:8].rstrip("0"): s.code for s in nomenclature.segments for code in s.cpv}
    found = []
    for row in _read(path):
        digits = row["code"][:8]
        code = next(
            (beginnings[digits[:n]] for n in range(8, 1, -1) if digits[:n] in beginnings), ""
        )
        if code:
            found.append((row["libelle_fr"], code))
    return found


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _object_key(text: str) -> str:
    return fold(text)[:SAME_OBJECT]


class Trainer:
    """The examples as sparse rows, and the turns of estimation."""

    def __init__(
        self, needs: Sequence[Need], phrases: Sequence[tuple[str, str, float]], codes: Sequence[str]
    ) -> None:
        self.needs, self.codes = needs, list(codes)
        place = {code: n for n, code in enumerate(codes)}
        texts = [n.text for n in needs] + [text for text, _, _ in phrases]
        self.names = vocabulary([n.text for n in needs], [text for text, _, _ in phrases])
        self.rows = sparse(texts, self.names)
        self.said_cpv = np.array([place[n.code] for n in needs])
        nafs = {naf: n for n, naf in enumerate(sorted({n.naf for n in needs}))}
        self.said_naf = np.array([nafs[n.naf] for n in needs])
        self.has_naf = np.array([bool(n.naf) for n in needs])
        self.labelled = np.array([bool(n.labels) for n in needs])
        self.by_hand = np.array([_by_hand(n, place) for n in needs], dtype=np.float32)
        self.truth = np.zeros((len(texts), len(codes)), dtype=np.float32)
        self.truth[
            np.arange(len(texts)),
            np.concatenate((self.said_cpv, [place[code] for _, code, _ in phrases])),
        ] = 1
        self.truth[: len(needs)][self.labelled] = self.by_hand[self.labelled]
        lots = Counter(_object_key(n.text) for n in needs)
        own = [
            lots[_object_key(n.text)] ** -0.5 * (LABELLED_WEIGHT if n.labels else 1.0)
            for n in needs
        ]
        self.importance = np.array(own + [weight for _, _, weight in phrases], dtype=np.float32)
        self.fold_of = np.array([zlib.crc32(_object_key(n.text).encode()) % FOLDS for n in needs])

    def learn(self) -> tuple[Floats, Floats]:
        """Estimate sub-segments and the witnesses' reliability in turn, then the weights."""
        for _ in range(ROUNDS):
            said = np.log(self._by_others() + 1e-6)
            said += np.log(self._reliability(self.said_cpv, agreement=3.0))[self.said_cpv]
            naf = np.log(self._reliability(self.said_naf, agreement=0.0))[self.said_naf]
            said += np.where(self.has_naf[:, None], 0.7 * naf, 0.0)
            truth = self.truth[: len(self.needs)]
            truth[:] = softmax(said)
            truth[self.labelled] = self.by_hand[self.labelled]
        return fit(self.rows, self.truth, self.importance, len(self.names), turns=TURNS[0])

    def _by_others(self) -> Floats:
        """What a model that has not seen an object says of it."""
        said = np.zeros((len(self.needs), len(self.codes)), dtype=np.float32)
        phrases = np.ones(len(self.importance) - len(self.needs), dtype=bool)
        for number in range(FOLDS):
            held = self.fold_of == number
            seen = np.concatenate((~held, phrases))
            weights, bias = fit(
                self.rows.only(seen),
                self.truth[seen],
                self.importance[seen],
                len(self.names),
                turns=TURNS[1],
            )
            said[held] = softmax(
                logits(self.rows.only(np.concatenate((held, ~phrases))), weights, bias)
            )
        return said

    def _reliability(self, said: Ints, agreement: float) -> Floats:
        """P(what the witness says | sub-segment), one row per thing said, smoothed."""
        counts = np.zeros((int(said.max()) + 1, len(self.codes)), dtype=np.float32)
        np.add.at(counts, said, self.truth[: len(self.needs)] * (1 + self.labelled)[:, None])
        counts += (5.0 if agreement == 0.0 else 2.0) * (np.bincount(said) / len(said))[:, None]
        counts += np.eye(*counts.shape) * agreement + 1e-9
        return np.asarray(counts / counts.sum(axis=0), dtype=np.float32)

    def written(self, weights: Floats, bias: Floats) -> dict[str, Any]:
        """Rounded, without the weights that say nothing."""
        kept: dict[str, dict[str, float]] = {}
        for name, row in sorted(self.names.items()):
            telling = np.flatnonzero(np.abs(weights[row]) >= LEAST_WEIGHT)
            kept[name] = {self.codes[n]: round(float(weights[row, n]), 1) for n in telling}
        return {
            "bias": {code: round(float(b), 2) for code, b in zip(self.codes, bias, strict=True)},
            "weights": kept,
        }


def _by_hand(need: Need, place: dict[str, int]) -> Floats:
    """The first label counts twice as much as the others."""
    row = np.zeros(len(place), dtype=np.float32)
    for rank, code in enumerate(need.labels):
        row[place[code]] = 1.0 if rank == 0 else 0.5
    return row / (row.sum() or 1.0)


def vocabulary(objects: Sequence[str], phrases: Sequence[str]) -> dict[str, int]:
    """Features worth a weight: those of our phrases, and pairs of their words often met."""
    public = {term.stem for text in phrases for term in terms(text)}
    names = {f.name for text in phrases for f in features(text)}
    holders: dict[str, set[str]] = {}
    for text in objects:
        for name, _, _ in features(text):
            if " " in name and all(stem in public for stem in name.split()):
                holders.setdefault(name, set()).add(_object_key(text))
    names |= {name for name, keys in holders.items() if len(keys) >= LEAST_OBJECTS}
    return {name: n for n, name in enumerate(sorted(names))}


def sparse(texts: Sequence[str], names: dict[str, int]) -> Rows:
    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for text in texts:
        for name, weight, _ in features(text):
            if name in names:
                indices.append(names[name])
                values.append(weight)
        starts.append(len(indices))
    return Rows(
        np.array(indices, dtype=np.int64),
        np.array(values, dtype=np.float32),
        np.array(starts, dtype=np.int64),
    )


def logits(rows: Rows, weights: Floats, bias: Floats) -> Floats:
    """The score of every sub-segment for every row."""
    lengths = np.diff(rows.starts)
    scores = np.tile(bias, (len(lengths), 1))
    filled = np.flatnonzero(lengths)
    if len(filled):
        cells = weights[rows.indices] * rows.values[:, None]
        scores[filled] += np.add.reduceat(cells, rows.starts[:-1][filled], axis=0)
    return scores


def softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def fit(
    rows: Rows, truth: Floats, importance: Floats, size: int, turns: int
) -> tuple[Floats, Floats]:
    """Softmax regression towards soft labels, by Adam with a step that fades out."""
    order = np.argsort(rows.indices, kind="stable")
    columns, firsts = np.unique(rows.indices[order], return_index=True)
    row_of = np.repeat(np.arange(len(truth)), np.diff(rows.starts))[order]
    values = rows.values[order][:, None]
    share = (importance / importance.sum())[:, None]
    weights = np.zeros((size, truth.shape[1]), dtype=np.float32)
    frequency = (truth * importance[:, None]).sum(axis=0)
    bias = 0.5 * np.log(np.maximum(frequency, 1) / importance.sum()).astype(np.float32)
    memory = [Momentum(weights), Momentum(bias)]
    for turn in range(1, turns + 1):
        error = (softmax(logits(rows, weights, bias)) - truth) * share
        slope = PENALTY * weights
        slope[columns] += np.add.reduceat(error[row_of] * values, firsts, axis=0)
        step = STEP * 0.5 * (1 + np.cos(np.pi * turn / turns))
        weights -= memory[0].towards(slope, turn, step)
        bias -= memory[1].towards(error.sum(axis=0) + PENALTY * bias, turn, step)
    return weights, bias


class Momentum:
    """Adam's running averages of a slope and of its square."""

    def __init__(self, like: Floats) -> None:
        self.mean, self.square = np.zeros_like(like), np.zeros_like(like)

    def towards(self, slope: Floats, turn: int, step: float) -> Floats:
        self.mean = 0.9 * self.mean + 0.1 * slope
        self.square = 0.99 * self.square + 0.01 * slope * slope
        root = np.sqrt(self.square / (1 - 0.99**turn)) + 1e-8
        return np.asarray(step * (self.mean / (1 - 0.9**turn)) / root, dtype=np.float32)


def _readable(content: dict[str, Any]) -> str:
    """One feature per line."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    weights = ",\n".join(f"{line(name)}:{line(row)}" for name, row in content["weights"].items())
    return f'{{"bias":{line(content["bias"])},\n"weights":{{\n{weights}\n}}}}\n'
