"""What is asked of every pair: one function per question, its answer a number (a level)."""

from collections.abc import Callable
from functools import wraps

import numpy as np
from numpy.typing import NDArray

from sourcing.linking.comparison import Comparison
from sourcing.linking.overlap import ratio

Levels = NDArray[np.int64]
Look = Callable[[Comparison], Levels]
# Words in common that tell less than this share of what singles out a supplier: "CFA", "mairie".
GENERIC = 0.3
# From so many lines in one town, it is a village, a town, a city.
CROWDS = (20, 300, 3000)
# Levels of `street` and `town` that others use.
FAR_STREET, CLOSE_STREET, OTHER_NUMBER, SAME_DOOR = 3, 5, 6, 9
NAMED_TOWN, SAME_TOWN = 5, 8


def once(look: Look) -> Look:
    """Answered once per comparison: some questions are asked by others."""

    @wraps(look)
    def known(compared: Comparison) -> Levels:
        if look.__name__ not in compared.known:
            compared.known[look.__name__] = np.asarray(look(compared), dtype=np.int64)
        levels: Levels = compared.known[look.__name__]
        return levels

    return known


@once
def name(compared: Comparison) -> Levels:
    """How much of both names is shared, rare words counting more; 1 for common words alone."""
    shared = compared.names.words.shared
    level = 2 + np.digitize(compared.dice, (0.3, 0.5, 0.65, 0.8, 0.92, 0.995))
    generic = shared < GENERIC * compared.full_bits
    return np.where(shared <= 0, 0, np.where(generic, 1, level))


@once
def rarity(compared: Comparison) -> Levels:
    """How telling the shared words are: 1 is enough to single out one supplier of the base."""
    share = compared.names.words.shared / compared.full_bits
    return np.digitize(share, (0.02, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3))


@once
def spelling(compared: Comparison) -> Levels:
    return np.digitize(compared.names.likeness, (40, 55, 70, 80, 90, 99.9))


@once
def word_for_word(compared: Comparison) -> Levels:
    """Are the words in common the same, or only alike: 1 all alike, 2 some the same, 3 all."""
    words = compared.names.words
    share = ratio(words.exact, words.shared)
    return np.where(words.shared <= 0, 0, 1 + np.digitize(share, (0.02, 0.98)))


@once
def contained(compared: Comparison) -> Levels:
    """Is one name whole in the other?"""
    words = compared.names.words
    left = words.shared >= 0.95 * words.left
    right = words.shared >= 0.95 * words.right
    return np.where(words.shared <= 0, 0, 1 * left + 2 * right)


@once
def all_names(compared: Comparison) -> Levels:
    """Of all the words the line gives, how many this supplier has too."""
    return _coverage(compared.all_names.shared, compared.all_names.left)


@once
def base_names(compared: Comparison) -> Levels:
    """Of all the words this supplier has, how many the line gives."""
    return _coverage(compared.all_names.shared, compared.all_names.right)


def _coverage(shared: NDArray[np.float64], total: NDArray[np.float64]) -> Levels:
    share = np.divide(shared, total, out=np.zeros(len(total)), where=total > 0)
    return np.digitize(share, (0.02, 0.25, 0.45, 0.65, 0.85, 0.98))


@once
def placed(compared: Comparison) -> Levels:
    """What one calls itself and the other does not is the name of its street or hamlet."""
    return np.digitize(compared.placed, (0.05, 0.3))


@once
def acronym(compared: Comparison) -> Levels:
    """A name of one is the initials of a name of the other: 2 in one town, 1 elsewhere."""
    return np.where(compared.acronyms, 1 + (town(compared) >= NAMED_TOWN), 0)


@once
def kind(compared: Comparison) -> Levels:
    """What both say they are (a lycée, an ESAT, a town hall…)."""
    left = compared.probes.kinds[compared.pairs.probe]
    right = compared.base.kinds[compared.pairs.line]
    met = left & right
    return np.select(
        [(left == 0) & (right == 0), left == 0, right == 0, met == 0, met != left],
        [0, 1, 2, 3, 4],
        default=5,
    )


@once
def only_kind(compared: Comparison) -> Levels:
    """The base has one, a few or many of this kind in the town, or in the département."""
    line, fits = compared.pairs.line, kind(compared) >= 4
    in_town, around = compared.index.of_kind_in_town[line], compared.index.of_kind_around[line]
    here, near = town(compared) >= NAMED_TOWN, compared.agreement("departement") == 2
    return np.select(
        [fits & here, fits & near & (around == 1), fits & near & (around < 4)],
        [np.digitize(in_town, (2, 4)) + 1, 4, 5],
        default=0,
    )


@once
def exact(compared: Comparison) -> Levels:
    """One name word for word the same: 1 far, 2 near, 3 there; common words: 4 there, 5 not."""
    same = compared.names.likeness >= 99.9
    generic = compared.names.words.shared < GENERIC * compared.full_bits
    level = np.array([1, 2, 2, 2, 2, 3, 3, 3, 3])[town(compared)]
    return np.where(~same, 0, np.where(generic, np.where(level < 3, 5, 4), level))


@once
def numbers(compared: Comparison) -> Levels:
    """Numbers in the names (2C, BSMAT 12, T21): shared, or contradicting."""
    return compared.names.numbers


@once
def town(compared: Comparison) -> Levels:
    towns, codes = compared.agreement("town"), compared.agreement("town_code")
    posts, departements = compared.agreement("postcode"), compared.agreement("departement")
    near = departements != 1
    return np.select(
        [
            (codes == 2) | ((towns == 2) & near),
            posts == 2,
            (compared.town_likeness >= 85) & near,
            compared.named_town,
            (departements == 2) & compared.same_door,
            (departements == 2) & compared.is_cedex,
            departements == 2,
            departements == 1,
        ],
        [SAME_TOWN, 7, 6, NAMED_TOWN, 4, 3, 2, 0],
        default=1,
    )


@once
def street(compared: Comparison) -> Levels:
    like, doors = compared.street_likeness, compared.doors
    near = compared.agreement("departement") != 1
    left, right = compared.says_street
    said = left & right
    same, close = said & near & (like >= 85), said & near & (like >= 65)
    return np.select(
        [
            close & (doors == 3),
            same & (doors == 0),
            same & (doors == 2),
            same,
            close,
            said & near,
            said,
            right,
            left,
        ],
        [SAME_DOOR, 8, 7, OTHER_NUMBER, CLOSE_STREET, 4, FAR_STREET, 2, 1],
        default=0,
    )


@once
def neighbours(compared: Comparison) -> Levels:
    """How many firms of the base share the address: at a business centre it proves little."""
    firms = compared.index.at_door[compared.pairs.line]
    return np.where(street(compared) < OTHER_NUMBER, 0, np.digitize(firms, (2, 3, 6)) + 1)


@once
def rivals(compared: Comparison) -> Levels:
    """Is there another candidate in the same street: the same firm's, or somebody else?"""
    at = np.where(street(compared) < FAR_STREET, 0, street(compared)) * 10 + town(compared)
    strength = name(compared)
    one, other, is_twin = compared.rivals
    kept = np.flatnonzero(at[other] >= at[one])
    one, other, is_twin = one[kept], other[kept], is_twin[kept]
    is_strong = strength[other] >= strength[one]
    is_near = at[other] >= 10 * OTHER_NUMBER
    worst: Levels = np.select(
        [is_twin & is_strong, is_twin, is_near & is_strong, is_near], [4, 3, 2, 1], default=0
    )
    level = np.zeros(len(at), dtype=np.int64)
    np.maximum.at(level, one, worst)
    return level


@once
def unnamed(compared: Comparison) -> Levels:
    """An address and nothing in common in the names: is it a tenant, or the same under a name?

    1 that address in another town, 2 there, 3 there and the line says its nature (CFA, ESAT…).
    """
    bare = (_strength(compared) == 0) & (street(compared) > OTHER_NUMBER)
    says_kind = compared.probes.kinds[compared.pairs.probe] != 0
    other_town = town(compared) < NAMED_TOWN
    return np.select([~bare, other_town, ~says_kind], [0, 1, 2], default=3)


@once
def site(compared: Comparison) -> Levels:
    """Among the candidates that are sites of one firm: 1 the first one (its seat, often), 2 not."""
    one, other, is_twin = compared.rivals
    one, other = one[is_twin], other[is_twin]
    nic = compared.base.nic[compared.pairs.line]
    level = np.zeros(len(nic), dtype=np.int64)
    np.maximum.at(level, one, np.where(nic[other] < nic[one], 2, 1))
    return level


def phone(compared: Comparison) -> Levels:
    return compared.agreement("phone")


def mail(compared: Comparison) -> Levels:
    return compared.agreement("mail")


def host(compared: Comparison) -> Levels:
    return compared.agreement("host")


@once
def site_name(compared: Comparison) -> Levels:
    """Is the web site of one named after the other: 1 no, 2 partly, 3 yes."""
    said, share = compared.in_site
    return np.where(said, 1 + np.digitize(share, (0.3, 0.7)), 0)


def siren(compared: Comparison) -> Levels:
    return compared.agreement("siren")


def name_and_street(compared: Comparison) -> Levels:
    """Address and name together: either alone convinces less than both."""
    at = np.array([0, 0, 0, 0, 1, 1, 2, 3, 3, 3])[street(compared)]
    return np.asarray(_strength(compared) * 4 + at)


def name_and_town(compared: Comparison) -> Levels:
    at = np.array([0, 1, 1, 1, 2, 2, 2, 2, 2])[town(compared)]
    return np.asarray(_strength(compared) * 3 + at)


def name_and_crowd(compared: Comparison) -> Levels:
    """In a town where the base knows many, a name half alike is more often somebody else's."""
    towns, line = compared.base.towns, compared.pairs.line
    crowd = np.bincount(towns.code)[towns.code[line]] * (compared.base.marks["town"][line] != 0)
    return np.asarray(_strength(compared) * 4 + np.digitize(crowd, CROWDS))


def _strength(compared: Comparison) -> Levels:
    """0 no name in common (or a generic one), 1 weak, 2 good, 3 nearly the same."""
    level: Levels = np.array([0, 0, 1, 1, 2, 2, 3, 3, 3])[name(compared)]
    return level
