"""`sourcing map`: time and weight of one file for many suppliers, beside plain folium markers.

python benchmarks/folium_map.py [--suppliers 30000] [--plain 1000]
"""

import argparse
import gzip
import io
import random
import tempfile
import time
from pathlib import Path

import folium

from maps.page import write_map
from sourcing import segments
from sourcing.search.hits import Hit
from sourcing.tagging.statuses import STATUSES

ASSETS = Path(__file__).resolve().parents[1] / "webapp" / "static" / "vendor"
CENTRE = (-3.37, 47.75)


def made(count: int) -> list[Hit]:
    """Invented suppliers with names, addresses and segments as long as real ones."""
    chance = random.Random(1)
    labels = [(s.code, s.label) for s in segments.load().segments]
    trades = (
        "ESPACES VERTS",
        "NETTOYAGE",
        "MENUISERIE",
        "ATELIER",
        "GARAGE",
        "CONSEIL",
        "TRAITEUR",
    )
    return [hit(i, chance, chance.choice(trades), labels) for i in range(count)]


def hit(index: int, chance: random.Random, trade: str, labels: list[tuple[str, str]]) -> Hit:
    lon, lat = CENTRE[0] + chance.gauss(0, 0.12), CENTRE[1] + chance.gauss(0, 0.08)
    return Hit(
        id=index,
        uid=f"{index:014}",
        siret=f"{index:014}",
        siren=f"{index:09}",
        name=f"SARL {trade} KERVAN {index}",
        legal_name="",
        other_names="",
        is_person=False,
        state="A",
        address=f"{index % 90} rue des Lilas",
        postcode="56100",
        commune="Lorient",
        commune_code="56121",
        lon=lon,
        lat=lat,
        precision="exact",
        naf="81.30Z",
        size="",
        phone="",
        email="",
        website="",
        description="",
        statuses=tuple(chance.sample([s.code for s in STATUSES], chance.randrange(3))),
        segments=tuple(chance.sample(labels, chance.randrange(1, 4))),
        sources=("sirene",),
        reasons=(),
        distance_km=None,
        score=0.0,
    )


def plain(hits: list[Hit]) -> tuple[float, float]:
    """Seconds and megabytes of one folium marker with a popup per supplier."""
    start = time.perf_counter()
    board = folium.Map(location=(CENTRE[1], CENTRE[0]), zoom_start=10)
    for each in hits:
        folium.Marker((each.lat, each.lon), popup=each.name).add_to(board)
    out = io.BytesIO()
    board.save(out, close_file=False)
    return time.perf_counter() - start, len(out.getvalue()) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suppliers", type=int, default=30_000)
    parser.add_argument("--plain", type=int, default=1_000)
    parser.add_argument("--out", type=Path, help="keep the map here")
    options = parser.parse_args()
    hits = made(options.suppliers)
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or Path(folder) / "carte.html"
        start = time.perf_counter()
        write_map(hits, out, title="Essai", contours=[], assets=ASSETS, demo=True)
        seconds, content = time.perf_counter() - start, out.read_bytes()
    print(
        f"ours: {len(hits)} suppliers, {seconds:.2f} s, {len(content) / 1e6:.2f} MB, "
        f"{len(gzip.compress(content)) / 1e6:.2f} MB gzip"
    )
    seconds, size = plain(hits[: options.plain])
    times = options.suppliers / options.plain
    print(
        f"folium markers: {options.plain} suppliers, {seconds:.2f} s, {size:.2f} MB; "
        f"for {options.suppliers}: {seconds * times:.0f} s, {size * times:.0f} MB"
    )


if __name__ == "__main__":
    main()
