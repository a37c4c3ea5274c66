"""Linking on invented firms made dirty by `noise.py`: F1, recall at 0.99, seconds and memory.

python benchmarks/linking.py [--register 100000] [--queries 5000] [--rate 1.0] [--seed 7]
"""

import argparse
import json
import random
import resource
import tempfile
from pathlib import Path

import pandas as pd

from demo.communes import communes
from demo.names import brands, places, surnames, trades
from sourcing.linking.evaluation import evaluate
from sourcing.linking.noise import noisy

STREETS = ("RUE", "AVENUE", "CHEMIN", "PLACE", "ROUTE", "IMPASSE")


def register(count: int, seed: int) -> pd.DataFrame:
    """Firms that do not exist; one in twelve is another site of the firm before it."""
    dice = random.Random(seed)
    stems = [stem for trade in trades() for stem in trade.stems]
    towns, ends = communes(), (brands(), surnames(), places())
    rows: list[dict[str, str]] = []
    for i in range(count):
        town = dice.choice(towns)
        row = {
            "siret": f"{i:09d}00011",
            "name": f"{dice.choice(stems)} {dice.choice(dice.choice(ends))}",
            "alt_name": dice.choice(ends[0]) if dice.random() < 0.3 else "",
            "address": f"{dice.randrange(1, 120)} {dice.choice(STREETS)} {dice.choice(ends[2])}",
            "postcode": dice.choice(town.postcodes),
            "city": town.name,
        }
        if rows and dice.random() < 1 / 12:
            kept = {name: rows[-1][name] for name in ("name", "alt_name")}
            row |= kept | {"siret": rows[-1]["siret"][:9] + f"{i % 99999:05d}"}
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--register", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    left, queries = noisy(
        register(asked.register, asked.seed), asked.queries, asked.seed, asked.rate
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "register.csv"), Path(folder, "queries.csv")
        left.to_csv(paths[0], index=False)
        queries.to_csv(paths[1], index=False)
        found = evaluate(*paths)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(found | {"memory_mb": memory}, indent=1))


if __name__ == "__main__":
    main()
