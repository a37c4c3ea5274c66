"""The meeting: its stops, its news, what it never shows."""

from datetime import date, datetime

from flask import Flask
from sqlalchemy.orm import Session

from sourcing import purchases
from sourcing.model import Mention, Registration, Run, Supplier
from tests.webapp.conftest import Visitor

VISIT = "/reunion/visite"


def titles(page: str) -> list[str]:
    return [part.partition("</h1>")[0].partition(">")[2] for part in page.split("<h1")[1:]]


def welcome(base: Session, supplier: Supplier) -> None:
    """This supplier made itself known, and was accepted."""
    run = base.query(Run).first()
    assert run is not None
    mention = Mention(
        source="inscription", key=supplier.uid, run_id=run.id, file="formulaire", line=1,
        first_seen=date.today(), last_seen=date.today(), supplier_id=supplier.id,
        name=supplier.name, statuses=[], sectors=[], problems=[],
    )  # fmt: skip
    base.add(mention)
    base.flush()
    now = datetime.now()
    accepted = Registration(
        siret=supplier.siret, answers={}, state="accepted", received_at=now, decided_at=now,
        mention_id=mention.id,
    )  # fmt: skip
    base.add(accepted)
    base.commit()


def test_the_tour_goes_through_what_is_bought_where_and_to_the_form(either: Flask) -> None:
    page = Visitor(either).read(VISIT)
    assert titles(page)[0] == "Lorient Agglomération"
    assert {"Lorient", "Votre structure n’y est pas\u00a0?"} <= set(titles(page))
    assert "Ce que nous allons acheter" not in titles(page)
    for kind in ("famille", "commune", "inscription"):
        assert f'class="scene {kind}"' in page


def test_a_stop_counts_what_the_search_counts(visitor: Visitor) -> None:
    page = visitor.read(VISIT).partition('data-genre="commune" data-valeur="56121"')[2]
    total = page.partition('class="total"><b>')[2].partition("</b>")[0]
    assert f"{total}\u00a0fournisseurs" in visitor.read("/fournisseurs?commune=56121")


def test_a_reload_shows_the_same_stop_without_script(visitor: Visitor) -> None:
    third = titles(visitor.read(VISIT))[2]
    assert titles(visitor.read("/reunion?etape=3")) == [third]
    assert titles(visitor.read("/reunion?etape=9999")) == ["Lorient Agglomération"]


def test_the_tour_is_sent_again_only_when_something_changed(
    visitor: Visitor, base: Session
) -> None:
    tag = visitor.get(VISIT).headers["ETag"]
    assert visitor.client.get(VISIT, headers={"If-None-Match": tag}).status_code == 304
    purchases.save(
        base, purchases.Draft("Entretien des sentiers", "2999-T1", is_public=True), "nolwenn"
    )
    base.commit()
    answer = visitor.client.get(VISIT, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "<b>T1 2999</b> <span>Entretien des sentiers</span>" in answer.text


def test_who_was_accepted_is_welcomed(visitor: Visitor, base: Session) -> None:
    assert "Bienvenue" not in visitor.read(VISIT)
    firm = base.query(Supplier).filter_by(is_person=False, diffusion="O").first()
    assert firm is not None
    welcome(base, firm)
    page = visitor.read(VISIT)
    assert f"<b>{firm.name}</b>" in page.partition("</ul>")[0]
    assert "Ils viennent de nous rejoindre" in titles(page)


def test_a_person_is_never_named_nor_a_masked_unit(visitor: Visitor, base: Session) -> None:
    firms = base.query(Supplier).filter_by(is_person=False, diffusion="O").limit(2).all()
    for firm in firms:
        welcome(base, firm)
    base.query(Supplier).update({"is_person": True})
    firms[1].is_person, firms[1].diffusion = False, "P"
    base.commit()
    page = visitor.read(VISIT)
    assert "data-arrival" not in page
    assert "Parmi eux" not in page


def test_the_code_leads_to_the_form_under_the_sites_public_name(app: Flask) -> None:
    assert "<b>localhost/inscription</b>" in Visitor(app).read("/reunion")
    object.__setattr__(app.extensions["sourcing"].settings, "public_url", "https://exemple.fr/")
    assert "<b>exemple.fr/inscription</b>" in Visitor(app).read("/reunion")


def test_the_keeper_looks_after_the_meeting_alone(visitor: Visitor) -> None:
    answer = visitor.get("/reunion/gardien.js")
    assert answer.headers["Service-Worker-Allowed"] == "/reunion"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.mimetype == "text/javascript"
    assert 'data-garde="/reunion/gardien.js"' in visitor.read("/reunion")
