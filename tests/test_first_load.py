"""A register's first load leaves a base one searches, as tagging would have made it."""

from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sourcing import db, segments
from sourcing.model import Base, Listing, Mention, Run, Setting, Stale, Supplier, Tag
from sourcing.tagging import tag, tag_first, tag_stale
from sourcing.tagging.scope import TAG
from tests.sirene_base import load
from tests.sirene_files import establishment, legal_unit, masked, person, stock

NOMENCLATURE = segments.load()
DAY = date(2026, 9, 1)
FIRST = partial(tag_first, nomenclature=NOMENCLATURE)
ROWS = (
    establishment(1, enseigne1="L'Érable & Cie"),
    establishment(2, activitePrincipale="68.20A"),
    establishment(3, etatAdministratif="F"),
    masked(establishment(4)),
    establishment(5, trancheEffectifs="21", codeCommune="29233", libelleCommune="QUIMPERLE"),
)
UNITS = (
    legal_unit(1, denomination="Société des Erables Taillés"),
    legal_unit(2, categorieJuridique="6540"),
    legal_unit(3, categorieJuridique="9220"),
    person(4),
    legal_unit(5, categorieJuridique="7210", denomination="COMMUNE DE QUIMPERLE"),
)


def said(session: Session) -> tuple[Any, ...]:
    """Tags, index and words."""
    tags = session.execute(select(*(getattr(Tag, name) for name in TAG)))
    rows = session.execute(select(*Listing.__table__.columns).order_by(Listing.supplier_id))
    return sorted(map(str, tags)), rows.all(), dict(db.text_words(session))


def test_a_first_load_leaves_the_tags_and_index_that_tagging_makes(
    session: Session, tmp_path: Path
) -> None:
    load(session, stock(tmp_path, ROWS, UNITS), first=FIRST)
    first = said(session)
    assert "erable" in first[2] and len(first[1]) == len(ROWS) and len(first[0]) == 5
    assert tag_stale(session, NOMENCLATURE) == 0
    assert tag(session, NOMENCLATURE) == len(ROWS)
    assert said(session) == first
    assert session.get_one(Setting, "data_version").value == "2"


def keys(session: Session) -> list[str]:
    """Every table's keys, references and indexes."""
    kept = "name", "column_names", "constrained_columns", "referred_table", "options", "unique"
    found = inspect(session.connection())
    asked = (found.get_foreign_keys, found.get_indexes, found.get_unique_constraints)
    return sorted(
        f"{table} {[part.get(word) for word in kept]}"
        for table in Base.metadata.tables
        for parts in (*(ask(table) for ask in asked), [found.get_pk_constraint(table)])
        for part in parts
    )


def test_a_first_load_leaves_every_key_reference_and_index_that_was_there(
    session: Session, tmp_path: Path
) -> None:
    before = keys(session)
    load(session, stock(tmp_path, ROWS, UNITS), first=FIRST)
    assert keys(session) == before
    session.add(Stale(supplier_id=0))
    with pytest.raises(IntegrityError):
        session.flush()


def test_who_comes_after_a_first_load_has_a_number_of_its_own(
    session: Session, tmp_path: Path
) -> None:
    load(session, stock(tmp_path, ROWS, UNITS), first=FIRST)
    taken = set(session.scalars(select(Supplier.id)))
    late = Supplier(uid="late", origin="epv", name="TARD", first_seen=DAY, last_seen=DAY)
    session.add(late)
    session.flush()
    assert len(taken) == len(ROWS) and late.id not in taken


def test_what_lists_said_before_a_first_load_waits_for_the_tagging_that_reads_them(
    session: Session, tmp_path: Path
) -> None:
    run = Run(source="epv", files=[], started_at=datetime(2026, 9, 1), leftover=[])
    session.add(run)
    session.flush()
    session.add(
        Mention(
            source="epv", key="1", run_id=run.id, file="epv.csv", line=2, name="FIRME 1",
            first_seen=DAY, last_seen=DAY, statuses=[], sectors=[], problems=[],
        )
    )  # fmt: skip
    load(session, stock(tmp_path, ROWS, UNITS), first=FIRST)
    assert session.scalars(select(Supplier.id)).all() and not said(session)[1]
    assert tag_stale(session, NOMENCLATURE) == len(ROWS)
