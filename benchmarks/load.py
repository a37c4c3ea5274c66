"""Pages per second of the site as it is served, by many users at once on this machine.

python benchmarks/load.py [--suppliers 50000] [--users 50] [--seconds 20] [--processes 2]
                          [--every-page-new]
"""

import argparse
import os
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from _site import Site, served
from search import fill, queries
from sqlalchemy.orm import Session

from sourcing import db


def addresses(chance: random.Random, every_page_new: bool) -> list[str]:
    """What users ask: the benchmark's queries and their next pages; `new`: no two alike."""
    asked = []
    for _ in range(MOST_PAGES):
        query = chance.choice(QUERIES)
        args = [*query.to_args(), ("page", str(chance.randint(1, 3)))]
        args += [("sans", f"X-{chance.random()}")] if every_page_new else []
        asked.append("/fournisseurs?" + urlencode(args))
    return asked


QUERIES = queries()
MOST_PAGES = 2_000  # of one user


def ask(port: int, paths: list[str], until: float) -> tuple[list[float], int]:
    """One user's pages one after the other: seconds of each, and how many failed."""
    times, errors = [], 0
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for path in paths:
        if time.perf_counter() > until:
            break
        start = time.perf_counter()
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            errors += answer.status != 200
        except OSError:
            errors += 1
            connection.close()
        times.append(time.perf_counter() - start)
    return times, errors


def cpu_seconds(site: int) -> float:
    """Computing time of the site's processes: what tells, on a machine that others load."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == site or int(fields[1]) == site:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def measure(site: Site, options: argparse.Namespace, seconds: float) -> None:
    users, every_page_new = options.users, options.every_page_new
    asked = [addresses(random.Random(user), every_page_new) for user in range(users)]
    until, computed = time.perf_counter() + seconds, cpu_seconds(site.pid)
    with ThreadPoolExecutor(users) as pool:
        done = list(pool.map(lambda paths: ask(site.port, paths, until), asked))
    times = [second for user, _ in done for second in user]
    computed = cpu_seconds(site.pid) - computed
    errors = sum(failed for _, failed in done)
    print(
        f"{users} users, {seconds:.0f} s: {len(times) / seconds:.0f} pages/s, {errors} errors, "
        f"p50 {median(times) * 1000:.0f} ms, p95 {quantiles(times, n=20)[-1] * 1000:.0f} ms; "
        f"{1000 * computed / len(times):.1f} ms of computing per page"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suppliers", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--every-page-new", action="store_true", help="no page is asked twice")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = db.connect(f"sqlite:///{Path(folder) / 'sourcing.sqlite'}")
        db.migrate(engine)
        with Session(engine) as session:
            fill(session, options.suppliers)
        engine.dispose()
        with served(folder, "serve", "--processes", str(options.processes)) as site:
            measure(site, options, 5)
            measure(site, options, options.seconds)


if __name__ == "__main__":
    main()
