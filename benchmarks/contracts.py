"""How fast the consolidated table of public contracts becomes contracts: rows/s, peak memory.

python benchmarks/contracts.py [--contracts N] [--csv] [--around SHARE] [--url …]
The table is generated in the published layout (64 columns): a third of the contracts are modified
once or more, an eighth are won by several. Everything is kept, or what a SHARE of the firms won.
"""

import argparse
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
from load_register import LUHN
from sqlalchemy import insert
from sqlalchemy.orm import Session

from connectors.decp import LEFT, SOURCE
from sourcing import contracts, db, ingest, segments
from sourcing.model import Place, Supplier

FIRMS, BUYERS = 150_000, 30_000


def table(count: int) -> str:
    """SQL: the lines of `count` contracts, one per version and winner."""
    objects = [
        (keyword, segment.cpv[0] if segment.cpv else "45000000-7")
        for segment in segments.load().segments
        for keyword in segment.keywords
    ]
    listed = ", ".join(
        f"('{keyword.replace(chr(39), chr(39) * 2)}', '{cpv[:8]}')" for keyword, cpv in objects
    )
    unread = ", ".join(f"NULL::VARCHAR AS {column}" for column in sorted(set(LEFT.split())))
    return f"""WITH need(words, cpv) AS (VALUES {listed}),
    numbered AS (SELECT *, row_number() OVER () - 1 AS n FROM need),
    signed AS (SELECT range AS i, hash(range) AS h, random() AS a, random() AS b,
        (hash(range) % {BUYERS})::BIGINT AS buyer FROM range({count})),
    versions AS (SELECT *, unnest(range(CASE WHEN a < 0.67 THEN 1 WHEN a < 0.9 THEN 2 ELSE 4 END))
        AS version, CASE WHEN a < 0.67 THEN 0 WHEN a < 0.9 THEN 1 ELSE 3 END AS last FROM signed),
    won AS (SELECT *, unnest(range(CASE WHEN b < 0.875 THEN 1 ELSE 3 END)) AS place FROM versions)
    SELECT buyers.siret || i || '_' || cpv AS uid, '2024M' || i AS id, 'Marché' AS nature,
        buyers.siret AS acheteur_id, 'COMMUNE ' || buyer AS acheteur_nom,
        lpad((buyer % 95 + 1)::VARCHAR, 2, '0') || '001' AS acheteur_commune_code,
        firms.siret AS titulaire_id,
        'SIRET' AS titulaire_typeIdentifiant, 'TITULAIRE ' || h % {FIRMS} AS titulaire_nom,
        words || ' pour la commune n° ' || buyer || ' - lot ' || i % 9 AS objet,
        CASE i % 500 WHEN 0 THEN 0 WHEN 1 THEN 1 WHEN 2 THEN 1e12
            ELSE 25000 + h % 900000 + version * 1000 END AS montant, cpv AS codeCPV,
        'Procédure adaptée' AS procedure, 'Accord-cadre' AS techniques, 12 AS dureeMois,
        3 AS offresRecues, 'Clause sociale, Critère social' AS considerationsSociales,
        'Pas de considération environnementale' AS considerationsEnvironnementales,
        false AS marcheInnovant, '56121' AS lieuExecution_code, version AS modification_id,
        DATE '2019-01-01' + (h % 2500)::INT + (version * 90)::INT AS dateNotification,
        DATE '2019-02-01' + (h % 2500)::INT + (version * 90)::INT AS datePublicationDonnees,
        version = last AS donneesActuelles, NULL::VARCHAR AS montant_anomalie, {unread}
    FROM won JOIN numbered ON numbered.n = h % {len(objects)}
    JOIN firm AS buyers ON buyers.n = buyer + {FIRMS}
    JOIN firm AS firms ON firms.n = (h + place * 7) % {FIRMS}"""


def written(folder: Path, count: int, as_csv: bool) -> Path:
    """The table on disk, and how heavy it is."""
    path = folder / f"decp.{'csv' if as_csv else 'parquet'}"
    with duckdb.connect() as con:
        con.execute(LUHN)
        con.execute(
            "CREATE TABLE firm AS SELECT range AS n, with_key((with_key((10000000 + range) * 10, 9)"
            f" * 10000 + 1) * 10, 14)::VARCHAR AS siret FROM range({FIRMS + BUYERS})"
        )
        options = "FORMAT csv, HEADER" if as_csv else "FORMAT parquet"
        con.execute(f"COPY ({table(count)}) TO '{path}' ({options})")
        rows = con.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    print(f"{rows[0] if rows else 0:,} lines, {path.stat().st_size / 1e6:.0f} MB")
    return path


def known(session: Session, share: float, path: Path) -> None:
    """A territory, and this share of the winners as its suppliers."""
    session.add(Place(code="56121", name="Lorient", name_key="LORIENT", in_territory=True))
    with duckdb.connect() as con:
        rows = con.execute(
            f"SELECT titulaire_id FROM '{path}' GROUP BY ALL"
            f" HAVING hash(titulaire_id) % 10000 < {share * 10000}"
        ).fetchall()
    day = date(2026, 9, 1)
    suppliers = [
        {"uid": siret, "siret": siret, "siren": siret[:9], "origin": "register", "name": "X",
         "first_seen": day, "last_seen": day} for (siret,) in rows
    ]  # fmt: skip
    session.execute(insert(Supplier), suppliers)
    session.flush()


def main(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = written(folder, options.contracts, options.csv)
        engine = db.connect(options.url or f"sqlite:///{folder / 'base.sqlite'}")
        db.migrate(engine)
        with db.transaction(engine) as session:
            if options.around:
                known(session, options.around, path)
            for label in ("first load", "again, nothing changed"):
                start, cpu = time.perf_counter(), time.process_time()
                run = ingest.ingest(session, SOURCE, [path], everywhere=not options.around)
                taken = time.perf_counter() - start
                print(f"{label}: {taken:.1f} s ({time.process_time() - cpu:.1f} s of CPU), "
                      f"{run.rows / taken:,.0f} lines/s: {run.message}")  # fmt: skip
            start, cpu = time.perf_counter(), time.process_time()
            count = contracts.classify(session, segments.load())
            taken = time.perf_counter() - start
            print(f"objects understood: {count:,} in {taken:.1f} s "
                  f"({time.process_time() - cpu:.1f} s of CPU)")  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak {peak:,.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--contracts", type=int, default=300_000)
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--around", type=float, default=0.0)
    parser.add_argument("--url", default="")
    main(parser.parse_args())
