"""Exports: what a spreadsheet opens, what a map reads, and what nobody must find in them."""

import csv
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any, BinaryIO

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy.orm import Session

from sourcing.contracts import Won
from sourcing.export import About, SourceNote
from sourcing.export import hits as export
from sourcing.search import Hit, Query, all_hits
from sourcing.search.hits import Granted
from tests.listed import NOMENCLATURE, places, supplier

HIT = Hit(
    id=1,
    uid="01234567800011",
    siret="01234567800011",
    siren="012345678",
    name="Jardins d'Érable",
    legal_name="",
    other_names="",
    is_person=False,
    state="A",
    address="1 rue des Lilas",
    postcode="01000",
    commune="Lorient",
    commune_code="56121",
    lon=-3.37,
    lat=47.75,
    precision="exact",
    naf="81.30Z",
    size="1 à 9 salariés",
    phone="+33297000000",
    email="contact@exemple.fr",
    website="",
    description="",
    statuses=("esat",),
    labels=(
        Granted("rge", "RGE", "siret", date(2026, 12, 31)),
        Granted("qualiopi", "Qualiopi", "siren", None),
    ),
    segments=(("EV-01", "Entretien"),),
    sources=("sirene",),
    reasons=("secteur déclaré",),
    distance_km=1.25,
    score=1.0,
)
ABOUT = About(
    "« tonte »",
    date(2026, 11, 23),
    "Lorient Agglomération",
    (SourceNote("SIRENE", "INSEE", "Licence Ouverte 2.0", date(2026, 11, 1)),),
)
Writer = Callable[..., int]
WRITERS: tuple[Writer, ...] = (export.csv, export.xlsx, export.json, export.geojson)


def written(writer: Writer, hits: Iterable[Hit], **options: Any) -> bytes:
    out: BinaryIO = BytesIO()
    writer(hits, out, **options)
    out.seek(0)
    return out.read()


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines(), delimiter=";"))


def test_a_label_says_its_end_and_whether_it_is_the_firms() -> None:
    (line,) = table(written(export.csv, [HIT]))
    assert line["Labels"] == "RGE, jusqu'au 31/12/2026 ; Qualiopi, entreprise entière"


def sheet(content: bytes, name: str = "Fournisseurs") -> Any:
    return load_workbook(BytesIO(content))[name]


def test_a_csv_opens_in_french_excel() -> None:
    content = written(export.csv, [HIT])
    assert content.startswith(b"\xef\xbb\xbf")
    row = table(content)[0]
    assert (row["Nom"], row["SIRET"], row["Distance (km)"]) == (HIT.name, HIT.siret, "1,2")


def test_contracts_won_are_two_columns_empty_when_none_is_known() -> None:
    won = Won(count=3, amount_eur=1234.5, shared=1, shared_eur=9.0, last_on=None)
    rows = table(written(export.csv, [replace(HIT, won=won), HIT]))
    told = [(r["Marchés publics remportés"], r["Montant HT gagné seul (€)"]) for r in rows]
    assert told == [("3", "1234,5"), ("", "")]


def test_a_workbook_is_typed_filtered_and_frozen() -> None:
    rows = sheet(written(export.xlsx, [HIT]))
    headers = [cell.value for cell in rows[1]]
    values = dict(zip(headers, (cell.value for cell in rows[2]), strict=True))
    assert values["SIRET"] == "01234567800011"
    assert values["Longitude"] == -3.37
    assert rows.freeze_panes == "B2"
    assert rows.auto_filter.ref.startswith("A1:")


def test_a_workbook_says_what_it_is() -> None:
    told = "\n".join(
        f"{a.value}: {b.value}"
        for a, b in sheet(written(export.xlsx, [HIT], about=ABOUT), "À propos").iter_rows()
    )
    assert "Recherche: « tonte »" in told
    assert "SIRENE – INSEE, Licence Ouverte 2.0, données du 01/11/2026" in told


def test_geojson_holds_points_sources_and_unplaced_suppliers() -> None:
    collection = json.loads(written(export.geojson, [HIT, replace(HIT, lon=None)], about=ABOUT))
    placed, unplaced = collection["features"]
    assert placed["geometry"]["coordinates"] == [-3.37, 47.75]
    assert unplaced["geometry"] is None
    assert "Licence Ouverte" in collection["metadata"]["Sources"][0]


def test_json_is_a_list_of_objects() -> None:
    found = json.loads(written(export.json, [HIT, HIT]))
    assert found[0]["siret"] == HIT.siret
    assert found[0]["reasons"] == ["secteur déclaré"]


@pytest.mark.parametrize("writer", WRITERS)
def test_an_empty_result_is_a_good_file(writer: Writer) -> None:
    content = written(writer, [])
    assert content
    if writer in (export.json, export.geojson):
        json.loads(content)


@pytest.mark.parametrize("name", ["=1+1", "+SUM(A1)", "-2", "@cmd", "\t=1", "\r=1"])
def test_a_name_is_never_a_formula(name: str) -> None:
    hit = replace(HIT, name=name)
    assert table(written(export.csv, [hit]))[0]["Nom"].startswith("'")
    cell = sheet(written(export.xlsx, [hit]))["A2"]
    assert cell.data_type != "f"
    assert str(cell.value).startswith("'")


def test_control_characters_do_not_break_a_workbook() -> None:
    assert sheet(written(export.xlsx, [replace(HIT, name="a\x00\x0bb")]))["A2"].value == "ab"


@pytest.mark.parametrize("writer", WRITERS)
def test_contacts_leave_only_when_asked(writer: Writer) -> None:
    def told(**options: Any) -> str:
        content = written(writer, [HIT], **options)
        if writer is export.xlsx:
            return str([[c.value for c in row] for row in sheet(content).iter_rows()])
        return content.decode("utf-8-sig")

    assert "contact@exemple.fr" not in told()
    assert "contact@exemple.fr" in told(with_contacts=True)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_partially_diffused_person_has_no_name_nor_address(
    session: Session, writer: Writer
) -> None:
    places(session)
    supplier(
        session,
        "u1",
        "Camille Exemple",
        legal_name="Camille Exemple",
        is_person=True,
        diffusion="P",
        address="9 rue Cachée",
        precision="exact",
        phone="+33611111111",
    )
    content = written(writer, all_hits(session, NOMENCLATURE, Query()), with_contacts=True)
    if writer is export.xlsx:
        content = str([[c.value for c in row] for row in sheet(content).iter_rows()]).encode()
    for secret in ("Camille", "Cachée", "611111111", "11 11 11 11"):
        assert secret not in content.decode("utf-8-sig")


def test_a_workbook_costs_little_more_than_its_cells() -> None:
    """Beside the library alone, in the same second: a busy machine slows both."""
    start = time.process_time()
    content = written(export.xlsx, [HIT] * 2_000)
    ours = time.process_time() - start
    rows = [[cell.value for cell in row] for row in sheet(content).iter_rows()]
    start = time.process_time()
    book = Workbook(write_only=True)
    page = book.create_sheet()
    for row in rows:
        page.append(row)
    book.save(BytesIO())
    assert ours < 2 * (time.process_time() - start)
