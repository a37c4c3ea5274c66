"""What the map asks the server for."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from maps.marks import MARKS
from sourcing.places.qpv import load_qpv
from sourcing.source import SourceError
from tests.webapp.conftest import Visitor
from webapp import STATIC

VIEW = "bbox=-3.8,47.5,-3.0,48.1&zoom=10"


def test_the_cells_of_a_view_count_every_hit(either: Flask) -> None:
    visitor = Visitor(either)
    total = re.search(r'id="resultats-titre">(\d+)', visitor.read("/fournisseurs?statut=ess"))
    cells = visitor.get(f"/carte/cellules.json?statut=ess&{VIEW}").json["cellules"]
    assert total is not None
    assert sum(cell[2] for cell in cells) == int(total[1])


def test_a_supplier_alone_comes_with_its_name_and_mark(visitor: Visitor) -> None:
    cells = visitor.get(f"/carte/cellules.json?statut=esat&{VIEW[:-2]}17").json["cellules"]
    assert cells
    assert all(cell[3][2] == "handicap" for cell in cells if len(cell) > 3)


def test_a_view_that_is_not_one_is_refused(visitor: Visitor) -> None:
    for view in ("", "bbox=1,2,3&zoom=9", "bbox=1,2,1,2&zoom=9", "bbox=-4,47,-3,48"):
        answer = visitor.get(f"/carte/cellules.json?{view}")
        assert (answer.status_code, list(answer.json)) == (400, ["erreur"])


def test_neighbours_too_close_to_part_are_listed_by_name(visitor: Visitor) -> None:
    found = visitor.get("/carte/ici.json?statut=siae&bbox=-3.8,47.5,-3.0,48.1").json
    assert found["total"] == len(found["fournisseurs"]) > 0


def test_outlines_name_the_communes_and_draw_the_territorys_edge(either: Flask) -> None:
    drawn = Visitor(either).get("/carte/contours.json").json
    inside = [each for each in drawn["communes"] if "code" in each]
    assert {each["name"] for each in inside} >= {"Lorient", "Hennebont"}
    assert drawn["edge"] and all(each["shape"] for each in inside)
    lon, lat = (
        sum(steps) for steps in (inside[0]["shape"][0][0][:1], inside[0]["shape"][0][0][1:2])
    )
    assert (round(lon / drawn["parts"]), round(lat / drawn["parts"])) == (-3, 48)


def test_the_search_page_says_where_the_territory_is_before_it_is_drawn(visitor: Visitor) -> None:
    box = re.search(r'data-territory="([^"]+)"', visitor.read("/fournisseurs"))
    assert box is not None
    west, south, east, north = map(float, box[1].split(","))
    assert west < -3.37 < east and south < 47.75 < north


def test_outlines_are_fetched_once(visitor: Visitor) -> None:
    tag = visitor.get("/carte/contours.json").headers["ETag"]
    again = visitor.client.get("/carte/contours.json", headers={"If-None-Match": tag})
    assert again.status_code == 304


def test_each_commune_counts_its_suppliers_and_says_where_nobody_is(visitor: Visitor) -> None:
    total = re.search(r'id="resultats-titre">(\d+)', visitor.read("/fournisseurs?statut=siae"))
    counts = visitor.get("/carte/communes.json?statut=siae").json
    assert total is not None
    assert sum(here for here, _ in counts.values()) == int(total[1])
    assert [0, 0] in counts.values()


def test_our_shapes_are_drawn_once() -> None:
    """The file made by folium has its own copy of them: it must be the same."""
    sprite = (STATIC / "img" / "icons.svg").read_text()
    for mark in MARKS:
        assert f'<symbol id="{mark.shape}" viewBox="0 0 16 16"><path d="{mark.path}"/>' in sprite


def test_priority_districts_are_read_near_the_territory_and_drawn(
    base: Session, visitor: Visitor, tmp_path: Path
) -> None:
    def square(lon: float, lat: float) -> dict[str, object]:
        corners = [[lon, lat], [lon + 0.01, lat], [lon + 0.01, lat + 0.01], [lon, lat]]
        return {"type": "Polygon", "coordinates": [corners]}

    path = tmp_path / "qpv.geojson"
    districts = (("QN05601M", "Le Bois", -3.38, 47.75), ("QN07501M", "Loin", 2.35, 48.86))
    path.write_text(json.dumps({"features": [
        {"properties": {"code_qp": code, "lib_qp": name}, "geometry": square(lon, lat)}
        for code, name, lon, lat in districts
    ]}))  # fmt: skip
    assert load_qpv(base, path) == 1
    base.commit()
    (district,) = visitor.get("/carte/qpv.json").json["quartiers"]
    assert (district["name"], district["shape"][0][0][:2]) == ("Le Bois", [-338000, 4775000])
    assert visitor.get("/carte/contours.json").json["qpv"] == 1
    path.write_text('{"features": [{"properties": {"nom": "x"}}]}')
    with pytest.raises(SourceError, match=r"qpv.geojson, élément 1 : pas de code de quartier"):
        load_qpv(base, path)
