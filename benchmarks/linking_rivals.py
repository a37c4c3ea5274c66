"""Ours beside Splink 5 and recordlinkage: one run, the same normalised fields, the same labels.

pip install -e '.[bench]'
python benchmarks/linking_rivals.py [--register 100000] [--queries 5000] [--rate 1.0] [--seed 7]
    [--export FOLDER]

--export writes what Splink was given (base.parquet, asked.parquet) and its model with the blocking
rules (splink.json): Splink reads the three on its other backends, Spark among them.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from linking import register
from numpy.typing import NDArray

from sourcing.linking import weights
from sourcing.linking.candidates import candidates
from sourcing.linking.comparison import Comparison
from sourcing.linking.evidence import look
from sourcing.linking.index import Index
from sourcing.linking.noise import noisy
from sourcing.linking.normalised import Lines, Normaliser
from sourcing.linking.training import Labelled, best, calibration, columns

# Lines whose answer every engine may learn from; only the others count.
KNOWN = 2_000
FREQUENCY = """CREATE OR REPLACE TABLE frequency AS
SELECT word, count(*) AS lines FROM word GROUP BY word"""
# What the others are given: one row per line, its names and words as lists, its three rarest words
# among those the base knows (a misspelling finds nobody), its site's name, or its own, in one word.
FIELDS = """
SELECT line::INTEGER AS unique_id, nullif(postcode, '') AS postcode, nullif(town, '') AS town,
    nullif(departement, '') AS departement, nullif(street, '') AS street,
    nullif(number, 0)::INTEGER AS number, names, names[1] AS name, words,
    replace(coalesce(nullif(replace(site, '-', ''), ''), names[1]), ' ', '') AS label,
    words[1] AS rare, words[2] AS second, words[3] AS third
FROM line
LEFT JOIN (SELECT line, list(plain ORDER BY length(plain) DESC, plain) AS names
           FROM alias GROUP BY line) USING (line)
LEFT JOIN (SELECT line, list(word ORDER BY lines NULLS LAST, word) AS words
           FROM word LEFT JOIN frequency USING (word) GROUP BY line) USING (line)
ORDER BY line
"""
Ints = NDArray[np.int64]
# Probe, base line and score (natural log-odds) of each pair an engine proposes, sorted by probe.
Answer = tuple[Ints, Ints, NDArray[np.float64]]


def measures(answer: Answer, truth: Ints, is_competitive: bool) -> dict[str, float]:
    """Of the best candidates: F1 at the threshold best on the known lines, recall at 0.99."""
    probe, line, score = answer
    count = len(truth)
    alone = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
    chance = weights.posterior(score, probe, count) if is_competitive else alone
    asked, top = best(probe, chance, count)
    said, right = np.full(count, -1.0), np.zeros(count, dtype=bool)
    said[asked], right[asked] = chance[top], truth[asked] == line[top]
    (learned, _, _, f1), (_, precision, recall, _) = (
        _curve(said[part], right[part], int((truth[part] >= 0).sum()))
        for part in (slice(None, KNOWN), slice(KNOWN, None))
    )
    kept = said[KNOWN:] >= learned[int(np.argmax(f1))]
    has, good = int((truth[KNOWN:] >= 0).sum()), int((right[KNOWN:] & kept).sum())
    enough = np.flatnonzero(precision >= 0.99)
    found = np.isin(probe * 10**8 + line, np.flatnonzero(truth >= 0) * 10**8 + truth[truth >= 0])
    return {
        "f1": round(2 * good / (int(kept.sum()) + has), 4),
        "precision": round(good / max(int(kept.sum()), 1), 4),
        "recall": round(good / has, 4),
        "recall_at_p99": round(float(recall[enough[-1]]), 4) if len(enough) else 0.0,
        "candidate_recall": round(float(found.sum() / (truth >= 0).sum()), 4),
    }


def _curve(chance: Any, right: Any, has: int) -> tuple[Any, Any, Any, Any]:
    order = np.argsort(-chance, kind="stable")
    hits, said = np.cumsum(right[order]), np.arange(1, len(order) + 1)
    return chance[order], hits / said, hits / has, 2 * hits / (said + has)


def ours(base: Lines, asked: Lines, truth: Ints) -> Iterator[tuple[str, Any]]:
    """The weights that ship, and weights learned from the known lines alone."""
    shipped = weights.read()
    started = time.perf_counter()
    index = Index.build(base, shipped.usual)
    pairs = candidates(index, asked)
    levels = look(Comparison(index, asked, pairs))
    seconds = time.perf_counter() - started
    right = truth[pairs.probe] == pairs.line
    shown = {"seconds": round(seconds, 1)}
    yield "ours, shipped weights", measures((*pairs, shipped.scores(levels)), truth, True) | shown
    kept = pairs.probe < KNOWN
    loosely = weights.guessed(0.3, 1.0)
    learned = weights.learn(levels[kept], pairs.probe[kept], right[kept], loosely)
    scores = weights.of(learned).scores(levels)
    firm = np.arange(len(truth)).astype(str).astype(object)
    labelled = Labelled(levels[kept], pairs.probe[kept], right[kept], firm)
    temperature, shift = calibration(labelled, scores[kept])
    answer = (*pairs, (scores + shift) / temperature)
    yield "ours, weights from the known lines", measures(answer, truth, True) | shown


def splink(
    left: pd.DataFrame, right: pd.DataFrame, truth: Ints, export: Path | None
) -> Iterator[tuple[str, Any]]:
    """Rarest-word blocking, names and words as lists, m from the labels; and our posterior."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    started = time.perf_counter()
    rules = [("rare",), ("name",), ("second", "departement"), ("third", "departement"),
             ("rare", "town"), ("street", "town"), ("street", "number", "departement")]  # fmt: skip
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.PairwiseStringDistanceFunctionAtThresholds(
                "names", "jaro_winkler", [0.99, 0.93, 0.85, 0.75]
            ),
            cl.ArrayIntersectAtSizes("words", [4, 3, 2, 1]),
            cl.ExactMatch("rare").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode"),
            cl.JaroWinklerAtThresholds("town", [0.92]),
            cl.JaroWinklerAtThresholds("street", [0.99, 0.9, 0.8]),
            cl.ExactMatch("number"),
            cl.JaroWinklerAtThresholds("label", [0.95, 0.85]),
        ],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        retain_matching_columns=False,
    )
    duck = duckdb.connect()
    # Splink 5.0 still writes the arrow DuckDB 2 no longer reads by default.
    duck.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
    api = DuckDBAPI(connection=duck)
    frames = [
        api.register(f, dataset_display_name=n) for f, n in ((left, "asked"), (right, "base"))
    ]
    linker = Linker(frames, settings, log_level=40)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("name", "town")], recall=0.6
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    known = np.flatnonzero(truth[:KNOWN] >= 0)
    labels = pd.DataFrame({"source_dataset_l": "asked", "unique_id_l": known,
                           "source_dataset_r": "base", "unique_id_r": truth[known]})  # fmt: skip
    linker.training.estimate_m_from_pairwise_labels(api.register(labels))
    if export:
        export.mkdir(parents=True, exist_ok=True)
        for name, frame in (("asked", left), ("base", right)):
            duck.register("exported", frame)
            duck.execute(f"COPY exported TO '{export / name}.parquet' (FORMAT parquet)")
        linker.misc.save_model_to_json(str(export / "splink.json"), overwrite=True)
    found = linker.inference.predict(threshold_match_weight=-12).as_pandas_dataframe()
    is_asked = found["source_dataset_l"].to_numpy() == "asked"
    sides = [found[f"unique_id_{side}"].to_numpy(dtype=np.int64) for side in "lr"]
    probe, line = np.where(is_asked, *sides), np.where(is_asked, *sides[::-1])
    order = np.lexsort((line, probe))
    score = found["match_weight"].to_numpy(dtype=float) * np.log(2)
    answer = (probe[order], line[order], score[order])
    seconds = {"seconds": round(time.perf_counter() - started, 1)}
    yield "Splink 5, m from labels", measures(answer, truth, False) | seconds
    yield "Splink 5, m from labels + posterior", measures(answer, truth, True) | seconds


def recordlinkage(
    left: pd.DataFrame, right: pd.DataFrame, truth: Ints
) -> Iterator[tuple[str, Any]]:
    """Blocks on rare words and on the address; Jaro-Winkler columns; logistic on the labels."""
    import recordlinkage as rl

    started = time.perf_counter()
    indexer = rl.Index()
    for keys in (["rare"], ["second", "departement"], ["street", "number"]):
        indexer.block(keys)
    pairs = indexer.index(left.dropna(subset=["name"]), right)
    compare = rl.Compare()
    for column in ("name", "street", "town"):
        compare.string(column, column, method="jarowinkler", missing_value=0)
    for column in ("postcode", "number", "rare"):
        compare.exact(column, column, missing_value=0)
    features = compare.compute(pairs, left, right)
    probe, line = (np.array(pairs.get_level_values(i), dtype=np.int64) for i in (0, 1))
    is_known = probe < KNOWN
    matches = pairs[is_known & (truth[probe] == line)]
    model = rl.LogisticRegressionClassifier()
    model.fit(features[is_known], matches)
    chance = np.clip(model.prob(features).to_numpy(), 1e-9, 1 - 1e-9)
    order = np.lexsort((line, probe))
    answer = (probe[order], line[order], np.log(chance / (1 - chance))[order])
    seconds = {"seconds": round(time.perf_counter() - started, 1)}
    yield "recordlinkage, logistic", measures(answer, truth, False) | seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--register", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--export", type=Path)
    said = parser.parse_args()
    left, queries = noisy(
        register(said.register, said.seed), said.queries + KNOWN, said.seed, said.rate
    )
    place = {siret: i for i, siret in enumerate(left["siret"])}
    truth = np.array([place.get(siret, -1) for siret in queries["truth_siret"]], dtype=np.int64)
    normaliser = Normaliser()
    base = normaliser.lines(columns(left))
    with normaliser.tables(columns(left)) as duck:
        duck.execute(FREQUENCY)
        right = duck.execute(FIELDS).df()
    asked = normaliser.lines(columns(queries))
    with normaliser.tables(columns(queries)) as duck:
        fields = duck.execute(FIELDS).df()
    engines = [("sourcing", ours(base, asked, truth))]
    for name, engine in (
        ("splink", splink(fields, right, truth, said.export)),
        ("recordlinkage", recordlinkage(fields, right, truth)),
    ):
        if find_spec(name):
            engines.append((name, engine))
        else:
            print(f"{name} is not installed (pip install -e '.[bench]'): left out", file=sys.stderr)
    for _, results in engines:
        for engine_name, found in results:
            print(engine_name, json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
