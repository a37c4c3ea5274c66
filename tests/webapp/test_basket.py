"""What one does with suppliers put aside: compare them, take them away, with chosen columns."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from sourcing.model import Supplier
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from tests.webapp.test_dossiers import found, pick


def test_up_to_five_suppliers_are_compared_without_a_score(buyer: Visitor) -> None:
    uids = found(buyer, "")[:6]
    page = buyer.read("/panier/comparer?" + "&".join(f"f={uid}" for uid in uids))
    assert page.count('<th scope="col">') == 5
    assert "5 fournisseurs au plus" in page
    assert "differs" in page
    assert "Cocher deux fournisseurs" in buyer.read(f"/panier/comparer?f={uids[0]}")


def test_the_columns_chosen_once_serve_the_next_files(buyer: Visitor) -> None:
    pick(buyer, *found(buyer)[:2])
    whole = buyer.get("/panier.csv").text.splitlines()
    assert len(whole) == 3
    buyer.send("/exports/colonnes", colonne=["Nom", "Commune"], retour="/panier")
    assert buyer.get("/panier.csv").text.splitlines()[0] == "\ufeffNom;Commune;Extrait le"
    assert buyer.get("/fournisseurs.csv?q=jardins").text.startswith("\ufeffNom;Commune;")
    visitor = Visitor(buyer.client.application)
    assert "Téléphone" not in visitor.read("/exports/colonnes")


def test_contact_cards_are_for_who_signed_in_and_hold_no_foreign_line(
    buyer: Visitor, base: Session
) -> None:
    uid = found(buyer)[0]
    hostile = "A;B\r\nTEL:0"
    base.execute(update(Supplier).where(Supplier.uid == uid).values(
        name=hostile, phone="+33297000000"
    ))  # fmt: skip
    base.commit()
    pick(buyer, uid)
    card = buyer.get("/panier.vcf").text
    assert "FN:A\\;B TEL:0\r\n" in card
    assert card.count("BEGIN:VCARD") == 1
    assert Visitor(buyer.client.application).get("/panier.vcf").status_code == 302


def test_a_unit_in_partial_diffusion_is_in_no_file(buyer: Visitor) -> None:
    masked = invented.siret(7)
    for kind in ("csv", "geojson", "vcf"):
        assert masked not in buyer.get(f"/fournisseurs.{kind}").text
