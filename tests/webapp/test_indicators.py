"""The ledger read and led to suppliers, and the charter's figures it makes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors import readers
from sourcing import indicators, segments, spending
from sourcing.model import Contract, Run, Spending, Supplier
from sourcing.source import SourceChanged
from sourcing.spending.intake import amount
from tests.webapp import invented
from tests.webapp.conftest import Visitor

NOMENCLATURE = segments.load()
HEADER = "Exercice;SIRET;Fournisseur;Ville;Montant HT;N° marché;Direction;Compte;N° mandat"


def ledger(base: Session, folder: Path, *lines: str, header: str = HEADER) -> spending.Report:
    path = folder / "depenses.csv"
    path.write_text("\n".join((header, *lines)), "utf-8")
    return spending.take(base, NOMENCLATURE, readers.read(path), spending.Ledger(path.name))


def known(base: Session, *where: object) -> Supplier:
    found = base.scalars(select(Supplier).where(*where).order_by(Supplier.id)).first()  # type: ignore[arg-type]
    assert found is not None
    return found


def small(base: Session, folder: Path) -> spending.Report:
    """An association with and without SIRET, a firm by name, a double, pay, no amount, unknown."""
    ess = known(base, Supplier.legal_form == "9220", Supplier.state == "A")
    named = known(base, Supplier.legal_form == "5710", Supplier.diffusion == "O")
    named.name = named.legal_name = "MENUISERIE KERVENANEC"
    base.flush()
    return ledger(
        base, folder,
        f"2025;{ess.siret};{ess.name};;1 000,00;M1;Espaces verts;61521;1",
        f"2025;;{named.name};{named.commune};2 000,00 €;;Bâtiments;60632;2",
        f"2025;;{named.name};{named.commune};2 000,00 €;;Bâtiments;60632;2",
        f"2025;;{ess.name};;1 000,00;;Bâtiments;60632;6",
        "2025;;Personnel;;50000;;RH;64111;3",
        "2025;;Sans montant;;n.c.;;RH;611;4",
        "2025;99999999999999;Ailleurs;;500;M2;Espaces verts;611;5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "euros"),
    [("1 234,56 €", 1234.56), ("1.234,56", 1234.56), ("(12,5)", -12.5), ("12.5-", -12.5), ("7", 7)],
)
def test_an_amount_is_read_as_people_write_it(text: str, euros: float) -> None:
    assert amount(text) == euros


def test_a_ledger_is_cleaned_led_to_suppliers_and_reported(either: Flask, tmp_path: Path) -> None:
    with Session(either.extensions["sourcing"].engine) as base:
        report = small(base, tmp_path)
        assert (report.read, report.kept) == (7, 4)
        assert (report.doubles, report.not_bought, report.rejected) == (1, 1, 1)
        assert report.without_siret == 3
        assert report.lines_by_level == {"siret": 1, "ledger": 1, "name": 1, "": 1}
        assert report.errors == ["ligne 7 : « n.c. » n’est pas un montant"]
        assert base.scalar(select(func.sum(Spending.amount_eur))) == 4_500
        small(base, tmp_path)
        assert base.scalar(select(func.count()).select_from(Spending)) == 4


def test_shares_of_the_ledger_by_definition_directorate_and_contract(
    app: Flask, base: Session, tmp_path: Path
) -> None:
    small(base, tmp_path)
    found = {f.indicator.code: f for f in indicators.board(base, 2025)}
    assert found["ESS"].value == pytest.approx(44.44)
    assert found["HORS_MARCHE"].value == pytest.approx(66.67)
    assert found["LOCAL"].counted == 4_000
    shares = [share for _, share in indicators.definitions(base, 2025)]
    assert shares == sorted(shares, key=lambda share: share or 0)
    assert indicators.known_share(base, 2025) == pytest.approx(88.89)
    alone = {f.indicator.code: f for f in indicators.board(base, 2025, "Espaces verts")}
    assert alone["ESS"].value == pytest.approx(66.67)
    by = dict(indicators.detail(base, "HORS_MARCHE", 2025, "directorate"))
    assert by["Bâtiments"].value == 100


def test_a_ledger_without_amounts_says_what_to_do_and_changes_nothing(
    app: Flask, base: Session, tmp_path: Path
) -> None:
    small(base, tmp_path)
    with pytest.raises(SourceChanged, match="aucune colonne de montant"):
        ledger(base, tmp_path, "x;y", header="SIRET;Nom")
    assert base.scalar(select(func.count()).select_from(Spending)) == 4


def contract(base: Session, number: int, **said: object) -> None:
    base.add(Contract(**{
        "id": number, "uid": str(number), "source": "decp", "run_id": base.scalar(select(Run.id)),
        "digest": number, "buyer_siret": "20004217400018", "buyer_siren": "200042174",
        "buyer_name": "Lorient Agglomération", "object": "Travaux", "object_key": "TRAVAUX",
        "cpv": "", "nature": "", "procedure": "Appel d'offres ouvert", "techniques": "",
        "place_code": "", "modifications": 0, "amount_note": "", "winners": 1, "segment": "EV-01",
        "segment_score": 1.0, "notified_on": invented.date(2025, 3, 1), "amount_eur": 100.0,
        **said,
    }))  # fmt: skip


def test_contracts_give_the_shares_that_the_ledger_cannot(app: Flask, base: Session) -> None:
    for place in base.scalars(select(indicators.Place)):
        place.epci = "200042174"
    contract(base, 1, social="Marché réservé", environmental="")
    contract(base, 2, social="", environmental="", procedure="Procédure adaptée")
    contract(base, 3, social=None, environmental=None)
    base.commit()
    found = {f.indicator.code: f for f in indicators.board(base, 2025)}
    assert found["RESERVES"].value == 50
    assert found["RESERVES"].silent == 1
    assert found["SOCIAL_FORMALISE"].value == 100


def test_a_value_entered_by_hand_is_marked_and_never_covers_a_computed_one(
    buyer: Visitor, base: Session, tmp_path: Path
) -> None:
    small(base, tmp_path)
    base.commit()
    said = {"code": "HEURES_INSERTION", "annee": "2025", "valeur": "61 500", "note": "Mission"}
    page = buyer.send("/indicateurs", to="/indicateurs/saisie", **said).text
    assert "61\u202f500" in page
    assert "saisi par Erwan" in page
    buyer.send("/indicateurs", to="/indicateurs/saisie", code="ESS", annee="2025", valeur="99")
    assert "99" not in csv_of(buyer, "/indicateurs.csv?annee=2025")["ESS"][4]
    refused = buyer.send("/indicateurs", to="/indicateurs/saisie", **said | {"valeur": "?"})
    assert "n’est pas un nombre" in refused.text


def csv_of(visitor: Visitor, path: str) -> dict[str, Sequence[str]]:
    lines = [line.split(";") for line in visitor.get(path).text.splitlines()]
    return {line[0]: line for line in lines}


def test_every_figure_has_its_page_its_chart_and_its_file(
    app: Flask, buyer: Visitor, base: Session, tmp_path: Path
) -> None:
    small(base, tmp_path)
    base.commit()
    page = buyer.read("/indicateurs/HORS_MARCHE?annee=2025")
    assert "cible 2027" in page
    assert page.count("<rect") >= 2
    assert "Bâtiments" in buyer.get("/indicateurs/HORS_MARCHE.csv?annee=2025").text
    lines = buyer.get("/indicateurs/depenses.csv?annee=2025").text.splitlines()
    assert len(lines) == 5
    assert "Effet de la définition" in buyer.read("/indicateurs?annee=2025")
    assert Visitor(app).get("/indicateurs").status_code == 302


def test_an_empty_base_says_what_to_load(buyer: Visitor) -> None:
    assert "envoyer l’export des dépenses" in buyer.read("/indicateurs")
    assert "Aucune valeur encore" in buyer.read("/indicateurs/ESUS")
