"""What `linking_rivals.py --export` wrote, run again by Splink from the files alone.

python benchmarks/linking_export.py [FOLDER] [--spark] [--asked 500]

Needs the extra `bench`; --spark also needs `pip install pyspark` and Java 17.
"""

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any

NAMES = ("asked", "base")
# DuckDB's functions that Spark knows under another name.
OF_SPARK = {
    "list_intersect": "array_intersect",
    "list_transform": "transform",
    "list_max": "array_max",
    "array_length": "size",
    "jaro_winkler_similarity": "jaro_winkler",
}


def for_spark(said: Any) -> Any:
    """The model with its conditions in Spark's dialect."""
    import sqlglot

    if isinstance(said, list):
        return [for_spark(each) for each in said]
    if not isinstance(said, dict):
        return said
    told = {key: for_spark(value) for key, value in said.items()}
    for key in {"sql_condition", "blocking_rule"} & told.keys():
        if told[key] != "ELSE":
            named = re.sub("|".join(OF_SPARK), lambda m: OF_SPARK[m[0]], told[key])
            told[key] = sqlglot.transpile(named, read="duckdb", write="spark")[0]
    return told | ({"sql_dialect": "spark"} if "sql_dialect" in told else {})


def on_duckdb(folder: Path, count: int) -> tuple[Any, list[Any]]:
    import duckdb
    from splink import DuckDBAPI

    duck = duckdb.connect()
    # Splink 5.0 still writes the arrow DuckDB 2 no longer reads by default.
    duck.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
    frames = [duck.execute("FROM read_parquet(?)", [f"{folder / n}.parquet"]).df() for n in NAMES]
    return DuckDBAPI(connection=duck), [frames[0].head(count), frames[1]]


def on_spark(folder: Path, count: int) -> tuple[Any, list[Any]]:
    from pyspark.sql import SparkSession
    from splink.backends.spark import SparkAPI, similarity_jar_location

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", similarity_jar_location())
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    asked, base = (spark.read.parquet(f"{folder / name}.parquet") for name in NAMES)
    api = SparkAPI(spark_session=spark, break_lineage_method="persist")
    return api, [asked.filter(f"unique_id < {count}"), base]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--asked", type=int, default=500)
    said = parser.parse_args()
    if not said.folder:
        print("left out: name the folder where linking_rivals.py --export wrote")
        return
    from splink import Linker

    api, frames = (on_spark if said.spark else on_duckdb)(said.folder, said.asked)
    started = time.perf_counter()
    both = zip(frames, NAMES, strict=True)
    tables = [api.register(frame, dataset_display_name=name) for frame, name in both]
    model = json.loads((said.folder / "splink.json").read_text("utf-8"))
    linker = Linker(tables, for_spark(model) if said.spark else model, log_level=40)
    found = linker.inference.predict(threshold_match_weight=0).as_pandas_dataframe()
    print(
        f"{said.asked} lines asked, {len(found)} pairs above even odds, best match weight "
        f"{found['match_weight'].max():.1f} bits, {time.perf_counter() - started:.0f} s"
    )


if __name__ == "__main__":
    main()
