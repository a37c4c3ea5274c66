"""A base is prepared once, and again when its suppliers change."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from sourcing.linking import kept, link, match
from sourcing.linking.bases import Base
from sourcing.linking.explanation import waterfall
from sourcing.model import Run
from sourcing.source import Record
from tests.linking.conftest import Maker
from tests.linking.test_link import ATELIERS, RICOCHET

ASKED = [Record(name="Ateliers du Scorff", address="12 rue Kerpont", commune="Lanester")]


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Even a base of one is worth keeping here."""
    monkeypatch.setattr(kept, "WORTH_KEEPING", 0)
    kept.forget()
    yield
    kept.forget()


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number more each time the suppliers are read."""
    read, count = Base.read, list[int]()

    def counted(session: Session, everything: bool = False) -> Base:
        count.append(1)
        return read(session, everything)

    monkeypatch.setattr(Base, "read", counted)
    return count


def test_a_second_question_reads_nothing(
    session: Session, supplier: Maker, readings: list[int]
) -> None:
    supplier(RICOCHET, **ATELIERS)
    assert match(session, ASKED) == match(session, ASKED)
    assert len(readings) == 1


def test_another_process_answers_the_same_from_the_file(
    session: Session, supplier: Maker, readings: list[int], tmp_path: Path
) -> None:
    supplier(RICOCHET, **ATELIERS)
    supplier("53876295600042", state="F", name="Traiteur d'Ailleurs", commune="Brest")
    first = match(session, ASKED, tmp_path)
    kept.forget()
    assert match(session, ASKED, tmp_path) == first
    assert (first[0].siret, len(readings)) == (RICOCHET, 1)


def test_a_new_supplier_is_found_at_once(session: Session, supplier: Maker, tmp_path: Path) -> None:
    supplier("53876295600042", name="Traiteur d'Ailleurs", commune="Brest")
    assert match(session, ASKED, tmp_path)[0].siret == ""
    supplier(RICOCHET, **ATELIERS)
    assert match(session, ASKED, tmp_path)[0].siret == RICOCHET


def test_a_run_that_adds_nobody_may_have_changed_somebody(
    session: Session, supplier: Maker, readings: list[int]
) -> None:
    supplier(RICOCHET, **ATELIERS)
    match(session, ASKED)
    session.add(Run(source="x", files=[], started_at=datetime(2026, 7, 3), leftover=[]))
    match(session, ASKED)
    assert len(readings) == 2


@pytest.mark.parametrize("lost", ["index.bits.npy", "names.texts.npy", "closed.npy"])
def test_a_damaged_folder_is_written_again(
    session: Session, supplier: Maker, readings: list[int], tmp_path: Path, lost: str
) -> None:
    supplier(RICOCHET, **ATELIERS)
    match(session, ASKED, tmp_path)
    (damaged,) = tmp_path.glob(f"linking_all-*/{lost}")
    damaged.write_bytes(b"")
    kept.forget()
    assert match(session, ASKED, tmp_path)[0].siret == RICOCHET
    # The register's folder, beside it, was whole.
    assert (damaged.stat().st_size > 0, len(readings)) == (True, 1)


def test_a_link_is_explained_from_what_link_prepared(
    session: Session, supplier: Maker, mention: Maker, readings: list[int], tmp_path: Path
) -> None:
    known, line = supplier(RICOCHET, **ATELIERS), mention(**ATELIERS)
    link(session, cache=tmp_path)
    kept.forget()
    assert waterfall(session, line.id, known.id, tmp_path)
    assert len(readings) == 1
