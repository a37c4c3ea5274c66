"""Lines made from any register: what four shapes of lists do to names and addresses.

Training learns from them before it sees any real line; the benchmarks measure on them.
"""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from sourcing.normalise.text import fold

# Share of the lines whose establishment is taken out of the register: "nobody" is right.
ABSENT = 0.32
# Of those, how many stand at the door of somebody the register knows.
AT_A_DOOR = 1 / 3
# A name the register never heard of, of somebody it knows.
UNKNOWN_BRAND = 0.05
SYLLABLES = ("VI", "TAL", "NO", "MA", "RIS", "COR", "ELA", "SO", "LU", "DEX", "ZEN", "PRI", "OTA")
FORMS = ("ASSOC", "ASSOCIATION", "SARL", "SAS", "SA", "EURL", "STE", "ETS", "SCOP")
SHORT = (
    ("CENTRE", "CTRE"),
    ("FORMATION", "FORM"),
    ("SAINT", "ST"),
    ("SAINTE", "STE"),
    ("SOCIETE", "STE"),
    ("ETABLISSEMENT", "ETS"),
    ("ENTREPRISE", "ENT"),
    ("DEPARTEMENTAL", "DEP"),
    ("REGIONAL", "REG"),
    ("PROFESSIONNEL", "PROF"),
    ("TRANSPORTS", "TRANSP"),
    ("SERVICES", "SERV"),
    ("AGRICOLE", "AGRIC"),
)
STREETS = (
    ("RUE ", "R "),
    ("AVENUE ", "AV "),
    ("BOULEVARD ", "BD "),
    ("ROUTE ", "RTE "),
    ("CHEMIN ", "CHE "),
    ("ALLEE ", "ALL "),
    ("PLACE ", "PL "),
    ("IMPASSE ", "IMP "),
)
PLACE = ("address", "postcode", "city")
Dice = random.Random
Change = Callable[[str, Dice], str]
Line = dict[str, str]


class Shape(NamedTuple):
    """How often one kind of list does each thing to a line."""

    # Names: the trade name rather than the legal one; both; cut at the field's width.
    trade: float
    both: float
    cut: float
    # Places: no address; no postcode either; the post office's town; another address.
    no_address: float
    town_only: float
    cedex: float
    moved: float
    website: float


# A marketplace's export; a network's printed list; an official file of centres; a club's members.
SHAPES = (
    Shape(0.5, 0.1, 0.0, 0.1, 0.0, 0.05, 0.06, 0.8),
    Shape(0.2, 0.0, 0.3, 0.9, 0.8, 0.0, 0.0, 0.2),
    Shape(0.2, 0.4, 0.3, 0.05, 0.0, 0.35, 0.08, 0.2),
    Shape(0.6, 0.1, 0.0, 0.5, 0.3, 0.1, 0.08, 0.8),
)


def typo(name: str, dice: Dice) -> str:
    """One letter lost, doubled or swapped with the next."""
    if len(name) < 5:
        return name
    at = dice.randrange(1, len(name) - 2)
    return dice.choice(
        (
            name[:at] + name[at + 1 :],
            name[:at] + name[at] + name[at:],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        )
    )


def shortened(name: str, dice: Dice) -> str:
    for long, short in SHORT:
        name = name.replace(long, short)
    return name


def contracted(name: str, dice: Dice) -> str:
    """A word or two left out of three or more."""
    words = name.split()
    for _ in range(min(dice.choice((1, 1, 2)), len(words) - 2)):
        words.pop(dice.randrange(len(words)))
    return " ".join(words)


def with_form(name: str, dice: Dice) -> str:
    return f"{dice.choice(FORMS)} {name}"


def acronym(name: str, dice: Dice) -> str:
    words = [w for w in name.replace("'", " ").split() if len(w) > 2]
    return "".join(w[0] for w in words) if len(words) > 2 else name


# Each change, how often it happens, and whether a harder set has more of it.
CHANGES: tuple[tuple[Change, float, bool], ...] = (
    (shortened, 0.3, False), (contracted, 0.15, False), (with_form, 0.15, False),
    (typo, 0.12, True), (acronym, 0.04, False),
)  # fmt: skip


def noisy(
    register: pd.DataFrame, count: int, seed: int, rate: float = 1.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(what is left of the register, lines to find in it).

    `rate` multiplies misspellings, trade names, missing and other addresses.
    """
    dice = Dice(seed)
    named = register[(register["name"].str.len() > 3) & (register["city"] != "")]
    chosen = named.sample(min(count, len(named)), random_state=seed)
    rows = [{str(k): str(v) for k, v in row.items()} for row in chosen.to_dict("records")]
    absent = {row["siret"] for row in rows if dice.random() < ABSENT}
    left = register[~register["siret"].isin(absent)].reset_index(drop=True)
    places = left.loc[left["address"] != "", list(PLACE)]
    some = places.sample(min(count, len(places)), random_state=seed).itertuples(index=False)
    doors = [dict(zip(PLACE, map(str, place), strict=True)) for place in some]
    lines = [
        _line(row, row["siret"] in absent, doors, dice, rate) | {"query_id": str(i)}
        for i, row in enumerate(rows)
    ]
    return left, pd.DataFrame(lines)


def _line(row: Line, is_absent: bool, doors: Sequence[Line], dice: Dice, rate: float) -> Line:
    kind = dice.randrange(len(SHAPES))
    shape = SHAPES[kind]
    if is_absent and dice.random() < AT_A_DOOR:
        row = row | dice.choice(doors)
    name, other = _names(row, shape, dice, rate)
    site = _site(dice.choice((name, row["alt_name"] or row["name"])), dice)
    return {
        "source": f"noise{kind}",
        "name": _spoilt(name, shape, dice, rate),
        "alt_name": other,
        "website": site if dice.random() < shape.website else "",
        "truth_siret": "" if is_absent else row["siret"],
    } | _place(row, shape, doors, dice, rate)


def _names(row: Line, shape: Shape, dice: Dice, rate: float) -> tuple[str, str]:
    """The name a list gives, and another one or ''."""
    if dice.random() < UNKNOWN_BRAND:
        return "".join(dice.choice(SYLLABLES) for _ in range(3)), ""
    names = row["name"].upper(), row["alt_name"].upper()
    if names[1] and dice.random() < shape.trade * rate:
        names = names[1], names[0]
    return names[0], names[1] if dice.random() < shape.both else ""


def _spoilt(name: str, shape: Shape, dice: Dice, rate: float) -> str:
    for change, share, is_noise in CHANGES:
        if dice.random() < share * (rate if is_noise else 1):
            name = change(name, dice)
    return name[: dice.choice((30, 32, 40))].strip() if dice.random() < shape.cut else name


def _site(name: str, dice: Dice) -> str:
    """A site named after its owner, or after somebody else (a group, a fair)."""
    if dice.random() < 0.1:
        return f"www.{dice.choice(SYLLABLES).lower()}{dice.choice(SYLLABLES).lower()}.fr"
    words = fold(name).lower().split()
    return f"www.{dice.choice(('', '-')).join(words[-3:])}.{dice.choice(('fr', 'com'))}"


def _place(row: Line, shape: Shape, doors: Sequence[Line], dice: Dice, rate: float) -> Line:
    address, postcode, city = row["address"].upper(), row["postcode"], row["city"].upper()
    if address and dice.random() < shape.moved * rate:
        address = dice.choice(doors)["address"].upper()  # it moved, or this is its head office
    if dice.random() < 0.5:
        for long, short in STREETS:
            address = address.replace(long, short)
    if address[:1].isdigit() and dice.random() < 0.08:
        address = address.lstrip("0123456789 ")
    if postcode and dice.random() < shape.cedex:
        postcode, city = postcode[:3] + str(dice.randrange(10, 99)), f"{city} CEDEX"
    if dice.random() < min(0.95, shape.no_address * rate):
        address = ""
        if dice.random() < min(0.95, shape.town_only * rate):
            postcode = ""
    return {"address": address, "postcode": postcode, "city": city}
