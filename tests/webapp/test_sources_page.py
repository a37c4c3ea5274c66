"""Where the data come from, and how an administrator brings them."""

import io
import json
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from sourcing.model import Reject
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from tests.webapp.test_background import wait
from webapp import background
from webapp.context import KEY


def test_each_source_says_who_publishes_it_and_counts_its_rows(either: Flask) -> None:
    page = Visitor(either).read("/sources")
    assert "Répertoire Sirene" in page
    assert "Insee · Licence Ouverte 2.0" in page
    assert "1er\u00a0septembre\u00a02026" in page
    assert "<dt>rejetées</dt><dd>3</dd>" in page


def test_rejected_lines_are_told_with_their_reason(visitor: Visitor, base: Session) -> None:
    base.add(Reject(run_id=1, file="stock.csv", line=42, reason="SIRET à 13 chiffres"))
    base.commit()
    page = visitor.read("/sources")
    assert "SIRET à 13 chiffres" in page
    assert "colonne inconnue" in page


def test_a_refused_file_leaves_yesterdays_counts_and_says_so(
    visitor: Visitor, base: Session
) -> None:
    failed = invented.run("sirene", rows=0)
    failed.outcome = "refused"
    base.add(failed)
    base.commit()
    page = visitor.read("/sources")
    assert "n’a pas abouti" in page
    assert "<dt>gardées</dt><dd>60</dd>" in page


def test_each_source_says_how_fresh_it_is(visitor: Visitor, base: Session) -> None:
    old = invented.run("marche_inclusion", kept=4)
    old.started_at = old.finished_at = datetime(2024, 1, 1)
    base.add(old)
    base.commit()
    assert "Ancienne" in visitor.read("/sources")


def test_rejected_lines_come_as_a_file_for_excel(visitor: Visitor, base: Session) -> None:
    base.add(Reject(run_id=1, file="stock.csv", line=42, reason="SIRET à 13 chiffres"))
    base.commit()
    answer = visitor.get("/sources/sirene/rejets.csv")
    assert answer.data.decode("utf-8-sig").splitlines()[1] == "stock.csv;42;SIRET à 13 chiffres"
    assert visitor.get("/sources/inconnue/rejets.csv").status_code == 404


def test_only_an_administrator_refreshes(visitor: Visitor, admin: Visitor) -> None:
    assert "Tout rafraîchir" not in visitor.read("/sources")
    assert visitor.get("/sources/avancement.json").status_code == 302
    assert visitor.client.post("/sources/rafraichir").status_code in (302, 400)
    assert "Tout rafraîchir" in admin.read("/sources")
    assert admin.send("/sources", "/sources/rafraichir", source="inconnue").status_code == 404


def test_a_file_sent_is_read_beside_the_site_and_its_end_is_told(
    app: Flask, admin: Visitor, tmp_path: Path
) -> None:
    page = admin.send("/sources", "/sources/marche_inclusion/fichier", file="")
    assert "Choisir un fichier" in page.text
    former = tmp_path / "sources" / "marche_inclusion" / "hier.csv"
    former.parent.mkdir(parents=True)
    former.write_text("x")
    sent = (io.BytesIO(b"Raison sociale,Adresse\n"), "liste à jour.csv")
    data = {"csrf_token": admin.token("/sources"), "file": sent}
    page = admin.client.post("/sources/marche_inclusion/fichier", data=data, follow_redirects=True)
    assert "Démarrage" in page.text or "Inclusion" in page.text
    found = wait(lambda: background.advance(app.extensions[KEY], "refresh"))
    assert (found.state, [p.name for p in former.parent.iterdir()]) == (
        "failed",
        ["liste à jour.csv"],
    )
    assert "Terminé, avec des données gardées" in admin.read("/sources")
    assert json.loads(admin.get("/sources/avancement.json").text)["etat"] == "failed"


def test_every_field_says_who_is_heard_first(visitor: Visitor) -> None:
    page = visitor.read("/sources/origine-des-donnees")
    assert "géolocalisation INSEE de qualité 11 ou 12, puis coordonnées Lambert" in page
