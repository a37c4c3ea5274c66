"""Links to check: what a buyer sees, decides and takes back, without JavaScript."""

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.linking import link
from sourcing.model import Decision, Judgement, Mention, Supplier, Tag
from tests.linking.test_link import ATELIERS
from tests.webapp import invented
from tests.webapp.conftest import Visitor

ONE, TWO = "41920613100031", "53876295600042"
DAY = date(2026, 9, 1)
AT = {"lon": -3.34, "lat": 47.76, "precision": "exact"}


def doubt(session: Session) -> tuple[int, int]:
    """Two lines each of which may be two suppliers; their numbers."""
    for siret, name in ((ONE, "LES ATELIERS DU SCORFF"), (TWO, "ATELIERS DU SCORFF")):
        said = ATELIERS | {"name": name, "uid": siret, "siret": siret, "siren": siret[:9]} | AT
        session.add(Supplier(**said, origin="register", first_seen=DAY, last_seen=DAY))
    lines = [
        Mention(
            source="marche_inclusion", key=key, run_id=2, file="f.csv", line=1, first_seen=DAY,
            last_seen=DAY, statuses=["siae:EI"], sectors=[], problems=[], **said | AT,
        )
        for key, said in (("un", ATELIERS), ("deux", ATELIERS | {"address": "14 rue de Kerpont"}))
    ]  # fmt: skip
    session.add_all(lines)
    link(session)
    session.commit()
    return lines[0].id, lines[1].id


@pytest.fixture
def lines(app: Flask) -> tuple[int, int]:
    with Session(app.extensions["sourcing"].engine) as session:
        return doubt(session)


@pytest.fixture
def buyer(app: Flask, lines: tuple[int, int]) -> Iterator[Visitor]:
    known = Visitor(app)
    known.sign_in(*invented.BUYER)
    yield known


def where(session: Session, line: int) -> str:
    session.expire_all()
    supplier = session.get_one(Mention, line).supplier_id
    return session.get_one(Supplier, supplier).uid


def test_the_queue_is_for_those_who_decide(visitor: Visitor, buyer: Visitor) -> None:
    assert visitor.get("/liens").location == "/connexion?suite=/liens"
    assert "Liens à vérifier" not in visitor.read("/fournisseurs")
    assert "Liens à vérifier (2)" in buyer.read("/fournisseurs")


def test_both_records_stand_side_by_side_with_what_differs(
    buyer: Visitor, lines: tuple[int, int]
) -> None:
    page = buyer.read(f"/liens/{lines[1]}")
    assert "14 rue de Kerpont" in page
    assert "≠ diffère" in page
    assert "= identique" in page
    assert "même commune" in page
    assert "Les autres candidats" in page


@pytest.mark.parametrize(("gesture", "home"), [
    ("oui", ONE), ("non", ""), ("nouveau", ""), ("passer", ""), ("entreprise", ONE),
])  # fmt: skip
def test_a_decision_is_taken_and_taken_back(
    buyer: Visitor, base: Session, lines: tuple[int, int], gesture: str, home: str
) -> None:
    before = where(base, lines[0])
    page = f"/liens/{lines[0]}"
    answer = buyer.send(page, geste=gesture, fournisseur=ONE, vu=question(base, lines[0]))
    assert "Votre dernière décision" in answer.text
    assert where(base, lines[0]) == (home or before)
    decision = base.scalars(select(Decision)).one()
    assert (decision.author, decision.withdrawn_at) == (invented.BUYER[0], None)
    undone = buyer.send(page, to=f"/liens/annuler/{decision.id}")
    assert "La décision est annulée" in undone.text
    assert where(base, lines[0]) == before
    assert "annulée le" in buyer.read("/liens/historique")


def question(session: Session, line: int) -> str:
    asked = select(Judgement.id).where(
        Judgement.mention_id == line, Judgement.verdict == "review",
        Judgement.withdrawn_at.is_(None),
    )  # fmt: skip
    return str(session.scalar(asked) or "")


def test_the_status_follows_the_line_at_once(
    buyer: Visitor, base: Session, lines: tuple[int, int]
) -> None:
    buyer.send(f"/liens/{lines[0]}", geste="oui", fournisseur=TWO, vu=question(base, lines[0]))
    held = select(Supplier.uid).join(Tag).where(Tag.kind == "siae", Tag.value == "EI")
    assert TWO in base.scalars(held).all()


def test_a_question_someone_has_just_answered_is_not_answered_twice(
    buyer: Visitor, base: Session, lines: tuple[int, int]
) -> None:
    seen = question(base, lines[0])
    buyer.send(f"/liens/{lines[0]}", geste="oui", fournisseur=TWO, vu=seen)
    again = buyer.send(f"/liens/{lines[0]}", geste="oui", fournisseur=ONE, vu=seen)
    assert "vient de décider" in again.text
    assert where(base, lines[0]) == TWO


def test_another_supplier_is_searched_and_chosen(
    buyer: Visitor, base: Session, lines: tuple[int, int]
) -> None:
    wanted = invented.siret(0)
    page = buyer.read(f"/liens/{lines[0]}?chercher={wanted}")
    assert f'value="{wanted}"' in page
    buyer.send(f"/liens/{lines[0]}", geste="oui", fournisseur=wanted, vu=question(base, lines[0]))
    assert where(base, lines[0]) == wanted


def test_from_the_sheet_a_line_is_split_off_and_put_elsewhere(
    buyer: Visitor, base: Session, lines: tuple[int, int]
) -> None:
    listed = base.scalars(select(Mention).where(Mention.siret != "")).first()
    assert listed is not None
    home = where(base, listed.id)
    assert f"/liens/{listed.id}?retour={home}" in buyer.read(f"/fournisseurs/{home}")
    split = buyer.send(f"/liens/{listed.id}?retour={home}", geste="detacher", fournisseur=home)
    assert "devient un fournisseur à part" in split.text
    assert where(base, listed.id) != home
    buyer.send(f"/liens/{listed.id}?avec={ONE}", geste="deplacer", fournisseur=ONE, retour=ONE)
    assert where(base, listed.id) == ONE


def test_two_suppliers_of_lists_are_merged_and_the_old_address_answers(
    buyer: Visitor, base: Session, lines: tuple[int, int]
) -> None:
    former = where(base, lines[0])
    page = f"/liens/fusion/{former}?avec={TWO}"
    assert "Fusionner en gardant tout" in buyer.read(page)
    buyer.send(page, avec=TWO)
    assert where(base, lines[0]) == TWO
    assert buyer.get(f"/fournisseurs/{former}").location == f"/fournisseurs/{TWO}"


def test_a_lot_is_seen_then_accepted_then_undone(
    buyer: Visitor, base: Session, lines: tuple[int, int]
) -> None:
    base.execute(Judgement.__table__.update().values(score=0.95, reasons=["même nom"]))
    base.commit()
    page = "/liens/lot?source=marche_inclusion&seuil=90"
    text = buyer.read(page)
    assert "2\u00a0liens dans ce lot" in text
    told = {"source": "marche_inclusion", "seuil": "90"}
    assert "Le lot a changé" in buyer.send(page, **told, vu="1-1").text
    seen = text.split('name="vu" value="')[1].split('"')[0]
    assert "2 liens acceptés" in buyer.send(page, **told, vu=seen).text
    assert {where(base, line) for line in lines} <= {ONE, TWO}
    decision = base.scalars(select(Decision)).one()
    buyer.send(page, to=f"/liens/annuler/{decision.id}")
    assert {where(base, line) for line in lines}.isdisjoint({ONE, TWO})


def test_a_firm_is_said_on_each_of_its_sheets(app: Flask, base: Session) -> None:
    for siret in ("53876295600042", "53876295600018"):
        base.add(Supplier(**ATELIERS, uid=siret, siret=siret, siren=siret[:9], origin="register",
                          first_seen=DAY, last_seen=DAY))  # fmt: skip
    base.add(Mention(source="marche_inclusion", key="k", run_id=2, file="f", line=1, first_seen=DAY,
                     last_seen=DAY, statuses=[], sectors=[], problems=[], **ATELIERS))  # fmt: skip
    link(base)
    base.commit()
    for siret in ("53876295600042", "53876295600018"):
        page = Visitor(app).read(f"/fournisseurs/{siret}")
        assert "établissement à préciser" in page
        assert "ce n’est pas lui" not in page


@pytest.mark.parametrize(("page", "gesture"), [
    ("/liens/1?avec=x", {"geste": "detacher"}), ("/liens/fusion/x", {"avec": ONE}),
    ("/liens/999999", {"geste": "oui"}),
])  # fmt: skip
def test_what_does_not_exist_is_not_decided(
    buyer: Visitor, base: Session, page: str, gesture: dict[str, str]
) -> None:
    answer = buyer.send("/liens", to=page, **gesture)
    assert answer.status_code in (200, 404)
    assert len(base.scalars(select(Decision)).all()) <= 1


def test_nothing_to_check_is_said(app: Flask, admin: Visitor) -> None:
    assert "Rien n’attend ici" in admin.read("/liens")
    assert "Aucune décision encore" in admin.read("/liens/historique")
    assert "Rien n’attend de décision" in admin.read("/liens/lot")
