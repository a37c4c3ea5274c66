"""The page of contracts awarded, the sheet that shows them, and the file one takes away."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from sourcing import segments, tagging
from sourcing.model import Supplier
from tests.awarded import award
from tests.webapp import invented
from tests.webapp.conftest import Visitor

GARDENER, PAINTER, MASKED = (invented.siret(number) for number in (0, 3, 7))
UNKNOWN = "11122233300019"


def read(visitor: Visitor, path: str) -> str:
    """The page with plain spaces."""
    return visitor.read(path).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def page(app: Flask, base: Session) -> Visitor:
    """A visitor of a base with a few contracts."""
    award(base, 1, GARDENER, buyer_name="COMMUNE DE LANESTER", object="Tonte et taille des haies",
          notified_on=date(2023, 3, 1))  # fmt: skip
    award(base, 2, GARDENER, UNKNOWN, amount_eur=90_000.0, social="Clause sociale",
          object="Entretien des espaces verts du Bois")  # fmt: skip
    award(base, 3, PAINTER, object="Travaux de peinture intérieure", cpv="45442100",
          amount_eur=None, amount_note="montant symbolique : 1 €")  # fmt: skip
    award(base, 4, MASKED, object="Nettoyage des vitres", cpv="90911300", notified_on=None)
    tagging.tag_stale(base, segments.load())
    base.commit()
    return Visitor(app)


def test_a_need_finds_the_contracts_of_its_segment(page: Visitor) -> None:
    text = read(page, "/attributions?q=entretien+des+espaces+verts")
    assert "2 marchés" in text
    assert text.index("verts du Bois") < text.index("Tonte et taille des haies")
    assert "Travaux de peinture" not in text


def test_amounts_are_summed_once_and_doubtful_ones_said(page: Visitor) -> None:
    text = read(page, "/attributions")
    assert "4 marchés" in text and "190 000 €" in text
    assert "1 marché sans montant vraisemblable" in text
    assert "montant symbolique : 1 €" in text
    assert "partagés" in text


@pytest.mark.parametrize(
    ("query", "objects"),
    [("annee=2023", ["Tonte"]), ("cpv=4544", ["peinture"]), ("acheteur=lanester", ["Tonte"]),
     ("segment=EV-01", ["Tonte", "Bois"]), ("q=vitres", ["vitres"]),
     (f"titulaire={GARDENER[:9]}", ["Tonte", "Bois"]), ("annee=1200", None),
     ("page=99", None), ("cpv=abc&annee=x&page=-3", None)],
)  # fmt: skip
def test_filters_narrow_and_nonsense_is_ignored(
    page: Visitor, query: str, objects: list[str] | None
) -> None:
    text = read(page, f"/attributions?{query}").split("<tbody>")[1]
    everything = ("Tonte", "Bois", "peinture", "vitres")
    for said in everything:
        assert (said in text) == (objects is None or said in objects)


def test_winners_lead_to_their_sheets_and_masked_persons_have_no_name(
    page: Visitor, base: Session
) -> None:
    text = read(page, "/attributions")
    assert f"/fournisseurs/{GARDENER}" in text
    assert "TEL QUE PUBLIÉ" in text
    masked = base.query(Supplier).filter_by(siret=MASKED).one()
    assert masked.name not in text.split("<tbody>")[1]
    assert "[Non diffusible]" in text


def test_a_winner_in_a_commune_is_found_by_it(page: Visitor, base: Session) -> None:
    gardener = base.query(Supplier).filter_by(siret=GARDENER).one()
    text = read(page, f"/attributions?commune={gardener.commune_code}")
    assert "Tonte et taille des haies" in text
    assert f"Titulaire à {gardener.commune}" in text


def test_nothing_found_says_so_and_offers_a_way_back(page: Visitor) -> None:
    text = read(page, "/attributions?acheteur=personne")
    assert "Aucun marché de la base ne répond" in text
    assert "Retirer les filtres" in text


def test_an_empty_base_says_how_to_fill_it(visitor: Visitor) -> None:
    text = read(visitor, "/attributions")
    assert "Aucun marché n’est encore chargé" in text
    # A visitor is not told commands; she is told who does it.
    assert "quand l’équipe achats aura chargé" in text and "sourcing fetch" not in text


def test_the_sheet_shows_what_its_supplier_has_won(page: Visitor) -> None:
    text = read(page, f"/fournisseurs/{GARDENER}")
    assert "Marchés publics remportés" in text
    assert "2 marchés, 50 000 € HT remportés seul ; 1 marché partagé" in text
    assert "Clause sociale" in text
    assert "a remporté 2 marchés publics de ce type" in text
    assert "Marchés publics remportés" not in read(page, f"/fournisseurs/{invented.siret(1)}")


def test_the_file_holds_every_contract_and_nothing_a_spreadsheet_runs(
    page: Visitor, base: Session
) -> None:
    award(base, 9, GARDENER, object="=1+1", buyer_name="@ACHETEUR", amount_eur=10.5)
    base.commit()
    answer = page.get("/attributions.csv")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Notifié le;Acheteur;")
    assert len(lines) == 6
    assert "'=1+1" in answer.text and "'@ACHETEUR" in answer.text and ";10,5;" in answer.text
    masked = next(line for line in lines if "vitres" in line)
    assert MASKED not in masked


def test_the_page_is_the_same_on_both_databases(either: Flask) -> None:
    with Session(either.extensions["sourcing"].engine) as session:
        award(session, 1, GARDENER)
        tagging.tag_stale(session, segments.load())
        session.commit()
    text = read(
        Visitor(either), "/attributions?q=espaces+verts&annee=2024&commune=&acheteur=lorient"
    )
    assert "1 marché" in text and f"/fournisseurs/{GARDENER}" in text
