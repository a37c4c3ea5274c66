"""The sheet of a supplier."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Mention, Supplier
from tests.webapp import invented
from tests.webapp.conftest import Visitor

LISTED, CLOSED, MASKED = invented.siret(8), invented.siret(5), invented.siret(7)


def test_each_status_says_why_by_whom_since_when_and_for_what(either: Flask) -> None:
    page = Visitor(either).read(f"/fournisseurs/{LISTED}")
    assert "Insertion (SIAE)" in page
    assert "Marché de l’inclusion, 1er\u00a0septembre\u00a02026" in page
    assert "pour cet établissement" in page


def test_the_sheet_leads_to_the_public_pages_about_the_supplier(visitor: Visitor) -> None:
    page = visitor.read(f"/fournisseurs/{LISTED}")
    assert f"https://annuaire-entreprises.data.gouv.fr/etablissement/{LISTED}" in page
    assert "https://lemarche.inclusion.gouv.fr/prestataires/exemple/" in page
    assert f"/inscription?siret={LISTED}" in page


def test_the_position_says_its_precision(visitor: Visitor) -> None:
    assert "Position à l’adresse exacte" in visitor.read(f"/fournisseurs/{LISTED}")


def test_contacts_are_shown_to_signed_in_buyers_only(visitor: Visitor) -> None:
    assert "contact@exemple.fr" not in visitor.read(f"/fournisseurs/{LISTED}")
    visitor.sign_in(*invented.BUYER)
    assert "02\u00a097\u00a000\u00a000\u00a000" in visitor.read(f"/fournisseurs/{LISTED}")


def test_a_closed_establishment_says_since_when(visitor: Visitor) -> None:
    page = visitor.read(f"/fournisseurs/{CLOSED}")
    assert "Établissement fermé" in page
    assert "1er\u00a0juin\u00a02025" in page


def test_a_masked_person_stays_masked_even_for_buyers(visitor: Visitor, base: Session) -> None:
    hidden = base.scalars(select(Supplier).where(Supplier.uid == MASKED)).one()
    name, address = hidden.name, hidden.address
    hidden.phone = "+33611223344"
    base.commit()
    visitor.sign_in(*invented.BUYER)
    page = visitor.read(f"/fournisseurs/{MASKED}")
    assert "[Non diffusible]" in page
    assert name not in page
    assert address not in page
    assert "06\u00a011" not in page
    assert 'id="carte"' not in page


def test_a_link_that_is_not_http_is_not_followed(visitor: Visitor, base: Session) -> None:
    line = base.scalars(select(Mention).where(Mention.siret == LISTED)).first()
    assert line is not None
    line.link = "javascript:alert(1)//lemarche.inclusion"
    base.commit()
    assert "javascript:" not in visitor.read(f"/fournisseurs/{LISTED}")


def test_an_unknown_supplier_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("/fournisseurs/00000000000000").status_code == 404


def test_a_value_leads_back_to_its_source_file_line_and_day(visitor: Visitor) -> None:
    page = visitor.read(f"/fournisseurs/{LISTED}")
    assert "D’où vient cette donnée" in page
    assert "Répertoire Sirene, sirene.csv, à ce SIRET, lu le 1er\u00a0septembre\u00a02026" in page
    visitor.sign_in(*invented.BUYER)
    contact = visitor.read(f"/fournisseurs/{LISTED}")
    assert "Marché de l’inclusion, marche_inclusion.csv, ligne 2, lu le" in contact
