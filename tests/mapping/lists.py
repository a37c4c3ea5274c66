"""Small invented lists for the mapping's tests."""

from collections.abc import Sequence

from sourcing.mapping import Proposal, propose
from sourcing.source import Row

SIRETS = ("90000010000017", "90000013700019", "90000017400012", "01234567800010")
NAMES = ("Voiles d'Armor SARL", "Algo Breizh SAS", "Menuiserie du Ter SARL", "Iroise SAS")
TOWNS = ("Lorient", "Lanester", "Lorient", "Caudan")


def table(columns: dict[str, Sequence[str]]) -> list[Row]:
    """Rows of a CSV, numbered as a person sees them."""
    lines = zip(*columns.values(), strict=True)
    return [
        Row("liste.csv", i, dict(zip(columns, cells, strict=True)))
        for i, cells in enumerate(lines, 2)
    ]


def headers(*columns: str) -> list[Row]:
    """One empty line under these headers."""
    return [Row("liste.csv", 2, dict.fromkeys(columns, ""))]


def fields(found: Proposal) -> dict[str, str]:
    return dict(found.mapping.columns)


def proposed(columns: dict[str, Sequence[str]]) -> dict[str, str]:
    return fields(propose(table(columns)))
