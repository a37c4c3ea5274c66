"""Every open establishment of a region, or of France, from the stock to a base one searches.

    python benchmarks/load_france.py [ESTABLISHMENTS] [--url BASE] [--folder DIR] [--ask]

The stock is generated at full width, all open. Steps are told by the clock, by this process's
computing and by the database server's (its processes on this machine): neighbours slow the clock.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from load_register import generate, load, prepare
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from sourcing import db, segments, tagging
from sourcing.search import Query, search, shelf
from sourcing.search.query import Near

ASKED = ("nettoyage", "espaces verts", "ENSEIGNE 12", "SOCIETE 77", "général")
MORE = (
    "SOCIETE 77 nettoyage",
    "plomberie",
    "traiteur",
    "informatique",
    "ENSEIGNE 4321",
    "menuiserie",
)
# A territory, a commune, and two circles.
LOCAL = (
    Query(),
    Query(territory_only=False, communes=("56121",)),
    Query(territory_only=False, near=Near("47.75, -3.37", -3.37, 47.75), radius_km=10),
    Query(territory_only=False, near=Near("47.95, -3.0", -3.0, 47.95), radius_km=30),
)
TICK = os.sysconf("SC_CLK_TCK")


def server_seconds(engine: Engine) -> float:
    """Computing of the server's processes, those that ended too (workers); 0 for SQLite."""
    if engine.dialect.name == "sqlite":
        return 0.0
    with engine.connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    parent = _stat(Path(f"/proc/{backend}"))[2]
    found = [_stat(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    ended = _stat(Path(f"/proc/{parent}"))[1]
    return (ended + sum(used for used, _, above in found if above == parent)) / TICK


def _stat(process: Path) -> tuple[int, int, int]:
    """Its ticks of computing, those of its children that ended, and its parent."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0, 0
    return int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14]), int(fields[1])


@contextmanager
def step(name: str, engine: Engine, rows: int) -> Iterator[None]:
    used, served = resource.getrusage(resource.RUSAGE_SELF), server_seconds(engine)
    start = time.perf_counter()
    yield
    wall = time.perf_counter() - start
    now = resource.getrusage(resource.RUSAGE_SELF)
    ours = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    served = server_seconds(engine) - served
    print(
        f"{name}: {wall:.1f} s ({rows / wall:,.0f} rows/s); computing {ours:.1f} s here and "
        f"{served:.1f} s in the server ({rows / (ours + served):,.0f} rows/s)",
        flush=True,
    )


def ask(engine: Engine, folder: Path) -> None:
    """What the first visitor of each search waits for."""
    shelf.keep_in(folder / "columns")
    nomenclature = segments.load()
    with Session(engine) as session:
        for asked in ASKED:
            start = time.perf_counter()
            page = search(session, nomenclature, Query(text=asked, territory_only=False))
            print(f"  {asked:<16} {page.total:>9,} found in {time.perf_counter() - start:.2f} s")
        around = [replace(near, text=asked) for asked in (*ASKED, *MORE) for near in LOCAL]
        found = [_milliseconds(session, nomenclature, query) for query in around]
        for what, spent in zip(("clock", "computing"), zip(*found, strict=True), strict=True):
            p95 = quantiles(spent, n=20)[-1]
            said = f"p50 {median(spent):.0f} ms, p95 {p95:.0f} ms by the {what}"
            print(f"  {len(found)} local searches: {said}")


def _milliseconds(
    session: Session, nomenclature: segments.Nomenclature, query: Query
) -> tuple[float, float]:
    """By the clock and of computing, the server's included."""
    engine = session.get_bind().engine
    there, wall, here = server_seconds(engine), time.perf_counter(), time.process_time()
    search(session, nomenclature, query)
    clock, ours = time.perf_counter() - wall, time.process_time() - here
    return clock * 1000, (ours + server_seconds(engine) - there) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("establishments", type=int, nargs="?", default=820_000)
    parser.add_argument("--url", help="the base to fill; it is emptied (a new SQLite by default)")
    parser.add_argument("--folder", type=Path, help="keep the generated files there")
    parser.add_argument("--ask", action="store_true", help="only search the base that is there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        if given.ask:
            ask(db.connect(given.url), folder)
            return
        files = generate(folder, given.establishments, ".parquet", closed=0.0)
        engine = prepare(given.url or f"sqlite:///{temporary}/base.sqlite")
        count = given.establishments
        first = partial(tagging.tag_first, nomenclature=segments.load())
        with step("read, written, tagged and indexed", engine, count):
            run, reading, whole = load(engine, files, everywhere=True, first=first)
        after = whole[0] - reading[0]
        print(
            f"  reading: {reading[0]:.1f} s, computing {reading[1]:.1f} s; the rest {after:.1f} s"
        )
        print(f"  after the scan: {count / after:,.0f} rows/s")
        ask(engine, Path(temporary))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{run.kept:,} suppliers; peak memory {peak:,.0f} MiB; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
