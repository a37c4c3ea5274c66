"""What each layer of the map holds."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from maps import geojson
from maps.layers import View, communes, suppliers, territory
from maps.marks import MARKS, badges, mark
from sourcing.tagging.statuses import STATUSES
from tests.listed import places
from tests.test_export import HIT

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]}
BESIDE = {"type": "Polygon", "coordinates": [[[1, 0], [1, 1], [2, 1], [2, 0], [1, 0]]]}


def commune(name: str, geometry: dict[str, object]) -> dict[str, object]:
    return {"type": "Feature", "geometry": geometry, "properties": {"nom": name}}


def test_suppliers_travel_as_columns_in_whole_metres() -> None:
    data = suppliers(View([HIT, replace(HIT, name="Second")], []))
    assert (data["x"], data["y"]) == ([-337000] * 2, [4775000] * 2)
    assert data["name"] == ["Jardins d'Érable", "Second"]
    assert (data["towns"], data["segmentNames"]) == (["01000 Lorient"], ["Entretien"])


def test_a_supplier_without_position_is_counted_not_drawn() -> None:
    data = suppliers(View([replace(HIT, lon=None)], []))
    assert (data["x"], data["unplaced"]) == ([], 1)


@pytest.mark.parametrize(
    ("statuses", "name"),
    [
        (("siae", "esat"), "handicap"),
        (("ess", "siae"), "insertion"),
        (("tpe",), "other"),
        ((), "other"),
    ],
)
def test_the_first_fitting_look_is_worn(statuses: tuple[str, ...], name: str) -> None:
    assert mark(statuses).name == name


def test_looks_differ_in_colour_and_in_shape() -> None:
    assert len({each.colour for each in MARKS}) == len({each.path for each in MARKS}) == len(MARKS)


def test_the_badge_of_a_firms_label_says_that_it_is_the_firms() -> None:
    labels = [status for status in STATUSES if status.is_label]
    said = {badge.code: badge.label for badge in badges(labels, of_firm={"qualiopi"})}
    assert (said["rge"], said["qualiopi"]) == ("RGE", "Qualiopi (entreprise)")


def test_communes_carry_their_names_inside_them() -> None:
    properties = communes(View([], [commune("Bubry", SQUARE)]))["features"][0]["properties"]
    assert properties == {"name": "Bubry", "at": [0.5, 0.5]}


def test_the_territory_is_the_edge_of_its_communes() -> None:
    edge = territory(View([], [commune("A", SQUARE), commune("B", BESIDE)]))["features"]
    assert [feature["geometry"]["type"] for feature in edge] == ["Polygon"]


def test_without_contours_communes_are_points_and_there_is_no_edge(session: Session) -> None:
    places(session)
    view = View([], geojson.contours(session))
    assert [f["geometry"]["type"] for f in communes(view)["features"]] == ["Point"] * 3
    assert territory(view)["features"] == []


def test_outlines_lose_the_decimals_nobody_sees() -> None:
    line = {"type": "LineString", "coordinates": [[0.00001, 0.0], [0.00002, 0.0], [1.123456, 2.0]]}
    assert geojson.rounded(line)["coordinates"] == [[0.0, 0.0], [1.1235, 2.0]]
