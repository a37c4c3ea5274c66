"""What contracts say once in the base: who won what, what it is, and what that proves."""

import csv
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import contracts, segments, tagging
from sourcing.contracts.classes import Classes
from sourcing.model import Contract, ContractWinner, Setting, Stale, Succession, Supplier, Tag
from sourcing.segments import Nomenclature
from tests.awarded import award, supplier
from tests.conftest import shared
from tests.sirene_files import siret

GARDENS, CLEANING = "EV-01", "SRV-01"


@pytest.fixture(scope="module")
def nomenclature() -> Nomenclature:
    return segments.load()


@pytest.fixture
def base(session: Session) -> Session:
    session.add_all(supplier(number) for number in (1, 2))
    session.flush()
    return session


def identity(session: Session, number: int, nic: int = 1) -> int:
    return session.scalars(select(Supplier.id).where(Supplier.siret == siret(number, nic))).one()


def led(session: Session, contract_id: int) -> tuple[int | None, str, str]:
    found = session.get_one(ContractWinner, (contract_id, 0))
    return found.supplier_id, found.level, found.name


def test_amounts_won_alone_and_in_a_group_are_told_apart(
    base: Session, nomenclature: Nomenclature
) -> None:
    award(base, 1, siret(1))
    award(base, 2, siret(1), siret(2), amount_eur=80_000.0)
    award(base, 3, siret(1), amount_eur=None, notified_on=date(2025, 1, 1))
    contracts.settle(base, nomenclature)
    won = contracts.won_by(base, [identity(base, 1), identity(base, 2), 99])
    one = won[identity(base, 1)]
    assert (one.count, one.amount_eur, one.shared, one.shared_eur, one.last_on) == (
        3, 50_000, 1, 80_000, date(2025, 1, 1),
    )  # fmt: skip
    assert won[identity(base, 2)].count == 1
    assert len(won) == 2


def test_a_winner_is_led_to_a_supplier_that_comes_later(
    base: Session, nomenclature: Nomenclature
) -> None:
    award(base, 1, siret(3, 7))
    contracts.settle(base, nomenclature)
    assert led(base, 1) == (None, "", "TEL QUE PUBLIÉ")
    base.add(supplier(3, 1, is_head_office=True))
    contracts.settle(base, nomenclature)
    assert led(base, 1) == (identity(base, 3), "siren", "")
    base.add(supplier(3, 7))
    contracts.settle(base, nomenclature)
    assert led(base, 1) == (identity(base, 3, 7), "siret", "")
    assert set(base.scalars(select(Stale.supplier_id))) == {
        identity(base, 3), identity(base, 3, 7),
    }  # fmt: skip


def test_the_open_head_office_stands_for_its_firm(
    base: Session, nomenclature: Nomenclature
) -> None:
    base.add_all([supplier(4, 1, state="F", is_head_office=True), supplier(4, 2),
                  supplier(4, 3, is_head_office=True)])  # fmt: skip
    award(base, 1, siret(4, 9))
    contracts.settle(base, nomenclature)
    assert led(base, 1)[0] == identity(base, 4, 3)


def test_a_winner_merged_into_another_leads_there(
    base: Session, nomenclature: Nomenclature
) -> None:
    base.get_one(Supplier, identity(base, 1)).merged_into = identity(base, 2)
    award(base, 1, siret(1))
    contracts.settle(base, nomenclature)
    assert led(base, 1)[0] == identity(base, 2)


def test_a_closed_winner_leads_to_the_one_that_took_it_over(
    base: Session, nomenclature: Nomenclature
) -> None:
    base.get_one(Supplier, identity(base, 1)).state = "F"
    base.add(Succession(closed_siret=siret(1), successor_siret=siret(2), on=date(2025, 1, 1)))
    award(base, 1, siret(1))
    contracts.settle(base, nomenclature)
    assert led(base, 1) == (identity(base, 2), "successor", "")
    (won,) = [several for _, several in contracts.segments_won(base)]
    assert won[0].level == "siret"


def test_a_buyer_without_a_name_takes_the_register_s_or_its_other_contracts(
    base: Session, nomenclature: Nomenclature
) -> None:
    base.add(supplier(51, name="MAIRIE DE GUIDEL"))
    award(base, 1, siret(1))
    award(base, 2, siret(1), buyer_name="", buyer_siret=siret(50, 2))
    award(base, 3, siret(1), buyer_name="", buyer_siret=siret(51), buyer_siren=siret(51)[:9])
    contracts.settle(base, nomenclature)
    names = base.scalars(select(Contract.buyer_name).order_by(Contract.id))
    assert list(names) == ["VILLE DE LORIENT", "VILLE DE LORIENT", "MAIRIE DE GUIDEL"]


def test_an_object_is_understood_from_its_words_then_its_cpv(nomenclature: Nomenclature) -> None:
    classes = Classes(nomenclature)
    assert classes.of("Nettoyage des locaux", "90910000").segment == CLEANING
    assert classes.of("Entretien des espaces verts", "45215212").segment == GARDENS
    assert classes.of("", "77311000").segment == GARDENS
    assert classes.of("", "") == ("", 0.0)
    assert classes.of("lot 3", "45421150").segment == classes.of_cpv("45421150")


def test_the_cpv_never_spoils_what_the_words_say(
    nomenclature: Nomenclature,
) -> None:
    with shared("data/needs/needs_dev.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["cpv"] and r["sous_segment_main"] != "?"]
    classes = Classes(nomenclature)

    def share(segment: Callable[[str, str], str]) -> float:
        right = [segment(r["objet"], r["cpv"][:8]) in r["sous_segment_main"].split("|")
                 for r in rows]  # fmt: skip
        return sum(right) / len(right)

    both = share(lambda text, cpv: classes.of(text, cpv).segment)
    assert both >= 0.92
    assert both >= share(lambda text, _: classes.of(text, "").segment)
    assert both > share(lambda _, cpv: classes.of_cpv(cpv))


def test_another_nomenclature_has_every_object_looked_at_again(
    base: Session, nomenclature: Nomenclature
) -> None:
    contract = award(base, 1, siret(1))
    assert contracts.classify(base, nomenclature) == 1
    assert contracts.classify(base, nomenclature) == 0
    base.refresh(contract)
    assert contract.segment == GARDENS
    base.get_one(Setting, "contracts_nomenclature").value = "une autre"
    assert contracts.classify(base, nomenclature) == 1


def test_contracts_won_are_evidence_of_what_is_sold(
    base: Session, nomenclature: Nomenclature
) -> None:
    award(base, 1, siret(1), notified_on=date(2023, 5, 1))
    award(base, 2, siret(1), notified_on=date(2025, 5, 1), buyer_name="CCAS DE LANESTER")
    tagging.tag_stale(base, nomenclature)
    tags = base.scalars(select(Tag).where(Tag.kind == "segment")).all()
    (tag,) = [tag for tag in tags if tag.value == GARDENS]
    assert tag.because == (
        "a remporté 2 marchés publics de ce type, le dernier en 2025 (CCAS DE LANESTER)"
    )
    assert (tag.level, tag.source) == ("siret", "decp")
    assert 0.8 < tag.weight < 1


def test_a_new_contract_has_its_winner_tagged_anew(
    base: Session, nomenclature: Nomenclature
) -> None:
    base.add_all(supplier(number) for number in range(3, 7))
    tagging.tag_stale(base, nomenclature)
    award(base, 1, siret(1))
    assert tagging.tag_stale(base, nomenclature) == 1
    assert base.scalars(select(Tag.supplier_id).where(Tag.source == "decp")).all()
