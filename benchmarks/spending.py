"""The ledger of a large buyer, 200,000 lines of which one in five has no SIRET, read into a base.

    python benchmarks/spending.py [DOSSIER] [--lines 200000]

The folder holds a base (SOURCING_DATA_DIR), whose ledger lines are replaced; without it, a
demonstration is made. Then the indicators
page is asked forty times, by year and by directorate, as a signed-in person.
"""

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import load_all, readers
from sourcing import db, people, segments, spending
from sourcing.model import PUBLIC, Supplier
from sourcing.settings import Settings
from webapp import create_app

DIRECTORATES = [f"Direction {number}" for number in range(1, 21)]
ACCOUNT = ("mesure@exemple.fr", "un mot de passe de mesure")


def write(path: Path, suppliers: list[tuple[str, str, str]], lines: int) -> None:
    """A ledger with few large suppliers and many small ones, as real ones have."""
    chance = random.Random(8)
    weights = [1 / (place + 5) for place in range(len(suppliers))]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(("Exercice", "SIRET", "Fournisseur", "Ville", "Montant HT", "N° marché",
                         "Direction", "Compte", "N° mandat"))  # fmt: skip
        paid = chance.choices(suppliers, weights, k=lines)
        for number, (siret, name, commune) in enumerate(paid):
            known = siret if chance.random() > 0.2 else ""
            amount = f"{chance.lognormvariate(6, 1.5):.2f}".replace(".", ",")
            contract = f"M{number % 700}" if chance.random() > 0.12 else ""
            place = commune if chance.random() > 0.5 else ""
            who = (2021 + number % 5, known, name, place)
            writer.writerow((*who, amount, contract, chance.choice(DIRECTORATES), "611", number))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--lines", type=int, default=200_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if not asked.folder:
            command = [sys.executable, "-m", "sourcing", "demo", "--no-serve"]
            subprocess.run(command, env=os.environ | {"SOURCING_DATA_DIR": made}, check=True)
        measure(asked.folder or Path(made), asked.lines)


def measure(folder: Path, lines: int) -> None:
    """The ledger into this folder's base, then the pages made of it."""
    settings = Settings(data_dir=folder)
    engine = db.connect(settings.database_url)
    db.migrate(engine)
    path = folder / "depenses.csv"
    with Session(engine) as session:
        some = select(Supplier.siret, Supplier.name, Supplier.commune).where(
            Supplier.siret.is_not(None), Supplier.diffusion == PUBLIC
        )
        write(path, [tuple(row) for row in session.execute(some.limit(6_000))], lines)
    start, used = time.perf_counter(), _cpu()
    with db.transaction(engine) as session:
        ledger = spending.Ledger(path.name, cache=folder / "cache")
        report = spending.take(session, segments.load(), readers.read(path), ledger)
    print(f"{report.read} lines: {time.perf_counter() - start:.1f} s, {_cpu() - used:.1f} s of CPU")
    print(f"by level {report.lines_by_level}, {report.matched:.3f} of the euros known")
    _pages(settings)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _pages(settings: Settings) -> None:
    app = create_app(settings, sources=load_all())
    app.config["WTF_CSRF_ENABLED"] = False
    with Session(app.extensions["sourcing"].engine) as session:
        people.save(session, *ACCOUNT, "buyer")
        session.commit()
    client = app.test_client()
    client.post("/connexion", data={"email": ACCOUNT[0], "password": ACCOUNT[1]})
    paths = [f"/indicateurs?annee={2021 + n % 5}" for n in range(20)]
    paths += [f"/indicateurs?annee=2025&direction={DIRECTORATES[n]}" for n in range(20)]
    times = []
    for path in paths:
        start = time.perf_counter()
        assert client.get(path).status_code == 200
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    print(
        f"pages: first and slowest {times[-1]:.0f} ms, p50 {times[20]:.0f}, p95 {times[37]:.0f} ms"
    )


if __name__ == "__main__":
    main()
