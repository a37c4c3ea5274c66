"""A small searchable base: suppliers as tagging leaves them, written by hand."""

import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from sourcing import db, normalise, segments
from sourcing.model import Listing, Place, Setting, Supplier, Tag
from sourcing.search.filters import LABEL_BITS, STATUS_BITS, family_bits
from sourcing.search.query import Near, Query
from sourcing.tagging.listing import acronym, acronym_word
from sourcing.tagging.statuses import NOISE, SIZES, STATUSES

NOMENCLATURE = segments.load()
LORIENT, LANESTER, HENNEBONT, VANNES = "56121", "56098", "56083", "56260"
# code: name, postcodes, lon, lat, in the territory; invented round positions near the real ones.
PLACES = {
    LORIENT: ("Lorient", "56100", -3.37, 47.75, True),
    LANESTER: ("Lanester", "56600", -3.34, 47.76, True),
    HENNEBONT: ("Hennebont", "56700", -3.28, 47.80, True),
    "56005": ("Auray", "56400", -2.98, 47.67, False),
    VANNES: ("Vannes", "56000", -2.76, 47.66, False),
}
BRITTANY = (-5.2, 47.0, -1.0, 49.0)
EVERYTHING = Query(territory_only=False, with_noise=True)


def places(session: Session) -> None:
    """Three communes of the territory, two beyond; Auray is within 30 km, Vannes is not."""
    for code, (name, postcode, lon, lat, inside) in PLACES.items():
        session.add(
            Place(
                code=code,
                name=name,
                name_key=normalise.place_key(name),
                postcodes=postcode,
                departement="56",
                epci="200042174" if inside else "",
                lon=lon,
                lat=lat,
                in_territory=inside,
            )
        )
    session.add(Setting(key="territory", value="Lorient Agglomération"))
    session.flush()


def supplier(
    session: Session,
    uid: str,
    name: str,
    *,
    commune: str = LORIENT,
    at: tuple[float, float] | None = None,
    statuses: Sequence[str] = (),
    sectors: Mapping[str, float] | None = None,
    size: int = 0,
    is_noise: bool = False,
    noise: Sequence[str] = (),
    reach_km: float | None = None,
    **facts: Any,
) -> int:
    """Add one supplier with its tags, its listing and its words; returns its id."""
    place, postcode, lon, lat, inside = PLACES[commune]
    lon, lat = at or (lon, lat)
    row = Supplier(
        uid=uid,
        siret=uid if len(uid) == 14 else None,
        siren=uid[:9],
        origin="register",
        name=name,
        commune_code=commune,
        commune=place,
        postcode=postcode,
        lon=lon,
        lat=lat,
        first_seen=date(2026, 1, 1),
        last_seen=date(2026, 1, 1),
        **facts,
    )
    session.add(row)
    session.flush()
    codes = sectors or {}
    session.add_all(
        Tag(
            supplier_id=row.id,
            kind="segment",
            value=code,
            level="siret",
            because=f"secteur déclaré : {NOMENCLATURE.by_code[code].label}",
            source="marche_inclusion",
            weight=weight,
        )
        for code, weight in codes.items()
    )
    session.add_all(
        Tag(
            supplier_id=row.id,
            kind="noise",
            value=reason,
            level="siret",
            because=NOISE[reason].lower(),
            source="sirene",
        )
        for reason in noise
    )
    families = {NOMENCLATURE.by_code[code].family_code for code in codes}
    session.add(
        Listing(
            supplier_id=row.id,
            commune_code=commune,
            in_territory=inside,
            lon=lon,
            lat=lat,
            statuses=sum((STATUS_BITS | LABEL_BITS)[code] for code in statuses),
            families=sum(family_bits(NOMENCLATURE)[family] for family in families),
            size=size % len(SIZES),
            is_noise=is_noise or bool(noise),
            reach_km=reach_km,
            name_key=normalise.fold(name),
        )
    )
    initials = acronym_word(acronym(name)) if acronym(name) else ""
    words = " ".join([*normalise.words(f"{name} {row.other_names or ''}"), initials]).strip()
    body = " ".join(normalise.words(f"{name} {row.description or ''}"))
    index_words(session, [(row.id, words, body)])
    session.flush()
    return row.id


def index_words(session: Session, rows: Sequence[tuple[int, str, str]]) -> None:
    """Into the full-text index: a supplier, its name's words, its body's words."""
    columns = ", ".join(db.text_columns(session))
    insert = text(f"INSERT INTO supplier_text ({columns}) VALUES (:id, :name, :body)")
    said = [{"id": supplier, "name": name, "body": body} for supplier, name, body in rows]
    session.connection().execute(insert, said)


def random_base(session: Session, size: int = 120) -> random.Random:
    chance = random.Random(7)
    places(session)
    codes = ["EV-01", "EV-02", "SRV-01", "ENV-01", "BAT-04"]
    for index in range(size):
        supplier(
            session,
            f"{index:014}",
            chance.choice(["Jardin", "Nettoyage", "Atelier", "Tonte"]),
            commune=chance.choice(list(PLACES)),
            is_noise=chance.random() < 0.2,
            statuses=chance.sample([s.code for s in STATUSES], chance.randrange(4)),
            sectors={
                c: chance.choice([0.3, 1.0]) for c in chance.sample(codes, chance.randrange(3))
            },
            size=chance.randrange(len(SIZES)),
            description=chance.choice(["", "entretien de haies"]),
        )
    return chance


# Varied enough to cross every filter.
ASKED = [
    Query(),
    EVERYTHING,
    Query(text="jardin"),
    Query(text="entretien d'espaces verts"),
    Query(statuses=("siae", "esat")),
    Query(text="tonte", families=("EV",), communes=(LORIENT,)),
    Query(segments=("EV-01", "SRV-01"), statuses=("tpe",)),
    Query(sizes=("1-9", "0"), with_noise=True),
    Query(near=Near("Lorient"), radius_km=6, statuses=("pme",)),
    Query(labels=("rge", "bio"), statuses=("pme",)),
    Query(statuses=("licorne",)),
    Query(
        text="nettoyage",
        segments=("SRV-01",),
        near=Near("Vannes"),
        radius_km=90,
        territory_only=False,
    ),
]
