"""A list of half a million lines, read, parsed, cleaned and placed: rows per second, memory.

Two shapes, made from invented names: the inclusion market's export of 2025, and a list of unknown
columns. Nothing is written to the base: that part is the database's. CPU time is this process's.
"""

import argparse
import csv
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from connectors import load_all
from sourcing import db
from sourcing.ingest.intake import Intake
from sourcing.ingest.named import reading
from sourcing.ingest.scope import Scope
from sourcing.model import Place
from sourcing.normalise import is_siret, place_key
from sourcing.places import Places

KINDS = ("EI", "ACI", "AI", "ETTI", "EA", "ESAT")
SECTORS = ("Espaces verts & extérieurs", "Hygiène et Propreté", "Recyclage, économie circulaire")
MARKET = (
    "Raison sociale,Nom commercial,Slug,Siret,Établissement,Type de structure,kind_parent,"
    "presta_type,Site internet,Adresse,Ville,Code Postal,Département,Région,"
    "Quartier prioritaire de la politique de la ville (API QPV),sectors,Inscrite,"
    "Lien vers le marché"
)
UNKNOWN = "Entreprise,N° SIRET,Rue,CP,Ville,Tél.,Courriel,Web,Métiers,Effectif"
COMMUNES = 2_000


def siret(number: int) -> str:
    start = f"{10_000_000 + number:08}"
    siren = next(start + str(key) for key in range(10) if _holds(start + str(key)))
    return next(s for key in range(10) if is_siret(s := f"{siren}0001{key}"))


def _holds(digits: str) -> bool:
    return is_siret(digits + "00000") or any(is_siret(f"{digits}0001{k}") for k in range(10))


def commune(number: int) -> tuple[str, str, str]:
    """Code, name, postcode of an invented commune."""
    code = f"{1 + number // 300 % 95:02}{number % 300 + 1:03}"
    return code, f"Bourg {number}", code[:2] + f"{number % 90:02}0"


def market(number: int) -> list[str]:
    _, town, postcode = commune(number * 7 % COMMUNES)
    qpv = "Oui" if number % 9 == 0 else "Non"
    return [
        f"Société inventée {number}", "" if number % 2 else f"Marque {number}",
        f"societe-{number}", siret(number), "Conventionné par la DREETS",
        KINDS[number % 6], "Insertion", "Prestation de service",
        f"https://www.exemple-{number}.fr" if number % 3 == 0 else "",
        f"{number % 300} rue du Port {number % 977}", town, postcode, postcode[:2], "Bretagne",
        qpv, ", ".join(SECTORS[: 1 + number % 3]), "Oui",
        f"https://lemarche.inclusion.gouv.fr/prestataires/societe-{number}/?cmp=export-excel",
    ]  # fmt: skip


def unknown(number: int) -> list[str]:
    _, town, postcode = commune(number * 7 % COMMUNES)
    return [
        f"SARL Inventée {number}", siret(number), f"{number % 300} rue du Port {number % 977}",
        postcode, town.upper(), f"02 97 {number % 90 + 10} {number // 90 % 90 + 10} 12",
        f"contact{number}@exemple.fr", f"www.exemple-{number}.fr" if number % 3 == 0 else "",
        SECTORS[number % 3], str(number % 250),
    ]  # fmt: skip


def write(path: Path, header: str, row: Callable[[int], list[str]], count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(map(row, range(count)))


def base(folder: Path) -> Session:
    engine = db.connect(f"sqlite:///{folder / 'base.sqlite'}")
    db.migrate(engine)
    session = Session(engine)
    for number in range(COMMUNES):
        code, name, postcode = commune(number)
        place = Place(code=code, name=name, name_key=place_key(name), postcodes=postcode)
        place.departement, place.in_territory = code[:2], number < 25
        place.lon, place.lat = -3.4 + number % 50 / 10, 47.7 - number // 50 / 20
        session.add(place)
    session.flush()
    return session


def measure(count: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lists-") as name:
        folder = Path(name)
        session = base(folder)
        for source, header, row in (
            ("marche_inclusion", MARKET, market),
            ("innovation", UNKNOWN, unknown),
        ):
            path = folder / f"{source}.csv"
            write(path, header, row, count)
            for everywhere in (False, True):
                yield f"{source}, {line(session, source, path, everywhere)}"


def line(session: Session, name: str, path: Path, everywhere: bool) -> str:
    scope = Scope(Places.read(session), everywhere, 30.0)
    source = reading(session, load_all()[name], [path], "", scope.places.names).source
    intake = Intake(session, replace(source, expects=(1, 10**9)), scope)
    wall, cpu = time.perf_counter(), time.process_time()
    intake.read([path])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rows, kept = intake.counts["rows"], intake.counts["kept"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    where = "everywhere" if everywhere else "territory"
    return (
        f"{where}: {rows:,} rows, {kept:,} kept, {rows / cpu:,.0f} rows/s of CPU "
        f"({rows / wall:,.0f} by the clock), peak {peak:,.0f} MB so far"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    for said in measure(parser.parse_args().rows):
        print(said, flush=True)
