"""GUARDS: why a pair is never linked without a person, however probable it looks."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.linking.evidence import EVIDENCE
from sourcing.linking.looks import Levels

AT = {e.name: i for i, e in enumerate(EVIDENCE)}
CODES = {e.name: [code for code, _ in e.answers] for e in EVIDENCE}
Flags = NDArray[np.bool_]
# The firm is known, which of its sites is not.
SITE = "établissement à préciser"


class Guard(NamedTuple):
    """Pairs it holds back, and the French clause that says why."""

    holds: Callable[[Levels], Flags]
    reason: str


def is_one_of(levels: Levels, evidence: str, *codes: str) -> Flags:
    return _wanted(evidence, codes)[levels[:, AT[evidence]]]


@cache
def _wanted(evidence: str, codes: tuple[str, ...]) -> Flags:
    """Which answers of this evidence are among these."""
    places = [CODES[evidence].index(code) for code in codes]
    return np.isin(np.arange(len(CODES[evidence])), places)


def numbered(levels: Levels) -> Flags:
    """An identifier is the same: nothing else need prove anything."""
    numbers = ("siren", "phone", "mail", "host")
    return np.asarray(np.logical_or.reduce([is_one_of(levels, n, "same") for n in numbers]))


def identified(levels: Levels) -> Flags:
    """An identifier, or a web site that bears the name: names need not prove anything."""
    return numbered(levels) | is_one_of(levels, "site_name", "yes")


def alone_of_its_kind(levels: Levels) -> Flags:
    """The CFA, the ESAT… at that very door, where nobody else could be meant."""
    there = is_one_of(levels, "kind", "same") & is_one_of(levels, "street", "same_door")
    return there & is_one_of(levels, "rivals", "none")


def fully_named(levels: Levels) -> Flags:
    """The base knows nearly all the words of the line, or they are the initials of its name."""
    return is_one_of(levels, "all_names", "a5", "a6") | is_one_of(levels, "acronym", "there")


def decisive(levels: Levels) -> Flags:
    """At that address, and what the names share singles out one supplier by far."""
    there = is_one_of(levels, "street", "same_street", "same_door")
    return there & is_one_of(levels, "rarity", "r7")


def nameless(levels: Levels) -> Flags:
    """Nothing in common in the names but common words, and no identifier either."""
    return (
        is_one_of(levels, "name", "d0", "d1")
        & ~identified(levels)
        & ~alone_of_its_kind(levels)
        & ~is_one_of(levels, "acronym", "yes", "there")
        & ~is_one_of(levels, "exact", "generic")
    )


def mostly_unknown(levels: Levels) -> Flags:
    """Most of what the line calls itself is in none of the base's names."""
    return (
        is_one_of(levels, "all_names", "a0", "a1", "a2", "a3")
        & ~identified(levels)
        & ~alone_of_its_kind(levels)
        & ~decisive(levels)
        & ~is_one_of(levels, "acronym", "yes", "there")
    )


def misspelt(levels: Levels) -> Flags:
    """No word is the same, some look alike, and no street says it is that one."""
    there = is_one_of(levels, "street", "other_number", "next_door", "same_street", "same_door")
    return is_one_of(levels, "word_for_word", "alike") & ~there & ~identified(levels)


def unplaced(levels: Levels) -> Flags:
    """Nothing tells it from its namesakes elsewhere: a web site of that name is theirs as well."""
    there = is_one_of(levels, "street", "close", "next_door", "same_street", "same_door")
    elsewhere = is_one_of(levels, "town", "unknown", "far")
    elsewhere |= is_one_of(levels, "town", "departement") & ~there
    return elsewhere & ~numbered(levels)


def rivalled(levels: Levels) -> Flags:
    """Somebody else there could be meant, unless the name is word for word this one's."""
    exact = is_one_of(levels, "spelling", "s6") & fully_named(levels)
    return ~exact & ~is_one_of(levels, "rivals", "none")


def moved(levels: Levels) -> Flags:
    """In a city of many suppliers, the same name elsewhere is a namesake as often as a move."""
    city = is_one_of(levels, "name_and_crowd", *(f"n{strength}c3" for strength in range(4)))
    return city & is_one_of(levels, "street", "different") & ~numbered(levels)


def twin(levels: Levels) -> Flags:
    return is_one_of(levels, "rivals", "like_twin")


def of_unknown_kind(levels: Levels) -> Flags:
    """The line says it is a CFA, an ESAT…; the base does not, and lacks some of its words too.

    Two natures that differ are held back whatever the words; one that is only unknown is not when
    the words single out a supplier at that address.
    """
    there = is_one_of(levels, "street", "same_street", "same_door")
    known = is_one_of(levels, "all_names", "a4") & is_one_of(levels, "rarity", "r6") & there
    unknown = is_one_of(levels, "kind", "line_only", "partly") & ~known & ~decisive(levels)
    return (unknown | is_one_of(levels, "kind", "different")) & ~fully_named(levels)


def siren_conflict(levels: Levels) -> Flags:
    return is_one_of(levels, "siren", "different")


def number_conflict(levels: Levels) -> Flags:
    return is_one_of(levels, "numbers", "different")


GUARDS = (
    Guard(siren_conflict, "SIREN différents"),
    Guard(nameless, "presque rien de commun dans les noms"),
    Guard(mostly_unknown, "la base ne connaît pas la plupart des mots de ce nom"),
    Guard(misspelt, "les noms se ressemblent sans avoir un mot pareil"),
    Guard(unplaced, "aucun lieu commun pour le distinguer de ses homonymes"),
    Guard(number_conflict, "numéros différents dans les noms"),
    Guard(moved, "une autre adresse dans une grande ville"),
    Guard(twin, SITE),
    Guard(rivalled, "un autre fournisseur possible à la même adresse"),
    Guard(of_unknown_kind, "la nature annoncée par la liste n'est pas connue de la base"),
)


def held_back(levels: Levels) -> Flags:
    """Pairs that at least one guard holds back."""
    return np.asarray(np.logical_or.reduce([guard.holds(levels) for guard in GUARDS]))


def reasons(levels: Levels) -> list[tuple[str, ...]]:
    """Why each pair is held back; empty for those that are not."""
    held = np.zeros(len(levels), dtype=np.int64)
    for place, guard in enumerate(GUARDS):
        held |= guard.holds(levels).astype(np.int64) << place
    return [_told(which) for which in held.tolist()]


@cache
def _told(held: int) -> tuple[str, ...]:
    """The reasons of the guards whose bits are set."""
    return tuple(guard.reason for place, guard in enumerate(GUARDS) if held >> place & 1)
