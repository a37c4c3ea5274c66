"""SIRENE's layouts are told apart by their header; API answers are the joined layout, nested."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from connectors.sirene import SOURCE, read
from sourcing.register.stock_files import open_tables
from sourcing.source import SourceError
from tests.conftest import shared
from tests.sirene_files import (
    ESTABLISHMENT_48,
    ESTABLISHMENT_54,
    GEOLOCATION_17,
    GEOLOCATION_19,
    JOINED_61,
    LEGAL_UNIT_35,
    establishment,
    legal_unit,
    siret,
    write_answer,
    write_csv,
)

NEWER = ("activitePrincipaleNAF25UniteLegale", "societeMissionUniteLegale")
LAYOUTS = (
    (ESTABLISHMENT_54, "establishment"),
    (ESTABLISHMENT_48, "establishment"),
    (LEGAL_UNIT_35, "legal_unit"),
    ([column for column in LEGAL_UNIT_35 if column not in NEWER], "legal_unit"),
    (GEOLOCATION_19, "geolocation"),
    (GEOLOCATION_17, "geolocation"),
    (JOINED_61, "joined"),
)


@pytest.mark.parametrize(("columns", "role"), LAYOUTS)
def test_every_layout_is_known_whole(tmp_path: Path, columns: Sequence[str], role: str) -> None:
    file = write_csv(tmp_path / "a.csv", columns, [], delimiter=";")
    (table,) = open_tables(duckdb.connect(), SOURCE, [file], tmp_path)
    assert (table.shape.role, table.leftover) == (role, [])


def test_the_former_export_of_76_columns_is_known_whole(tmp_path: Path) -> None:
    file = shared("data/sources/sirene/sirene_fr_liste_isere_2021.csv")
    (table,) = open_tables(duckdb.connect(), SOURCE, [file], tmp_path)
    assert (table.shape.role, len(table.columns), table.leftover) == ("joined", 76, [])


def test_an_answer_says_what_the_export_says(tmp_path: Path) -> None:
    row, unit = establishment(1, enseigne1="AU PORT"), legal_unit(1)
    (found,) = read(write_answer(tmp_path / "a.json", [(row, unit)]))
    expected = {key: value for key, value in (unit | row).items() if value}
    assert {key: value for key, value in found.values.items() if value} == expected
    assert (found.file, found.line) == ("a.json", 1)


def test_the_state_is_that_of_the_current_period(tmp_path: Path) -> None:
    row = establishment(1, etatAdministratif="A", dateDebut="2020-01-01")
    (found,) = read(write_answer(tmp_path / "a.json", [(row, legal_unit(1))]))
    assert found.get("etatAdministratifEtablissement") == "A"
    assert found.get("dateDebut") == "2020-01-01"


def test_a_single_establishment_and_a_bare_list_are_answers(tmp_path: Path) -> None:
    item = {"siret": siret(1), "etablissementSiege": True, "uniteLegale": None}
    for answer in ({"etablissement": item}, [item]):
        (tmp_path / "a.json").write_text(json.dumps(answer))
        (found,) = read(tmp_path / "a.json")
        assert (found.get("siret"), found.get("etablissementSiege")) == (siret(1), "true")
        assert found.values["denominationUniteLegale"] == ""


def test_what_is_not_an_establishment_is_a_row_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"etablissements": [null, 12, {"periodesEtablissement": 3}]}')
    assert [row.get("siret") for row in read(tmp_path / "a.json")] == ["", "", ""]


def test_the_error_of_the_api_is_told(tmp_path: Path) -> None:
    path = shared("data/sources/sirene/ce_api_insee_siret_400.json")
    with pytest.raises(SourceError, match="Erreur de syntaxe"):
        list(read(path))
