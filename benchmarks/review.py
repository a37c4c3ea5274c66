"""The page of links to check: 50,000 lines of lists, 5,000 of them to look at.

    python benchmarks/review.py [--lines 50000] [--waiting 5000]

Prints the time of a page, of a decision and of its undoing (median and 95th percentile).
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from random import Random

import numpy as np
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from sourcing import db, people, segments, tagging
from sourcing.model import Decision, Finding, Judgement, Mention, Run, Supplier
from sourcing.settings import Settings
from webapp import create_app

DAY, WHO, PASSWORD = date(2026, 9, 1), "acheteuse@exemple.fr", "un long mot de passe"
ASKED, DECIDED = 200, 40
SECTORS = ("Nettoyage", "Espaces verts", "Restauration", "Informatique", "Transport", "Menuiserie")


def fill(session: Session, lines: int, waiting: int) -> None:
    """Half as many suppliers as lines; every line but those that wait has its siret."""
    chance = Random(4)
    session.add(Run(source="liste", files=[], started_at=DAY, leftover=[]))
    session.flush()
    suppliers = [supplier(number) for number in range(lines // 2)]
    session.execute(insert(Supplier), suppliers)
    ids = session.scalars(select(Supplier.id).order_by(Supplier.id)).all()
    mentions = [mention(number, number < waiting, suppliers, ids, chance)
                for number in range(lines)]  # fmt: skip
    session.execute(insert(Mention), mentions)
    # What linking writes of a doubt; asking the engine 5,000 times is not what is measured here.
    doubts = [(number, number % len(ids), chance.uniform(0.2, 0.95)) for number in range(waiting)]
    session.execute(insert(Judgement), [judgement(m + 1, ids[s], p) for m, s, p in doubts])
    session.execute(insert(Finding), [finding(m + 1, ids[s], ids[s - 1], p) for m, s, p in doubts])


def supplier(number: int) -> dict[str, object]:
    siret = f"{number:09d}00017"
    return {
        "uid": siret, "siret": siret, "siren": siret[:9], "origin": "register",
        "name": f"ATELIERS {number}", "legal_name": "", "other_names": "",
        "address": f"{number % 90} rue de Kerpont", "postcode": "56600", "commune": "Lanester",
        "commune_code": "56098", "lon": -3.34, "lat": 47.76, "first_seen": DAY, "last_seen": DAY,
    }  # fmt: skip


def mention(
    number: int, waits: bool, suppliers: list[dict[str, object]], ids: Sequence[int], chance: Random
) -> dict[str, object]:
    place = number % len(suppliers)
    return {
        "source": f"liste {number % 5}", "key": str(number), "run_id": 1, "file": "f", "line": 1,
        "first_seen": DAY, "last_seen": DAY, "siret": "" if waits else suppliers[place]["siret"],
        "name": f"Ateliers {number}", "address": f"{number % 90} r. Kerpont", "postcode": "56600",
        "commune": "Lanester", "commune_code": "56098", "problems": [], "siren": "",
        "statuses": ["siae:EI"] if number % 3 else [], "sectors": [chance.choice(SECTORS)],
        "supplier_id": ids[place],
    }  # fmt: skip


def judgement(mention: int, supplier: int, score: float) -> dict[str, object]:
    return {
        "mention_id": mention, "supplier_id": supplier, "verdict": "review", "score": score,
        "reasons": ["même rue", "nom à 92 %"], "author": "rules", "decided_at": datetime.now(),
    }  # fmt: skip


def finding(mention: int, supplier: int, other: int, score: float) -> dict[str, object]:
    told = {"speaks_for": ["même rue", "nom à 92 %"], "speaks_against": [], "firm": 0.0}
    candidates = [{"supplier": supplier, "probability": score} | told,
                  {"supplier": other, "probability": 0.1} | told]  # fmt: skip
    return {"mention_id": mention, "digest": "", "verdict": "review", "level": "siret",
            "candidates": candidates}  # fmt: skip


def measure(label: str, gesture: Callable[[int], object], numbers: range) -> None:
    wall, cpu = [], []
    for number in numbers:
        started, used = time.perf_counter(), time.process_time()
        gesture(number)
        wall.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - used))
    for name, times in (("", wall), (" (CPU)", cpu)):
        median, late = np.percentile(times, (50, 95))
        print(f"{label + name:<24} {median:7.0f} ms {late:7.0f} ms")


def sign_in(client: FlaskClient) -> None:
    client.post("/connexion", data={"email": WHO, "password": PASSWORD})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--waiting", type=int, default=5_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = db.connect(f"sqlite:///{folder}/base.sqlite")
        db.migrate(engine)
        with db.transaction(engine) as session:
            fill(session, chosen.lines, chosen.waiting)
            people.save(session, WHO, PASSWORD, "buyer", "")
            tagging.tag(session, segments.load())
        app = create_app(Settings(data_dir=Path(folder), secret_key="x"), engine)
        app.config["WTF_CSRF_ENABLED"] = False
        client = app.test_client()
        sign_in(client)
        print(f"{'':<24} {'median':>10} {'p95':>10}")
        measure("page", lambda n: client.get(f"/liens/{n}"), range(1, ASKED + 1))
        send = lambda n: client.post(f"/liens/{n}", data={"geste": "passer"})  # noqa: E731
        measure("decision", send, range(1, DECIDED + 1))
        with Session(engine) as session:
            made = session.scalars(select(Decision.id)).all()
        measure("undo", lambda n: client.post(f"/liens/annuler/{made[n]}"), range(len(made)))
        engine.dispose()


if __name__ == "__main__":
    main()
