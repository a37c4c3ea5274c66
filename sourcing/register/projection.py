"""Projected coordinates to WGS84 as DuckDB macros: closed forms, millions of rows stay in SQL.

Lambert 93 (EPSG:2154) and the UTM zones the stock uses overseas, all on GRS80, hence WGS84 to a few
centimetres. Formulas: Snyder, "Map Projections", 15-7 to 15-11 (Lambert), Krüger's series (UTM) and
3-5 (conformal to geodetic latitude).
"""

from math import cos, log, radians, sin, sqrt, tan

# GRS80
SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257222101
ECC2 = FLATTENING * (2 - FLATTENING)
ECC = sqrt(ECC2)

# EPSG code -> (central meridian, northing of the equator): Réunion, Mayotte, Guyane, Antilles.
UTM_ZONES = {2975: (57, 10_000_000), 4471: (45, 10_000_000), 2972: (-51, 0), 5490: (-63, 0)}

# Lambert 93: origin, the two standard parallels, false easting and northing.
ORIGIN_LAT, ORIGIN_LON = 46.5, 3.0
PARALLELS = (44.0, 49.0)
EASTING_M, NORTHING_M = 700_000.0, 6_600_000.0


def _isometric(lat: float) -> float:
    """t of Snyder 15-9, at a latitude in degrees."""
    phi = radians(lat)
    bulge: float = ((1 - ECC * sin(phi)) / (1 + ECC * sin(phi))) ** (ECC / 2)
    return tan(radians(45) - phi / 2) / bulge


def _scale(lat: float) -> float:
    """m of Snyder 14-15: radius of the parallel over the semi-major axis."""
    phi = radians(lat)
    return cos(phi) / sqrt(1 - ECC2 * sin(phi) ** 2)


def _geodetic() -> str:
    """SQL: geodetic latitude in degrees from the conformal latitude chi in radians.

    A sum of sines of 2, 4 and 6 chi, from one sine and one cosine; the next term is under 1 mm.
    """
    e2, e4, e6, e8 = ECC2, ECC2**2, ECC2**3, ECC2**4
    two = e2 / 2 + 5 * e4 / 24 + e6 / 12 + 13 * e8 / 360
    four = 7 * e4 / 48 + 29 * e6 / 240 + 811 * e8 / 11_520
    six = 7 * e6 / 120 + 81 * e8 / 1_120
    # sin 4x = 2 sin 2x cos 2x, sin 6x = sin 2x (4 cos² 2x - 1)
    s, c = "sin(2 * chi)", "cos(2 * chi)"
    series = f"{s} * ({two - six!r} + {c} * ({2 * four!r} + {4 * six!r} * {c}))"
    return f"degrees(chi + {series})"


def _lambert() -> list[str]:
    south, north = PARALLELS
    n = log(_scale(south) / _scale(north)) / log(_isometric(south) / _isometric(north))
    radius = SEMI_MAJOR_M * _scale(south) / (n * _isometric(south) ** n)
    pole = NORTHING_M + radius * _isometric(ORIGIN_LAT) ** n
    rho = f"sqrt((x - {EASTING_M!r})**2 + ({pole!r} - y)**2)"
    return [
        f"lambert_lon(x, y) AS {ORIGIN_LON!r} "
        f"+ degrees(atan2(x - {EASTING_M!r}, {pole!r} - y)) / {n!r}",
        f"lambert_chi(x, y) AS pi()/2 - 2*atan(({rho} / {radius!r})**{1 / n!r})",
    ]


def _utm() -> list[str]:
    n = FLATTENING / (2 - FLATTENING)
    radius = 0.9996 * SEMI_MAJOR_M / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    beta = (n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96, n**2 / 48 + n**3 / 15, 17 * n**3 / 480)
    along = " + ".join(f"{b!r}*sin({2 * j}*xi)*cosh({2 * j}*eta)" for j, b in enumerate(beta, 1))
    across = " + ".join(f"{b!r}*cos({2 * j}*xi)*sinh({2 * j}*eta)" for j, b in enumerate(beta, 1))
    meridian = " ".join(f"WHEN {epsg} THEN {degrees}" for epsg, (degrees, _) in UTM_ZONES.items())
    equator = " ".join(f"WHEN {epsg} THEN {metres}" for epsg, (_, metres) in UTM_ZONES.items())
    return [
        f"utm_plane(p) AS CASE WHEN p.epsg IN ({', '.join(map(str, UTM_ZONES))}) THEN "
        f"{{'xi': (p.y - CASE p.epsg {equator} END) / {radius!r}, "
        f"'eta': (p.x - 500000) / {radius!r}}} END",
        f"utm_xi(xi, eta) AS xi - ({along})",
        f"utm_eta(xi, eta) AS eta - ({across})",
        "utm_sphere(plane) AS CASE WHEN plane IS NOT NULL THEN "
        "{'xi': utm_xi(plane.xi, plane.eta), 'eta': utm_eta(plane.xi, plane.eta)} END",
        f"utm_lon(p, sphere) AS CASE p.epsg {meridian} END "
        "+ degrees(atan2(sinh(sphere.eta), cos(sphere.xi)))",
        "utm_chi(sphere) AS asin(sin(sphere.xi) / cosh(sphere.eta))",
    ]


def steps(p: str) -> list[dict[str, str]]:
    """Column -> SQL, from a struct `p` (x, y, epsg) to lon_p and lat_p, one SELECT after the other.

    NULL when its system is unknown. Several SELECTs, for a macro copies what it is given: copies of
    copies took DuckDB longer to plan than a month's changes to work out.
    """
    return [
        {f"plane_{p}": f"utm_plane({p})"},
        {f"sphere_{p}": f"utm_sphere(plane_{p})"},
        {
            f"lon_{p}": f"CASE {p}.epsg WHEN 4326 THEN {p}.x "
            f"WHEN 2154 THEN lambert_lon({p}.x, {p}.y) ELSE utm_lon({p}, sphere_{p}) END",
            f"chi_{p}": f"CASE {p}.epsg WHEN 2154 THEN lambert_chi({p}.x, {p}.y) "
            f"ELSE utm_chi(sphere_{p}) END",
        },
        {f"lat_{p}": f"CASE {p}.epsg WHEN 4326 THEN {p}.y ELSE geodetic(chi_{p}) END"},
    ]


def macros() -> list[str]:
    """Statements giving a DuckDB connection what `steps` call."""
    bodies = [f"geodetic(chi) AS {_geodetic()}", *_lambert(), *_utm()]
    return [f"CREATE OR REPLACE TEMP MACRO {body}" for body in bodies]
