"""Mentions and suppliers with only what a test says."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from sourcing.model import Mention, Run, Supplier

DAY = date(2026, 7, 1)
Maker = Callable[..., Any]


@pytest.fixture
def mention(session: Session) -> Maker:
    """mention("liste", name=…, siret=…): one line of a list, in the base."""
    run = Run(source="liste", files=[], started_at=DAY, leftover=[])
    session.add(run)
    session.flush()

    def make(source: str = "liste", **said: Any) -> Mention:
        siret = said.get("siret", "")
        defaults = {
            "key": f"{said.get('name')}{siret}{said.get('commune', '')}",
            "run_id": run.id,
            "file": "f.csv",
            "line": 1,
            "first_seen": DAY,
            "last_seen": DAY,
            "statuses": [],
            "sectors": [],
            "problems": [],
            "siren": siret[:9],
        }
        one = Mention(source=source, **(defaults | said))
        session.add(one)
        session.flush()
        return one

    return make


@pytest.fixture
def supplier(session: Session) -> Maker:
    """supplier("12345678901234", name=…): one establishment of the register, in the base."""

    def make(siret: str, **said: Any) -> Supplier:
        defaults = {
            "uid": siret,
            "siret": siret,
            "siren": siret[:9],
            "origin": "register",
            "first_seen": DAY,
            "last_seen": DAY,
        }
        one = Supplier(**(defaults | said))
        session.add(one)
        session.flush()
        return one

    return make
