"""Any file a person may send becomes rows, or one French sentence she can act on."""

import gzip
import io
import json
import os
import re
import tracemalloc
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.readers import read
from connectors.readers.sheet import as_text
from sourcing.source import Row, SourceError

Write = Callable[[str, bytes | str], Path]
HEADER = "Nom;Siret;Commune\n"
TABLE = HEADER + "Érable;90000010000017;Lorient\nChêne;90000013700019;Quéven\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def names(path: Path) -> list[str]:
    return [row.get("Nom") for row in read(path)]


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        list(read(path))
    message = str(caught.value)
    assert path.name in message and message.endswith(".")
    assert "Traceback" not in message and "\n" not in message
    return message


# --- delimited text ---


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "cp850", "mac_roman", "utf-16",
                 "utf-16-le", "utf-16-be"],
)  # fmt: skip
def test_accents_survive_every_usual_encoding(write: Write, encoding: str) -> None:
    assert names(write("liste.csv", TABLE.encode(encoding))) == ["Érable", "Chêne"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(write: Write, delimiter: str) -> None:
    assert names(write("liste.txt", TABLE.replace(";", delimiter))) == ["Érable", "Chêne"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(write: Write, end: str) -> None:
    assert [r.line for r in read(write("liste.csv", TABLE.replace("\n", end)))] == [2, 3]


def test_commas_inside_a_semicolon_file_do_not_fool_it(write: Write) -> None:
    rows = list(read(write("a.csv", 'Nom;Prix\n"A, B";3,5\nC, D et E;4,2\n')))
    assert [r.values for r in rows] == [
        {"Nom": "A, B", "Prix": "3,5"},
        {"Nom": "C, D et E", "Prix": "4,2"},
    ]


def test_one_wrong_byte_in_a_utf8_file_is_read_as_windows_would(write: Write) -> None:
    content = ("Nom;Ville\n" + "Énergie;Quéven\n" * 20).encode() + "Caf\u00e9;Guidel\n".encode(
        "cp1252"
    )
    assert names(write("mixed.csv", content))[-2:] == ["Énergie", "Café"]


def test_the_header_is_found_below_title_rows(write: Write) -> None:
    path = write("a.csv", "Structures du Morbihan;;\n\nÉdition 2026;;\n" + TABLE)
    assert [(r.line, r.get("Nom")) for r in read(path)] == [(5, "Érable"), (6, "Chêne")]


def test_a_file_without_header_gets_numbered_columns_and_loses_no_line(write: Write) -> None:
    rows = list(read(write("a.csv", "Alpha,https://a.example\nBêta,https://b.example\n")))
    assert [r.get("Colonne 1") for r in rows] == ["Alpha", "Bêta"]


def test_a_first_line_whose_words_come_back_below_is_no_header(write: Write) -> None:
    rows = list(read(write("a.csv", "Alpha;Lorient\nBêta;Lorient\nGamma;Guidel\n")))
    assert [r.line for r in rows] == [1, 2, 3]


def test_repeated_headers_are_counted(write: Write) -> None:
    (row,) = read(write("a.csv", "Nom,Inscrite,Inscrite\nA,Oui,Non\n"))
    assert row.values == {"Nom": "A", "Inscrite": "Oui", "Inscrite (2)": "Non"}


def test_a_cell_over_several_lines_is_one_cell(write: Write) -> None:
    rows = list(read(write("a.csv", 'Nom;Texte\nA;"un\ndeux"\nB;trois\n')))
    assert [(r.line, r.get("Texte")) for r in rows] == [(2, "un\ndeux"), (4, "trois")]


def test_a_quote_left_open_costs_one_line_not_the_rest_of_the_file(write: Write) -> None:
    body = "".join(f"Nom {i};9000;Lorient;x\n" for i in range(5_000))
    path = write("a.csv", 'Nom;Siret;Ville;Note\n"Ouvert;9000;Guidel;x\n' + body)
    rows = list(read(path))
    assert len(rows) == 5_001
    assert rows[0].values["_problem"] == "guillemet non refermé sur cette ligne"
    assert rows[-1].get("Nom") == "Nom 4999"


def test_a_cell_longer_than_any_is_cut_and_said_so(write: Write) -> None:
    *_, long, last = read(write("liste.csv", TABLE + f"{'x' * 200_000};;Lanester\nIf;;Brest\n"))
    assert len(long.values["Nom"]) < 200_000 and long.values["Commune"] == "Lanester"
    assert long.values["_problem"].endswith("coupée") and last.values["Nom"] == "If"


def test_a_line_of_spaces_is_no_row(write: Write) -> None:
    assert names(write("liste.csv", f"{TABLE} ;  ; \n\xa0;;\nIf;;Brest\n")) == [
        "Érable",
        "Chêne",
        "If",
    ]


def test_a_separator_too_many_breaks_its_row_only(write: Write) -> None:
    rows = list(read(write("a.csv", TABLE + "Pin;Maritime;9000;Lorient\n" + "Orme;9;Larmor\n")))
    assert ["_broken" in r.values for r in rows] == [False, False, True, False]


def test_markup_in_a_name_stays_text(write: Write) -> None:
    path = write("a.csv", HEADER + "<script>alert(1)</script> & Fils;9;Lorient\n")
    assert names(path) == ["<script>alert(1)</script> & Fils"]


# --- sheets ---


def book(tmp_path: Path, fill: Callable[[Any], None]) -> Path:
    workbook = openpyxl.Workbook()
    fill(workbook.active)
    path = tmp_path / "liste.xlsx"
    workbook.save(path)
    return path


def rows_of(lines: Iterable[Iterable[object]]) -> Callable[[Any], None]:
    def fill(sheet: Any) -> None:
        for line in lines:
            sheet.append(list(line))

    return fill


@pytest.mark.parametrize(
    ("value", "text"),
    [(90000010000017.0, "90000010000017"), (7.9e13, "79000000000000"), (12, "12"), (3.5, "3.5"),
     (True, "true"), (None, "")],
)  # fmt: skip
def test_numbers_read_as_a_person_reads_them(value: object, text: str) -> None:
    assert as_text(value) == text


def test_a_siret_column_of_numbers_keeps_its_digits(tmp_path: Path) -> None:
    path = book(tmp_path, rows_of([["Nom", "Siret"], ["A", 90000010000017.0], ["B", 7.9e13]]))
    assert [r.get("Siret") for r in read(path)] == ["90000010000017", "79000000000000"]


def test_merged_cells_are_spread_and_two_header_rows_become_one(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        rows_of([
            ["Annuaire des entreprises", "", "", ""],
            ["Nom", "Commune", "Contact", ""],
            ["", "", "Téléphone", "Site"],
            ["A", "Lorient", "0200000001", "a.fr"],
            ["B", "", "0200000002", "b.fr"],
        ])(sheet)  # fmt: skip
        for area in ("A1:D1", "A2:A3", "B2:B3", "C2:D2", "B4:B5"):
            sheet.merge_cells(area)

    rows = list(read(book(tmp_path, fill)))
    assert [(r.line, r.get("Nom"), r.get("Commune"), r.get("Site")) for r in rows] == [
        (4, "A", "Lorient", "a.fr"), (5, "B", "Lorient", "b.fr"),
    ]  # fmt: skip


def test_a_formula_without_a_saved_value_is_reported_with_its_cell(tmp_path: Path) -> None:
    path = book(tmp_path, rows_of([["Nom", "Siret"], ['="A"&"B"', "9"], ["C", "10"]]))
    one, two = read(path)
    assert one.values["_problem"] == "cellule A2 : formule sans valeur enregistrée"
    assert (two.get("Nom"), two.get("_problem")) == ("C", "")


def test_a_formula_with_a_saved_value_is_its_value(tmp_path: Path) -> None:
    path = book(tmp_path, rows_of([["Nom", "Total"], ["C", "=1+1"]]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    # Written one way or another, with lxml or without.
    parts[sheet] = re.sub(rb"</f><v( ?/>|></v>)", b"</f><v>2</v>", parts[sheet])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    (row,) = read(path)
    assert row.values == {"Nom": "C", "Total": "2"}


def test_a_cell_in_error_is_empty_and_said_so(tmp_path: Path) -> None:
    (row,) = read(book(tmp_path, rows_of([["Nom", "Code"], ["A", "#REF!"]])))
    assert row.get("Code") == ""
    assert row.values["_problem"] == "cellule B2 en erreur (#REF!)"


def test_sheets_with_the_same_header_are_one_list_and_the_others_are_named(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for title, lines in {
        "Lisez-moi": [["Liste tenue à jour chaque mois"]],
        "2025": [["Nom", "Ville"], ["A", "Lorient"]],
        "2026": [["Nom", "Ville"], ["B", "Guidel"]],
    }.items():
        rows_of(lines)(workbook.create_sheet(title))
    del workbook["Sheet"]
    workbook.save(tmp_path / "a.xlsx")
    rows = list(read(tmp_path / "a.xlsx"))
    assert [(r.file, r.get("Nom")) for r in rows] == [
        ("a.xlsx, feuille 2025", "A"), ("a.xlsx, feuille 2026", "B"),
    ]  # fmt: skip
    assert rows[0].values["_problem"] == "feuilles non lues : Lisez-moi"


# --- JSON, GeoJSON, XML, zip ---


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"count": 2, "next": None, "results": rows},
        lambda rows: rows,
        lambda rows: {"header": {"total": 2}, "etablissements": rows},
    ],
)
def test_json_rows_are_found_in_each_envelope(write: Write, wrap: Callable[[Any], Any]) -> None:
    rows = [
        {"Nom": "A", "adresse": {"ville": "Lorient"}, "tags": ["x"], "actif": True},
        {"Nom": "B"},
    ]
    one, two = read(write("a.json", json.dumps(wrap(rows))))
    assert one.values == {"Nom": "A", "adresse.ville": "Lorient", "tags": '["x"]', "actif": "true"}
    assert (two.line, two.get("Nom")) == (2, "B")


def test_one_object_per_line_and_one_object_alone_are_rows_too(write: Write) -> None:
    assert names(write("a.json", '{"Nom": "A"}\n{"Nom": "B"}\n')) == ["A", "B"]
    assert names(write("b.json", '{"Nom": "A", "sectors": [{"name": "x"}]}')) == ["A"]


def test_elements_across_the_reading_window_are_whole(write: Write) -> None:
    rows = [{"Nom": f"É{i}", "texte": "ü" * (i * 37 % 5_000)} for i in range(600)]
    assert names(write("a.json", json.dumps(rows, ensure_ascii=False))) == [
        f"É{i}" for i in range(600)
    ]


def test_a_geojson_feature_has_its_position(write: Write) -> None:
    square = [[[-3.0, 47.0], [-3.0, 48.0], [-2.0, 48.0], [-2.0, 47.0], [-3.0, 47.0]]]
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-3.37, 47.75]},
         "properties": {"Nom": "A"}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square},
         "properties": {"Nom": "B"}},
        {"type": "Feature", "geometry": None, "properties": {"Nom": "C"}},
    ]  # fmt: skip
    content = json.dumps({"type": "FeatureCollection", "features": features})
    rows = list(read(write("a.geojson", content)))
    assert [(r.get("_lon"), r.get("_lat")) for r in rows] == [
        ("-3.37", "47.75"), ("-2.5", "47.5"), ("", ""),
    ]  # fmt: skip


def test_xml_entities_are_refused(write: Write) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY y SYSTEM "file:///etc/passwd">]>'
    path = write(
        "a.xml", f"<?xml version='1.0'?>{bomb}<a><structure><title>&y;</title></structure></a>"
    )
    assert "entités" in refusal(path)


def test_an_archive_with_one_table_is_that_table(tmp_path: Path, write: Write) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("lisez-moi.pdf", b"%PDF")
        archive.writestr("dossier/liste.csv", TABLE)
    rows = list(read(tmp_path / "a.zip"))
    assert [(r.file, r.get("Nom")) for r in rows] == [("a.zip", "Érable"), ("a.zip", "Chêne")]


def test_a_line_with_a_postcode_and_its_town_is_no_header(write: Write) -> None:
    firms = "Voiles d'Armor, 12 rue du Port 56100 Lorient\nAlgo, 4 quai des Indes 56600 Lanester\n"
    rows = list(read(write("a.csv", f"Entreprises\n{firms}")))
    assert [row.get("Colonne 1") for row in rows] == ["Voiles d'Armor", "Algo"]


def test_a_last_column_the_header_forgets_does_not_break_every_row(tmp_path: Path) -> None:
    rows = [[f"Firme {n}", f"{n} rue du Port", "56100", "Lorient", n] for n in range(1, 6)]
    groups = ["Entreprise", None, None, None, "Effectif (ETP)"]
    path = book(tmp_path, rows_of([groups, ["Nom", "Rue", "CP", "Ville"], *rows]))
    found = list(read(path))
    assert [(r.get("Nom"), r.get("Effectif (ETP)"), r.get("_broken")) for r in found[:2]] == [
        ("Firme 1", "1", ""), ("Firme 2", "2", "")
    ]  # fmt: skip
    assert len(found) == 5


def test_a_line_of_groups_as_full_as_the_header_is_not_the_header(write: Write) -> None:
    lines = "Entreprise;Lieu;;Autre\nNom;Rue;Ville;Effectif\nAlgo;1 quai;Lorient;3\n"
    assert [(r.line, r.get("Ville")) for r in read(write("a.csv", lines))] == [(3, "Lorient")]


def test_a_gzip_of_a_table_is_that_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    assert [r.get("Nom") for r in read(tmp_path / "a.csv.gz")] == ["Érable", "Chêne"]
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(TABLE.encode())[:-12])
    assert "archive tronquée ou abîmée" in refusal(tmp_path / "b.csv.gz")


def test_what_unpacks_beyond_measure_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.csv.gz", "wb") as packed:
        for _ in range(60):
            packed.write(b"a;b\n" * 250_000)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.csv", b"a;b\n" * 15_000_000)
    for path in sorted(tmp_path.iterdir()):
        assert "démesuré" in refusal(path)


def test_metres_of_web_maps_are_read_by_the_name_of_their_projection(write: Write) -> None:
    crs = '"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}'
    point = '{"type": "Point", "coordinates": [261845.7, 6250564.3]}'
    feature = f'{{"type": "Feature", "properties": {{"Nom": "A"}}, "geometry": {point}}}'
    collection = f'{{"type": "FeatureCollection", {crs}, "features": [{feature}]}}'
    row = next(read(write("a.geojson", collection)))
    assert (row.get("_lon")[:6], row.get("_lat")[:6]) == ("2.3521", "48.856")


# --- what cannot be read ---


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("vide.csv", b"", "le fichier est vide"),
        ("blanc.csv", b"\xef\xbb\xbf \r\n\r\n", "le fichier est vide"),
        ("a.csv", os.urandom(5_000), "binaire"),
        ("a.xlsx", b"PK\x03\x04" + os.urandom(3_000), "tronqué ou abîmé"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + os.urandom(3_000), "tronqué ou abîmé"),
        ("a.json", b'{"results": [{"Nom": "A"}, {"Nom": ', "tronqué après l'élément 1"),
        ("a.json", b'[{"Nom": "A"}, {Nom: "B"}, {"Nom": "CCCCCCC"}]', "illisible après l'élément"),
        ("a.xml", b"<a><structure><title>A</title>", "ligne 1 : XML tronqué"),
        ("a.csv", b"<!DOCTYPE html><html><body>Erreur 404</body></html>", "page web"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", rb"{\rtf1\ansi Liste}", "texte mis en page"),
        ("a.csv", "Nom,RÃ©fÃ©rence\nA,B\n".encode(), "accents sont abîmés (« RÃ©fÃ©rence »)"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(
    write: Write, name: str, content: bytes, sentence: str
) -> None:
    assert sentence in refusal(write(name, content))


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    assert "introuvable" in refusal(tmp_path / "absent.csv")


def test_a_truncated_workbook_or_archive_is_said_so(tmp_path: Path, write: Write) -> None:
    whole = book(tmp_path, rows_of([["Nom", "Ville"]] + [[f"N{i}", "Lorient"] for i in range(900)]))
    content = whole.read_bytes()
    for share in (0.3, 0.7, 0.95):
        cut = write(f"cut{share}.xlsx", content[: int(len(content) * share)])
        assert "tronqué ou abîmé" in refusal(cut)


def test_a_damaged_member_of_an_archive_is_said_so(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("liste.csv", TABLE * 500)
    content = bytearray(packed.getvalue())
    content[60:80] = bytes(20)
    (tmp_path / "a.zip").write_bytes(content)
    assert "tronquée ou abîmée" in refusal(tmp_path / "a.zip")


def test_an_archive_of_several_tables_names_them(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", TABLE)
        archive.writestr("b.csv", TABLE)
    assert "2 tableaux (a.csv, b.csv)" in refusal(tmp_path / "a.zip")


def sparse(path: Path, start: bytes, fill: bytes, size: int) -> Path:
    block = fill * (1 << 20)
    with path.open("wb") as file:
        file.write(start)
        for _ in range(size >> 20):
            file.write(block)
    return path


@pytest.mark.parametrize("start", [b"", b"Nom;Ville\nA;B\n"])
def test_an_endless_line_is_refused_without_being_read(tmp_path: Path, start: bytes) -> None:
    path = sparse(tmp_path / "ligne.csv", start, b"x", 64 << 20)
    tracemalloc.start()
    message = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "sans retour à la ligne" in message
    assert peak < 24 << 20


def test_forty_megabytes_of_noise_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bruit.csv"
    path.write_bytes(os.urandom(1 << 20) * 40)
    tracemalloc.start()
    assert "binaire" in refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(lines: int) -> int:
        path = tmp_path / f"{lines}.csv"
        path.write_text(HEADER + "Un nom assez long;90000010000017;Lorient\n" * lines)
        tracemalloc.start()
        assert sum(1 for _ in read(path)) == lines
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(100_000) < 1.3 * peak(20_000)


def test_rows_know_their_file_and_line(write: Write) -> None:
    assert next(read(write("liste.csv", TABLE))) == Row(
        "liste.csv", 2, {"Nom": "Érable", "Siret": "90000010000017", "Commune": "Lorient"}
    )
