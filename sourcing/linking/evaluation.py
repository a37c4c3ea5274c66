"""How good linking is, on lines whose siret is known: `sourcing evaluate linking`."""

import csv
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sourcing.linking.desk import Columns, File, texts
from sourcing.linking.index import Floats
from sourcing.linking.training import KNOWN, columns, table
from sourcing.linking.verdicts import SAME, Linker, Scored
from sourcing.source import SourceError

COLUMNS = ("name", "alt_name", "address", "postcode", "city")


class Answers(NamedTuple):
    """What was answered to each query, beside what is right; `seconds`: to prepare, to answer."""

    chance: Floats
    siret: NDArray[Any]
    truth: NDArray[Any]
    automatic: NDArray[np.bool_]
    source: NDArray[Any]
    seconds: tuple[float, float]

    def of(self, source: str) -> "Answers":
        kept = self.source == source
        chance, siret, truth, automatic, sources = (part[kept] for part in self[:5])
        return Answers(chance, siret, truth, automatic, sources, self.seconds)


def evaluate(register: Path, queries: Path) -> dict[str, Any]:
    """Precision, recall and F1 of the best candidate at 0.5, and of the automatic zone."""
    return figures(answers(register, queries))


def answers(register: Path, queries: Path) -> Answers:
    """Ask the register which of its lines each query is."""
    started = time.perf_counter()
    base = _file(register, "siret")
    with _readable(register):
        linker = Linker.of(base)
    cold = time.perf_counter() - started
    _file(queries, "truth_siret")
    with _readable(queries):
        asked = table(queries)
    started = time.perf_counter()
    chance, line, automatic = _best(linker, columns(asked))
    warm = time.perf_counter() - started
    known = np.append(texts(base, "siret"), "")
    truth = asked["truth_siret"].to_numpy(dtype=object)
    source = asked.get("source", pd.Series([""] * len(asked))).to_numpy(dtype=object)
    return Answers(chance, known[line], truth, automatic, source, (cold, warm))


def _best(linker: Linker, said: Columns) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Of each query's best candidate: probability, line (0 and -1 for none), is it automatic."""

    def of(scored: Scored, lines: range) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
        judged = linker.judged(scored, len(lines))
        chance, line = np.zeros(len(lines)), np.full(len(lines), -1)
        automatic = np.zeros(len(lines), dtype=bool)
        chance[judged.probe] = judged.chance
        line[judged.probe] = scored.pairs.line[judged.order[judged.begins]]
        automatic[judged.probe] = judged.verdict == SAME
        return chance, line, automatic

    chance, line, automatic = zip(*linker.in_parts(said, of), strict=True)
    return np.concatenate(chance), np.concatenate(line), np.concatenate(automatic)


def figures(answers: Answers) -> dict[str, Any]:
    """The measures of these answers, by name; `auto_*`: of what is linked without a person."""
    chance, answer, truth, automatic, _, (cold, warm) = answers
    present = truth != ""
    right = present & (answer == truth)
    firm = present & (np.array([a[:9] for a in answer]) == np.array([t[:9] for t in truth]))
    said = chance >= 0.5
    precision, recall, f1 = _rates(right & said, said, present)
    order = np.argsort(-chance, kind="stable")
    precisions = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    recalls = np.cumsum(right[order]) / max(int(present.sum()), 1)
    curve = 2 * precisions * recalls / np.maximum(precisions + recalls, 1e-9)
    return {
        "n": len(truth),
        "n_present": int(present.sum()),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "f1_best": round(float(curve.max(initial=0.0)), 4),
        "recall_at_p99": _recall_at(precisions, recalls, 0.99),
        "recall_at_p95": _recall_at(precisions, recalls, 0.95),
        "f1_siren": _rates(firm & said, said, present)[2],
        "auto_precision": round(float(right[automatic].mean()), 4) if automatic.any() else 0.0,
        "auto_share": round(float((automatic & present).sum() / max(int(present.sum()), 1)), 4),
        "seconds_cold": round(cold, 2),
        "seconds_warm": round(warm, 2),
    }


def _rates(
    right: NDArray[np.bool_], said: NDArray[np.bool_], present: NDArray[np.bool_]
) -> tuple[float, float, float]:
    precision = float(right.sum()) / max(int(said.sum()), 1)
    recall = float(right.sum()) / max(int(present.sum()), 1)
    f1 = 2 * precision * recall / (precision + recall) if right.any() else 0.0
    return round(precision, 4), round(recall, 4), round(f1, 4)


def _recall_at(precisions: Floats, recalls: Floats, wanted: float) -> float:
    enough = np.flatnonzero(precisions >= wanted)
    return round(float(recalls[enough[-1]]), 4) if len(enough) else 0.0


def _file(path: Path, needed: str) -> File:
    """A linking set; SourceError when it is not one."""
    with _readable(path), path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    if missing := [c for c in (*COLUMNS, needed) if c not in header]:
        raise SourceError(f"{path.name} : il manque les colonnes {', '.join(missing)}.")
    return File(path, {ours: theirs for theirs, ours in KNOWN.items() if theirs in header})


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What reading this file says of it, in a sentence."""
    try:
        yield
    except (OSError, ValueError, duckdb.Error) as error:
        raise SourceError(
            f"{path.name} : le fichier ne se lit pas comme un CSV ({error})."
        ) from error
