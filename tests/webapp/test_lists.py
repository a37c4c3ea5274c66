"""A list of any columns: sent, looked at, tried, named and loaded by an administrator."""

import io
import re
import time
from html import unescape

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from connectors import liste
from sourcing.mapping import Mapping, saved
from sourcing.mapping.saved import Origin
from sourcing.model import Mention
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from webapp.typography import no_break

CLUB = (
    "Nom;Prénom;Entreprise;Type;CP;Ville;Tél\n"
    ";;Voiles d'Armor;ESAT;56100;Lorient;02 97 00 00 01\n"
    ";;Algo <b>Breizh</b>;Chantier école;56600;Lanester;\n"
    ";;;EA;56100;Lorient;\n"
    ";;Nulle;ESAT;;Nulle-Part;\n"
)


@pytest.fixture
def admin(app: Flask) -> Visitor:
    app.extensions["sourcing"].sources = {"liste": liste.SOURCE}
    known = Visitor(app)
    known.sign_in(*invented.ADMIN)
    return known


def send(visitor: Visitor, content: str | bytes = CLUB, name: str = "club.csv", **more: str) -> str:
    """The address of the page of the columns, or of the form again."""
    body = content if isinstance(content, bytes) else content.encode()
    data = {"csrf_token": visitor.token("/sources/colonnes"), "file": (io.BytesIO(body), name)}
    answer = visitor.client.post("/sources/colonnes", data=data | more)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def post(visitor: Visitor, page: str, to: str = "", **answers: str | list[str]) -> TestResponse:
    return visitor.client.post(to or page, data={"csrf_token": visitor.token(page), **answers})


def chosen(page: str) -> dict[str, str]:
    """Column -> the field its select stands on."""
    selects = re.findall(r'<label for="(c\d+)">(.*?)</label>', page)
    found = {}
    for place, column in selects:
        body = re.search(rf'<select id="{place}".*?</select>', page, re.S)
        held = re.search(r'<option value="([^"]*)" selected', body[0] if body else "")
        found[unescape(column)] = held[1] if held else ""
    return found


def test_the_page_is_for_administrators(visitor: Visitor) -> None:
    assert "/connexion" in visitor.get("/sources/colonnes").location
    visitor.sign_in(*invented.BUYER)
    assert visitor.get("/sources/colonnes").status_code == 403


def test_each_column_is_proposed_with_its_confidence_and_why(admin: Visitor) -> None:
    page = admin.read(send(admin))
    assert chosen(page) == {"Nom": "", "Prénom": "", "Entreprise": "name", "Type": "kind",
                            "CP": "postcode", "Ville": "commune", "Tél": "phone"}  # fmt: skip
    assert "nom ou rôle d'une personne\u00a0: jamais repris" in page
    assert "Algo &lt;b&gt;Breizh" in admin.get(send(admin)).text
    assert "2\u00a0lignes seraient gardées" in page
    assert "aucun nom sur cette ligne" in page and "Nulle, Nulle-Part" in page


def test_the_dry_run_follows_what_is_chosen_and_writes_nothing(
    admin: Visitor, base: Session
) -> None:
    page = send(admin)
    trial = page.split("?")[0] + "/essai"
    fragment = unescape(post(admin, page, trial, c2="name", c5="commune").text)
    assert "<html" not in fragment and "lignes seraient gardées" in fragment
    refused = unescape(post(admin, page, trial, c5="commune").text)
    assert "aucun nom n'est reconnu" in refused
    words = post(admin, page, c2="name", c5="commune", c3="kind", faire="essayer").text
    assert "Chantier école" in words and 'name="status3"' in words
    assert base.query(Mention).filter_by(file="club.csv").count() == 0


def test_what_cannot_be_read_is_said_on_the_form(admin: Visitor) -> None:
    assert send(admin, b"%PDF-1.7", "liste.pdf") == "/sources/colonnes"
    assert "demander le tableau d'origine" in admin.read("/sources/colonnes")


def test_a_pdf_under_a_tables_name_is_called_a_pdf(admin: Visitor) -> None:
    assert "liste.csv est un PDF" in unescape(
        admin.read(send(admin, b"%PDF-1.7\n\xe2" + bytes(99), "liste.csv"))
    )


def test_hundreds_of_columns_nobody_knows_do_not_hide_those_that_matter(admin: Visitor) -> None:
    names = ["Nom", "Ville", *(f"Z{n}" for n in range(60))]
    rows = [";".join([f"Firme {n}", "Lorient", *["7"] * 60]) for n in range(3)]
    page = no_break(admin.read(send(admin, "\n".join([";".join(names), *rows]) + "\n")))
    assert page.index("60 colonnes non reconnues") < page.index(">Z0<")
    assert chosen(page)["Nom"] == "name" and len(chosen(page)) == 62


def test_a_file_read_wrong_is_read_as_a_person_says(admin: Visitor) -> None:
    """Spoiled accents refuse it as it stands; the page shows its lines and how to read them."""
    lines = "Liste des adhérents;\nNom;Localité\nVoiles;Lorient\nForge;Lanester\n"
    spoiled = lines.replace("adhérents;", "adhÃ©rents;OÃ¹").encode()
    page = send(admin, spoiled)
    unread = admin.read(page)
    assert "les accents sont abîmés" in unread and no_break("ligne 2 : Nom · Localité") in unread
    read = admin.read(page.split("?")[0] + "?entete=2&encodage=utf-8-sig&separateur=point-virgule")
    assert chosen(read) == {"Nom": "name", "Localité": "commune"}
    assert '<input type="hidden" name="entete" value="2">' in read
    bare = admin.read(page.split("?")[0] + "?entete=aucune")
    assert chosen(bare).keys() == {"Colonne 1", "Colonne 2"}


def test_next_years_file_says_what_changed(admin: Visitor, base: Session) -> None:
    mapping = Mapping({"Entreprise": "name", "Ville": "commune"})
    saved.save(base, "Club", mapping, Origin("Club"), ["Entreprise", "Ville", "Fax"])
    base.commit()
    page = admin.read(send(admin, "Entreprise;Commune;Tél\nA;Lorient;\n", liste="Club"))
    assert no_break("Nouvelles : Commune, Tél.") in page
    assert no_break("Absentes : Ville, Fax ; était lue : Ville.") in page
    assert chosen(page) == {"Entreprise": "name", "Commune": "commune", "Tél": "phone"}


def test_a_list_is_renamed_and_taken_away(admin: Visitor, base: Session) -> None:
    saved.save(base, "Club", Mapping({"Nom": "name"}), Origin("Club"))
    base.commit()
    post(admin, "/sources/colonnes", "/sources/colonnes/listes/liste-club/renommer", name="Club 2")
    assert "Club 2" in admin.read("/sources/colonnes")
    answer = admin.get("/sources/colonnes/listes/liste-club.json")
    assert answer.json is not None and answer.json["columns"] == {"Nom": "name"}


@pytest.mark.slow
def test_a_named_list_is_loaded_beside_the_site_and_is_a_source(admin: Visitor) -> None:
    answers: dict[str, str | list[str]] = {
        "c2": "name", "c3": "kind", "c4": "postcode", "c5": "commune", "name": "Club 2026",
        "publisher": "Le club", "attribution": "Source : le club", "faire": "charger",
        "cell3": ["Chantier école"], "status3": ["siae:ACI"],
    }  # fmt: skip
    answer = post(admin, send(admin), **answers)
    assert answer.location == "/sources/colonnes/suivi/liste-club-2026"
    for _ in range(300):
        page = admin.get(answer.location)
        if "Refresh" not in page.headers:
            break
        time.sleep(0.2)
    assert "C’est fait" in page.text, page.text
    listed = admin.read("/sources")
    assert "Club 2026" in listed and no_break("Source : le club") in listed
    assert "Algo" in admin.read("/fournisseurs?statut=siae&q=algo")
