"""« Achats à venir »: read by anyone in any form, kept by the team, followed by agreement."""

import base64
import io
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from flask import Flask
from icalendar import Calendar
from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import purchases
from sourcing.model import Campaign, Follower, Interest, Message, Purchase
from sourcing.purchases import Draft
from tests.webapp.conftest import Visitor

NEXT = f"{date.today().year + 1}-T2"
PATHS = "/achats-a-venir"
TEAM = f"{PATHS}/equipe"
HOSTILE = "<script>alert(1)</script> & =1+1"


@pytest.fixture
def purchase(base: Session) -> Purchase:
    said = Draft("Entretien des sentiers", NEXT, HOSTILE, "EV-01", "40-100", 36, "Lorient",
                 "insertion", False, ("inclusion",), is_public=True)  # fmt: skip
    kept = purchases.save(base, said, "erwan@exemple.fr")
    purchases.save(base, Draft("Pas encore dit", NEXT), "erwan@exemple.fr")
    base.commit()
    return kept


def letters(base: Session, kind: str) -> list[Message]:
    base.expire_all()
    return list(base.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def path_in(message: Message, part: str) -> str:
    found = re.search(rf"http://[^/\s]+({PATHS}/{part}/\S+)", message.text)
    assert found
    return found[1]


def follow(app: Flask, base: Session, email: str, *families: str) -> None:
    """An address that follows, its letter's button pressed."""
    person = Visitor(app)
    person.send(f"{PATHS}/suivre", email=email, famille=list(families))
    person.send(path_in(letters(base, "follow")[-1], "suivre"))


def test_everyone_reads_the_same_programme_in_every_form(
    visitor: Visitor, purchase: Purchase
) -> None:
    page = visitor.get(PATHS).text
    assert "Entretien des sentiers" in page and "Pas encore dit" not in page
    assert "<script>alert" not in visitor.get(f"{PATHS}/{purchase.uid}").text
    feed = ElementTree.fromstring(visitor.get(f"{PATHS}/flux.atom").text)
    assert [e.text for e in feed.iterfind(".//{*}entry/{*}title")] == ["Entretien des sentiers"]
    calendar = Calendar.from_ical(visitor.get(f"{PATHS}/agenda.ics").data)
    (event,) = calendar.walk("VEVENT")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (
        purchases.first_day(NEXT), date(int(NEXT[:4]), 7, 1),
    )  # fmt: skip
    table = visitor.get(f"{PATHS}/programme.csv").data.decode("utf-8-sig")
    assert "Entretien des sentiers" in table and ";=1+1" not in table
    said = visitor.get(f"{PATHS}/programme.json").get_json()
    assert said["achats"][0]["trimestre"] == NEXT and "n’engage pas" in said["prevision"]


def test_the_programme_is_narrowed_and_exported_for_a_partner(
    visitor: Visitor, purchase: Purchase
) -> None:
    family = purchase.segment.partition("-")[0]
    assert "Entretien" in visitor.read(f"{PATHS}?famille={family}&reserve=1")
    assert "Aucun achat ne répond" in visitor.read(f"{PATHS}?innovant=1")
    assert visitor.get(f"{PATHS}/programme.json?partenaire=audelor").get_json()["achats"] == []
    assert visitor.get(f"{PATHS}/programme.json?partenaire=inclusion").get_json()["achats"]


def test_only_the_frame_may_be_framed_and_it_sets_no_cookie(
    visitor: Visitor, purchase: Purchase
) -> None:
    frame = visitor.get(f"{PATHS}/integrer")
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers and "Set-Cookie" not in frame.headers
    assert "frame-ancestors 'none'" in visitor.get(PATHS).headers["Content-Security-Policy"]


def test_what_is_not_public_is_the_teams(
    visitor: Visitor, base: Session, purchase: Purchase
) -> None:
    hidden = base.scalars(select(Purchase).where(Purchase.is_public.is_(False))).one()
    assert visitor.get(f"{PATHS}/{hidden.uid}").status_code == 404
    assert visitor.get(TEAM).status_code == 302


def test_following_starts_at_the_button_and_stops_in_one_click(
    app: Flask, buyer: Visitor, base: Session
) -> None:
    person = Visitor(app)
    person.send(f"{PATHS}/suivre", email="moi@exemple.fr", famille="EV")
    path = path_in(letters(base, "follow")[0], "suivre")
    person.read(path)
    assert base.scalars(select(Follower)).one().confirmed_at is None, "a link opened does nothing"
    person.send(path)
    follow(app, base, "autre@exemple.fr", "INF")
    typed = {"object": "Tonte de pelouses", "quarter": NEXT, "state": "planned"}
    buyer.send(f"{TEAM}/nouveau", **typed, is_public="1", segment="")
    (news,) = letters(base, "news")
    assert news.recipient == "moi@exemple.fr" and "Tonte" in news.text
    assert news.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    out = path_in(news, "arreter")
    person.read(out)
    assert len(base.scalars(select(Follower)).all()) == 2
    one_click = {"List-Unsubscribe": "One-Click"}
    assert "exemple" not in str(base64.urlsafe_b64decode(out.split("/")[-1].split(".")[0] + "=="))
    assert Visitor(app).client.post(out, data=one_click).status_code == 204
    base.expire_all()
    assert base.scalars(select(Follower.email)).all() == ["autre@exemple.fr"]


def test_an_interest_is_seen_by_buyers_once_confirmed_and_all_are_told_alike(
    app: Flask, buyer: Visitor, base: Session, purchase: Purchase
) -> None:
    here = f"{PATHS}/{purchase.uid}"
    person = Visitor(app)
    said = {"name": "Jardins & Fils", "email": "moi@exemple.fr", "line": "dès mars"}
    assert "Cocher la case" in person.send(here, to=f"{here}/interesse", **said).text
    person.send(here, to=f"{here}/interesse", agree="1", **said)
    assert "Jardins" not in buyer.read(here)
    person.send(path_in(letters(base, "interest")[0], "interet"))
    assert "Jardins & Fils" in buyer.read(here) and "dès mars" in buyer.read(here)
    assert "Jardins" not in person.read(here), "never a public list of who is interested"
    assert letters(base, "interested")[0].recipient == "moi@exemple.fr"
    follow(app, base, "autre@exemple.fr")
    buyer.send(here, to=f"{TEAM}/{purchase.uid}/dire", text="Visite le 12 janvier.")
    told = letters(base, "told")
    assert sorted(m.recipient for m in told) == ["autre@exemple.fr", "moi@exemple.fr"]
    assert all("Visite le 12 janvier." in m.text for m in told)
    assert "Visite le 12 janvier." in person.read(here)
    own = next(m for m in told if m.recipient == "moi@exemple.fr")
    person.send(path_in(own, "arreter"))
    base.expire_all()
    assert base.scalars(select(Interest)).all() == []


def test_a_typed_purchase_keeps_what_was_typed_when_something_is_wrong(buyer: Visitor) -> None:
    page = buyer.send(f"{TEAM}/nouveau", object="Entretien de haies", quarter="au printemps").text
    assert "Indiquer le trimestre" in page and 'value="Entretien de haies"' in page
    assert "espaces verts" in page.lower(), "its category is proposed from its words"


def test_a_spreadsheet_is_read_tried_then_kept_and_read_again_without_doubles(
    buyer: Visitor, base: Session
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("Intitulé du marché", "Lancement", "Montant estimé HT", "Lieu", "Réservé ?", "Innovant"),
        ("Tonte des stades", f"T2 {NEXT[:4]}", "85 k€", "Lanester", "SIAE", "non"),
        ("Robots de désherbage", f"mars {NEXT[:4]}", "1,2 M€", "", "", "oui"),
        ("Sans date", "un jour", "", "", "", ""),
    ):  # fmt: skip
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)

    def send() -> str:
        data = {"csrf_token": buyer.token(TEAM), "file": (io.BytesIO(file.getvalue()), "p.xlsx")}
        return str(buyer.client.post(f"{TEAM}/importer", data=data).location)

    page = buyer.read(send())
    assert "2\xa0achats sur 3\xa0lignes" in page and "T2 2027" in page
    chosen = dict(re.findall(r'name="(c\d+)".*?<option value="(\w+)" selected', page, re.S))
    for _ in range(2):
        buyer.send(send(), garder="1", is_public="1", **chosen)
    kept = {p.object: p for p in base.scalars(select(Purchase))}
    assert set(kept) == {"Tonte des stades", "Robots de désherbage"}
    lawn, robots = kept["Tonte des stades"], kept["Robots de désherbage"]
    assert (lawn.band, lawn.reserved, lawn.quarter) == ("40-100", "insertion", NEXT)
    assert lawn.segment == "EV-01", "classified from its words"
    assert (robots.band, robots.is_innovative) == ("1000+", True)


def test_an_invitation_is_printed_and_counts_what_it_brought(
    app: Flask, buyer: Visitor, base: Session
) -> None:
    page = buyer.send("/invitations", title="Rencontre 2027", event_on="2027-03-12").text
    assert "12\xa0mars\xa02027" in page.replace("&nbsp;", "\xa0") and "via=rencontre-2027" in page
    assert b"<svg" in buyer.get("/invitations/rencontre-2027/qr.svg").data
    Visitor(app).read("/inscription?via=rencontre-2027")
    Visitor(app).read("/inscription?via=inconnue")
    assert base.scalars(select(Campaign.opened)).all() == [1]
    assert "porte déjà ce titre" in buyer.send("/invitations", title="rencontre  2027").text
