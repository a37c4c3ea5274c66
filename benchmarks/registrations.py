"""Registrations during a meeting: many at once, the site killed meanwhile; none lost, none twice.

python benchmarks/registrations.py [--number 500] [--seconds 600] [--kills 5] [--whole] [--url URL]
python benchmarks/registrations.py --hostile 10000 [--url URL]

A kill takes one of the processes that serve; with --whole all of them and their keeper, which
systemd then starts again from nothing, keeping the socket open. A person's wait is counted from
her first try to the answer.
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
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

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
RETRY_S = 0.5


class Room:
    """The site in its processes, the socket systemd would keep, and how to kill either."""

    def __init__(self, url: str, folder: str, is_whole: bool) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self.socket.getsockname()[1])
        self.is_whole = is_whole
        self.environ = os.environ | {
            "SOURCING_DATABASE_URL": url, "SOURCING_DATA_DIR": folder,
            "SOURCING_RECHERCHE_ENTREPRISES_URL": "", "SOURCING_LOG": "warning",
            # Bytecode is kept, as where the site is installed.
            "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
        }  # fmt: skip
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "sourcing", "serve"]
        handed = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&0'
        self.site = subprocess.Popen(["sh", "-c", handed, "sh", *command], env=self.environ,
                                     stdin=self.socket, start_new_session=True,
                                     stdout=subprocess.DEVNULL)  # fmt: skip

    def wait(self) -> float:
        """Until it answers; seconds."""
        start = time.monotonic()
        requests.get(f"http://127.0.0.1:{self.port}/inscription", timeout=PATIENCE_S)
        return time.monotonic() - start

    def trouble(self) -> None:
        """One of the kills."""
        if self.is_whole:
            self.kill()
            self.start()
            return
        serving = Path(f"/proc/{self.site.pid}/task/{self.site.pid}/children").read_text().split()
        os.kill(int(random.choice(serving)), signal.SIGKILL)

    def kill(self) -> None:
        os.killpg(self.site.pid, signal.SIGKILL)
        self.site.wait()


def register(port: int, number: int, at: float) -> float:
    """One person: the form, the work, the answers, sent again when the site is cut; her wait."""
    time.sleep(max(0.0, at - time.monotonic()))
    visitor, address = requests.Session(), f"http://127.0.0.1:{port}"
    siret = invented.siret(10_000 + number)

    def insist(method: str, path: str, **more: Any) -> requests.Response:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return visitor.request(method, address + path, timeout=60, **more)
            except requests.RequestException:
                if time.monotonic() > until:
                    raise
                time.sleep(RETRY_S)

    form = insist("GET", f"/inscription?siret={siret}").text
    said = dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', form))
    asked = insist("GET", "/defi.json").json()
    said = {key: said.get(key, "") for key in ("csrf_token", "opened")}
    work = _work(asked)
    time.sleep(PERSON_S)
    start = time.perf_counter()
    answer = insist("POST", "/inscription", allow_redirects=False, data=said | {
        "siret": siret, "name": f"Structure {number}", "activity": "tonte et taille de haies",
        "segments": "EV-01", "zone": "30", "email": f"contact@structure{number}.fr",
        "consent": "y", "proposed": "1", "altcha": work,
    })  # fmt: skip
    waited = time.perf_counter() - start
    if answer.status_code != 303:
        raise SystemExit(f"registration {number}: {answer.status_code} {answer.text[:200]}")
    return waited


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
        room = Room(url, folder, options.whole)
        print(f"first answer after {room.wait():.1f} s, bytecode to be written", flush=True)
        stop = threading.Event()

        def trouble() -> None:
            for _ in range(options.kills):
                if stop.wait(options.seconds / (options.kills + 1)):
                    return
                room.trouble()
                print(f"killed; an answer after {room.wait():.2f} s", flush=True)

        start = time.monotonic()
        killer = threading.Thread(target=trouble)
        killer.start()
        moments = [start + options.seconds * n / options.number for n in range(options.number)]
        with ThreadPoolExecutor(120) as pool:
            waits = list(
                pool.map(lambda n: register(room.port, n, moments[n]), range(options.number))
            )
        seconds = time.monotonic() - start
        stop.set()
        killer.join()
        room.kill()
    report(engine, waits, seconds, options)


def report(engine: Engine, times: list[float], seconds: float, options: argparse.Namespace) -> None:
    with Session(engine) as session:
        kept = session.scalar(select(func.count()).select_from(Registration))
        sirets = session.scalar(select(func.count(func.distinct(Registration.siret))))
        letters = session.scalar(select(func.count()).where(Message.kind == "confirm"))
    computed = resource.getrusage(resource.RUSAGE_CHILDREN)
    what = "the whole site" if options.whole else "one of its processes"
    slowest = quantiles(times, n=20)[-1]
    print(
        f"{engine.dialect.name}: {options.number} registrations in {seconds:.0f} s, {what} killed "
        f"{options.kills} times: {kept} kept, {sirets} structures, {letters} letters; waits "
        f"p50 {median(times) * 1000:.0f} ms, p95 {slowest * 1000:.0f} ms, longest "
        f"{max(times):.1f} s; load {os.getloadavg()[1]:.0f}, "
        f"{computed.ru_utime + computed.ru_stime:.0f} s of computing"
    )
    assert kept == sirets == letters == options.number


def fuzz(number: int, url: str) -> None:
    """Hostile forms, one after the other, through the whole site but the network."""
    protection.FASTEST_S = 0
    with tempfile.TemporaryDirectory() as folder:
        engine = db.connect(url)
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
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--whole", action="store_true", help="kill the site, not one process")
    parser.add_argument("--url", default="", help="an empty base; a new SQLite one without")
    parser.add_argument("--hostile", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{folder}/base.sqlite"
        fuzz(options.hostile, url) if options.hostile else meeting(url, options)


if __name__ == "__main__":
    main()
