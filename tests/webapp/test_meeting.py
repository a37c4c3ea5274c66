"""The meeting view."""

from flask import Flask
from sqlalchemy.orm import Session

from sourcing.model import Supplier
from tests.webapp.conftest import Visitor


def test_the_tour_goes_through_what_is_bought_and_where(either: Flask) -> None:
    stops = Visitor(either).get("/reunion/etapes.json").json
    assert stops[0]["genre"] == "territoire"
    assert {"famille", "commune"} <= {stop["genre"] for stop in stops}
    assert "Lorient" in {stop["titre"] for stop in stops}


def test_a_stop_counts_its_suppliers_and_the_reserved_ones(either: Flask) -> None:
    stop = Visitor(either).get("/reunion/etape.json?genre=commune&valeur=56121").json
    assert stop["total"] > 0
    assert [c["statut"] for c in stop["compteurs"]][:2] == ["siae", "esat"]


def test_a_reload_shows_the_same_stop_without_script(visitor: Visitor) -> None:
    stops = visitor.get("/reunion/etapes.json").json
    assert f"data-title>{stops[2]['titre']}</h1>" in visitor.read("/reunion?etape=3")
    assert "data-title>Lorient Agglomération" in visitor.read("/reunion?etape=9999")


def test_a_persons_name_is_never_projected(visitor: Visitor, base: Session) -> None:
    base.query(Supplier).update({"is_person": True})
    base.commit()
    assert visitor.get("/reunion/etape.json").json["noms"] == []
