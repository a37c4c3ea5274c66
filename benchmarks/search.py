"""Server time of a search page: words, counts and facets, over varied queries.

python benchmarks/search.py [--suppliers 50000] [--url postgresql+psycopg://…] [--rounds 2] [--show]
                            [--first]
"""

import argparse
import platform
import random
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.orm import Session

from sourcing import db, normalise, segments
from sourcing.db import columns
from sourcing.model import Base, Listing, Place, Setting, Supplier, Tag
from sourcing.normalise.columnar import teach
from sourcing.search import cells, search, shelf
from sourcing.search.cells import _remembered
from sourcing.search.filters import STATUS_BITS, family_bits
from sourcing.search.query import Query
from sourcing.settings import Settings
from sourcing.tagging.of_register import write_hints
from sourcing.tagging.statuses import SIZES
from webapp import create_app, kept

TRADES = (
    "Nettoyage",
    "Espaces verts",
    "Menuiserie",
    "Traiteur",
    "Imprimerie",
    "Plomberie",
    "Garage",
    "Conseil",
    "Transport",
    "Peinture",
    "Électricité",
    "Blanchisserie",
    "Informatique",
    "Bois",
    "Recyclerie",
    "Sécurité",
    "Formation",
    "Couverture",
    "Maçonnerie",
    "Paysage",
    "Jardin",
)
FORMS = ("SARL", "SAS", "", "EURL", "Atelier")
PLACES = 25
TERRITORY = (-3.37, 47.75)
BOX = (-3.6, 47.6, -3.1, 47.9)
NEEDS = (
    "entretien d'espaces verts",
    "nettoyage de locaux",
    "traiteur",
    "collecte papier",
    "menuiserie",
    "réparation de vélos",
    "impression",
    "erable",
    "jardin",
    "morvan",
    "feuille",
    "nett",
    "sarl",
    "conseil",
    "travaux de peinture",
    "location de bennes",
    "blanchisserie du linge",
    "bois",
    "SARL MORVAN 12",
    "xylophone",
)
# One supplier in a hundred declares what it sells; the others have their NAF code.
DECLARED = {
    "kind": "segment",
    "value": "EV-01",
    "level": "siret",
    "because": "secteur déclaré",
    "source": "marche_inclusion",
    "weight": 1.0,
}
FILTERS = (
    "",
    "statut=siae",
    "statut=tpe&statut=pme",
    "famille=EV",
    "commune=56001&commune=56002",
    "effectif=1-9",
    "segment=SRV-01",
    "autour=56001&rayon=10",
    "autour=56001&rayon=20&statut=ess",
    "territoire=0",
    "masques=1",
    "tri=nom",
    "tri=distance",
    "page=40",
    "zone=-3.45,47.7,-3.3,47.8",
    "statut=ess&famille=BAT&effectif=1-9",
    "territoire=0&segment=EV-01&segment=EV-02",
)


def words(index: int, chance: random.Random) -> str:
    # Half a thousand surnames, as many as a territory's names repeat.
    surname = "".join(
        chance.choice(("mor", "le", "ker", "gal", "van", "du", "ri", "ty")) for _ in range(3)
    )
    return f"{chance.choice(FORMS)} {chance.choice(TRADES)} {surname} {index % 500}".strip()


def fill(session: Session, count: int) -> None:
    """Suppliers whose NAF, statuses and places are spread as in a real territory."""
    chance = random.Random(1)
    nomenclature = segments.load()
    nafs = [naf for naf in nomenclature.naf_links if nomenclature.from_naf(naf)]
    bits = family_bits(nomenclature)
    weights = [1 / rank for rank in range(1, len(nafs) + 1)]
    session.connection().execute(
        insert(Place),
        [
            {
                "code": f"56{i:03}",
                "name": f"Commune {i}",
                "name_key": f"COMMUNE {i}",
                "postcodes": f"{56100 + i}",
                "departement": "56",
                "lon": TERRITORY[0] + (i % 7 - 3) / 20,
                "lat": TERRITORY[1] + (i % 5 - 2) / 20,
                "in_territory": i <= PLACES,
            }
            for i in range(1, PLACES + 16)
        ],
    )
    session.add(Setting(key="territory", value="Lorient Agglomération"))
    session.add(Setting(key="data_version", value="1"))
    write_hints(session, nomenclature)
    for ids in db.chunks(range(1, count + 1), 20_000):
        made = [supplier(i, chance, chance.choices(nafs, weights)[0]) for i in ids]
        session.connection().execute(insert(Supplier), made)
        session.connection().execute(
            insert(Tag), [DECLARED | {"supplier_id": i} for i in ids[::100]]
        )
        session.connection().execute(
            insert(Listing), [listing(row, chance, nomenclature, bits) for row in made]
        )
        index(session, made)
    db.analyse(session.connection())
    session.commit()


def supplier(index: int, chance: random.Random, naf: str) -> dict[str, Any]:
    # A quarter lies beyond the territory; one in three is noise, as in SIRENE.
    place = (
        chance.randrange(1, PLACES + 1)
        if chance.random() < 0.75
        else PLACES + chance.randrange(1, 16)
    )
    name = words(index, chance)
    return {
        "id": index,
        "uid": f"{index:014}",
        "siret": f"{index:014}",
        "siren": f"{index // 2:09}",
        "origin": "register",
        "name": name,
        "naf": naf,
        "commune_code": f"56{place:03}",
        "commune": f"Commune {place}",
        "lon": TERRITORY[0] + (place % 7 - 3) / 20 + chance.gauss(0, 0.02),
        "lat": TERRITORY[1] + (place % 5 - 2) / 20 + chance.gauss(0, 0.02),
        "precision": "exact",
        "description": chance.choice(TRADES) + " et " + chance.choice(TRADES)
        if index % 10 == 0
        else "",
        "first_seen": date(2026, 1, 1),
        "last_seen": date(2026, 1, 1),
    }


def index(session: Session, made: list[dict[str, Any]]) -> None:
    """The words of these suppliers."""
    with columns.workshop() as con:
        teach(con)
        texts = [(r["id"], r["name"], f"{r['description']} {r['commune']}") for r in made]
        columns.table(con, "said", "id BIGINT, name VARCHAR, body VARCHAR", texts)
        rows = "SELECT id, words_of(name), words_of(body) FROM said ORDER BY id"
        columns.push(session, con, rows, "supplier_text", db.text_columns(session))


def listing(
    row: dict[str, Any],
    chance: random.Random,
    nomenclature: segments.Nomenclature,
    bits: dict[str, int],
) -> dict[str, Any]:
    families = {
        nomenclature.by_code[code].family_code
        for code, weight in nomenclature.from_naf(row["naf"])
        if weight >= 0.2
    }
    statuses = {"tpe"} if chance.random() < 0.8 else {"pme"}
    statuses |= {
        code
        for code, share in (
            ("ess", 0.08),
            ("siae", 0.01),
            ("esat", 0.004),
            ("qpv", 0.05),
            ("innovation", 0.01),
        )
        if chance.random() < share
    }
    return {
        "supplier_id": row["id"],
        "commune_code": row["commune_code"],
        "lon": row["lon"],
        "lat": row["lat"],
        "in_territory": int(row["commune_code"][2:]) <= PLACES,
        "statuses": sum(STATUS_BITS[s] for s in statuses),
        "families": sum(bits[f] for f in families),
        "size": chance.choice((0, 1, 1, 1, 2, 2, 3, 4)) % len(SIZES),
        "is_noise": chance.random() < 0.33,
        "name_key": normalise.fold(row["name"]),
    }


def queries() -> list[Query]:
    asked = [f"q={need}" for need in NEEDS] + list(FILTERS)
    asked += [f"q={need}&{more}" for need, more in zip(NEEDS, FILTERS[1:], strict=False)]
    made = []
    for each in asked:
        args: dict[str, list[str]] = {}
        for pair in filter(None, each.split("&")):
            name, value = pair.split("=", 1)
            args.setdefault(name, []).append(value)
        made.append(Query.from_args(args))
    return made


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def report(title: str, times: list[float]) -> None:
    p95 = quantiles(times, n=20)[-1]
    print(f"{title:32} p50 {median(times):7.1f} ms   p95 {p95:7.1f} ms   max {max(times):7.1f} ms")


def pages(engine: Engine, folder: Path, rounds: int) -> None:
    """The whole page as it is sent, headers too; computing time beside the clock's."""
    settings = Settings(data_dir=folder, secret_key="benchmark")
    app = create_app(settings, engine)
    client = app.test_client()
    asked = ["/fournisseurs?" + urlencode(query.to_args()) for query in queries()]
    client.get(asked[0])
    clock: list[float] = []
    computed: list[float] = []
    for _ in range(rounds):
        app.extensions[kept.KEPT].pages.clear()
        for path in asked:
            start = time.process_time()
            clock.append(timed(lambda p=path: client.get(p)))
            computed.append((time.process_time() - start) * 1000)
    report("whole page, clock", clock)
    report("whole page, computing", computed)
    report("whole page, kept", [timed(lambda p=path: client.get(p)) for path in asked])


def first_view(session: Session, nomenclature: segments.Nomenclature, query: Query) -> float:
    """Computing time of cells nobody asked for before, in ms."""
    _remembered.held.clear()
    start = time.process_time()
    cells(session, nomenclature, query, BOX, 11)
    return (time.process_time() - start) * 1000


def measure(session: Session, rounds: int, show: bool) -> None:
    nomenclature = segments.load()
    search(session, nomenclature, Query(text="nettoyage"))
    asked = queries()
    first = [(timed(lambda q=q: search(session, nomenclature, q)), q) for q in asked]
    again = [
        timed(lambda q=q: search(session, nomenclature, q)) for _ in range(rounds) for q in asked
    ]
    report(f"search page, first ({len(asked)} queries)", [ms for ms, _ in first])
    report("search page, again", again)
    for zoom in (9, 11, 14):
        report(
            f"map cells, zoom {zoom}",
            [timed(lambda q=q, z=zoom: cells(session, nomenclature, q, BOX, z)) for q in asked],
        )
    report(
        "map cells, first view, computing", [first_view(session, nomenclature, q) for q in asked]
    )
    if show:
        for ms, query in sorted(first, key=lambda pair: -pair[0])[:12]:
            print(f"{ms:8.1f} ms  {query.to_args()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suppliers", type=int, default=50_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="the slowest queries")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = db.connect(options.url or f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        db.migrate(engine)
        with Session(engine) as session:
            if not session.scalar(select(func.count()).select_from(Listing)):
                fill(session, options.suppliers)
            shelf.forget()
            print(
                f"{engine.dialect.name}, {options.suppliers} suppliers, {platform.python_version()}"
            )
            measure(session, options.rounds, options.show)
        pages(engine, Path(folder), options.rounds)
        if options.url:
            with engine.begin() as connection:
                names = ", ".join([t.name for t in Base.metadata.sorted_tables] + ["supplier_text"])
                connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


if __name__ == "__main__":
    main()
