"""Registrations during a meeting: many at once, the site killed meanwhile; none lost, none twice.

python benchmarks/registrations.py [--number 500] [--seconds 120] [--kills 5] [--postgres URL]
python benchmarks/registrations.py --hostile 10000 [--postgres URL]
"""

import argparse
import base64
import hashlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles

import requests
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).parents[1]))
from sourcing import db
from sourcing.model import Message, Registration
from tests import hostile
from tests.webapp import invented
from tests.webapp.conftest import Visitor, site
from webapp import protection

PERSON_S = 4.0  # the least a person spends on the form
PATIENCE_S = 180.0  # the site starts again slowly on a loaded machine


class Room:
    """The site in its processes, and how to kill it."""

    def __init__(self, url: str, folder: str, port: int) -> None:
        self.port = port
        self.environ = os.environ | {
            "SOURCING_DATABASE_URL": url, "SOURCING_DATA_DIR": folder,
            "SOURCING_RECHERCHE_ENTREPRISES_URL": "", "SOURCING_LOG": "warning",
        }  # fmt: skip
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "sourcing", "serve", "--port", str(self.port)]
        self.site = subprocess.Popen(command, env=self.environ, start_new_session=True,
                                     stdout=subprocess.DEVNULL)  # fmt: skip

    def kill(self) -> None:
        os.killpg(self.site.pid, signal.SIGKILL)
        self.site.wait()


def register(port: int, number: int, at: float) -> list[float]:
    """One person: the form, the work, the answers, sent again when the site is cut; seconds."""
    time.sleep(max(0.0, at - time.monotonic()))
    visitor, address, times = requests.Session(), f"http://127.0.0.1:{port}", []
    siret = invented.siret(10_000 + number)

    def insist(method: str, path: str, **more: object) -> requests.Response:
        until = time.monotonic() + PATIENCE_S
        while True:
            start = time.perf_counter()
            try:
                answer = visitor.request(method, address + path, timeout=20, **more)  # type: ignore[arg-type]
                times.append(time.perf_counter() - start) if method == "POST" else None
                return answer
            except requests.RequestException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    form = insist("GET", f"/inscription?siret={siret}").text
    said = dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', form))
    asked = insist("GET", "/defi.json").json()
    said = {key: said.get(key, "") for key in ("csrf_token", "opened")}
    time.sleep(PERSON_S)
    answer = insist("POST", "/inscription", allow_redirects=False, data=said | {
        "siret": siret, "name": f"Structure {number}", "activity": "tonte et taille de haies",
        "segments": "EV-01", "zone": "30", "email": f"contact@structure{number}.fr",
        "consent": "y", "proposed": "1", "altcha": _work(asked),
    })  # fmt: skip
    if answer.status_code != 303:
        raise SystemExit(f"registration {number}: {answer.status_code} {answer.text[:200]}")
    return times


def _work(asked: dict[str, object]) -> str:
    salt = str(asked["salt"])
    found = next(n for n in range(1_000_000) if hashlib.sha256(f"{salt}{n}".encode()).hexdigest()
                 == asked["challenge"])  # fmt: skip
    kept = {key: asked[key] for key in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps(kept | {"number": found}).encode()).decode()


def meeting(url: str, options: argparse.Namespace) -> None:
    engine = db.connect(url)
    db.migrate(engine)
    with Session(engine) as session:
        invented.fill(session)
    # A sender that is being killed may still write a letter there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        room = Room(url, folder, random.randint(8100, 8999))
        time.sleep(8)
        start = time.monotonic()
        stop = threading.Event()

        def trouble() -> None:
            for _ in range(options.kills):
                if stop.wait(options.seconds / (options.kills + 1)):
                    return
                room.kill()
                room.start()

        killer = threading.Thread(target=trouble)
        killer.start()
        moments = [start + options.seconds * n / options.number for n in range(options.number)]
        with ThreadPoolExecutor(120) as pool:
            done = list(
                pool.map(lambda n: register(room.port, n, moments[n]), range(options.number))
            )
        stop.set()
        killer.join()
        seconds = time.monotonic() - start
        room.kill()
    report(engine, [s for each in done for s in each], seconds, options)


def report(engine: Engine, times: list[float], seconds: float, options: argparse.Namespace) -> None:
    with Session(engine) as session:
        kept = session.scalar(select(func.count()).select_from(Registration))
        sirets = session.scalar(select(func.count(func.distinct(Registration.siret))))
        letters = session.scalar(select(func.count()).where(Message.kind == "confirm"))
    computed = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{engine.dialect.name}: {options.number} registrations in {seconds:.0f} s, site killed "
        f"{options.kills} times: {kept} kept, {sirets} structures, {letters} letters; answers "
        f"p50 {median(times) * 1000:.0f} ms, p95 {quantiles(times, n=20)[-1] * 1000:.0f} ms; "
        f"{computed.ru_utime + computed.ru_stime:.0f} s of computing"
    )
    assert kept == sirets == options.number and (letters or 0) >= options.number


def fuzz(number: int, url: str) -> None:
    """Hostile forms, one after the other, through the whole site but the network."""
    protection.FASTEST_S = 0
    with tempfile.TemporaryDirectory() as folder:
        engine = db.connect(url or f"sqlite:///{folder}/base.sqlite")
        db.migrate(engine)
        with Session(engine) as session:
            invented.fill(session)
        app = site(engine, Path(folder))
        app.config["WTF_CSRF_ENABLED"] = False
        visitor, statuses = Visitor(app), dict[int, int]()
        shown = visitor.get("/inscription?creation=1").text
        opened = shown.split('name="opened"')[1].split('value="')[1].split('"')[0]
        live = 0
        for form in hostile.submissions(number, seed=7):
            protection.register(app)
            answer = visitor.client.post("/inscription", data={"opened": opened} | form)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            live += f"<script>{hostile.MARK}" in answer.text
        with Session(engine) as session:
            kept = session.scalars(select(Registration)).all()
            keys = {(r.siret, r.answers["name"] if not r.siret else "", r.email) for r in kept}
        print(
            f"{engine.dialect.name}: {number} hostile forms: answers {statuses}, {len(kept)} kept, "
            f"{len(kept) - len(keys)} twice, {live} scripts alive"
        )
        assert max(statuses) < 500 and len(kept) == len(keys) and not live


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--postgres", default="", help="an empty base, after SQLite")
    parser.add_argument("--hostile", type=int, default=0)
    options = parser.parse_args()
    if options.hostile:
        fuzz(options.hostile, options.postgres)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting(f"sqlite:///{folder}/base.sqlite", options)
    if options.postgres:
        meeting(options.postgres, options)


if __name__ == "__main__":
    main()
