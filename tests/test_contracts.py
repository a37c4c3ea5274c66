"""Public contracts come in once each, as last modified, led to who won them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from connectors.decp import SOURCE
from sourcing.ingest import ingest, rejects
from sourcing.model import Contract, ContractWinner, Run, Stale, Supplier
from tests.conftest import shared
from tests.decp_files import FAR, as_json, contract_2019, contract_2022, line, parquet, table
from tests.sirene_base import know_territory
from tests.sirene_files import siret


def bring(session: Session, *files: Path, everywhere: bool = False) -> Run:
    """Ingest; whatever happens, every line is in one count."""
    run = ingest(session, SOURCE, files, everywhere=everywhere)
    counted = run.kept + run.outside + run.out_of_scope + run.repeated + run.rejected
    assert run.rows == counted
    return run


@pytest.fixture
def base(session: Session) -> Session:
    know_territory(session)
    session.add_all(supplier(number) for number in (1, 2))
    session.flush()
    return session


@pytest.fixture
def here(sqlite_engine: Engine) -> Iterator[Session]:
    """For what DuckDB alone decides."""
    with Session(sqlite_engine) as session:
        know_territory(session)
        yield session


def supplier(number: int, nic: int = 1, **values: object) -> Supplier:
    usual = {
        "uid": siret(number, nic), "siret": siret(number, nic), "siren": siret(number)[:9],
        "origin": "register", "name": f"Fournisseur {number}", "first_seen": date(2026, 1, 1),
        "last_seen": date(2026, 1, 1),
    }  # fmt: skip
    return Supplier(**usual | values)


def contracts(session: Session) -> Sequence[Contract]:
    return session.scalars(select(Contract).order_by(Contract.uid)).all()


def winners(session: Session) -> list[tuple[str, str, int | None]]:
    found = session.scalars(
        select(ContractWinner).order_by(ContractWinner.contract_id, ContractWinner.position)
    )
    return [(w.identifier, w.level, w.supplier_id) for w in found]


@pytest.mark.parametrize("write", [table, parquet])
def test_a_line_becomes_a_contract_led_to_its_supplier(
    base: Session, tmp_path: Path, write: object
) -> None:
    assert callable(write)
    run = bring(base, write(tmp_path, line()))
    (contract,) = contracts(base)
    assert (run.outcome, run.kept, run.message) == ("done", 1, "1 marchés ou lots.")
    assert (contract.amount_eur, contract.cpv, contract.notified_on, contract.buyer_siren) == (
        50000, "77310000", date(2024, 5, 15), "215601212",
    )  # fmt: skip
    known = base.scalars(select(Supplier.id).where(Supplier.siret == siret(1))).one()
    assert winners(base) == [(siret(1), "siret", known)]
    assert list(base.scalars(select(Stale.supplier_id))) == [known]


def test_the_last_version_wins_and_the_first_amount_is_remembered(
    base: Session, tmp_path: Path
) -> None:
    bring(
        base,
        table(
            tmp_path,
            line(donneesActuelles="false"),
            line(modification_id="1", montant="56000.0", dateNotification="2025-02-01"),
        ),
    )
    (contract,) = contracts(base)
    assert (contract.amount_eur, contract.initial_eur, contract.modifications) == (56000, 50000, 1)
    assert (contract.notified_on, contract.modified_on) == (date(2024, 5, 15), date(2025, 2, 1))


def test_without_flags_the_latest_notification_wins(here: Session, tmp_path: Path) -> None:
    bare = {"modification_id": "", "donneesActuelles": ""}
    later = line(montant="20", dateNotification="2025-01-01", **bare)
    run = bring(here, table(tmp_path, later, line(**bare), line(**bare)))
    assert [c.amount_eur for c in contracts(here)] == [20]
    assert run.repeated == 2


def test_a_group_shares_one_amount(base: Session, tmp_path: Path) -> None:
    bring(base, table(tmp_path, line(), line(titulaire_id=siret(2)), line(titulaire_id=siret(3))))
    (contract,) = contracts(base)
    assert (contract.amount_eur, contract.winners) == (50000, 3)
    assert len(winners(base)) == 3


def test_lots_of_one_number_and_cpv_are_told_apart_by_their_amounts(
    here: Session, tmp_path: Path
) -> None:
    bring(here, table(tmp_path, line(), line(titulaire_id=siret(2), montant="80000")))
    assert sorted(c.amount_eur or 0 for c in contracts(here)) == [50000, 80000]
    assert all(c.winners == 1 for c in contracts(here))


def test_only_the_territory_s_purchases_and_the_base_s_winners_are_kept(
    base: Session, tmp_path: Path
) -> None:
    run = bring(
        base,
        table(
            tmp_path,
            line(9),
            line(1, id="AILLEURS", acheteur_id=FAR),
            line(8, id="LOIN", acheteur_id=FAR),
            line(8, id="DOMICILE", acheteur_id="19560001000019", acheteur_commune_code="56121"),
        ),
    )
    assert sorted(c.uid.split(":")[1] for c in contracts(base)) == ["2024M09", "AILLEURS",
                                                                    "DOMICILE"]  # fmt: skip
    assert (run.kept, run.outside) == (3, 1)


def test_another_establishment_of_the_firm_is_led_to_and_said(
    base: Session, tmp_path: Path
) -> None:
    bring(base, table(tmp_path, line(1, titulaire_id=siret(1, nic=7))))
    ((_, level, known),) = winners(base)
    assert level == "siren"
    assert base.get_one(Supplier, known).siret == siret(1)


def test_a_winner_the_base_names_keeps_no_name_of_its_own(base: Session, tmp_path: Path) -> None:
    bring(base, table(tmp_path, line(1), line(5)))
    names = base.scalars(select(ContractWinner.name).order_by(ContractWinner.name))
    assert list(names) == ["", "TITULAIRE 5"]


def each(base: Session, folder: Path, column: str, values: Iterable[str]) -> list[Contract]:
    """A contract per value of this column, in their order."""
    bring(base, table(folder, *(line(n, **{column: v}) for n, v in enumerate(values, 10))))
    return list(base.scalars(select(Contract).order_by(Contract.uid)))


def test_an_amount_nobody_believes_is_set_aside_and_said(here: Session, tmp_path: Path) -> None:
    notes = {
        "0": "montant nul ou négatif : 0 €",
        "-5": "montant nul ou négatif : -5 €",
        "1.0": "montant symbolique : 1 €",
        "1e12": "montant invraisemblable : 1000000000000 €",
        "9999999.99": "montant invraisemblable : 9999999.99 €",
        "NC": "",
        "": "",
    }
    found = each(here, tmp_path, "montant", notes)
    assert [contract.amount_note for contract in found] == list(notes.values())
    assert {contract.amount_eur for contract in found} == {None}


def test_a_date_that_cannot_be_is_no_date(here: Session, tmp_path: Path) -> None:
    dates = ["2925-01-01", "0222-04-29", "bientôt", "", "15/05/2024"]
    found = each(here, tmp_path, "dateNotification", dates)
    assert [c.notified_on for c in found] == [None, None, None, None, date(2024, 5, 15)]


def test_a_cpv_without_its_key_or_its_zero_is_read(here: Session, tmp_path: Path) -> None:
    codes = ["77310000", "77310000-6", "3111000", "45000000.0", "NC", ""]
    found = each(here, tmp_path, "codeCPV", codes)
    assert [c.cpv for c in found] == ["77310000", "77310000", "03111000", "45000000", "", ""]


def test_a_winner_keeps_the_identifier_it_was_given(here: Session, tmp_path: Path) -> None:
    firm = siret(1)[:9]
    given = {
        ("SIRET", siret(1) + ".0"): (siret(1), siret(1), firm),
        ("SIRET", firm): (firm, "", firm),
        ("TVA", "FR40" + firm): ("FR40" + firm, "", firm),
        ("TAHITI", "A12345"): ("A12345", "", ""),
        ("SIRET", "868768687576575"): ("868768687576575", "", ""),
    }
    lines = [line(10 + n, titulaire_typeIdentifiant=kind, titulaire_id=identifier)
             for n, (kind, identifier) in enumerate(given)]  # fmt: skip
    bring(here, table(tmp_path, *lines))
    found = here.execute(
        select(ContractWinner.identifier, ContractWinner.siret, ContractWinner.siren)
        .join(Contract, Contract.id == ContractWinner.contract_id)
        .order_by(Contract.uid)
    )
    assert [tuple(row) for row in found] == list(given.values())


def test_considerations_are_listed_and_silence_is_not_a_no(here: Session, tmp_path: Path) -> None:
    bring(
        here,
        table(
            tmp_path,
            line(1, considerationsSociales="Critère social, Clause sociale"),
            line(2, considerationsSociales="Pas de considération sociale"),
        ),
    )
    said = [(c.social, c.environmental) for c in contracts(here)]
    assert said == [("Clause sociale | Critère social", None), ("", None)]


def test_what_identifies_nothing_is_rejected_with_its_line(here: Session, tmp_path: Path) -> None:
    run = bring(here, table(tmp_path, line(), line(2, id=""), line(3, acheteur_id="")))
    assert [(r.line, r.reason) for r in rejects(here, run)] == [
        (3, "numéro du marché absent"),
        (4, "identifiant de l'acheteur absent"),
    ]


def test_json_is_rejected_at_the_rank_of_its_contract(here: Session, tmp_path: Path) -> None:
    twice = {"dateNotificationModification": "2020-01-01", "montant": 1000}
    content = [contract_2019(modifications=[twice]), contract_2019(2, id=None)]
    run = bring(here, as_json(tmp_path, {"marches": content}))
    assert [r.line for r in rejects(here, run)] == [2]


def test_concessions_are_counted_and_left_out(here: Session, tmp_path: Path) -> None:
    concession = contract_2022(2, nature="Concession de travaux")
    run = bring(here, as_json(tmp_path, [contract_2019(), contract_2022(), concession]))
    assert (run.kept, run.out_of_scope) == (2, 1)


def test_a_file_read_again_changes_nothing(base: Session, tmp_path: Path) -> None:
    file = table(tmp_path, line())
    bring(base, file)
    before = [(c.run_id, c.digest) for c in contracts(base)]
    bring(base, file)
    assert [(c.run_id, c.digest) for c in contracts(base)] == before


def test_a_later_file_replaces_the_winners_and_an_older_one_does_not(
    base: Session, tmp_path: Path
) -> None:
    bring(base, table(tmp_path, line(), line(titulaire_id=siret(2))))
    base.query(Stale).delete()
    late = line(montant="51000", datePublicationDonnees="2025-06-01")
    bring(base, table(tmp_path, late))
    bring(base, table(tmp_path, line(montant="2", datePublicationDonnees="2023-01-01")))
    assert [c.amount_eur for c in contracts(base)] == [51000]
    assert [identifier for identifier, _, _ in winners(base)] == [siret(1)]
    assert len(list(base.scalars(select(Stale)))) == 2


def test_a_missing_column_is_refused_and_yesterday_s_contracts_stay(
    base: Session, tmp_path: Path
) -> None:
    bring(base, table(tmp_path, line()))
    cut = tmp_path / "coupe.csv"
    cut.write_text("uid,acheteur_id,titulaire_id,montant,dateNotification,codeCPV\n1,2,3,4,5,6\n")
    run = bring(base, cut)
    assert run.outcome == "refused"
    assert "il manque « id »" in run.message
    assert len(contracts(base)) == 1


def test_a_damaged_parquet_is_one_sentence(here: Session, tmp_path: Path) -> None:
    whole = parquet(tmp_path, line()).read_bytes()
    (tmp_path / "abime.parquet").write_bytes(whole[: len(whole) // 2])
    run = bring(here, tmp_path / "abime.parquet")
    assert "parquet tronqué ou abîmé" in run.message


def test_without_a_territory_nothing_is_kept_by_chance(session: Session, tmp_path: Path) -> None:
    assert "Aucun territoire n'est chargé" in bring(session, table(tmp_path, line())).message


def test_the_real_works_contracts_around_brittany_come_in_once_each(here: Session) -> None:
    file = shared("data/sources/decp/decp_2024S2_travaux_bretagne.csv")
    run = bring(here, file, everywhere=True)
    assert (run.rows, run.rejected) == (498, 0)
    assert 360 <= len(contracts(here)) <= 370
    assert all(c.amount_eur and c.buyer_siren for c in contracts(here))
