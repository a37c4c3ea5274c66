"""How fast a SIRENE stock becomes a territory's suppliers: seconds, CPU and peak memory.

python benchmarks/load_register.py [--establishments N] [--csv] [--everywhere] [--url …]
The stock is generated at full width (54 and 35 columns) with random firms; the baseline is DuckDB
reading the needed columns with the same filter and join.
"""

import argparse
import resource
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.sirene import ADDRESS, SOURCE
from sourcing import db
from sourcing.model import Base, Place, Run
from sourcing.register import read_register
from sourcing.wholesale import First, Wanted, write_alone

# France has 35,000 communes; this stock has as many, 56001 to 56025 being the territory.
DEPARTEMENTS, COMMUNES = 95, 360
OURS, AROUND = 25, 60
# The share of establishments that have closed.
CLOSED = 0.62

# The check digit of a number whose last digit is 0, by Luhn.
LUHN = """CREATE MACRO with_key(n, digits) AS n + (10 - list_sum(list_transform(range(digits),
  lambda i: CASE WHEN i % 2 = 1 THEN 2 * ((n // (10 ** i)::BIGINT) % 10)
    - CASE WHEN (n // (10 ** i)::BIGINT) % 10 > 4 THEN 9 ELSE 0 END
  ELSE (n // (10 ** i)::BIGINT) % 10 END))::BIGINT % 10) % 10"""


def _nothing(suffix: str, *stems: str) -> str:
    return ", ".join(f"NULL::VARCHAR AS {stem}{suffix}" for stem in stems)


def establishments(count: int, closed: float) -> str:
    """SQL: `count` establishments in StockEtablissement's 54 columns, in its order and types."""
    e = "Etablissement"
    shown = "CASE WHEN masked THEN '[ND]' ELSE {} END"
    return f"""WITH drawn AS (
      SELECT range AS i, with_key((30000000 + hash(range) % {count * 2 // 3})::BIGINT * 10, 9) AS u,
        random() AS a, random() AS b, random() AS c, random() AS d, random() AS f
      FROM range({count})),
    made AS (SELECT *, with_key(u * 100000 + (i % 9999 + 1) * 10, 14) AS s, a < 0.13 AS masked,
        lpad((1 + floor(b * {DEPARTEMENTS}))::INT::VARCHAR, 2, '0') AS dep,
        lpad((1 + floor(c * {COMMUNES}))::INT::VARCHAR, 3, '0') AS com FROM drawn)
    SELECT u::VARCHAR AS siren, right(s::VARCHAR, 5) AS nic, s::VARCHAR AS siret,
      CASE WHEN masked THEN 'P' ELSE 'O' END AS statutDiffusion{e},
      DATE '1980-01-01' + (a * 16000)::INT AS dateCreation{e},
      CASE WHEN d < 0.85 THEN 'NN' WHEN d < 0.95 THEN '01' ELSE '11' END AS trancheEffectifs{e},
      NULL::BIGINT AS anneeEffectifs{e}, NULL::VARCHAR AS activitePrincipaleRegistreMetiers{e},
      TIMESTAMP '2024-01-01' + INTERVAL (i % 30000000) SECOND AS dateDernierTraitement{e},
      f < 0.7 AS etablissementSiege, 1::BIGINT AS nombrePeriodes{e},
      CASE WHEN f < 0.2 THEN 'ZA DE ' || i END AS complementAdresse{e},
      {shown.format("(1 + d * 200)::INT::VARCHAR")} AS numeroVoie{e},
      {_nothing(e, "indiceRepetition", "dernierNumeroVoie", "indiceRepetitionDernierNumeroVoie")},
      {shown.format("'RUE'")} AS typeVoie{e},
      {shown.format("'DU GENERAL ' || i % 50000")} AS libelleVoie{e},
      {shown.format("dep || '100'")} AS codePostal{e}, 'COMMUNE ' || com AS libelleCommune{e},
      {_nothing(e, "libelleCommuneEtranger", "distributionSpeciale")}, dep || com AS codeCommune{e},
      {_nothing(e, "codeCedex", "libelleCedex", "codePaysEtranger", "libellePaysEtranger")},
      left(hash(i)::VARCHAR, 9) || '_B' AS identifiantAdresse{e},
      {shown.format("(200000 + b * 100000)::VARCHAR")} AS coordonneeLambertAbscisse{e},
      {shown.format("(6750000 + c * 100000)::VARCHAR")} AS coordonneeLambertOrdonnee{e},
      {_nothing("2Etablissement", *ADDRESS.split())},
      DATE '2008-01-01' + (d * 6000)::INT AS dateDebut,
      CASE WHEN a >= {closed} THEN 'A' ELSE 'F' END AS etatAdministratif{e},
      CASE WHEN f < 0.3 THEN 'ENSEIGNE ' || hash(i) END AS enseigne1{e},
      {_nothing(e, "enseigne2", "enseigne3", "denominationUsuelle")},
      lpad((1 + i % 96)::VARCHAR, 2, '0') || '.' || 10 + i % 90 || 'Z' AS activitePrincipale{e},
      'NAFRev2' AS nomenclatureActivitePrincipale{e}, 'N' AS caractereEmployeur{e},
      NULL::VARCHAR AS activitePrincipaleNAF25{e} FROM made"""


def legal_units(count: int) -> str:
    """SQL: their legal units in StockUniteLegale's 35 columns, in its order and types."""
    u = "UniteLegale"
    return f"""SELECT with_key((30000000 + range)::BIGINT * 10, 9)::VARCHAR AS siren,
      'O' AS statutDiffusion{u}, NULL::VARCHAR AS unitePurgee{u},
      DATE '1990-01-01' AS dateCreation{u},
      NULL::VARCHAR AS sigle{u}, 'M' AS sexe{u}, 'PRENOM' || range % 1000 AS prenom1{u},
      {_nothing(u, "prenom2", "prenom3", "prenom4")}, 'PRENOM' || range % 1000 AS prenomUsuel{u},
      {_nothing(u, "pseudonyme", "identifiantAssociation")}, 'NN' AS trancheEffectifs{u},
      NULL::BIGINT AS anneeEffectifs{u}, TIMESTAMP '2024-01-01' AS dateDernierTraitement{u},
      1::BIGINT AS nombrePeriodes{u}, 'PME' AS categorieEntreprise,
      2020::BIGINT AS anneeCategorieEntreprise, DATE '2010-01-01' AS dateDebut,
      'A' AS etatAdministratif{u},
      CASE WHEN range % 2 = 0 THEN 'NOM' || range % 99999 END AS nom{u},
      NULL::VARCHAR AS nomUsage{u},
      CASE WHEN range % 2 = 1 THEN 'SOCIETE ' || hash(range) END AS denomination{u},
      {_nothing(u, "denominationUsuelle1", "denominationUsuelle2", "denominationUsuelle3")},
      CASE WHEN range % 2 = 0 THEN '1000' ELSE '5710' END AS categorieJuridique{u},
      '62.01Z' AS activitePrincipale{u}, 'NAFRev2' AS nomenclatureActivitePrincipale{u},
      '00010' AS nicSiege{u}, 'N' AS economieSocialeSolidaire{u},
      {_nothing(u, "societeMission", "caractereEmployeur", "activitePrincipaleNAF25")}
      FROM range({count * 2 // 3})"""


def generate(folder: Path, count: int, suffix: str, closed: float = CLOSED) -> list[Path]:
    """The two stock files, as parquet or CSV."""
    only = "" if closed else "_open"
    files = [
        folder / f"StockEtablissement_{count}{only}{suffix}",
        folder / f"StockUniteLegale_{count}{suffix}",
    ]
    how = "(FORMAT csv, HEADER)" if suffix == ".csv" else "(FORMAT parquet, COMPRESSION zstd)"
    with duckdb.connect() as con:
        con.execute(LUHN)
        con.execute("SET preserve_insertion_order = false")
        for file, sql in zip(
            files, (establishments(count, closed), legal_units(count)), strict=True
        ):
            if not file.exists():
                con.execute(f"COPY ({sql}) TO '{file}' {how}")
    return files


def seconds() -> tuple[float, float]:
    """By the clock, and of this process's computing: neighbours slow the first much more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def since(start: tuple[float, float]) -> tuple[float, float]:
    """Wall and CPU seconds from there."""
    (wall, cpu), (then, before) = seconds(), start
    return wall - then, cpu - before


def baseline(files: list[Path], everywhere: bool) -> tuple[float, float]:
    """Wall and CPU seconds DuckDB alone takes to read, filter and join what the SQL needs."""
    asked = " ".join(SOURCE.columns.values())
    parquet = files[0].suffix == ".parquet"
    read = (
        "read_parquet('{}')"
        if parquet
        else "read_csv('{}', all_varchar=true, quote='\"', escape='\"')"
    )
    kept = (
        "true"
        if everywhere
        else (f"codeCommuneEtablissement BETWEEN '56001' AND '560{OURS + AROUND}'")
    )
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '1GB'; SET preserve_insertion_order = false")
        listed = []
        for file, skip in zip(files, ((), ("siren",)), strict=True):
            columns = con.execute(f"SELECT * FROM {read.format(file)} LIMIT 0").description
            listed.append([c[0] for c in columns if c[0] in asked and c[0] not in skip])
        ours = ", ".join(f"e.{c}" for c in listed[0])
        theirs = ", ".join(f"u.{c} AS u_{c}" for c in listed[1])
        start = seconds()
        con.execute(
            f"CREATE TABLE out AS SELECT {ours}, {theirs} FROM {read.format(files[0])} AS e "
            f"LEFT JOIN {read.format(files[1])} AS u USING (siren) WHERE {kept}"
        )
        return since(start)


def prepare(url: str) -> Any:
    """An empty base that knows a territory."""
    engine = db.connect(url)
    db.migrate(engine)
    with db.transaction(engine) as session:
        names = [table.name for table in reversed(Base.metadata.sorted_tables)]
        if engine.dialect.name == "postgresql":
            session.execute(text(f"TRUNCATE {', '.join(names)}, supplier_text CASCADE"))
        else:
            for name in names:
                session.execute(text(f"DELETE FROM {name}"))
        for i in range(1, OURS + AROUND + 1):
            session.add(
                Place(
                    code=f"56{i:03}",
                    name=f"Commune {i}",
                    name_key=f"COMMUNE {i}",
                    lon=-3.37 + i / 500,
                    lat=47.75,
                    in_territory=i <= OURS,
                )
            )
    return engine


def load(
    engine: Any, files: list[Path], everywhere: bool, first: First = write_alone
) -> tuple[Run, tuple[float, float], tuple[float, float]]:
    """One ingestion: its run, the wall and CPU seconds of reading, and those of the whole."""
    start = seconds()
    read: list[tuple[float, float]] = []

    def tell(done: float) -> None:
        if done <= 0.5:
            read.append(since(start))

    with Session(engine, expire_on_commit=False) as session, session.begin():
        run = Run(source="sirene", files=[], started_at=datetime(2026, 9, 1), leftover=[])
        wanted = Wanted(everywhere=everywhere, progress=tell, first=first)
        with read_register(session, SOURCE, files, wanted) as write:
            session.add(run)
            session.flush()
            write(run)
    return run, read[-1], since(start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--establishments", type=int, default=3_000_000)
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--everywhere", action="store_true")
    parser.add_argument("--folder", type=Path, help="keep the generated files there")
    parser.add_argument(
        "--url", help="the base to fill; it is emptied (a new SQLite file by default)"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        files = generate(folder, given.establishments, ".csv" if given.csv else ".parquet")
        engine = prepare(given.url or f"sqlite:///{temporary}/base.sqlite")
        for label in ("first load", "second load"):
            run, read, total = load(engine, files, given.everywhere)
            print(
                f"{label}: {run.rows:,} read, {run.kept:,} kept in {total[0]:.1f} s "
                f"({total[1]:.1f} s of CPU), of which reading {read[0]:.1f} s ({read[1]:.1f})"
            )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        wall, cpu = baseline(files, given.everywhere)
        print(f"peak memory {peak:,.0f} MiB; DuckDB alone {wall:.1f} s ({cpu:.1f} s of CPU)")


if __name__ == "__main__":
    main()
