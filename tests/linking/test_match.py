"""match and evaluate: anyone's list, and how good the answers are."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

from sourcing.linking import match
from sourcing.linking.evaluation import Answers, evaluate, figures
from sourcing.linking.weights import posterior, read, settled
from sourcing.source import Record, SourceError
from tests.conftest import shared
from tests.linking.conftest import Maker
from tests.linking.test_link import ATELIERS, RICOCHET

KEYS = {
    *("n", "n_present", "precision", "recall", "f1", "f1_best", "recall_at_p99", "recall_at_p95"),
    *("f1_siren", "auto_precision", "auto_share", "seconds_cold", "seconds_warm"),
}


def test_a_line_comes_back_with_its_supplier_and_why(session: Session, supplier: Maker) -> None:
    supplier(RICOCHET, phone="+33297000001", **ATELIERS)
    found = match(
        session, [Record(name="Ateliers du Scorff", commune="Lanester", phone="+33297000001")]
    )[0]
    assert (found.siret, found.verdict) == (RICOCHET, "same")
    assert {"même téléphone", "même commune"} <= set(found.reasons)


def test_a_web_site_named_after_a_supplier_leads_to_it(session: Session, supplier: Maker) -> None:
    supplier(RICOCHET, name="Ricochet Menuiserie", commune="Lanester", postcode="56600")
    asked = Record(name="RM 56", commune="Lanester", website="https://www.menuiserie-ricochet.fr")
    found = match(session, [asked])[0]
    assert found.siret == RICOCHET
    assert "le site internet porte ce nom" in found.reasons


def test_what_a_guard_holds_back_is_never_as_probable_as_a_link() -> None:
    weigh = replace(read(), same=0.8)
    chance = np.array([0.3, 0.6, 0.9, 1.0])
    held, free = (settled(chance, chance, np.full(4, is_held), weigh) for is_held in (True, False))
    assert held.max() <= 0.8
    assert (np.diff(held) > 0).all()
    assert (free >= chance).all()
    # Two equal rivals stay below one half, whatever nothing holds back.
    assert settled(np.array([0.49]), np.array([0.98]), np.array([False]), weigh)[0] < 0.5


def test_a_siret_is_enough(session: Session, supplier: Maker) -> None:
    supplier(RICOCHET, **ATELIERS)
    assert match(session, [Record(name="Autre nom", siret=RICOCHET)])[0].score == 1.0


def test_nobody_is_an_answer(session: Session, supplier: Maker) -> None:
    supplier(RICOCHET, **ATELIERS)
    found = match(session, [Record(name="Boulangerie Le Goff", commune="Brest", postcode="29200")])[
        0
    ]
    assert (found.siret, found.supplier_uid, found.verdict) == ("", "", "different")


def test_another_siret_is_at_most_a_question(session: Session, supplier: Maker) -> None:
    supplier("53876295600042", **ATELIERS)
    record = Record(name=ATELIERS["name"], address=ATELIERS["address"], commune="Lanester",
                    postcode="56600", siret=RICOCHET)  # fmt: skip
    assert match(session, [record])[0].verdict == "review"


def test_an_empty_base_and_an_empty_list_are_answered(session: Session) -> None:
    assert match(session, []) == []
    assert match(session, [Record(name="Ateliers")])[0].verdict == "different"


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_evaluation_counts_what_was_found(tmp_path: Path) -> None:
    line = {"name": "Les Ateliers du Scorff", "alt_name": "", "address": "12 rue de Kerpont",
            "postcode": "56600", "city": "Lanester"}  # fmt: skip
    register = _write(tmp_path / "r.csv", [{"siret": RICOCHET, **line}])
    stranger = line | {
        "name": "Garage Martinet",
        "address": "1 quai",
        "city": "Brest",
        "postcode": "29200",
    }
    queries = _write(
        tmp_path / "q.csv", [{**line, "truth_siret": RICOCHET}, {**stranger, "truth_siret": ""}]
    )
    found = evaluate(register, queries)
    assert found.keys() == KEYS
    assert (found["n"], found["n_present"], found["f1"]) == (2, 1, 1.0)


def test_each_source_has_its_figures() -> None:
    found = Answers(
        np.array([0.9, 0.8, 0.2]), np.array(["11", "12", ""], dtype=object),
        np.array(["11", "13", "14"], dtype=object), np.array([True, False, False]),
        np.array(["a", "b", "a"], dtype=object), (1.0, 0.1),
    )  # fmt: skip
    one, other = (figures(found.of(source)) for source in "ab")
    assert (one["n"], one["precision"], one["recall"], one["auto_share"]) == (2, 1.0, 0.5, 0.5)
    assert (other["n"], other["f1"]) == (1, 0.0)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    wrong = _write(tmp_path / "r.csv", [{"siret": "", "nom": ""}])
    with pytest.raises(SourceError, match="il manque les colonnes"):
        evaluate(wrong, wrong)


def test_rivals_share_the_probability() -> None:
    chance = posterior(np.array([5.0, 5.0, 5.0]), np.array([0, 0, 1]), 2)
    assert chance[0] == chance[1] < 0.5 < chance[2]


@pytest.mark.real
@pytest.mark.slow
def test_the_real_development_set_keeps_its_level() -> None:
    found = evaluate(shared("data/linking/register.csv"), shared("data/linking/queries_dev.csv"))
    assert found["f1"] >= 0.82
    assert found["auto_precision"] >= 0.985
    assert found["auto_share"] >= 0.5
