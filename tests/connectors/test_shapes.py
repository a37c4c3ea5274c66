"""Tables as people lay them out: lying down, with totals, in a workbook of several sheets."""

import os
import zipfile
from pathlib import Path

import openpyxl
import pytest

from connectors.readers import looks, read, sheets
from sourcing.source import NO_HEADER, Layout, Row, SourceError

SIRET = "90000010000017"


def written(tmp_path: Path, text: str, name: str = "liste.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        list(read(path))
    message = str(caught.value)
    assert path.name in message and message.endswith(".") and "\n" not in message
    return message


def test_a_table_lying_on_its_side_is_stood_up(tmp_path: Path) -> None:
    text = f"Nom;Voiles d'Armor;Algo\nSIRET;{SIRET};\nVille;Lorient;Lanester\nTél;02;03\n"
    first, second = read(written(tmp_path, text))
    assert first == Row("liste.csv", 2, {"Nom": "Voiles d'Armor", "SIRET": SIRET,
                                         "Ville": "Lorient", "Tél": "02"})  # fmt: skip
    assert (second.line, second.values["Nom"]) == (3, "Algo")


def test_a_usual_table_stays_upright(tmp_path: Path) -> None:
    text = "Nom;Ville\nEntreprise;Lorient\nVille;Lanester\nSiret;Caudan\nAdresse;Larmor\n"
    assert len(list(read(written(tmp_path, text)))) == 4


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("TOTAL;;;27", "ligne de total"),
        ("Total général;;;1 204,50 €", "ligne de total"),
        (";Nombre d'entreprises;;12", "ligne de total"),
        ("Source : CCI, 2026;;;", "ligne de bas de tableau"),
        ("* effectif estimé;;;", "ligne de bas de tableau"),
        ("TOTAL ÉNERGIES;Lorient;54205118000066;12", ""),
        ("Total Fitness;;;", ""),
        ("Total;Lanester;;", ""),
        ("Notes et Rythmes;;;", ""),
    ],
)
def test_a_total_under_the_table_is_no_supplier(tmp_path: Path, line: str, why: str) -> None:
    text = f"Nom;Ville;SIRET;Effectif\nVoiles;Lorient;;12\nAlgo;Caudan;;15\n{line}\n"
    last = list(read(written(tmp_path, text)))[-1]
    assert last.values.get("_broken", "") == why


# --- workbooks ---


def workbook(path: Path, tables: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    for title, lines in tables.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    del book["Sheet"]
    book.save(path)
    return path


CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'


def ods(path: Path, tables: dict[str, list[str]], manifest: str = "", hidden: str = "") -> Path:
    """Tables of rows already written as cells."""
    body = "".join(
        f'<table:table table:name="{title}" table:style-name="ta{i}">'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        + "</table:table>"
        for i, (title, rows) in enumerate(tables.items())
    )
    shown = "".join(
        f'<style:style style:name="ta{i}"><style:table-properties '
        f'table:display="{str(title != hidden).lower()}"/></style:style>'
        for i, title in enumerate(tables)
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr(
            "content.xml",
            '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" '
            f'xmlns:style="s">{shown}{body}</office:document-content>',
        )
    return path


def cells(*texts: str) -> str:
    return "".join(CELL.format("", text) for text in texts)


def test_an_ods_cell_is_read_by_its_value_and_not_by_its_look(tmp_path: Path) -> None:
    typed = (
        CELL.format("", "A")
        + f'<table:table-cell office:value-type="float" office:value="{SIRET}">'
        "<text:p>9E+13</text:p></table:table-cell>"
        '<table:table-cell office:value-type="date" office:date-value="2026-03-12">'
        "<text:p>12/03/26</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="12.5"><text:p>13</text:p>'
        "</table:table-cell>"
        '<table:table-cell office:value-type="boolean" office:boolean-value="true">'
        "<text:p>VRAI</text:p></table:table-cell>"
        "<table:table-cell><office:annotation><text:p>remarque</text:p></office:annotation>"
        "<text:p>3 rue<text:s text:c='2'/>du Port</text:p><text:p>BP 4</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16000"/>'
    )
    header = cells("Nom", "Siret", "Jour", "ETP", "QPV", "Adresse")
    (row,) = read(ods(tmp_path / "a.ods", {"Feuille1": [header, typed]}))
    assert row.values == {"Nom": "A", "Siret": SIRET, "Jour": "2026-03-12", "ETP": "12.5",
                          "QPV": "true", "Adresse": "3 rue  du Port\nBP 4"}  # fmt: skip


def test_merged_cells_and_errors_of_an_ods_are_told(tmp_path: Path) -> None:
    covered = "<table:covered-table-cell/>"
    rows = [
        cells("Ville", "Nom", "Effectif"),
        CELL.format(' table:number-rows-spanned="2"', "Lorient") + cells("A", "12"),
        covered + cells("B") + CELL.format("", "Err:502"),
        cells("Caudan", "C", "3"),
    ]
    found = list(read(ods(tmp_path / "a.ods", {"F": rows})))
    assert [(r.get("Ville"), r.get("Nom")) for r in found] == [
        ("Lorient", "A"), ("Lorient", "B"), ("Caudan", "C"),
    ]  # fmt: skip
    assert found[1].values["_problem"] == "cellule C3 en erreur (Err:502)"


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_the_sheet_that_holds_the_list_is_read_and_another_can_be_asked_for(
    tmp_path: Path, kind: str
) -> None:
    tables = {
        "Lisez-moi": [["Ce classeur contient les listes du club"]],
        "Adhérents": [["Nom", "Ville"], ["A", "Lorient"], ["B", "Caudan"]],
        "Anciens": [["Raison sociale", "Commune"], ["C", "Guidel"]],
        "Brouillon": [["Nom", "Ville"], ["Z", "Nulle part"]],
    }
    path = tmp_path / f"club.{kind}"
    if kind == "xlsx":
        workbook(path, tables)  # type: ignore[arg-type]
        book = openpyxl.load_workbook(path)
        book["Brouillon"].sheet_state = "hidden"
        book.save(path)
    else:
        ods(path, {t: [cells(*line) for line in lines] for t, lines in tables.items()},
            hidden="Brouillon")  # fmt: skip
    assert sheets(path) == ["Lisez-moi", "Adhérents", "Anciens"]
    found = list(read(path))
    assert [row.get("Nom") for row in found] == ["A", "B"]
    assert found[0].values["_problem"] == "feuilles non lues : Lisez-moi, Anciens"
    assert [row.get("Raison sociale") for row in read(path, Layout(sheet="Anciens"))] == ["C"]
    with pytest.raises(SourceError, match=r"nommée « X » ; choisir parmi Lisez-moi, Adhérents"):
        list(read(path, Layout(sheet="X")))


def test_a_file_that_is_no_workbook_has_no_sheets(tmp_path: Path) -> None:
    assert sheets(written(tmp_path, "Nom\nA\n")) == []


# --- what cannot be read ---

PAGE = "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table><tr><td>A</td></tr></table>"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PAGE, "c'est une page web"),
        ("<!-- export --><!-- 2 -->\n<TABLE border=1><tr><td onclick='x'>", "c'est une page web"),
        ("<script>alert(1)</script>", "c'est une page web"),
        ("<!--" + "--><!--" * 400, "mal formé"),
        ("MIME-Version: 1.0\nX-Document-Type: Workbook\n", "c'est une page web"),
        (
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "classeur XML de 2003",
        ),
    ],
)
def test_a_page_that_calls_itself_a_workbook_is_refused(
    tmp_path: Path, text: str, sentence: str
) -> None:
    assert sentence in refusal(written(tmp_path, text, "export.xls"))


def test_a_locked_workbook_says_what_to_do(tmp_path: Path) -> None:
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    path = tmp_path / "secret.xlsx"
    path.write_bytes(container + "EncryptedPackage".encode("utf-16-le") + os.urandom(900))
    assert "protégé par un mot de passe" in refusal(path)
    locked = ods(tmp_path / "secret.ods", {"F": []}, manifest="<manifest:encryption-data/>")
    assert "protégé par un mot de passe" in refusal(locked)


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bombe.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as out:
            for _ in range(430):
                out.write(bytes(1_000_000))
    assert path.stat().st_size < 2_000_000
    assert "pèse 430 Mo ; l'enregistrer en CSV" in refusal(path)


def test_a_person_says_how_a_text_file_is_laid_out(tmp_path: Path) -> None:
    path = tmp_path / "club.csv"
    path.write_bytes("Nom,le vrai;Ville\nDéjà;né\nVélos, cafés;Lorient\n".encode("cp850"))
    assert looks(path) == Layout(encoding="cp850", separator=";")
    said = Layout(encoding="cp850", separator=",", header=3)
    assert list(read(path, said)) == []
    rows = list(read(path, said._replace(separator=";", header=2)))
    assert [(row.line, dict(row.values)) for row in rows] == [
        (3, {"Déjà": "Vélos, cafés", "né": "Lorient"})
    ]
    rows = list(read(path, said._replace(separator=";", header=NO_HEADER)))
    assert [row.get("Colonne 2") for row in rows] == ["Ville", "né", "Lorient"]
    with pytest.raises(SourceError, match="ligne 9 : elle est vide ou trop loin"):
        list(read(path, said._replace(header=9)))
