"""The inclusion market says one thing in many layouts."""

from pathlib import Path

import pytest

from connectors.marche_inclusion import SOURCE, parse, sectors, status
from connectors.readers import read
from sourcing.ingest.recognise import leftover, recognise
from sourcing.source import Record, Row
from tests.conftest import shared

SAMPLES = Path(__file__).parent / "samples"
REAL = "data/sources/marche_inclusion/"


def records(path: Path) -> list[Record | None]:
    return [parse(row) for row in read(path)]


def first(sample: str) -> Record:
    record = records(SAMPLES / f"marche_inclusion__{sample}")[0]
    assert record
    return record


@pytest.mark.parametrize("period", ["2022", "2023", "2025", "2025_repeated"])
def test_the_exports_of_three_periods_say_the_same(period: str) -> None:
    record = first(f"{period}.csv")
    assert record.name == "LES JARDINS DE KERVENIC"
    assert record.other_names == ("Kervénic Vert",)
    assert record.statuses == ("siae:ACI",)
    assert (record.postcode, record.commune, record.departement) == ("56600", "Lanester", "56")
    assert record.sectors == ("Espaces verts & extérieurs", "Recyclage, économie circulaire")
    assert record.is_qpv is True
    assert (
        record.link == "https://lemarche.inclusion.gouv.fr/prestataires/les-jardins-de-kervenic-56/"
    )


def test_the_export_without_siret_keeps_name_place_and_kind() -> None:
    record = first("2026.csv")
    assert (record.siret, record.key, record.link) == ("", "", "")
    assert (record.name, record.commune) == ("LES JARDINS DE KERVENIC", "Lanester")
    assert record.statuses == ("siae:ACI",)


def test_the_api_gives_sectors_offers_and_a_stable_key() -> None:
    record = first("api.json")
    assert record.key == "les-jardins-de-kervenic-56"
    assert record.sectors == (
        "Création et entretien des espaces verts",
        "Travaux forestiers, Bûcheronnage",
    )
    assert record.description == "Tonte: Tonte et taille de haies"
    assert record.website == "https://kervenic.example"


def test_the_answer_for_one_siret_is_a_bare_list() -> None:
    assert first("api_siret.json") == first("api.json")


def test_a_structure_without_agreement_any_more_is_out_of_scope() -> None:
    assert records(SAMPLES / "marche_inclusion__api.json")[1] is None


def test_contacts_of_persons_are_never_read() -> None:
    record = first("2026_tender.csv")
    assert "contact@example.org" not in repr(record)
    assert "0200000000" not in repr(record)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ETTI", ("siae:ETTI",)),
        ("Entreprise de travail temporaire d'insertion (ETTI)", ("siae:ETTI",)),
        ("GEIQ", ("insertion:GEIQ",)),
        ("Produits et services réalisés en prison (SEP)", ("insertion:SEP",)),
        ("EATT", ("handicap:EATT",)),
        ("", ()),
    ],
)
def test_a_kind_is_a_code_or_a_label_with_its_code(kind: str, expected: tuple[str, ...]) -> None:
    assert status(kind) == expected


def test_an_unknown_kind_rejects_the_row() -> None:
    with pytest.raises(ValueError, match="inconnu : « OPCS »"):
        parse(Row("x", 2, {"Raison sociale": "X", "Type de structure": "OPCS"}))


def test_group_names_with_commas_are_not_cut() -> None:
    text = "Ameublement, déco, textile & Artisanat, Hygiène et Propreté, Communication, Marketing"
    assert sectors(text) == (
        "Ameublement, déco, textile & Artisanat",
        "Hygiène et Propreté",
        "Communication, Marketing",
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("export_recherche_morbihan_2025-08_a_2026-07.csv", 44),
        ("export_recherche_morbihan_2026-07.csv", 44),
        ("export_recherche_morbihan_2026-07.xls", 44),
        ("cas_export_2025-08_a_2026-07.csv", 28),
        ("api_siae_list_dept56.json", 44),
        ("api_siae_list_page1.json", 2),
    ],
)
def test_every_row_of_the_real_files_is_read(file: str, count: int) -> None:
    rows = list(read(shared(REAL + file)))
    found = [record for row in rows if (record := parse(row))]
    assert len(rows) == len(found) == count
    assert all(r.name and r.commune and r.statuses for r in found)
    assert leftover(rows, recognise(SOURCE, rows)) == []


@pytest.mark.real
def test_the_csv_and_xls_exports_of_one_search_are_the_same() -> None:
    csv, xls = (
        [parse(r) for r in read(shared(f"{REAL}export_recherche_morbihan_2026-07.{kind}"))]
        for kind in ("csv", "xls")
    )
    assert csv == xls
