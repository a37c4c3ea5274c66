"""The JSON of the three schemas becomes lines of the consolidated table."""

from pathlib import Path
from typing import Any

from connectors.decp import LEFT, NEEDED, READ, SOURCE, read
from tests.conftest import shared
from tests.decp_files import as_json, contract_2019, contract_2022
from tests.sirene_files import siret

SAID = ("id", "acheteur_id", "objet", "montant", "dateNotification", "titulaire_id",
        "titulaire_nom", "donneesActuelles")  # fmt: skip


def rows(folder: Path, content: Any) -> list[dict[str, str]]:
    return [dict(row.values) for row in read(as_json(folder, content))]


def test_a_contract_of_2019_gives_its_winner_with_its_name(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, {"marches": [contract_2019()]})
    assert [row[column] for column in SAID] == [
        "2019M01", "21560121200016", "Nettoyage des écoles", "30000", "2019-02-01", siret(1),
        "ALPHA", "true",
    ]  # fmt: skip


def test_the_envelope_of_2022_is_opened_and_its_wrappers_taken_off(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, {"marches": {"marche": [contract_2022()]}})
    assert (row["titulaire_id"], row["titulaire_nom"]) == (siret(1), "")
    assert row["considerationsSociales"] == '["Clause sociale"]'
    assert row["_line"] == "1"


def test_a_bare_list_and_one_contract_per_line_are_read_too(tmp_path: Path) -> None:
    assert len(rows(tmp_path, [contract_2019(), contract_2022(2)])) == 2


def test_each_modification_is_a_version_that_keeps_what_it_does_not_change(tmp_path: Path) -> None:
    changes = [
        {"modification": {"id": 2, "montant": 70000, "dateNotificationModification": "2025-01-01"}},
        {"modification": {"id": 1, "dureeMois": 24, "dateNotificationModification": "2024-06-01"}},
    ]
    found = rows(tmp_path, {"marches": {"marche": [contract_2022(modifications=changes)]}})
    told = [(r["modification_id"], r["montant"], r["dureeMois"], r["donneesActuelles"])
            for r in found]  # fmt: skip
    assert told == [
        ("0", "60000.0", "12", "false"),
        ("1", "60000.0", "24", "false"),
        ("2", "70000", "24", "true"),
    ]


def test_a_modification_may_change_the_winners_however_deep_they_are(tmp_path: Path) -> None:
    there = [[[{"typeIdentifiant": "SIRET", "id": siret(7), "denominationSociale": "SEPT"}]]]
    change = {"dateNotificationModification": "2020-01-01", "titulaires": there}
    found = rows(tmp_path, {"marches": [contract_2019(modifications=[change])]})
    assert [row["titulaire_nom"] for row in found] == ["ALPHA", "SEPT"]


def test_several_winners_are_several_lines_and_none_is_still_one(tmp_path: Path) -> None:
    several = [{"titulaire": {"typeIdentifiant": "SIRET", "id": siret(n)}} for n in (1, 2)]
    assert len(rows(tmp_path, [contract_2022(titulaires=several)])) == 2
    assert rows(tmp_path, [contract_2022(titulaires=[])])[0]["titulaire_id"] == ""


def test_a_concession_says_so(tmp_path: Path) -> None:
    concession = {
        "id": "C1", "nature": "Concession de service", "objet": "Restauration",
        "autoriteConcedante": {"id": "21560121200016"}, "dateSignature": "2024-04-02",
        "valeurGlobale": 10.5,
        "concessionnaires": [{"concessionnaire": {"typeIdentifiant": "SIRET", "id": siret(1)}}],
    }  # fmt: skip
    content = {"marches": {"contrat-concession": [concession], "marche": [contract_2022()]}}
    first, _ = rows(tmp_path, content)
    assert (first["nature"], first["montant"], first["titulaire_id"]) == (
        "Concession de service", "10.5", siret(1),
    )  # fmt: skip


def test_every_column_is_read_once() -> None:
    listed = [*NEEDED.split(), *READ.split(), *LEFT.split()]
    assert len(listed) == len(set(listed))
    shape = SOURCE.shapes[0]
    assert set(listed) == shape.columns | shape.optional


def test_the_official_examples_are_read(tmp_path: Path) -> None:
    for name in ("decp_v2_exemple_marches_avec_modifications", "decp_test_2022"):
        found = list(read(shared(f"data/sources/decp/{name}.json")))
        assert {row.get("donneesActuelles") for row in found} == {"true", "false"}
        assert all(row.get("titulaire_id") for row in found)
