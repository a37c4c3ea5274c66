"""Invented suppliers stand on dry land, in the commune they name."""

import json
from pathlib import Path

import duckdb
import shapely
from pyproj import Transformer

import demo
from tests.conftest import shared


def test_every_position_is_inside_the_contour_of_its_commune(tmp_path: Path) -> None:
    content = json.loads(shared("data/territory/communes-56-morbihan.geojson").read_text("utf-8"))
    contours = {
        feature["properties"]["code"]: shapely.from_geojson(json.dumps(feature["geometry"]))
        for feature in content["features"]
    }
    base = duckdb.connect()
    base.read_parquet(str(demo.generate(tmp_path, 6_000)["sirene"][0])).create_view("e")
    found = base.execute(
        "SELECT codeCommuneEtablissement, coordonneeLambertAbscisseEtablissement::DOUBLE, "
        "coordonneeLambertOrdonneeEtablissement::DOUBLE FROM e "
        "WHERE statutDiffusionEtablissement = 'O' AND codeCommuneEtablissement LIKE '56%' "
        "AND coordonneeLambertAbscisseEtablissement IS NOT NULL"
    ).fetchall()
    to_degrees = Transformer.from_crs(2154, 4326, always_xy=True)
    outside = [
        (code, x, y)
        for code, x, y in found
        if not shapely.intersects_xy(contours[code], *to_degrees.transform(x, y))
    ]
    assert len(found) > 4_000
    assert len(outside) < len(found) * 0.002
