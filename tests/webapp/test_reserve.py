"""Can it be reserved here, on what law, and the kit that goes with it."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import law, reservability, segments
from sourcing.model import Mention, Supplier, Tag
from sourcing.tagging import tag
from tests.webapp import invented
from tests.webapp.conftest import Visitor

NOMENCLATURE = segments.load()


@pytest.mark.parametrize("segment", ["EV-01"])
def test_kinds_are_counted_apart_and_the_articles_follow(app: Flask, segment: str) -> None:
    with Session(app.extensions["sourcing"].engine) as base:
        where = reservability.locate(base, "Lorient", 30)
        assert where is not None
        found = reservability.answer(base, NOMENCLATURE, [NOMENCLATURE.by_code[segment]], where)
    counts = {row.kind: row.count for row in (*found.rows, *found.apart)}
    states = {verdict.code: verdict for verdict in found.verdicts}
    assert states["L2113-12"].count == counts["adapted"]
    assert states["L2113-13"].count == counts["siae"]
    assert states["L2113-15"].state == "no"
    assert counts["ordinary"] > 0
    assert dict(found.by_radius)[30.0]["ordinary"] == counts["ordinary"]


def test_a_public_carrier_and_a_geiq_are_shown_apart_from_siae(app: Flask, base: Session) -> None:
    unlisted = Supplier.id.not_in(select(Mention.supplier_id))
    sold = select(Supplier).where(Supplier.naf == "81.30Z", Supplier.diffusion == "O", unlisted)
    carrier, geiq = base.scalars(sold.order_by(Supplier.id).limit(2)).all()
    before = _counts(base)
    lines = ((carrier, "siae:ACI"), (geiq, "insertion:GEIQ"))
    carrier.legal_form = "7346"
    for listed, kind in lines:
        base.add(invented.mention(listed, "esat_gesat", [kind], 1))
    base.commit()
    tag(base, NOMENCLATURE)
    base.commit()
    after = _counts(base)
    assert after["public"] == before["public"] + 1
    assert after["insertion"] == before["insertion"] + 1
    assert after["siae"] <= before["siae"]
    assert base.scalar(select(Tag.id).where(Tag.value == "GEIQ")) is not None


def _counts(base: Session) -> dict[str, int]:
    where = reservability.locate(base, "", 100)
    assert where is not None
    found = reservability.answer(base, NOMENCLATURE, [NOMENCLATURE.by_code["EV-01"]], where)
    return {row.kind: row.count for row in (*found.rows, *found.apart)}


def test_the_page_understands_a_need_and_cites_the_law_with_its_date(visitor: Visitor) -> None:
    page = visitor.read("/reservabilite?q=tonte+des+pelouses&autour=Lorient&rayon=30")
    assert "Entretien d'espaces verts" in page
    assert "depuis le 7\xa0décembre\xa02020" in page
    assert "60\u202f000\xa0€ HT" in page
    assert "Moins de 3 structures inclusives" in page
    assert "Lieu inconnu" in visitor.read("/reservabilite?segment=EV-01&autour=Atlantide")


def test_the_overview_is_a_table_and_a_file(visitor: Visitor) -> None:
    assert visitor.read("/reservabilite").count("<tr") > 100
    lines = visitor.get("/reservabilite.csv").text.splitlines()
    assert len(lines) == 1 + len(NOMENCLATURE.segments)
    assert lines[0].startswith("\ufeffSegment;Famille")


def test_the_kit_has_clauses_questions_and_who_helps(visitor: Visitor) -> None:
    page = visitor.read("/kit/EV-01")
    assert "phytosanitaires" in page
    assert "Clause d’insertion" in page
    assert "Réseau GESAT" in page
    assert "non vérifié" in page
    assert visitor.get("/kit/XX-99").status_code == 404


def test_a_rule_has_the_value_of_its_day(base: Session) -> None:
    code = "SANS_PUBLICITE_FS"
    assert law.in_force(base, date(2026, 3, 31))[code].value == 40_000
    assert law.in_force(base, date(2026, 4, 1))[code].value == 60_000


def test_an_administrator_edits_the_law_and_every_page_follows(either: Flask) -> None:
    admin = Visitor(either)
    admin.sign_in(*invented.ADMIN)
    said = {
        "code": "SANS_PUBLICITE_FS", "theme": "dispense", "intitule": "Dispense",
        "valeur": "70 000", "unite": "€ HT", "debut": "2026-06-01", "article": "R2122-8",
        "source": "Décret à venir",
    }  # fmt: skip
    page = admin.send("/parametres", **said).text
    assert "modifié par Nolwenn" in page
    shown = Visitor(either).read("/reservabilite?segment=EV-01")
    assert "70\u202f000\xa0€ HT" in shown
    assert "non vérifié" in shown
    assert "n’est pas un nombre" in admin.send("/parametres", **said | {"valeur": "x"}).text
    admin.send("/parametres", to="/parametres/retablir", code=said["code"], depuis=said["debut"])
    assert "60\u202f000\xa0€ HT" in Visitor(either).read("/reservabilite?segment=EV-01")


def test_only_an_administrator_edits_the_law(app: Flask) -> None:
    buyer = Visitor(app)
    buyer.sign_in(*invented.BUYER)
    assert "Modifier" not in buyer.read("/parametres")
    assert buyer.client.post(
        "/parametres", data={"csrf_token": buyer.token("/panier")}
    ).status_code in (400, 403)


def test_a_need_shows_the_kinds_usual_in_any_of_the_segments_it_may_be(
    base: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first guess may be wrong where the kinds of the three are right."""
    monkeypatch.setattr(reservability, "ENOUGH", 1)
    where = reservability.locate(base, "", 100)
    understood = reservability.of_need(NOMENCLATURE, "curage des fossés et entretien des abords")
    assert where
    assert len(understood) > 1
    answer = reservability.answer(base, NOMENCLATURE, understood, where)
    for segment in understood:
        assert {name.split(" ")[0] for name in segment.reservable} <= set(answer.structures)
    alone = reservability.answer(base, NOMENCLATURE, understood[:1], where)
    assert set(alone.usual) <= set(answer.usual)
    assert {reservability.ADAPTED, reservability.SIAE} == set(answer.reservable)
    assert understood[1] in [lot.segment for lot in answer.lots]


def test_an_article_covers_every_structure_it_opens_to() -> None:
    """What is reserved under L2113-13 is open to EI, ACI, AI and ETTI alike."""
    for name in ("EI", "ACI", "AI", "ETTI"):
        assert reservability.KINDS[name] == reservability.SIAE
    named = {name.split(" ")[0] for s in NOMENCLATURE.segments for name in s.reservable}
    assert named <= set(reservability.KINDS)
