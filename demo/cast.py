"""The suppliers the lists speak of, each with its place in the register under nearly its name."""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from demo.communes import FAR, Commune, Street, communes, streets
from demo.names import DATA, LANDSCAPES, as_registered, brands, places
from demo.stock import FORM_SHORT, commune_weights, street_lines

# How many of each at 20,000 establishments; they grow with the square root of the size.
REFERENCE_SIZE = 20_000
COUNTS = {"siae": 42, "handicap": 18, "innovation": 45, "group": 4}
PUBLIC_FORMS = ("7210", "7361")
COMPANY_BANDS = ("00", "01", "01", "02", "02", "03", "03", "11", "11", "12", "12", "21")
ASSOCIATION_FORMS = ("9220", "9222", "9223")
LAST_SEEN = datetime(2026, 8, 3, 6, 12)


@dataclass(frozen=True, slots=True)
class Structure:
    """What a supplier of a list may be: a row of data/structures.csv."""

    list: str
    kind: str
    naf: str
    form: str
    stem: str
    sectors: tuple[str, ...]
    activity: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where an establishment stands, on a street of its commune."""

    commune: Commune
    number: int
    street: Street
    key: str
    x: float
    y: float
    postcode: str


@dataclass(frozen=True, slots=True)
class Member:
    """One establishment: as the lists know it (`name`), as the register does (`registered`)."""

    structure: Structure
    name: str
    registered: str
    siren: str
    nic: str
    address: Address
    band: str
    created: date
    is_head: bool = True
    is_listed: bool = True
    sign: str = ""
    category: str = "PME"
    second_kind: str = ""

    @property
    def siret(self) -> str:
        """Fourteen digits."""
        return self.siren + self.nic


def structures() -> list[Structure]:
    """Every kind of structure, in the order of the file."""
    with (DATA / "structures.csv").open(encoding="utf-8", newline="") as file:
        return [
            Structure(
                row["list"],
                row["kinds"],
                row["naf"],
                row["form"],
                row["stem"],
                tuple(sector for sector in row["sectors"].split("; ") if sector),
                row["activity"],
            )
            for row in csv.DictReader(file)
        ]


def members(establishments: int, seed: int) -> list[Member]:
    """The whole cast for a size: same seed and size, same cast."""
    chance = random.Random(f"cast {seed}")
    scale = (establishments / REFERENCE_SIZE) ** 0.5
    known = structures()
    found: list[Member] = []
    for name, count in COUNTS.items():
        kinds = [structure for structure in known if structure.list == name] or [GROUP]
        for i in range(max(3, round(count * scale))):
            member = _member(kinds[i % len(kinds)], i, len(found), seed, chance)
            found += _with_relatives(member, i, seed, chance)
    return found


GROUP = Structure("group", "", "70.10Z", "5599", "Groupe", (), "")


def _member(structure: Structure, i: int, rank: int, seed: int, chance: random.Random) -> Member:
    name = _name(structure, i, chance)
    siren = _siren(structure, rank, i)
    return Member(
        structure=structure,
        name=name,
        registered=_registered(name, structure, chance),
        siren=siren,
        nic=_nic(siren, 1 + chance.randrange(4)),
        address=_address(chance, seed, structure),
        band=chance.choice(COMPANY_BANDS)
        if structure.list != "handicap"
        else chance.choice(("12", "21")),
        created=date(
            chance.randint(2008 if structure.list == "innovation" else 1985, 2024),
            chance.randint(1, 12),
            chance.randint(1, 28),
        ),
        sign=name if structure.list == "innovation" and i % 6 == 0 else "",
        second_kind="EI" if structure.kind == "ACI" and i % 8 == 3 else "",
    )


def _with_relatives(member: Member, i: int, seed: int, chance: random.Random) -> Iterator[Member]:
    """The member, and what makes linking hard: a second site, a namesake next door, a far head."""
    name = member.structure.list
    if name == "group":
        far = Member(
            member.structure,
            member.name,
            member.registered,
            member.siren,
            _nic(member.siren, 7),
            _address(chance, seed, member.structure, "75115"),
            "41",
            member.created,
            category="GE",
        )
        yield far
        yield replace(member, is_head=False, is_listed=False, category="GE", band="21")
        return
    yield member
    if name == "siae" and i % 9 == 4:
        yield replace(
            member,
            nic=_nic(member.siren, 8),
            is_head=False,
            address=_address(chance, seed, member.structure),
        )
    if name == "siae" and i % 12 == 5 and member.structure.form not in PUBLIC_FORMS:
        siren = _luhn(f"91{int(member.siren[2:8]):06d}")
        yield replace(
            member,
            siren=siren,
            nic=_nic(siren, 1),
            registered=f"{member.registered} PROPRETE",
            is_listed=False,
            second_kind="",
        )


def _name(structure: Structure, i: int, chance: random.Random) -> str:
    if structure.form in PUBLIC_FORMS:
        return f"{structure.stem} n° {i + 1}"
    if structure.list == "group":
        return f"{chance.choice(brands())} {structure.stem}"
    if structure.list == "innovation":
        brand = chance.choice(brands())
        return brand if i % 3 else f"{brand} {structure.stem}"
    if chance.random() < 0.3:
        return f"{structure.stem} de {chance.choice(places())}"
    return f"{structure.stem} {chance.choice(LANDSCAPES)}"


def _registered(name: str, structure: Structure, chance: random.Random) -> str:
    """The register's name: capitals, now and then with a legal form or one more word."""
    plain = as_registered(name)
    if structure.form in PUBLIC_FORMS:
        return plain.replace("°", "O")
    if structure.form in ASSOCIATION_FORMS:
        return chance.choice((plain, plain, plain.removeprefix("LES "), f"ASSOCIATION {plain}"))
    if structure.list == "innovation":
        return chance.choice((plain, plain, f"{plain} TECHNOLOGIES", f"SAS {plain}"))
    return chance.choice((plain, plain, f"{FORM_SHORT[structure.form]} {plain}"))


def _siren(structure: Structure, rank: int, i: int) -> str:
    """Public bodies begin with 2; a few handicap structures with 0, which spreadsheets lose."""
    if structure.form in PUBLIC_FORMS:
        return _luhn(f"2{1560000 + rank * 137:07d}")
    if structure.list == "handicap" and i % 6 == 1:
        return _luhn(f"05{600000 + rank * 97:06d}")
    return _luhn(f"92{100000 + (rank * 611953) % 900000:06d}")


def _luhn(digits: str) -> str:
    """These digits and their check digit."""
    total = sum(
        sum(divmod(int(digit) * (2 - i % 2), 10)) for i, digit in enumerate(reversed(digits))
    )
    return f"{digits}{-total % 10}"


def _nic(siren: str, rank: int) -> str:
    return _luhn(f"{siren}{rank:04d}")[9:]


def keyed_siret(start: str) -> str:
    """The first establishment of the SIREN of these eight digits."""
    siren = _luhn(start)
    return siren + _nic(siren, 1)


@cache
def _map() -> tuple[list[Commune], list[float]]:
    found = communes()
    return found, commune_weights(found)


def _address(chance: random.Random, seed: int, structure: Structure, code: str = "") -> Address:
    """An address in the territory or around it, often in a business park."""
    found, weights = _map()
    near = [(c, w) for c, w in zip(found, weights, strict=True) if c.epci != FAR]
    commune = (
        next(c for c in found if c.code == code)
        if code
        else chance.choices([c for c, _ in near], [w for _, w in near])[0]
    )
    there = streets(commune)
    at_zone = bool(commune.zones) and chance.random() < (
        0.45 if structure.form not in PUBLIC_FORMS else 0
    )
    i = (
        chance.randrange(len(commune.zones))
        if at_zone
        else chance.randrange(len(commune.zones), len(there))
    )
    number = chance.randint(1, 40)
    x, y, dx, dy = _lines(commune.code, seed)[i]
    return Address(
        commune,
        number,
        there[i],
        f"{commune.code}{i + 11:04d}_B",
        round(x + number * dx, 1),
        round(y + number * dy + number % 2 * 7, 1),
        chance.choice(commune.postcodes),
    )


@cache
def _lines(code: str, seed: int) -> Sequence[tuple[float, float, float, float]]:
    commune = next(c for c in _map()[0] if c.code == code)
    return street_lines(commune.spots, len(streets(commune)), random.Random(f"{seed} {code}"))


def unit_rows(cast: Sequence[Member]) -> list[dict[str, Any]]:
    """The cast's legal units, in the columns of `all_units` (data/stock.sql)."""
    heads = [member for member in cast if member.is_head]
    return [
        {
            "siren": m.siren,
            "status": "O",
            "is_person": False,
            "created": m.created,
            "is_open": True,
            "form": m.structure.form,
            "band": m.band,
            "name": m.registered,
            "is_purged": False,
            "category": m.category,
            "naf": m.structure.naf,
            "head_nic": m.nic,
            "periods": 2,
            "ess": "O" if m.structure.form.startswith("92") or m.structure.form == "5458" else "N",
            "mission": "O" if m.structure.list == "innovation" and m.band == "12" else "N",
            "treated": LAST_SEEN,
            "since": m.created,
        }
        for m in heads
    ]


def establishment_rows(cast: Sequence[Member]) -> list[dict[str, Any]]:
    """The cast's establishments, in the columns of `all_establishments` (data/stock.sql)."""
    return [
        {
            "siren": m.siren,
            "nic": m.nic,
            "status": "O",
            "is_person": False,
            "is_open": True,
            "is_head": m.is_head,
            "band": m.band,
            "created": m.created,
            "number": None if m.address.street.kind == "LIEU-DIT" else str(m.address.number),
            "street_kind": m.address.street.kind,
            "street_label": m.address.street.label,
            "postcode": m.address.postcode,
            "commune": m.address.commune.name,
            "commune_code": m.address.commune.code,
            "x": m.address.x,
            "y": m.address.y,
            "address_key": m.address.key,
            "sign": m.sign or None,
            "naf": m.structure.naf,
            "periods": 1,
            "treated": LAST_SEEN,
            "since": m.created,
        }
        for m in cast
    ]
