"""The columns on disk answer as those read from the base, and never for another base."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from sourcing.model import Setting
from sourcing.search import Query, common, search, shelf, tally
from tests.listed import NOMENCLATURE, random_base

ASKED = (
    Query(text="jardin"),
    Query(segments=("EV-01",)),
    Query(territory_only=False, sort="nom", with_noise=True),
)


@pytest.fixture
def base(session: Session) -> Session:
    random_base(session)
    session.add(Setting(key="data_version", value="3"))
    session.add(Setting(key="data_lot", value=f"lot{id(session)}"))
    session.flush()
    return session


def test_what_is_on_disk_answers_the_same(base: Session, tmp_path: Path) -> None:
    read = [search(base, NOMENCLATURE, query) for query in ASKED]
    shelf.forget()
    shelf.keep_in(tmp_path / "columns")
    written = [search(base, NOMENCLATURE, query) for query in ASKED]
    shelf.forget()
    shelf.keep_in(tmp_path / "columns")
    mapped = [search(base, NOMENCLATURE, query) for query in ASKED]
    assert read == written == mapped
    shelf.forget()


def test_another_process_does_not_read_the_base_again(
    base: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.keep_in(tmp_path / "columns")
    search(base, NOMENCLATURE, ASKED[0])
    shelf.forget()
    shelf.keep_in(tmp_path / "columns")
    monkeypatch.setattr(shelf, "read", lambda session: pytest.fail("the base was read again"))
    assert search(base, NOMENCLATURE, ASKED[0]).total
    shelf.forget()


def test_a_new_version_takes_the_place_of_the_former(base: Session, tmp_path: Path) -> None:
    shelf.keep_in(tmp_path / "columns")
    search(base, NOMENCLATURE, ASKED[0])
    base.get_one(Setting, "data_lot").value = "another"
    search(base, NOMENCLATURE, ASKED[0])
    assert [folder.name for folder in (tmp_path / "columns").iterdir()] == [
        f"{shelf.LAYOUT}-3-another"
    ]
    shelf.forget()


def test_a_damaged_folder_is_as_none(base: Session, tmp_path: Path) -> None:
    shelf.to_disk(tally.read(base), tmp_path / "columns" / "whole")
    (tmp_path / "columns" / "whole" / "rest.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        shelf.from_disk(tmp_path / "columns" / "whole")


def test_common_words_found_beforehand_bring_the_same_suppliers(
    base: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [Query(text=text) for text in ("jardin", "jard", "jardin nowhere", "atelier jardin")]
    alone = [search(base, NOMENCLATURE, query) for query in asked]
    assert not shelf.columns(base).common
    shelf.forget()
    shelf.keep_in(tmp_path / "columns")
    monkeypatch.setattr(common, "COMMON", 1)
    assert [search(base, NOMENCLATURE, query) for query in asked] == alone
    assert len(shelf.columns(base).common["name:jardin"])
    shelf.forget()
