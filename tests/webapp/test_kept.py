"""A page asked twice is made once, while nothing it is made from has changed."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from sourcing.model import Setting
from tests.webapp.conftest import Visitor
from webapp import kept, search


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each making of a search page."""
    pages: list[str] = []
    make = search._suppliers
    monkeypatch.setattr(search, "_suppliers", lambda: pages.append("one") or make())
    return pages


def test_a_page_asked_twice_is_made_once(visitor: Visitor, made: list[str]) -> None:
    assert visitor.read("/fournisseurs?q=jardins") == visitor.read("/fournisseurs?q=jardins")
    visitor.read("/fournisseurs?q=jardins&page=2")
    assert len(made) == 2


def test_a_change_of_the_data_makes_it_anew(app: Flask, made: list[str]) -> None:
    visitor = Visitor(app)
    visitor.read("/fournisseurs")
    with Session(app.extensions["sourcing"].engine) as session, session.begin():
        session.merge(Setting(key="data_version", value="another"))
    visitor.read("/fournisseurs")
    assert len(made) == 2


def test_who_signed_in_has_pages_of_her_own(
    visitor: Visitor, admin: Visitor, made: list[str]
) -> None:
    admin.read("/fournisseurs")
    assert "Se déconnecter" in admin.read("/fournisseurs")
    assert "Se déconnecter" not in visitor.read("/fournisseurs")
    assert len(made) == 3


def test_the_oldest_pages_make_room() -> None:
    pages = kept.Kept()
    for number in range(4):
        pages.put(number, "x" * (kept.MOST_CHARACTERS // 3))
    assert pages.get(0) is None
    assert pages.get(3) is not None
