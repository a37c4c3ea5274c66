"""Anyone's list comes back with its SIRET, to who sent it, for a day."""

import csv
import io
import json
import time
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from sourcing.model import Supplier
from tests.webapp import invented
from tests.webapp.conftest import Visitor


def send(visitor: Visitor, content: str, name: str = "fournisseurs.csv") -> str:
    data = {
        "csrf_token": visitor.token("/rapprocher"),
        "file": (io.BytesIO(content.encode()), name),
    }
    return str(visitor.client.post("/rapprocher", data=data).location)


def test_the_page_is_for_who_has_an_account(visitor: Visitor) -> None:
    assert visitor.get("/rapprocher").location == "/connexion?suite=/rapprocher"


def test_columns_are_proposed_and_a_name_is_required(buyer: Visitor) -> None:
    page = send(buyer, "Fournisseur;Montant\nVoiles;12\n")
    assert 'value="name" selected' in buyer.read(page)
    answer = buyer.client.post(page, data={"csrf_token": buyer.token(page), "c0": ""})
    assert "aucun nom n&#39;est reconnu" in answer.text


@pytest.mark.slow
def test_a_list_comes_back_with_its_suppliers_and_why(
    app: Flask, buyer: Visitor, base: Session, tmp_path: Path
) -> None:
    known = base.query(Supplier).filter_by(siret=invented.siret(1)).one()
    page = send(buyer, f"Fournisseur;SIRET\n{known.name};{known.siret}\nBoulangerie Zorglub;\n")
    answers = {"csrf_token": buyer.token(page), "c0": "name", "c1": "siret"}
    result = str(buyer.client.post(page, data=answers).location)
    for _ in range(300):
        answer = buyer.get(result)
        if "Refresh" not in answer.headers:
            break
        time.sleep(0.2)
    shown = buyer.read(result)
    assert "même SIRET" in shown and f"/fournisseurs/{known.uid}" in shown
    assert "Zorglub" in shown and "Zorglub" not in buyer.read(f"{result}?verdict=same")
    lines = list(csv.reader(io.StringIO(buyer.get(f"{result}.csv").data.decode("utf-8-sig")),
                            delimiter=";"))  # fmt: skip
    assert lines[0][:3] == ["Fournisseur", "SIRET", "siret"] and lines[1][2] == known.siret
    book = openpyxl.load_workbook(io.BytesIO(buyer.get(f"{result}.xlsx").data))
    said = [row[lines[0].index("verdict")] for row in book["Rapprochement"]["A2:H3"]]
    fills = {cell.value: cell.fill.start_color.rgb for cell in said}
    assert set(fills) == {"identique", "aucun"} and len(set(fills.values())) == 2
    stranger = Visitor(app)
    stranger.sign_in(*invented.ADMIN)
    assert stranger.get(result).status_code == stranger.get(f"{result}.csv").status_code == 404
    (about,) = (tmp_path / "uploads").glob("*/about.json")
    assert json.loads(about.read_text())["owner"] == invented.BUYER[0]
