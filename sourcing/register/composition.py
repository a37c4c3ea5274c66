"""The SQL from a register's files to Supplier columns: what to read, compose, place, remember."""

# Every name below comes from Source.columns or from a Shape, both ours.
# ruff: noqa: S608

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap

from sourcing.model import REGISTER
from sourcing.register.projection import steps
from sourcing.register.stock_files import literal
from sourcing.source import Source

NAME = r"[A-Za-z_]\w*"
# Of the files a supplier is made of.
ROLES = ("establishment", "legal_unit", "geolocation")
# Farther than this from its commune's centre, a position is somebody else's.
# Guyane's communes are vast.
VICINITY_KM = 30
VICINITY_OVERSEAS_KM = 300
# Where France is, when the commune's centre is unknown: (west, south, east, north).
FRANCE = ((-5.5, 41.0, 10.0, 51.5), (-63.5, 14.0, -60.5, 18.3), (-55.0, 2.0, -51.0, 6.0),
          (44.9, -21.6, 56.0, -12.5), (-56.6, 46.6, -56.0, 47.3))  # fmt: skip

COMPOSED = (
    "siren", "name", "legal_name", "other_names", "is_person", "is_head_office", "diffusion",
    "state", "created_on", "closed_on", "address", "postcode", "naf", "naf25", "legal_form",
    "size_code", "category", "is_ess", "is_mission", "is_qpv",
)  # fmt: skip
PLACED = ("commune_code", "commune", "lon", "lat", "precision")
# Set when a supplier is first seen; afterwards they are its own or the lists'.
FIRST = ("uid", "first_seen", "phone", "email", "website", "description")
WRITTEN = (
    "siret", "origin", "last_seen", "run_id", "gone_on", "digest", *COMPOSED, *PLACED, *FIRST,
)  # fmt: skip
# The same for all the suppliers a run writes; the others are each supplier's own.
SHARED = (
    "origin", "first_seen", "last_seen", "run_id", "gone_on", "phone", "email", "website",
    "description",
)  # fmt: skip
OWN = tuple(column for column in WRITTEN if column not in SHARED)

# What the base's table of communes adds to a line.
OF_COMMUNE = ("today", "place", "centre_lon", "centre_lat")
# Another address of a public unit, both being known; a mask forgets where it was.
HAS_MOVED = (
    "excluded.diffusion = 'O' AND supplier.diffusion = 'O' AND supplier.origin = 'register' "
    "AND supplier.address <> '' AND excluded.address <> '' "
    "AND (supplier.address <> excluded.address OR supplier.commune_code <> excluded.commune_code)"
)
OLD_ADDRESS = "supplier.address || ', ' || trim(supplier.postcode || ' ' || supplier.commune)"
RANK = (
    'CASE {}."precision" '
    "WHEN 'exact' THEN 3 WHEN 'street' THEN 2 WHEN 'commune' THEN 1 ELSE 0 END"
)
# A file without geolocation does not blur what an earlier one placed, unless it moved or is masked.
STAYS = (
    "excluded.diffusion = 'O' AND supplier.address = excluded.address "
    "AND supplier.commune_code = excluded.commune_code "
    f"AND {RANK.format('supplier')} > {RANK.format('excluded')}"
)
# What an older export does not say is not forgotten: column -> SQL of its new value.
REMEMBERED = {
    "is_ess": "coalesce(excluded.is_ess, supplier.is_ess)",
    "is_mission": "coalesce(excluded.is_mission, supplier.is_mission)",
    "is_qpv": "CASE WHEN excluded.diffusion = 'O' "
              "THEN coalesce(excluded.is_qpv, supplier.is_qpv) END",
    # A file of 2027 gives the new code alone: while it is the same, so is the old one.
    "naf": "CASE WHEN excluded.naf = '' AND excluded.naf25 <> '' "
           "AND supplier.naf25 IN ('', excluded.naf25) THEN supplier.naf ELSE excluded.naf END",
    "naf25": "CASE WHEN excluded.naf25 = '' THEN supplier.naf25 ELSE excluded.naf25 END",
    "closed_on": "CASE WHEN excluded.state = 'F' "
                 "THEN coalesce(excluded.closed_on, supplier.closed_on) END",
    "moved_on": f"CASE WHEN excluded.diffusion = 'O' THEN "
                f"CASE WHEN {HAS_MOVED} THEN excluded.last_seen ELSE supplier.moved_on END END",
    "moved_from": f"CASE WHEN {HAS_MOVED} THEN {OLD_ADDRESS} "
                  "WHEN excluded.diffusion = 'O' THEN supplier.moved_from ELSE '' END",
} | {
    column: f'CASE WHEN {STAYS} THEN supplier."{column}" ELSE excluded."{column}" END'
    for column in ("lon", "lat", "precision")
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """The columns the source's SQL reads, by role of the file they are in."""

    establishment: tuple[str, ...]
    # The legal unit's column -> what it goes by beside the establishment's.
    legal_unit: Mapping[str, str]
    geolocation: tuple[str, ...]

    @classmethod
    def of(cls, source: Source) -> "Reading":
        read = set(re.findall(NAME, " ".join(source.columns.values())))
        known: dict[str, set[str]] = {}
        for shape in source.shapes:
            known.setdefault(shape.role, set()).update(shape.columns | shape.optional)
        first = known.get("establishment", set())
        second = known.get("legal_unit", set()) - {"siren"}
        named = {c: f"legal_unit_{c}" if c in first else c for c in sorted(second)}
        return cls(
            tuple(sorted(read & first - {"siret"})),
            {column: name for column, name in named.items() if name in read},
            tuple(sorted(read & known.get("geolocation", set()) - {"siret"})),
        )


def shared(day: str, run: int) -> dict[str, str]:
    """Column of SHARED -> SQL of its value."""
    seen = literal(day)
    return dict(
        zip(SHARED, (literal(REGISTER), seen, seen, str(run), "NULL", *4 * ["''"]), strict=True)
    )


def compose(
    source: Source, reading: Reading, columns: Sequence[str], values: Mapping[str, str]
) -> str:
    """SQL: a row per supplier to write, of these columns of WRITTEN; `values`: those shared.

    Reads the tables the package has filled: line, legal_unit, geolocation, commune, and `known`
    with the digest of what each siret of the base was made of: only what differs is composed.
    """
    fact = ", ".join(
        [f"line.{column}" for column in ("siret", *reading.establishment)]
        + [
            f"coalesce(legal_unit.{c}, line.{name}) AS {name}"
            for c, name in reading.legal_unit.items()
        ]
        + [f"geolocation.{column}" for column in reading.geolocation]
    )
    last = {
        "uid": "siret",
        "created_on": "CAST(created_on AS VARCHAR)", "closed_on": "CAST(closed_on AS VARCHAR)",
        "commune_code": "coalesce(today, commune_code, '')", "commune": "coalesce(place, commune)",
    }  # fmt: skip
    said = ", ".join(f"{values.get(c) or last.get(c, c)} AS {c}" for c in columns)
    layers, placing = _layers(source.columns), _placing(source.columns)
    parts = {role: hashed(role, names) for role, names in made_of(source, reading).items()}
    return (
        f"WITH fact AS (SELECT {fact} FROM line LEFT JOIN legal_unit "
        "ON legal_unit.siren = left(line.siret, 9) LEFT JOIN geolocation USING (siret)), "
        f"located AS (SELECT fact.*, {', '.join(OF_COMMUNE)} FROM fact "
        f"LEFT JOIN commune ON file_code = {source.columns['commune_code']}), "
        f"marked AS (SELECT *, {digest(source, parts)} AS digest "
        "FROM located), news AS (SELECT marked.* FROM marked LEFT JOIN known USING (siret) "
        "WHERE known.digest IS DISTINCT FROM marked.digest), "
        f"{layers}, {placing} SELECT {said} FROM placed"
    )


def made_of(source: Source, reading: Reading) -> dict[str, list[str]]:
    """The names beside a line of all that a supplier is made of, by the role of their file."""
    feeding = _feeding(source.columns)
    read = (reading.establishment, reading.legal_unit.values(), reading.geolocation)
    return {role: sorted(feeding & set(names)) for role, names in zip(ROLES, read, strict=True)}


def hashed(role: str, values: Iterable[str]) -> str:
    """SQL: a digest of what the file of this role says."""
    return f"hash({', '.join((literal(role), *values))})"


def digest(source: Source, parts: Mapping[str, str]) -> str:
    """SQL: 63 bits of all that a supplier is made of, for the base's signed integers.

    Of what is read, not of what is composed: that is the dearest part, spared for who is the same.
    With other rules, or another DuckDB, all differ and are written once more: nothing is missed.
    `parts`: what is `hashed` for each of ROLES.
    """
    rules = _layers(source.columns) + _placing(source.columns)
    salt = hashlib.blake2b(rules.encode(), digest_size=8).hexdigest()
    said = ", ".join((*(parts[role] for role in ROLES), *OF_COMMUNE))
    return f"(hash('{salt}', siret, {said}) >> 1)::BIGINT"


def _feeding(columns: Mapping[str, str]) -> set[str]:
    """The names that a supplier's columns read, of the files and of one another."""
    found, new = set[str](), {*COMPOSED, *PLACED, *(c for c in columns if _is_position(c))}
    while new:
        found |= new
        read = " ".join(columns[name] for name in new if name in columns)
        new = set(re.findall(NAME, read)) - found
    return found


def _is_position(column: str) -> bool:
    return column.startswith("position_")


def _layers(columns: Mapping[str, str]) -> str:
    """CTEs from `news` to `composed`, a new one whenever a column reads one of the same layer.

    Within one SELECT an alias is copied into what reads it: planning would take seconds.
    """
    layers: list[dict[str, str]] = [{}]
    for column, sql in columns.items():
        if layers[-1].keys() & set(re.findall(NAME, sql)):
            layers.append({})
        layers[-1][column] = sql
    names = ["news", *(f"layer_{i}" for i in range(1, len(layers))), "composed"]
    return ", ".join(
        _on_top(both, (layer,)) for both, layer in zip(pairwise(names), layers, strict=True)
    )


def _placing(columns: Mapping[str, str]) -> str:
    """CTEs from `composed` to `placed`: the first plausible position, else the commune's centre."""
    ranks = [int(c.removeprefix("position_")) for c in columns if _is_position(c)]
    km = f"CASE WHEN today LIKE '97%' THEN {VICINITY_OVERSEAS_KM} ELSE {VICINITY_KM} END"
    plausible, lon, lat, precision = (
        " ".join(sql.replace("#", f"position_{rank}") for rank in ranks)
        for sql in (
            f"WHEN is_near(lon_#, lat_#, centre_lon, centre_lat, {km}) THEN '#'",
            "WHEN '#' THEN lon_#",
            "WHEN '#' THEN lat_#",
            "WHEN '#' THEN #.precision",
        )
    )
    layers = list(zip(*(steps(f"position_{rank}") for rank in ranks), strict=True))
    projected = ("composed", *(f"step_{n}" for n in range(1, len(layers))), "projected")
    return (
        f"{', '.join(starmap(_on_top, zip(pairwise(projected), layers, strict=True)))}, "
        f"chosen AS (SELECT *, CASE {plausible} END AS best FROM projected), "
        f"placed AS (SELECT *, round(CASE best {lon} ELSE centre_lon END, 6) AS lon, "
        f"round(CASE best {lat} ELSE centre_lat END, 6) AS lat, CASE best {precision} "
        "ELSE CASE WHEN centre_lon IS NULL THEN '' ELSE 'commune' END END AS precision FROM chosen)"
    )


def _on_top(names: tuple[str, str], added: Iterable[Mapping[str, str]]) -> str:
    """A CTE with all that the one below has, and these columns."""
    below, name = names
    listed = ", ".join(f"{sql} AS {column}" for each in added for column, sql in each.items())
    return f"{name} AS (SELECT *, {listed} FROM {below})"


def checks() -> list[str]:
    """Macros is_siret(text), is_siret_read(text, number), is_near(position, its commune, km)."""
    digits = [f"((n // {10**i}::BIGINT) % 10)" for i in range(14)]
    doubled = [f"(2 * {d} - 9 * ({d} > 4)::BIGINT)" if i % 2 else d for i, d in enumerate(digits)]
    in_france = " OR ".join(
        f"(lon BETWEEN {w} AND {e} AND lat BETWEEN {s} AND {n})" for w, s, e, n in FRANCE
    )
    bodies = (
        f"luhn(n) AS ({' + '.join(doubled)}) % 10 = 0",
        # La Poste's establishments fail Luhn: the sum of their digits is a multiple of five.
        "is_numbered(n) AS luhn(n) "
        f"OR (n // 100000 = 356000000 AND ({' + '.join(digits)}) % 5 = 0)",
        # The number beside its text: within a rule it would be read again for each of its digits.
        "is_siret_read(s, n) AS coalesce(length(s) = 14 AND left(s, 9) <> '000000000' "
        "AND regexp_full_match(s, '[0-9]+') AND is_numbered(n), false)",
        "is_siret(s) AS is_siret_read(s, TRY_CAST(s AS BIGINT))",
        "is_near(lon, lat, centre_lon, centre_lat, km) AS "
        f"CASE WHEN centre_lon IS NULL THEN {in_france} "
        "ELSE abs(lat - centre_lat) * 111.2 < km "
        "AND abs(lon - centre_lon) * 111.2 * cos(radians(lat)) < km END",
    )
    return [f"CREATE OR REPLACE TEMP MACRO {body}" for body in bodies]
