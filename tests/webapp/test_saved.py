"""A search kept by name tells who came in and who left since."""

from flask import Flask
from sqlalchemy.orm import Session

from sourcing.model import SavedSearch
from tests.webapp import invented
from tests.webapp.conftest import Visitor


def keep(visitor: Visitor, name: str = "Jardins", asked: str = "q=jardins&page=2") -> str:
    return visitor.send("/fournisseurs", to="/recherches", nom=name, demande=asked).text


def test_a_kept_search_is_a_link_to_its_results(admin: Visitor) -> None:
    page = keep(admin)
    assert "Recherche «\u00a0Jardins\u00a0» enregistrée" in page
    assert 'href="/fournisseurs?q=jardins"' in page
    assert "rien de nouveau" in page


def test_what_is_new_is_told_until_it_was_seen(either: Flask) -> None:
    visitor = Visitor(either)
    visitor.sign_in(*invented.ADMIN)
    keep(visitor)
    with Session(either.extensions["sourcing"].engine) as base, base.begin():
        kept = base.query(SavedSearch).one()
        number, entered = kept.id, kept.seen[0]
        kept.seen = [*kept.seen[1:], invented.siret(2)]
    assert "1\u00a0nouveau, 1\u00a0parti" in visitor.read("/recherches")
    page = visitor.read(f"/recherches/{number}")
    assert f"/fournisseurs/{entered}" in page
    visitor.send(f"/recherches/{number}", to=f"/recherches/{number}/vu")
    assert "rien de nouveau" in visitor.read("/recherches")


def test_a_search_is_its_owners_alone(app: Flask, admin: Visitor) -> None:
    keep(admin)
    other = Visitor(app)
    assert other.get("/recherches").location == "/connexion?suite=/recherches"
    other.sign_in(*invented.BUYER)
    assert "Aucune recherche" in other.read("/recherches")
    assert other.get("/recherches/1").status_code == 404


def test_a_search_without_a_name_is_refused(admin: Visitor) -> None:
    assert "Donner à la recherche un nom" in keep(admin, name=" ")


def test_a_kept_search_can_be_removed(admin: Visitor) -> None:
    keep(admin)
    assert "Aucune recherche" in admin.send("/recherches", to="/recherches/1/retirer").text
