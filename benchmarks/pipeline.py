"""From files to a usable map: 50,000 establishments and four lists, by the commands a person types.

    python benchmarks/pipeline.py [ESTABLISHMENTS]

Prints seconds and peak memory per command, and their total. Making the invented files is not
counted: a real buyer has hers already.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import demo

SOURCING = Path(sys.executable).with_name("sourcing")


def run(folder: Path, *arguments: str) -> float:
    """Seconds one command takes."""
    start = time.perf_counter()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SOURCING_")}
    subprocess.run(
        [SOURCING, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env=environ | {"SOURCING_DATA_DIR": str(folder / "base")},
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{seconds:7.1f} s  peak so far {peak:6.0f} MB  sourcing {' '.join(arguments)[:60]}")
    return seconds


def main(establishments: int = 50_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = demo.generate(folder / "files", establishments)
        territory = [f"--from-file={path}" for path in demo.territory_files(folder / "files")]
        total = run(folder, "territory", "200042174", *territory)
        for source in sorted(files, key=lambda source: source != "sirene"):
            total += run(folder, "ingest", source, *map(str, files[source]))
        total += (
            run(folder, "link") + run(folder, "tag") + run(folder, "map", str(folder / "map.html"))
        )
    print(f"{total:7.1f} s  {establishments:,} establishments and {len(files) - 1} lists to a map")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
