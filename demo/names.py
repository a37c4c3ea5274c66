"""Words that every name of the demonstration is made of; none is meant to be a real one."""

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


def _words() -> dict[str, tuple[str, ...]]:
    with (DATA / "words.csv").open(encoding="utf-8", newline="") as file:
        return {row["list"]: tuple(row["words"].split("|")) for row in csv.DictReader(file)}


WORDS = _words()
# What a firm of the coast calls itself after, preposition included: "de la Laïta".
LANDSCAPES = WORDS["landscapes"]


@dataclass(frozen=True, slots=True)
class Trade:
    """One activity: its NAF codes, its weight among legal units, what its firms are called."""

    naf: str
    naf25: str
    weight: float
    profile: str
    stems: tuple[str, ...]


def trades() -> list[Trade]:
    """Every activity of the demonstration, all those of the purchase segments among them."""
    with (DATA / "trades.csv").open(encoding="utf-8", newline="") as file:
        return [
            Trade(
                naf=row["naf"],
                naf25=row["naf25"],
                weight=float(row["weight"]),
                profile=row["profile"],
                stems=tuple(row["stems"].split("|")),
            )
            for row in csv.DictReader(file)
        ]


def places() -> list[str]:
    """Coined Breton-looking places: 'Kerbalan', 'Trémelven'…"""
    return [head + root for head in WORDS["place_heads"] for root in WORDS["place_roots"]]


def brands() -> list[str]:
    """Coined brands, a syllable of each list: 'Armolis', 'Brelitec'…"""
    heads, middles, tails = (WORDS[f"brand_{part}"] for part in ("heads", "middles", "tails"))
    return [head + middle + tail for head in heads for middle in middles for tail in tails]


def surnames() -> list[str]:
    """Coined surnames: 'Kervorel', or 'Le Vorel' where the head is an article."""
    return [
        head + (tail.capitalize() if head.endswith(" ") else tail)
        for head in WORDS["surname_heads"]
        for tail in WORDS["surname_tails"]
    ]


def first_names() -> list[tuple[str, str]]:
    """(first name, sex as SIRENE writes it)."""
    return [(name, "F") for name in WORDS["women"]] + [(name, "M") for name in WORDS["men"]]


def as_registered(name: str) -> str:
    """A name as the register writes it: upper case, no accents."""
    decomposed = unicodedata.normalize("NFD", name.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).upper()
