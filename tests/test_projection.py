"""Projected coordinates fall where pyproj puts them, within a millimetre."""

import duckdb
import pytest
from pyproj import Transformer

from sourcing.register.projection import macros, steps

# EPSG -> points of the territory it serves.
POINTS = {
    2154: [(-3.3664, 47.7486), (-5.1, 48.4), (9.5, 42.0), (2.35, 48.85), (3.0, 46.5)],
    2975: [(55.45, -20.88), (55.8, -21.36)],
    4471: [(45.23, -12.78)],
    2972: [(-52.33, 4.94), (-54.03, 5.5)],
    5490: [(-61.07, 14.6), (-61.73, 16.0), (-63.05, 18.07)],
}


@pytest.mark.parametrize("epsg", POINTS)
def test_it_agrees_with_pyproj(epsg: int) -> None:
    asked = "(SELECT {'x': $x, 'y': $y, 'epsg': $epsg} AS p)"
    for step in steps("p"):
        added = ", ".join(f"{sql} AS {column}" for column, sql in step.items())
        asked = f"(SELECT *, {added} FROM {asked})"
    project = Transformer.from_crs(4326, epsg, always_xy=True)
    with duckdb.connect() as con:
        for statement in macros():
            con.execute(statement)
        for lon, lat in POINTS[epsg]:
            x, y = project.transform(lon, lat)
            said = {"x": x, "y": y, "epsg": epsg}
            found = con.execute(f"SELECT lon_p, lat_p FROM {asked}", said).fetchone()
            assert found == pytest.approx((lon, lat), abs=1e-8)
