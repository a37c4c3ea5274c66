"""One line looked up among many establishments: by a process that has started, and by the command.

    python benchmarks/match.py [--register 50000] [--times 40]

Prints milliseconds of computing and of the clock (medians): the first line ever (the base is
prepared), the first of another process, those after it; the whole command, and its imports alone.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from linking import register
from sqlalchemy import insert
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.linking import kept, match
from sourcing.linking.noise import noisy
from sourcing.model import Run, Supplier
from sourcing.source import Record

DAY, SEED = date(2026, 9, 1), 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--register", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=40)
    asked = parser.parse_args()
    firms, queries = noisy(register(asked.register, SEED), asked.times, SEED)
    lines = [
        Record(name=q["name"], address=q["address"], postcode=q["postcode"], commune=q["city"])
        for q in queries.to_dict("records")
    ]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        engine = db.connect(f"sqlite:///{home / 'base.db'}")
        db.migrate(engine)
        with db.transaction(engine) as session:
            session.add(Run(source="sirene", files=[], started_at=DAY, leftover=[]))
            rows = [supplier(row) for row in firms.to_dict("records")]
            session.execute(insert(Supplier), rows)
        with db.transaction(engine) as session:
            print(
                json.dumps({"establishments": len(rows)} | inside(session, home, lines), indent=1)
            )
        asked_for = "Nom;Adresse;Code postal;Ville", ";".join(said(lines[0]))
        (home / "liste.csv").write_text("\n".join(asked_for), "utf-8")
        print(json.dumps(outside(home), indent=1))


def said(line: Record) -> tuple[str, ...]:
    return line.name, line.address, line.postcode, line.commune


def supplier(row: dict[str, str]) -> dict[str, object]:
    return {
        "uid": row["siret"], "siret": row["siret"], "siren": row["siret"][:9],
        "origin": "register", "name": row["name"], "legal_name": "",
        "other_names": row["alt_name"], "address": row["address"], "postcode": row["postcode"],
        "commune": row["city"], "first_seen": DAY, "last_seen": DAY,
    }  # fmt: skip


def inside(session: Session, home: Path, lines: list[Record]) -> dict[str, Any]:
    """Milliseconds of one line: before anything is prepared, from the disk, and afterwards."""
    cache = home / "cache"
    first = timed(lambda: match(session, lines[:1], cache))
    kept.forget()
    mapped = timed(lambda: match(session, lines[:1], cache))
    after = [timed(partial(match, session, [line], cache)) for line in lines]
    return {
        "first line ever, ms (computing, clock)": first,
        "first line of a process": mapped,
        "each line after": tuple(statistics.median(part) for part in zip(*after[2:], strict=True)),
    }


def outside(home: Path) -> dict[str, Any]:
    """The same of whole processes."""
    environment = os.environ | {
        "SOURCING_DATA_DIR": str(home), "SOURCING_DATABASE_URL": f"sqlite:///{home / 'base.db'}",
    }  # fmt: skip
    command = [sys.executable, "-m", "sourcing", "match", str(home / "liste.csv")]
    commands = {
        "the interpreter": [sys.executable, "-c", "pass"],
        "its imports": [sys.executable, "-c", "import sourcing.commands.match"],
        "sourcing match": command,
    }
    return {
        name: tuple(statistics.median(part) for part in zip(*times, strict=True))
        for name, line in commands.items()
        for times in [[ran(line, environment) for _ in range(5)]]
    }


def ran(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return round(1000 * used, 1), round(1000 * (time.perf_counter() - started), 1)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    computing, clock = time.process_time(), time.perf_counter()
    work()
    return (
        round(1000 * (time.process_time() - computing), 1),
        round(1000 * (time.perf_counter() - clock), 1),
    )


if __name__ == "__main__":
    main()
