"""A sourcing file: from suppliers put aside to a report that shows how they were treated."""

import io
import re
from datetime import date, timedelta

import pytest
from docx import Document
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sourcing import dossiers
from sourcing.dossiers import acts
from sourcing.model import Act, Dossier, Mention, Message, Panelist, Supplier
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from webapp import post
from webapp.typography import no_break

ASKED = "q=jardins"


def pick(visitor: Visitor, *uids: str, asked: str = ASKED) -> str:
    return visitor.client.post(
        "/panier", data={"demande": asked, "choisi": list(uids)}, follow_redirects=True
    ).text


def found(visitor: Visitor, asked: str = ASKED) -> list[str]:
    """The suppliers the search page offers to tick."""
    return re.findall(r'name="choisi" value="(\w+)"', visitor.read(f"/fournisseurs?{asked}"))


def open_file(visitor: Visitor, wanted: int = 3) -> str:
    pick(visitor, *found(visitor)[:wanted])
    return visitor.send("/panier", to="/panier/verser", titre="Entretien du parc").text


def test_a_visitors_basket_comes_along_when_she_signs_in(app: Flask) -> None:
    visitor = Visitor(app)
    pick(visitor, *found(visitor)[:2])
    assert "Se connecter pour ouvrir un dossier" in visitor.read("/panier")
    visitor.sign_in(*invented.BUYER)
    assert visitor.read("/panier").count("/panier/retirer") == 3


def test_a_unit_in_partial_diffusion_is_never_put_aside(buyer: Visitor) -> None:
    assert "la prospection lui est fermée" in pick(buyer, invented.siret(7), asked="")
    assert "Le panier est vide" in buyer.read("/panier")


def test_the_file_keeps_the_search_and_why_each_was_found(either: Flask) -> None:
    visitor = Visitor(either)
    visitor.sign_in(*invented.BUYER)
    page = open_file(visitor)
    assert "3\xa0fournisseurs ajoutés au dossier" in page
    assert "«\u00a0jardins\u00a0», sur le territoire" in page or "«\u00a0jardins\u00a0»" in page
    assert "par pertinence pour le besoin" in page
    assert "Répertoire Sirene (01/09/2026)" in page
    with Session(either.extensions["sourcing"].engine) as base:
        assert base.scalar(select(func.count()).select_from(Panelist)) == 3
        written = base.scalars(select(Act).order_by(Act.id)).all()
        assert [act.kind for act in written] == ["opened", "searched", "added", "added", "added"]
        assert acts.are_whole(written)


def test_dropping_a_supplier_needs_a_reason(buyer: Visitor, base: Session) -> None:
    open_file(buyer)
    said = {"fournisseur": str(base.scalar(select(Panelist.id).limit(1))), "etat": "dropped"}
    refused = buyer.send("/dossiers/1", to="/dossiers/1/suivi", motif="", **said).text
    assert "le motif est obligatoire" in refused
    kept = buyer.send("/dossiers/1", to="/dossiers/1/suivi", motif="Trop loin", **said).text
    assert "Trop loin" in kept


def send_to_all(visitor: Visitor, base: Session) -> list[str]:
    """Hand the questions to everyone; the links they get."""
    numbers = [str(n) for n in base.scalars(select(Panelist.id))]
    page = visitor.send("/dossiers/1", to="/dossiers/1/envoi", choisi=numbers).text
    assert "même information, même jour" in page
    return re.findall(r"http://localhost(/reponse/[^\"]+)", page)


def test_a_supplier_answers_by_its_link_without_an_account(
    app: Flask, buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    links = send_to_all(buyer, base)
    supplier = Visitor(app)
    assert "Quelle solution nouvelle" in supplier.read(links[0])
    thanks = supplier.send(links[0], INNOVATION="Un robot de tonte", INCONNUE="x")
    assert "Réponses reçues" in thanks.text
    page = buyer.read("/dossiers/1")
    assert page.count("Un robot de tonte") == 2
    # Not the last letter alone: several say the same last bits of a signature.
    assert supplier.get(links[0][:-9] + "falsified").status_code == 404


def test_a_file_has_its_own_questions_until_someone_was_told(
    app: Flask, buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    here = {"page": "/dossiers/1", "to": "/dossiers/1/question"}
    assert "300 caractères au plus" in buyer.send(**here, texte=" ").text
    for text in ("Le dimanche ?", "En mer ?"):
        assert no_break(text) in buyer.send(**here, texte=text).text
    buyer.send(**here, retirer="PROPRE-1")
    buyer.send("/dossiers/1", to="/dossiers/1/besoin", titre="Parc", segment="PROP-01")
    links = send_to_all(buyer, base)
    supplier = Visitor(app)
    assert "En mer\u00a0?" in supplier.read(links[0]) and "dimanche" not in supplier.read(links[0])
    supplier.send(links[0], **{"PROPRE-2": "Oui, à Groix"})
    assert "Oui, à Groix" in buyer.read("/dossiers/1")
    assert "romprait l’égalité" in buyer.send(**here, texte="Encore une ?").text


def test_the_questions_leave_by_letter_at_one_moment_and_a_letter_that_never_arrives_is_said(
    app: Flask, buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    panelists = base.scalars(select(Panelist).order_by(Panelist.id)).all()
    base.execute(update(Mention).values(email=""))
    for each in panelists:
        known = each is not panelists[-1]
        supplier = base.get_one(Supplier, each.supplier_id)
        supplier.email = f"contact@structure{each.id}.fr" if known else ""
    base.commit()
    assert "Nous vous écrivons à l’adresse" in buyer.read("/dossiers/1")
    links = send_to_all(buyer, base)
    letters = base.scalars(select(Message).where(Message.kind == "questions")).all()
    # Each showing of a link is signed with its second: what it says comes before.
    said = {link.rsplit(".", 2)[0] for link in links}
    written_to = {each for each in said for letter in letters if each in letter.text}
    assert len(letters) == len(written_to) == 2, "each has its own"
    assert {letter.headers["Reply-To"] for letter in letters} == {invented.BUYER[0]}
    base.expire_all()
    assert len({each.sent_at for each in panelists}) == 1
    assert "aucun courriel connu\u00a0: à lui remettre" in buyer.read("/dossiers/1")

    letters[0].next_try_at, letters[0].error = None, "abandonnée : destinataire refusé (550)"
    base.commit()
    assert post.deliver(app.extensions["sourcing"]) == 1
    page = buyer.read("/dossiers/1")
    assert "destinataire refusé (550). Lui donner son lien autrement" in page
    assert "courriel parti le" in page
    base.expire_all()
    told = base.scalars(select(Act).where(Act.kind.in_(("told", "returned"))).order_by(Act.id))
    written = [act.text.split(". ")[0] for act in told]
    by_hand = "Lien à lui remettre : aucun courriel connu"
    assert sorted(written[:3]) == [by_hand, "Par courriel", "Par courriel"]
    assert written[3] == letters[0].error
    assert acts.are_whole(base.scalars(select(Act).order_by(Act.id)).all())


def test_an_information_changed_after_it_was_sent_is_said_unequal(
    buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    send_to_all(buyer, base)
    page = buyer.send("/dossiers/1", to="/dossiers/1/besoin", titre="Parc", information="Six ha")
    assert "L’information a changé depuis l’envoi" in page.text


def test_launching_locks_exchanges_and_closing_freezes_all_but_notes(
    app: Flask, buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    links = send_to_all(buyer, base)
    assert "Cône de silence" in buyer.send("/dossiers/1", to="/dossiers/1/lancement").text
    assert "les échanges sont clos" in Visitor(app).read(links[0])
    refused = buyer.send("/dossiers/1", to="/dossiers/1/besoin", titre="Autre")
    assert "le dossier est verrouillé" in refused.text
    buyer.send("/dossiers/1", to="/dossiers/1/cloture")
    frozen = buyer.send("/dossiers/1", to="/dossiers/1/enseignements", texte="Deux lots")
    assert "seule une note datée" in frozen.text
    noted = buyer.send("/dossiers/1", to="/dossiers/1/note", texte="Relu par le service")
    assert "Relu par le service" in noted.text


def test_an_act_cannot_be_changed_and_a_change_behind_our_back_shows(
    buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    act = base.scalars(select(Act)).first()
    assert act is not None
    act.text = "autre chose"
    with pytest.raises(RuntimeError):
        base.flush()
    base.rollback()
    base.execute(update(Act).where(Act.id == 2).values(text="autre chose"))
    base.commit()
    assert "modifié hors de l’application" in buyer.read("/dossiers/1")


def test_the_report_tells_all_but_business_secrecy_and_the_panel_leaves_masked_units_out(
    buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    buyer.send("/dossiers/1", to="/dossiers/1/note", texte="Un procédé", confidentiel="on")
    buyer.send("/dossiers/1", to="/dossiers/1/note", texte="Visite utile")
    hidden = base.scalars(select(Panelist)).first()
    assert hidden is not None
    base.execute(
        update(Supplier)
        .where(Supplier.id == hidden.supplier_id)
        .values(diffusion="P", is_person=True, name="[Non diffusible]")
    )
    base.commit()
    word = Document(io.BytesIO(buyer.get("/dossiers/1/compte-rendu.docx").data))
    cells = {cell.text for table in word.tables for row in table.rows for cell in row.cells}
    said = " ".join([*(p.text for p in word.paragraphs), *cells])
    assert "Visite utile" in said
    assert "Un procédé" not in said
    assert "R2111-1" in said
    assert "[Non diffusible]" in said
    assert buyer.get("/dossiers/1/compte-rendu.pdf").data.startswith(b"%PDF")
    book = load_workbook(io.BytesIO(buyer.get("/dossiers/1/compte-rendu.xlsx").data))
    assert book["Panel"].max_row == 3


def test_a_file_is_its_organisations_until_it_is_shared(
    app: Flask, buyer: Visitor, base: Session
) -> None:
    open_file(buyer)
    base.execute(update(Dossier).values(organisation="Ville d’Hennebont"))
    base.commit()
    assert buyer.get("/dossiers/1").status_code == 404
    base.execute(update(Dossier).values(organisation="Lorient Agglomération"))
    base.commit()
    buyer.send("/dossiers/1", to="/dossiers/1/partage", organisation="Ville d’Hennebont")
    base.execute(update(Dossier).values(organisation="Ailleurs"))
    base.commit()
    assert "Aucun dossier" in buyer.read("/dossiers")


def test_a_need_that_makes_no_sense_is_refused_in_a_sentence(buyer: Visitor) -> None:
    said = {"titre": "Parc", "estimation": "beaucoup"}
    assert "n’est pas un montant" in buyer.send("/dossiers/nouveau", **said).text
    said = {"titre": "Parc", "reponses": "2027-03-01", "lancement": "2027-02-01"}
    assert "avant le lancement" in buyer.send("/dossiers/nouveau", **said).text
    opened = buyer.send("/dossiers/nouveau", titre="Parc", besoin="tonte des pelouses").text
    assert "EV-01" in opened
    assert date.today().strftime("%d/%m/%Y") in opened


def test_a_closed_file_is_erased_whole_at_its_term_and_an_open_one_stays(either: Flask) -> None:
    visitor = Visitor(either)
    visitor.sign_in(*invented.BUYER)
    open_file(visitor, 2)
    visitor.send("/dossiers/1", to="/dossiers/1/note", texte="Appel", fournisseur="1")
    tomorrow = date.today() + timedelta(days=1)
    assert forgotten(either, tomorrow) == 0
    visitor.send("/dossiers/1", to="/dossiers/1/cloture")
    assert forgotten(either, date.today()) == 0
    assert forgotten(either, tomorrow) == 1
    with Session(either.extensions["sourcing"].engine) as base:
        assert base.scalar(select(func.count()).select_from(Act)) == 0


def forgotten(app: Flask, before: date) -> int:
    with Session(app.extensions["sourcing"].engine) as base, base.begin():
        return dossiers.forget(base, before)
