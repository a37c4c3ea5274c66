"""An invented territory for the pages' tests: real communes, suppliers nobody has met."""

import json
from datetime import date, datetime
from random import Random

from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from sourcing import segments, tagging
from sourcing.model import Mention, Person, Place, Run, Setting, Supplier

ADMIN = ("nolwenn@exemple.fr", "un long mot de passe")
BUYER = ("erwan@exemple.fr", "un autre mot de passe")
# code, name, postcode, inhabitants, lon, lat
COMMUNES = (
    ("56121", "Lorient", "56100", 57_000, -3.370, 47.748),
    ("56098", "Lanester", "56600", 23_000, -3.340, 47.764),
    ("56083", "Hennebont", "56700", 16_000, -3.279, 47.804),
    ("56162", "Ploemeur", "56270", 18_000, -3.427, 47.737),
    ("56185", "Quéven", "56530", 8_800, -3.415, 47.790),
    ("56193", "Riantec", "56670", 5_700, -3.310, 47.712),
)
TRADES = (
    ("81.30Z", "Jardins"), ("81.21Z", "Propreté"), ("56.21Z", "Traiteur"), ("43.34Z", "Peinture"),
    ("62.01Z", "Logiciels"), ("95.29Z", "Atelier vélo"), ("18.12Z", "Imprimerie"),
    ("43.21A", "Électricité"),
)  # fmt: skip
WORDS = ("du Scorff", "du Blavet", "de la Rade", "des Îles", "du Ter", "de Kervaric", "des Dunes",
         "du Faouëdic", "de la Laïta", "des Genêts")  # fmt: skip
SIZES = ("", "NN", "01", "02", "11", "12", "21")
HOSTILE = '<img src=x onerror="alert(1)"> & Fils'


def siret(number: int) -> str:
    """The number-th invented siret, with its two Luhn keys."""
    siren = _keyed(f"{number + 90_000_000:08d}")
    return _keyed(f"{siren}0001")


def _keyed(digits: str) -> str:
    for key in "0123456789":
        text = digits + key
        doubled = [int(d) * (1 + (i % 2 == 0)) for i, d in enumerate(reversed(text), 1)]
        if sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0:
            return text
    raise AssertionError


def fill(session: Session, suppliers: int = 60, origin: str = "demo") -> None:
    """Communes, suppliers, lists, accounts and tags."""
    session.merge(Setting(key="origin", value=origin))
    session.merge(Setting(key="territory", value="Lorient Agglomération"))
    session.add_all(_place(*commune) for commune in COMMUNES)
    session.add(run("sirene", rows=suppliers + 12, kept=suppliers, outside=9, rejected=3))
    session.add(run("marche_inclusion", rows=20, kept=12, out_of_scope=8))
    session.flush()
    random = Random(7)
    session.add_all(supplier(number, random) for number in range(suppliers))
    session.flush()
    session.add_all(_mentions(session))
    session.add_all([_person(*ADMIN, "admin", "Nolwenn"), _person(*BUYER, "buyer", "Erwan")])
    session.flush()
    tagging.tag(session, segments.load())
    session.commit()


def supplier(number: int, random: Random) -> Supplier:
    """One invented establishment somewhere in the territory."""
    code, commune, postcode, _, lon, lat = COMMUNES[min(int(random.expovariate(0.6)), 5)]
    naf, trade = TRADES[number % len(TRADES)]
    name = HOSTILE if number == 3 else f"{trade} {random.choice(WORDS)}".upper()
    return Supplier(
        uid=siret(number), siret=siret(number), siren=siret(number)[:9], origin="register",
        name=name, legal_name=name, naf=naf, legal_form="9220" if number % 9 == 0 else "5710",
        is_head_office=True, size_code=random.choice(SIZES), category="PME",
        address=f"{number % 80 + 1} rue de l’Exemple", postcode=postcode, commune_code=code,
        commune=commune, lon=lon + random.gauss(0, 0.012), lat=lat + random.gauss(0, 0.008),
        precision="exact", state="F" if number == 5 else "A",
        closed_on=date(2025, 6, 1) if number == 5 else None,
        diffusion="P" if number == 7 else "O", is_person=number == 7,
        first_seen=date(2026, 1, 1), last_seen=date(2026, 9, 1), created_on=date(2012, 3, 1),
    )  # fmt: skip


def run(source: str, **counts: int) -> Run:
    """A finished ingestion."""
    moment = datetime(2026, 9, 1, 8, 30)
    return Run(
        source=source, files=[{"name": f"{source}.csv"}], started_at=moment, finished_at=moment,
        outcome="done", leftover=["colonne inconnue"], **counts,
    )  # fmt: skip


def mention(listed: Supplier, source: str, statuses: list[str], run_id: int) -> Mention:
    """A line of a list that names this supplier."""
    return Mention(
        source=source, key=listed.uid, run_id=run_id, file=f"{source}.csv", line=2,
        first_seen=date(2026, 3, 1), last_seen=date(2026, 9, 1), supplier_id=listed.id,
        siret=listed.siret or "", name=listed.name, statuses=statuses, sectors=[], problems=[],
        phone="+33297000000", email="contact@exemple.fr",
        link="https://lemarche.inclusion.gouv.fr/prestataires/exemple/",
    )  # fmt: skip


def _person(email: str, password: str, role: str, name: str) -> Person:
    """An account whose digest is quick to check: it guards nothing."""
    digest = generate_password_hash(password, "scrypt:1024:8:1")
    return Person(
        email=email, role=role, name=name, password_hash=digest, created_at=datetime.now()
    )


def _mentions(session: Session) -> list[Mention]:
    suppliers = session.query(Supplier).order_by(Supplier.id).all()
    kinds = (("marche_inclusion", "siae:EI"), ("marche_inclusion", "siae:ACI"),
             ("esat_gesat", "handicap:ESAT"), ("esat_gesat", "handicap:EA"),
             ("innovation", "innovation:Audélor"))  # fmt: skip
    return [
        mention(each, *_kind(kinds[place % 5]), run_id=2)
        for place, each in enumerate(suppliers[8::6])
    ]


def _kind(pair: tuple[str, str]) -> tuple[str, list[str]]:
    return pair[0], [pair[1]]


def _place(code: str, name: str, postcode: str, people_: int, lon: float, lat: float) -> Place:
    wide, high = 0.03, 0.018
    corners = [[lon - wide, lat - high], [lon + wide, lat - high], [lon + wide, lat + high],
               [lon - wide, lat + high], [lon - wide, lat - high]]  # fmt: skip
    contour = {"type": "Polygon", "coordinates": [corners]}
    return Place(
        code=code, name=name, name_key=name.upper().replace("É", "E"), postcodes=postcode,
        departement="56", population=people_, lon=lon, lat=lat, contour=json.dumps(contour),
        in_territory=True,
    )  # fmt: skip
