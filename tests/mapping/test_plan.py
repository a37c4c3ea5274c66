"""A row read by a mapping: many columns in one field, one in several, words as statuses."""

import pytest

from sourcing.mapping import Always, Mapping, propose
from sourcing.source import Record, Row, SourceError
from tests.mapping.lists import headers, table


def read(columns: dict[str, str], cells: dict[str, str], **rest: object) -> Record:
    return Mapping(columns, **rest).apply(Row("x", 2, cells))  # type: ignore[arg-type]


def test_several_columns_make_one_field() -> None:
    record = read(
        {"N": "name", "Rue": "address", "Suite": "address", "S1": "sectors", "S2": "sectors",
         "T1": "phone", "T2": "phone", "Q": "is_qpv", "P": "position"},
        {"N": "A", "Rue": "3 rue du Port", "Suite": "BP 4", "S1": "Bois ; Métal",
         "S2": '["Bois", "Cuir"]', "T1": "", "T2": "0297000001", "Q": "oui",
         "P": "[47.75, -3.37]"},
    )  # fmt: skip
    assert record.address == "3 rue du Port BP 4"
    assert record.sectors == ("Bois", "Métal", "Cuir")
    assert (record.phone, record.is_qpv) == ("0297000001", True)
    assert (record.x, record.y) == ("-3.37", "47.75")


@pytest.mark.parametrize(
    ("field", "cell", "place"),
    [
        ("full_address", "12 rue X 56100 LORIENT", ("12 rue X", "56100", "LORIENT")),
        ("full_address", "ZA de Kerpont - 56850 CAUDAN", ("ZA de Kerpont", "56850", "CAUDAN")),
        ("full_address", "Kerhoas", ("Kerhoas", "", "")),
        ("address", "3 rue du Port, 56100 Lorient", ("3 rue du Port", "56100", "Lorient")),
        ("postcode_commune", "56850 Caudan", ("", "56850", "Caudan")),
        ("postcode_commune", "56321 LORIENT CEDEX", ("", "56321", "LORIENT CEDEX")),
    ],
)
def test_one_column_makes_several_fields(
    field: str, cell: str, place: tuple[str, str, str]
) -> None:
    record = read({"N": "name", "L": field}, {"N": "A", "L": cell})
    assert (record.address, record.postcode, record.commune) == place


def test_a_place_of_its_own_column_is_kept() -> None:
    columns = {"N": "name", "A": "full_address", "V": "commune"}
    record = read(columns, {"N": "A", "A": "3 rue du Port 56100 Lorient", "V": "Ploemeur"})
    assert (record.address, record.postcode, record.commune) == ("3 rue du Port", "", "Ploemeur")


def test_the_first_siret_that_is_one_is_taken() -> None:
    columns = {"S1": "siret", "S2": "siret"}
    assert read(columns, {"S1": "à demander", "S2": "90000010000017"}).siret == "90000010000017"
    assert read(columns, {"S1": "123", "S2": ""}).siret == "123"


def test_types_and_labels_become_statuses() -> None:
    columns = {"Type": "kind", "Labels": "labels", "RGE (O/N)": "labels", "ESAT": "kind"}
    cells = {"Type": "Entreprise adaptée (EA)", "Labels": "qualiopi ; Bio", "RGE (O/N)": "O",
             "ESAT": "x"}  # fmt: skip
    assert read(columns, cells).statuses == (
        "handicap:EA", "handicap:ESAT", "label:Qualiopi", "label:Bio", "label:RGE",
    )  # fmt: skip
    assert read(columns, {"RGE (O/N)": "N", "ESAT": "non"}).statuses == ()


def test_a_persons_decision_on_a_word_outranks_the_usual_ones() -> None:
    values = {"Type": {"Chantier école": "siae:ACI", "EI": ""}}
    for cell, statuses in (("Chantier école", ("siae:ACI",)), ("EI", ()), ("AI", ("siae:AI",))):
        assert read({"Type": "kind"}, {"Type": cell}, values=values).statuses == statuses


def test_what_is_always_true_needs_no_column() -> None:
    always = Always(("innovation:Audélor",), ("NUM-01",), "56")
    record = read({"S": "sectors", "D": "departement"}, {"S": "Bois", "D": ""}, always=always)
    assert record.statuses == ("innovation:Audélor",)
    assert record.sectors == ("NUM-01", "Bois")
    assert record.departement == "56"


def test_a_list_of_firms_needs_neither_name_nor_place() -> None:
    found = propose(headers("SIREN", "Fin d'agrément")).mapping
    found.check("esus.xlsx")
    record = found.apply(Row("x", 2, {"SIREN": "900000100", "Fin d'agrément": "31/12/2026"}))
    assert (record.level, record.siren, record.ends_on) == ("siren", "900000100", "31/12/2026")


def test_a_ticked_box_is_the_sector_its_header_names() -> None:
    columns = {"Espaces verts": "sectors", "Bois (oui/non)": "sectors"}
    assert read(columns, {"Espaces verts": "X", "Bois (oui/non)": "non"}).sectors == (
        "Espaces verts",
    )


@pytest.mark.parametrize(("cell", "workers"), [("12 salariés", "12"), ("12,5", "12,5"), ("", "")])
def test_a_headcount_is_a_number(cell: str, workers: str) -> None:
    assert read({"E": "workers"}, {"E": cell}).workers == workers


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["Nom", "Site"], "aucun lieu"),
        (["Ville", "Téléphone"], "aucun nom n'est reconnu"),
        (["Foo", "Bar"], "aucun nom ni lieu"),
    ],
)
def test_a_list_without_name_or_place_is_refused(columns: list[str], sentence: str) -> None:
    found = propose(headers(*columns))
    with pytest.raises(SourceError, match=sentence):
        found.mapping.check("liste.csv", seen=found.columns)


def test_names_alone_are_enough_to_look_suppliers_up() -> None:
    names = propose(headers("Fournisseur")).mapping
    names.check("grand livre.csv", needs_place=False)
    with pytest.raises(SourceError, match="aucun lieu"):
        names.check("grand livre.csv")


def test_an_address_that_ends_with_its_place_needs_no_other_column() -> None:
    rows = table({"Nom": ["A"], "Adresse": ["3 rue du Port 56100 Lorient"]})
    found = propose(rows).mapping
    found.check()
    assert found.apply(rows[0]).commune == "Lorient"
