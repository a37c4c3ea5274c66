"""A monthly refresh with 1 % of changes beside the first load, by the command a person types.

    python benchmarks/refresh.py [ESTABLISHMENTS] [--url BASE]

The stock and four lists are invented; in the second month 1 % of the establishments and of the
lists' lines say something else (closed, another sign, another address, gone). Each month is
`sourcing refresh` on files in their folders: reading, linking, tagging and index. Prints wall and
CPU seconds (other processes may share the machine) and the share of the first.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

import demo

CHANGES = """
UPDATE e SET etatAdministratifEtablissement = 'F' WHERE rowid % 400 = 1;
UPDATE e SET enseigne1Etablissement = 'ENSEIGNE ' || rowid WHERE rowid % 400 = 2;
UPDATE e SET libelleVoieEtablissement = 'DES FLOTS' WHERE rowid % 400 = 3
  AND statutDiffusionEtablissement = 'O';
DELETE FROM e WHERE rowid % 400 = 4
"""


def run(base: dict[str, str], *arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds one command takes."""
    # As installed: with what is compiled of Python kept.
    left_out = ("SOURCING_", "PYTHONDONTWRITEBYTECODE")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "sourcing", *arguments], check=True, env=environ | base)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu


def put(folder: Path, files: dict[str, list[Path]]) -> None:
    """Each source's files in its folder."""
    for source, paths in files.items():
        into = folder / "sources" / source / ("audelor" if source == "innovation" else "")
        into.mkdir(parents=True, exist_ok=True)
        for path in paths:
            shutil.copy(path, into)


def a_month_later(files: dict[str, list[Path]]) -> None:
    """1 % of the establishments and of the lists' lines change."""
    stock = next(path for path in files["sirene"] if "Etablissement" in path.name)
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE e AS FROM '{stock}'")
        con.execute(CHANGES)
        con.execute(f"COPY e TO '{stock}' (FORMAT parquet, COMPRESSION zstd)")
    for path in (*files["marche_inclusion"], *files["esat_gesat"]):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(line for n, line in enumerate(lines) if n % 100 != 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("establishments", type=int, nargs="?", default=200_000)
    parser.add_argument("--url", help="the base to fill (a new SQLite file by default)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = {"SOURCING_DATA_DIR": str(folder)}
        base |= {"SOURCING_DATABASE_URL": given.url} if given.url else {}
        files = demo.generate(folder / "made", given.establishments)
        communes = demo.territory_files(folder / "made")
        run(base, "territory", "200042174", *(f"--from-file={path}" for path in communes))
        put(folder, files)
        first = run(base, "refresh", "--offline")
        a_month_later(files)
        put(folder, files)
        second = run(base, "refresh", "--offline")
    for label, (wall, cpu) in (("first load", first), ("a month later", second)):
        print(f"{label:<14} {wall:7.1f} s wall  {cpu:7.1f} s CPU")
    print(f"{second[0] / first[0]:.1%} of the wall time, {second[1] / first[1]:.1%} of the CPU")


if __name__ == "__main__":
    main()
