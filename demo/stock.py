"""SIRENE's two stock files at any size: DuckDB streams what data/stock.sql describes.

Draws come from DuckDB's hash: another DuckDB may draw other rows from the same seed.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import duckdb

from demo.communes import FAR, Commune, Spot, communes, polar, streets
from demo.names import DATA, LANDSCAPES, brands, first_names, places, surnames, trades

Progress = Callable[[float, float], None]

ESTABLISHMENTS_FILE = "StockEtablissement_utf8.parquet"
UNITS_FILE = "StockUniteLegale_utf8.parquet"
SCRIPTS = ("stock.sql", "stock_columns.sql")

# Of 58 establishments in a row, whose they are among 50 units and their order in that unit.
SEAT_UNIT = [*range(46), 46, 46, 47, 47, *[48] * 3, *[49] * 5]
SEAT_RANK = [*[0] * 46, 0, 1, 0, 1, *range(3), *range(5)]

# How firms of a kind of trade are formed, per hundred: INSEE's legal categories.
FORMS: dict[str, dict[str, int]] = {
    "artisan": {"1000": 58, "5499": 24, "5710": 18},
    "commerce": {"1000": 46, "5499": 29, "5710": 24, "5202": 1},
    "liberal": {"1000": 88, "5485": 8, "5785": 4},
    "services": {"1000": 47, "5710": 29, "5499": 22, "5599": 1, "5458": 1},
    "industry": {"1000": 14, "5710": 40, "5499": 37, "5599": 6, "5458": 3},
    "asso": {"9220": 93, "1000": 4, "5710": 2, "5458": 1},
    "sci": {"6540": 86, "1000": 8, "5710": 6},
    "letting": {"1000": 86, "5499": 5, "5710": 5, "6540": 4},
    "artist": {"1000": 93, "5710": 3, "5499": 3, "9220": 1},
    "farm": {"1000": 62, "6598": 22, "6533": 12, "5499": 4},
}
FORM_SHORT = {
    "5499": "SARL",
    "5710": "SAS",
    "5599": "SA",
    "5458": "SCOP",
    "5202": "SNC",
    "6598": "EARL",
    "6533": "GAEC",
    "5485": "SELARL",
    "5785": "SELAS",
}
# Part of each profile that stands in a business park where the commune has one.
ZONE_SHARE = {"artisan": 0.25, "commerce": 0.15, "services": 0.15, "industry": 0.6}

# Headcount bands per two hundred open units: sole traders, associations, companies, industry.
BANDS: tuple[dict[str, int], ...] = (
    {"NN": 180, "00": 6, "01": 11, "02": 3},
    {"NN": 164, "00": 6, "01": 14, "02": 7, "03": 4, "11": 3, "12": 1, "21": 1},
    {"NN": 84, "00": 14, "01": 44, "02": 26, "03": 16, "11": 10, "12": 5, "21": 1},
    {
        "NN": 50,
        "00": 10,
        "01": 32,
        "02": 30,
        "03": 28,
        "11": 22,
        "12": 16,
        "21": 6,
        "22": 3,
        "31": 1,
        "32": 1,
        "41": 1,
    },
)
# Parts of the establishments in the territory, around it, and far from it.
LOCAL_SHARE, NEAR_SHARE = 0.88, 0.11
SLOTS = 4999


def write_stock(
    folder: Path,
    cast: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
    establishments: int,
    seed: int,
    step: Progress,
) -> list[Path]:
    """Both stock files, the cast first; the first holds `establishments` lines in all."""
    paths = [folder / ESTABLISHMENTS_FILE, folder / UNITS_FILE]
    with duckdb.connect() as base:
        base.execute(
            "SET threads = 2; SET memory_limit = '2GB'; SET preserve_insertion_order = true"
        )
        for table, rows in zip(("cast_units", "cast_establishments"), cast, strict=True):
            base.execute(
                "CREATE TABLE placeholder AS SELECT unnest($1, recursive := true)", [list(rows)]
            )
            base.execute(f"ALTER TABLE placeholder RENAME TO {table}")
        set_variables(base, establishments - len(cast[1]), seed)
        for script in SCRIPTS:
            base.execute((DATA / script).read_text(encoding="utf-8"))
        for done, (path, view) in enumerate(
            zip(paths, ("stock_etablissement", "stock_unite_legale"), strict=True)
        ):
            base.view(view).write_parquet(str(path), compression="zstd")
            step(40 + 55 * done, 100)
    return paths


def set_variables(base: duckdb.DuckDBPyConnection, establishments: int, seed: int) -> None:
    """Everything the SQL draws from, as lists numbered from 1."""
    blocks, left = divmod(establishments, len(SEAT_UNIT))
    variables: dict[str, object] = {
        "seed": seed,
        "establishments": establishments,
        "units": 50 * blocks + (SEAT_UNIT[left - 1] + 1 if left else 0),
        "seat_unit": SEAT_UNIT,
        "seat_rank": SEAT_RANK,
        "places": places(),
        "brands": brands(),
        "surnames": surnames(),
        "landscapes": list(LANDSCAPES),
        "first_names": [name for name, _ in first_names()],
        "sexes": [sex for _, sex in first_names()],
        "forms": [code for form in FORMS.values() for code in _repeated(form)],
        "industry": list(FORMS).index("industry"),
        "zone_share": [ZONE_SHARE.get(profile, 0.02) for profile in FORMS],
        "bands": [band for bands in BANDS for band in _repeated(bands)],
        **_trade_variables(),
        **_commune_variables(communes(), establishments, seed),
    }
    for name, value in variables.items():
        base.execute(f"SET VARIABLE {name} = $1", [value])
    base.execute(
        "SET VARIABLE form_short = (SELECT map($1, $2))",
        [list(FORM_SHORT), list(FORM_SHORT.values())],
    )


def _repeated(counts: Mapping[str, int]) -> list[str]:
    return [value for value, count in counts.items() for _ in range(count)]


def _slots(weights: Sequence[float], count: int) -> list[int]:
    """`count` draws of 1..n shared by weight, every one at least once."""
    spare, total = count - len(weights), sum(weights)
    ends = [round(spare * part / total) for part in accumulate(weights)]
    sizes = [1 + end - start for start, end in zip([0, *ends], ends, strict=False)]
    return [i for i, size in enumerate(sizes, 1) for _ in range(size)]


def _trade_variables() -> dict[str, object]:
    known, profiles = trades(), list(FORMS)
    counts = [len(trade.stems) for trade in known]
    return {
        "trade_slots": _slots([trade.weight for trade in known], SLOTS),
        "trade_naf": [trade.naf for trade in known],
        "trade_naf25": [trade.naf25 or None for trade in known],
        "trade_profile": [profiles.index(trade.profile) for trade in known],
        "trade_stem_count": counts,
        "trade_stem_from": [1 + start for start in accumulate([0, *counts[:-1]])],
        "stems": [stem for trade in known for stem in trade.stems],
    }


def _commune_variables(
    found: Sequence[Commune], establishments: int, seed: int
) -> dict[str, object]:
    weights = commune_weights(found)
    by_commune = [streets(commune) for commune in found]
    counts = [len(there) for there in by_commune]
    lines = list(
        chain.from_iterable(
            street_lines(commune.spots, count, random.Random(f"{seed} {commune.code}"))
            for commune, count in zip(found, counts, strict=True)
        )
    )
    flat = list(chain.from_iterable(by_commune))
    return {
        "commune_slots": _slots(weights, SLOTS),
        "commune_code": [commune.code for commune in found],
        "commune_name": [commune.name for commune in found],
        "commune_postcodes": [list(commune.postcodes) for commune in found],
        "commune_zones": [len(commune.zones) for commune in found],
        "commune_streets": [count - len(c.zones) for count, c in zip(counts, found, strict=True)],
        "commune_street_from": [1 + start for start in accumulate([0, *counts[:-1]])],
        "commune_addresses": [
            max(40, min(int(commune.weight * 0.5), int(establishments * weight * 1.3)))
            for commune, weight in zip(found, weights, strict=True)
        ],
        "street_kind": [street.kind for street in flat],
        "street_label": [street.label for street in flat],
        **{
            f"street_{axis}": [line[i] for line in lines]
            for i, axis in enumerate(("x", "y", "dx", "dy"))
        },
    }


def commune_weights(found: Sequence[Commune]) -> list[float]:
    """The part of the establishments in each commune; they sum to one."""
    shares = {"local": LOCAL_SHARE, "near": NEAR_SHARE, "far": 1 - LOCAL_SHARE - NEAR_SHARE}
    belts = ["local" if c.is_local else "far" if c.epci == FAR else "near" for c in found]
    totals = dict.fromkeys(shares, 0.0)
    for commune, belt in zip(found, belts, strict=True):
        totals[belt] += commune.weight
    return [shares[belt] * c.weight / totals[belt] for c, belt in zip(found, belts, strict=True)]


def street_lines(
    spots: Sequence[Spot], count: int, chance: random.Random
) -> list[tuple[float, float, float, float]]:
    """For each street, in metres: where number 0 stands, and the step to the next number."""
    lines = []
    for spot in chance.choices(spots, [spot.share for spot in spots], k=count):
        # A point in the inner disc, and a street short enough to stay in the outer one.
        away, turn = spot.radius_m * 0.72 * chance.random() ** 0.5, chance.random() * 6.2832
        length, bearing = min(330.0, spot.radius_m * 0.23), chance.random() * 6.2832
        start, stride = polar(away, turn), polar(length / 100, bearing)
        lines.append((spot.x + start[0], spot.y + start[1], *stride))
    return lines
