"""Eight layouts of the lists of ESAT, adapted companies and prison workshops."""

from pathlib import Path

import pytest

from connectors.esat_gesat import SOURCE, cut_address, labels, parse, read, status
from sourcing.ingest.recognise import leftover, recognise
from sourcing.normalise import clean, is_siret
from sourcing.source import Record
from tests.conftest import shared

SAMPLES = Path(__file__).parent / "samples"
SIRET = "90000010000017"
SITES = "data/sources/esat_gesat/esat_liste_officielle_finess_2026.csv"


def records(sample: str) -> list[Record | None]:
    return [parse(row) for row in read(SAMPLES / f"esat_gesat__{sample}")]


def first(sample: str) -> Record:
    record = records(sample)[0]
    assert record
    return clean(record)[0]


@pytest.mark.parametrize(
    "sample",
    ["gesat_2021.csv", "gesat_2024.csv", "hosmoz_2025.csv", "handeco.xml", "asp.csv",
     "finess_annuaire.csv"],
)  # fmt: skip
def test_each_layout_names_the_same_esat_at_the_same_place(sample: str) -> None:
    record = first(sample)
    assert record.name == "ESAT DES GENETS"
    assert record.siret == SIRET
    assert record.statuses == ("handicap:ESAT",)
    assert (record.postcode, record.commune.upper()) == ("56850", "CAUDAN")


def test_glued_competences_are_cut_at_their_capitals() -> None:
    assert first("gesat_2021.csv").sectors[:4] == (
        "Espaces verts", "Blanchisserie", "Conditionnement (petites séries)", "Restauration",
    )  # fmt: skip
    assert labels("Espaces verts Métallerie Prestations RH") == (
        "Espaces verts", "Métallerie", "Prestations RH",
    )  # fmt: skip


def test_the_second_siret_serves_when_the_first_is_empty() -> None:
    assert first("hosmoz_2025.csv").siret == SIRET


def test_an_adapted_company_in_the_same_list_is_no_esat() -> None:
    for sample in ("gesat_2024.csv", "hosmoz_2025.csv", "handeco.xml", "finess_open.csv"):
        second = records(sample)[1]
        assert second and second.statuses == ("handicap:EA",), sample


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("ESAT", "handicap:ESAT"), ("Entreprise adaptée (EA)", "handicap:EA"), ("", "handicap:ESAT"),
     ("Entreprise adaptée de travail temporaire", "handicap:EATT")],
)  # fmt: skip
def test_a_type_is_read_whether_a_code_or_words(kind: str, expected: str) -> None:
    assert status(kind) == (expected,)


def test_the_xml_sectors_are_one_list() -> None:
    found = first("handeco.xml").sectors
    assert found == ("Espaces verts", "Linge & blanchisserie", "Tonte", "Repassage")


def test_an_address_in_one_string_is_cut_before_the_postcode() -> None:
    assert cut_address("8 rue des Genêts 56850 CAUDAN") == ("8 rue des Genêts", "56850", "CAUDAN")
    assert cut_address("BP 12345, ZA Nord, 01300 BELLEY CEDEX 2") == (
        "BP 12345, ZA Nord", "01300", "BELLEY CEDEX 2",
    )  # fmt: skip
    assert cut_address("8 rue des Genêts") == ("8 rue des Genêts", "", "")


def test_lost_zeros_come_back() -> None:
    lost = records("finess_annuaire.csv")[2]
    assert lost
    record, _ = clean(lost)
    assert (record.siret, record.key) == ("01234567800010", "010000201")
    assert (record.postcode, record.commune_code, record.departement) == ("01300", "01034", "01")


def test_two_sites_of_one_siret_keep_two_keys() -> None:
    one, two, _ = records("finess_annuaire.csv")
    assert one and two and one.siret == two.siret and one.key != two.key


def test_the_open_finess_file_keeps_what_sells_and_its_own_commune_codes() -> None:
    esat, adapted, clinic, overseas = records("finess_open.csv")
    assert esat and (esat.name, esat.commune_code) == ("ESAT LES GENETS DE CAUDAN", "56036")
    assert adapted and adapted.statuses == ("handicap:EA",)
    assert clinic is None
    assert overseas and overseas.commune_code == "97105"


def test_a_prison_workshop_marked_for_removal_is_left_out() -> None:
    one, two, removed = records("sep.csv")
    assert one and one.statuses == ("insertion:SEP",) and one.sectors == ("Menuiserie",)
    assert two and two.sectors == ("Confection",)
    assert removed is None


def test_a_missing_number_of_workers_is_nothing() -> None:
    assert first("hosmoz_2025.csv").workers == ""


@pytest.mark.real
def test_every_esat_of_france_is_read_with_its_key_and_place() -> None:
    rows = list(read(shared(SITES)))
    found = [clean(record)[0] for row in rows if (record := parse(row))]
    assert len(rows) == len(found) == 1504
    assert len({r.key for r in found}) == 1504
    assert all(r.name and r.postcode and r.commune_code for r in found)
    assert sum(is_siret(r.siret) for r in found) >= 1420
    assert leftover(rows, recognise(SOURCE, rows)) == []
