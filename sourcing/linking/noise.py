"""Training lines made from any register: what lists do to names and addresses."""

import random
from collections.abc import Callable, Sequence

import pandas as pd

# Share of the lines whose establishment is taken out of the register: "nobody" is right.
ABSENT = 0.32
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
Change = Callable[[str, random.Random], str]


def typo(name: str, dice: random.Random) -> str:
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


def shortened(name: str, dice: random.Random) -> str:
    for long, short in SHORT:
        name = name.replace(long, short)
    return name


def cut(name: str, dice: random.Random) -> str:
    """A field of fixed width."""
    return name[: dice.choice((30, 32, 40))].strip()


def contracted(name: str, dice: random.Random) -> str:
    """A word or two left out."""
    words = name.split()
    for _ in range(min(dice.choice((1, 1, 2)), len(words) - 1)):
        words.pop(dice.randrange(len(words)))
    return " ".join(words)


def with_form(name: str, dice: random.Random) -> str:
    return f"{dice.choice(FORMS)} {name}"


def acronym(name: str, dice: random.Random) -> str:
    words = [w for w in name.replace("'", " ").split() if len(w) > 2]
    return "".join(w[0] for w in words) if len(words) > 2 else name


# Each change and how often it happens.
CHANGES: tuple[tuple[Change, float], ...] = (
    (shortened, 0.3), (contracted, 0.15), (with_form, 0.15), (typo, 0.12), (cut, 0.12),
    (acronym, 0.04),
)  # fmt: skip


def noisy(
    register: pd.DataFrame, count: int, seed: int, rate: float = 1.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(what is left of the register, lines to find in it); `rate` multiplies the noise."""
    dice = random.Random(seed)
    named = register[(register["name"].str.len() > 3) & (register["city"] != "")]
    chosen = named.sample(min(count, len(named)), random_state=seed)
    rows = [{str(k): str(v) for k, v in row.items()} for row in chosen.to_dict("records")]
    absent = {row["siret"] for row in rows if dice.random() < ABSENT}
    names = named["name"].tolist()
    addresses = [a for a in named["address"].tolist() if a]
    lines = [
        _line(row, names, addresses, dice, rate)
        | {
            "query_id": str(i),
            "source": "noise",
            "truth_siret": "" if row["siret"] in absent else row["siret"],
        }
        for i, row in enumerate(rows)
    ]
    return register[~register["siret"].isin(absent)].reset_index(drop=True), pd.DataFrame(lines)


def _line(
    row: dict[str, str],
    names: Sequence[str],
    addresses: Sequence[str],
    dice: random.Random,
    rate: float,
) -> dict[str, str]:
    line = {
        "name": _name(row, names, dice, rate),
        "alt_name": "",
        "address": row["address"].upper(),
        "postcode": row["postcode"],
        "city": row["city"].upper(),
    }
    if row["alt_name"] and dice.random() < 0.3:
        line["alt_name"] = row["name"] if line["name"] == row["alt_name"] else row["alt_name"]
    shape = dice.random()
    if shape < 0.35 * min(rate, 1.5):
        line["address"] = line["postcode"] = ""
    elif shape < 0.45 * min(rate, 1.5):
        line["address"] = ""
    return line | _address(line, addresses, dice, rate)


def _name(row: dict[str, str], names: Sequence[str], dice: random.Random, rate: float) -> str:
    if dice.random() < 0.06 * rate:
        return dice.choice(names).upper()  # a brand the register never heard of
    name = row["alt_name"] if row["alt_name"] and dice.random() < 0.5 else row["name"]
    name = name.upper()
    for change, share in CHANGES:
        if dice.random() < share * rate:
            name = change(name, dice)
    if dice.random() < 0.05 * rate:
        name = f"{name} {row['city'].upper()}"
    return name


def _address(
    line: dict[str, str], addresses: Sequence[str], dice: random.Random, rate: float
) -> dict[str, str]:
    address, postcode, city = line["address"], line["postcode"], line["city"]
    if address and dice.random() < 0.06 * rate:
        address = dice.choice(addresses).upper()  # it moved, or this is its head office
    if dice.random() < 0.5:
        for long, short in STREETS:
            address = address.replace(long, short)
    if address[:1].isdigit() and dice.random() < 0.08 * rate:
        address = address.lstrip("0123456789 ")
    if postcode and dice.random() < 0.15 * rate:
        postcode, city = postcode[:3] + str(dice.randrange(10, 99)), f"{city} CEDEX"
    return {"address": address, "postcode": postcode, "city": city}
