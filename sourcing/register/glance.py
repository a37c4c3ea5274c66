"""A glance at files whose lines the base knows already: a digest of each says which differ.

A line read whole costs three times its digest, and in an ordinary month one in a hundred changed.
"""

# Every name below comes from Source.columns or from a Shape, both ours.
# ruff: noqa: S608

import re
from collections.abc import Iterator, Mapping

from sourcing.register.composition import NAME, Reading, digest, hashed, made_of
from sourcing.register.stock_files import Table
from sourcing.register.until import TOUCHED
from sourcing.source import Source

# Roles of the files that complete a line -> their key, and what of a siret it is.
COMPLETING = {"legal_unit": ("siren", "left(siret, 9)"), "geolocation": ("siret", "siret")}
ROLES = ("establishment", "joined", *COMPLETING)


def tables(source: Source, reading: Reading) -> Iterator[str]:
    """SQL that makes `seen`, with a digest of each line kept, and `seen_<role>` of COMPLETING."""
    along = "".join(f", {column} VARCHAR" for column in _along(source, reading))
    yield f"CREATE TABLE seen (file INTEGER, copies BIGINT, siret VARCHAR, said UBIGINT{along})"
    for role, (key, _) in COMPLETING.items():
        yield f"CREATE TABLE seen_{role} ({key} VARCHAR, said UBIGINT)"


def _along(source: Source, reading: Reading) -> list[str]:
    """The columns that are read of every line: where it is, and since when."""
    read = f"{source.columns['commune_code']} {source.columns.get(TOUCHED, '')}"
    return sorted(set(re.findall(NAME, read)) & set(reading.establishment))


def of_line(source: Source, reading: Reading, named: Mapping[str, str]) -> dict[str, str]:
    """Column of `seen` -> SQL over a file of establishments, whose columns `named` says in SQL."""
    said = hashed("establishment", (named[c] for c in made_of(source, reading)["establishment"]))
    along = {column: named[column] for column in _along(source, reading)}
    return {"siret": named["siret"], "said": said} | along


def completing(source: Source, reading: Reading, table: Table, named: Mapping[str, str]) -> str:
    """SQL that adds what such a file says of the lines seen; `named`: its columns in SQL."""
    role = table.shape.role
    key, of_siret = COMPLETING[role]
    said = hashed(role, (named[column] for column in made_of(source, reading)[role]))
    return (
        f"INSERT INTO seen_{role} SELECT {key}, {said} FROM {table.scan()} "
        f"WHERE {key} IN (SELECT {of_siret} FROM seen)"
    )


def differing(source: Source, reading: Reading) -> str:
    """SQL that makes `differing`: the sirets of `seen` one of whose lines is not what is known."""
    columns = made_of(source, reading)
    silent = {role: hashed(role, ["NULL::VARCHAR"] * len(columns[role])) for role in COMPLETING}
    parts = {role: f"coalesce(seen_{role}.said, {silent[role]})" for role in COMPLETING}
    now = digest(source, {"establishment": "seen.said"} | parts)
    return (
        "CREATE TABLE differing AS SELECT DISTINCT siret FROM seen "
        f"LEFT JOIN commune ON file_code = {source.columns['commune_code']} "
        "LEFT JOIN seen_legal_unit ON siren = left(siret, 9) "
        "LEFT JOIN seen_geolocation USING (siret) LEFT JOIN known USING (siret) "
        f"WHERE known.digest IS DISTINCT FROM {now}"
    )
