"""A base that knows a small territory, and SIRENE files brought into it."""

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sirene import SOURCE
from sourcing.model import OldPlace, Place, Run, Supplier
from sourcing.register import read_register
from sourcing.wholesale import Wanted
from tests.sirene_files import GEOLOCATION_19, siret, stock, write_csv

LORIENT = (-3.3664, 47.7486)


def know_territory(session: Session) -> None:
    """Lorient is ours, Quimperlé 20 km away, Rennes far; an old commune is now Lorient."""
    for code, name, lon, lat, is_ours in (
        ("56121", "Lorient", *LORIENT, True),
        ("29233", "Quimperlé", -3.5502, 47.8712, False),
        ("35238", "Rennes", -1.6800, 48.1120, False),
        ("75056", "Paris", 2.3500, 48.8566, False),
    ):
        session.add(Place(code=code, name=name, name_key=name.upper(), lon=lon, lat=lat,
                          in_territory=is_ours))  # fmt: skip
    session.flush()
    session.add(OldPlace(code="56999", name_key="KERMERGED", today="56121"))
    session.flush()


def load(session: Session, files: Sequence[Path], day: int = 1, **options: Any) -> Run:
    """Ingest as sourcing.ingest does; whatever happens, every row is in one count."""
    if session.get(Place, "56121") is None:
        know_territory(session)
    run = Run(source="sirene", files=[], started_at=datetime(2026, 9, day), leftover=[])
    with read_register(session, SOURCE, files, Wanted(**options)) as write:
        session.add(run)
        session.flush()
        write(run)
    session.flush()
    session.expire_all()
    left = run.kept + run.outside + run.unplaced + run.out_of_scope + run.repeated + run.rejected
    assert run.rows == left
    return run


def supplier(session: Session, number: int, nic: int = 1) -> Supplier:
    return session.scalars(select(Supplier).where(Supplier.siret == siret(number, nic))).one()


def one(session: Session, tmp_path: Path, row: dict[str, str], unit: dict[str, str]) -> Supplier:
    load(session, stock(tmp_path, [row], [unit]))
    return session.scalars(select(Supplier)).one()


def geolocation(path: Path, *rows: dict[str, str], columns: Sequence[str] = GEOLOCATION_19) -> Path:
    return write_csv(path / "Geolocalisation.csv", columns, rows, delimiter=";")


def distance_m(found: Supplier, lon: float, lat: float) -> float:
    assert found.lon is not None and found.lat is not None
    return math.hypot((found.lon - lon) * 75_000, (found.lat - lat) * 111_000)
