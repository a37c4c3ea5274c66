"""The nomenclature: read by all, edited by administrators, guarded by examples."""

from io import BytesIO

import pytest
from flask import Flask

from sourcing import db, segments
from sourcing.segments import editing
from tests.webapp.conftest import Visitor
from tests.webapp.test_background import wait
from webapp import background
from webapp.context import KEY
from webapp.segments import WORK

PEDALOS = "piscine; gestion de piscine; pédalos"


def first(app: Flask, need: str) -> str:
    page = Visitor(app).get(f"/api/v1/segments?besoin={need}")
    return str(page.json["segments"][0]["code"]) if page.json else ""


def test_our_nomenclature_answers_every_example() -> None:
    assert editing.broken(segments.load()) == []


def test_everyone_reads_it_and_administrators_edit_it(app: Flask, admin: Visitor) -> None:
    page = Visitor(app).read("/segments")
    assert "Élagage, abattage, dessouchage, broyage" in page
    assert "Modifier" not in page
    assert Visitor(app).get("/segments/EV-02").status_code == 302
    assert "/segments/EV-02" in admin.read("/segments")
    assert admin.get("/segments/EV-99").status_code == 404


def sold(app: Flask, code: str) -> int:
    page = Visitor(app).get(f"/api/v1/suppliers?segment={code}&masques=1")
    return int(page.json["meta"]["total"]) if page.json else 0


def test_an_edit_serves_the_next_search_and_reaches_the_suppliers_tags(
    app: Flask, admin: Visitor
) -> None:
    assert first(app, "pédalos") != "POP-03"
    row = editing.row_of(None, "POP-03")
    assert row is not None
    sent = {name: row[name] for name in editing.EDITABLE} | {"keywords_fr": PEDALOS}
    sent["naf_codes"] = "81.30Z"
    before = sold(app, "POP-03")
    assert "dès maintenant" in admin.send("/segments/POP-03", **sent).text
    assert first(app, "pédalos") == "POP-03"
    assert "pédalos" in Visitor(app).get("/segments.csv").text
    assert wait(lambda: background.advance(app.extensions[KEY], WORK)).state == "done"
    assert sold(app, "POP-03") > before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"keywords_fr": "nettoyage de locaux; tonte; tonte des pelouses"},
            "«\u00a0tonte des pelouses\u00a0»",
        ),
        ({"naf_codes": "9311"}, "code inconnu «\u00a09311\u00a0»"),
        ({"sub_segment": " "}, "libellé du sous-segment vide"),
    ],
)
def test_an_edit_that_is_wrong_or_breaks_an_example_is_refused(
    app: Flask, admin: Visitor, change: dict[str, str], sentence: str
) -> None:
    row = editing.row_of(None, "POP-03")
    assert row is not None
    page = admin.send("/segments/POP-03", **{n: row[n] for n in editing.EDITABLE} | change).text
    assert sentence in page.replace("&#39;", "'")
    assert not (app.extensions["sourcing"].settings.data_dir / "segments.csv").exists()


def test_a_spreadsheet_takes_its_place_whole_or_not_at_all(app: Flask, admin: Visitor) -> None:
    ours = segments.SEGMENTS.read_text(encoding="utf-8")

    def send(text: str) -> str:
        data = {
            "csrf_token": admin.token("/segments"),
            "fichier": (BytesIO(text.encode("cp1252", "replace")), "mes segments.csv"),
        }
        return admin.client.post("/segments", data=data, follow_redirects=True).text

    assert "colonne" in send(ours.replace("keywords_fr", "mots", 1))
    with db.filling(app.extensions[KEY].engine):
        assert "à la suivante" in send(ours.replace("gestion de piscine", "pédalos", 1))
    assert first(app, "pédalos") == "POP-03"
