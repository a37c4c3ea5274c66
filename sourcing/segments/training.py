"""Learn what words say of sub-segments: our keywords and phrases, the CPV's labels, real objects.

The objects labelled by hand (data/needs_labels.csv) lead; the others count a little, as their
buyer's CPV says, which is right two times in three. Only weights are written, and every word of
the file is in our nomenclature or in the official CPV labels: no buyer, place or person can be in
it; a pair of words or letters in a row enters when several different objects hold it.
"""

import csv
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourcing.normalise.text import fold
from sourcing.segments import SECTORS, Nomenclature, load
from sourcing.segments.classify import Learned, features, terms, write_learned

DATA = Path(__file__).resolve().parents[1] / "data"
LABELS, PHRASES = DATA / "needs_labels.csv", DATA / "needs_phrases.csv"
# How much one example of each kind weighs.
CPV_WEIGHT, KEYWORD_WEIGHT, PHRASE_WEIGHT = 0.3, 2.0, 1.0
LABELLED_WEIGHT, OBJECT_WEIGHT = 2.0, 0.8
PENALTY, STEP, TURNS = 2e-5, 0.3, 45
# Parts that an evaluation leaves out in turn.
FOLDS = 4
# A pair of words, or letters in a row, of the corpus is kept when so many objects hold it.
LEAST_OBJECTS = 4
# Weights nearer to nothing than this are not written.
LEAST_WEIGHT = 0.2
# Rows or columns worked out together: what they need stays in the processor's cache.
BLOCK = 64
SAME_OBJECT = 28  # first characters by which two objects are lots of one contract

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Need:
    """A real object, the sub-segment of its CPV, and the hand's labels if any."""

    text: str
    code: str
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


def train_needs(corpus: Path, cpv: Path | None, out: Path, measure: bool) -> dict[str, Any]:
    """Learn from the corpus and the official CPV labels if given, and write the weights to `out`.

    `measure` learns four times more, to tell how often objects never seen are understood.
    """
    nomenclature = load()
    needs = read_needs(corpus, nomenclature)
    phrases = written_phrases(nomenclature)
    if cpv:
        phrases += [(text, code, CPV_WEIGHT) for text, code in cpv_labels(cpv, nomenclature)]
    trainer = Trainer(needs, phrases, [s.code for s in nomenclature.segments])
    measured = {f"unseen_{key}": n for key, n in trainer.measure().items()} if measure else {}
    weights, bias = trainer.learn()
    learned = trainer.written(weights, bias)
    write_learned(learned, out)
    return {
        "needs": len(needs),
        "labelled": sum(bool(n.labels) for n in needs),
        "features": len(learned.weights),
        "bytes": out.stat().st_size,
        **measured,
    }


def written_phrases(nomenclature: Nomenclature) -> list[tuple[str, str, float]]:
    """Ours: the label and keywords of each sub-segment, and objects as a buyer would write them."""
    keywords = [
        (text, s.code, KEYWORD_WEIGHT)
        for s in nomenclature.segments
        for text in (s.label, *s.keywords)
    ]
    objects = [
        (row["objet"], row["code"], PHRASE_WEIGHT)
        for row in _read(PHRASES)
        if row["code"] in nomenclature.by_code
    ]
    return keywords + objects + list(_sectors(nomenclature))


def _sectors(nomenclature: Nomenclature) -> Iterator[tuple[str, str, float]]:
    """What the inclusion market's structures declare to sell, shared among its sub-segments."""
    for row in _read(SECTORS):
        codes = [c for c in row["sous_segments"].split(";") if c in nomenclature.by_code]
        if not row["secteur"].startswith("Autre"):
            yield from ((row["secteur"], code, PHRASE_WEIGHT / len(codes)) for code in codes)


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
    """The examples as sparse rows: the needs, then the phrases."""

    def __init__(
        self, needs: Sequence[Need], phrases: Sequence[tuple[str, str, float]], codes: Sequence[str]
    ) -> None:
        self.needs, self.codes = distinct(needs), list(codes)
        place = {code: n for n, code in enumerate(codes)}
        texts = [n.text for n in self.needs] + [text for text, _, _ in phrases]
        self.names = vocabulary([n.text for n in needs], [text for text, _, _ in phrases])
        self.rows = sparse(texts, self.names)
        self.truth = np.zeros((len(texts), len(codes)), dtype=np.float32)
        for row, need in enumerate(self.needs):
            self.truth[row] = _shares(need, place)
        said = [place[code] for _, code, _ in phrases]
        self.truth[np.arange(len(self.needs), len(texts)), said] = 1
        own = [LABELLED_WEIGHT if n.labels else OBJECT_WEIGHT for n in self.needs]
        self.importance = np.array(own + [weight for _, _, weight in phrases], dtype=np.float32)

    def learn(self, left_out: NDArray[np.bool_] | None = None) -> tuple[Floats, Floats]:
        """Weights and bias; `left_out`: examples not to learn from."""
        seen = np.ones(len(self.truth), dtype=bool) if left_out is None else ~left_out
        return fit(
            self.rows.only(seen), self.truth[seen], self.importance[seen], len(self.names), TURNS
        )

    def measure(self) -> dict[str, float]:
        """Top-1 and top-3 on the objects labelled by hand, each by a model that never saw it."""
        fold_of = np.array([zlib.crc32(_object_key(n.text).encode()) % FOLDS for n in self.needs])
        padding = np.zeros(len(self.truth) - len(self.needs), dtype=bool)
        hits: Counter[str] = Counter()
        for number in range(FOLDS):
            held = np.concatenate((fold_of == number, padding))
            weights, bias = self.learn(left_out=held)
            said = logits(self.rows.only(held), weights, bias)
            for need, scores in zip(
                (n for n, one in zip(self.needs, held, strict=False) if one), said, strict=True
            ):
                best = [self.codes[n] for n in np.argsort(-scores)[:3]]
                hits["n"] += bool(need.labels)
                hits.update(f"top{n}" for n in (1, 3) if set(best[:n]) & set(need.labels))
        return {
            "n": hits["n"],
            **{k: round(hits[k] / max(hits["n"], 1), 4) for k in ("top1", "top3")},
        }

    def written(self, weights: Floats, bias: Floats) -> Learned:
        """Rounded, without the weights that say nothing."""
        kept: dict[str, dict[str, float]] = {}
        for name, row in sorted(self.names.items()):
            telling = np.flatnonzero(np.abs(weights[row]) >= LEAST_WEIGHT)
            if len(telling):
                kept[name] = {self.codes[n]: round(float(weights[row, n]), 1) for n in telling}
        return Learned(
            {code: round(float(b), 2) for code, b in zip(self.codes, bias, strict=True)}, kept
        )


def distinct(needs: Sequence[Need]) -> list[Need]:
    """One of those that are written alike."""
    return list({fold(need.text): need for need in reversed(needs)}.values())


def _shares(need: Need, place: dict[str, int]) -> Floats:
    """The first label counts twice as much as the others; without any, the CPV's sub-segment."""
    row = np.zeros(len(place), dtype=np.float32)
    for rank, code in enumerate(need.labels or (need.code,)):
        row[place[code]] = 1.0 if rank == 0 else 0.5
    return row / (row.sum() or 1.0)


def vocabulary(objects: Sequence[str], phrases: Sequence[str]) -> dict[str, int]:
    """Features worth a weight: those of our phrases; pairs of their words and grams often met."""
    public = {term.stem for text in phrases for term in terms(text)}
    names = {f.name for text in phrases for f in features(text)}
    holders: dict[str, set[str]] = {}
    for text in objects:
        for name, _, _ in features(text):
            if name[0] == "#" or (" " in name and public.issuperset(name.split())):
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
    scores = np.tile(bias, (len(rows.starts) - 1, 1))
    for first in range(0, len(scores), BLOCK):
        starts = rows.starts[first : first + BLOCK + 1]
        cells = slice(starts[0], starts[-1])
        filled = np.flatnonzero(np.diff(starts))
        if len(filled):
            products = weights[rows.indices[cells]] * rows.values[cells, None]
            sums = np.add.reduceat(products, starts[filled] - starts[0], axis=0)
            scores[first + filled] += sums
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
    ends = np.append(firsts[1:], len(order))
    blocks = [slice(start, start + BLOCK) for start in range(0, len(columns), BLOCK)]
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
        for block in blocks:
            starts = firsts[block]
            cells = slice(starts[0], ends[block][-1])
            products = error[row_of[cells]] * values[cells]
            slope[columns[block]] += np.add.reduceat(products, starts - starts[0], axis=0)
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
