"""EVIDENCE: what speaks for or against "same supplier": questions, each with a few answers."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sourcing.linking.candidates import Floats, Ints
from sourcing.linking.comparison import Comparison

Levels = NDArray[np.int64]
# Words in common that tell less than this share of what singles out a supplier: "CFA", "mairie".
GENERIC = 0.3


class Evidence(NamedTuple):
    """A question asked of every pair; an answer whose French clause is '' is not told."""

    name: str
    look: Callable[[Comparison], Levels]
    answers: tuple[tuple[str, str], ...]
    # What the question is about, in French.
    title: str
    # The answers go from less to more: neighbours weigh about the same.
    is_scale: bool = False

    def label(self, level: int) -> str:
        """The answer as the waterfall tells it, in French."""
        clause = self.answers[level][1]
        return f"{self.title} : {clause}" if clause else self.title


def name(compared: Comparison) -> Levels:
    """How much of both names is shared, rare words counting more; 1 for common words alone."""
    level = 2 + np.digitize(compared.dice, (0.3, 0.5, 0.65, 0.8, 0.92, 0.995))
    return np.where(
        compared.names.words.shared <= 0,
        0,
        np.where(compared.names.words.shared < GENERIC * compared.full_bits, 1, level),
    )


def rarity(compared: Comparison) -> Levels:
    """How telling the shared words are: 1 is enough to single out one supplier of the base."""
    return np.digitize(
        compared.names.words.shared / compared.full_bits, (0.02, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3)
    )


def spelling(compared: Comparison) -> Levels:
    return np.digitize(compared.names.likeness, (40, 55, 70, 80, 90, 99.9))


def contained(compared: Comparison) -> Levels:
    """Is one name whole in the other?"""
    words = compared.names.words
    left = words.shared >= 0.95 * words.left
    right = words.shared >= 0.95 * words.right
    return np.where(words.shared <= 0, 0, 1 * left + 2 * right)


def all_names(compared: Comparison) -> Levels:
    """Of all the words the line gives, how many this supplier has too."""
    words = compared.all_names
    return np.digitize(
        np.divide(words.shared, words.left, out=np.zeros(len(words.left)), where=words.left > 0),
        (0.02, 0.25, 0.45, 0.65, 0.85, 0.98),
    )


def acronym(compared: Comparison) -> Levels:
    """A name of one is the initials of a name of the other."""
    return compared.acronyms.astype(np.int64)


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


def only_kind(compared: Comparison) -> Levels:
    """The base has one, a few or many of this kind in the town."""
    count = compared.index.of_kind_in_town[compared.pairs.line]
    fits = (kind(compared) >= 4) & (town(compared) == 6)
    return np.where(fits, np.digitize(count, (2, 4)) + 1, 0)


def exact(compared: Comparison) -> Levels:
    """One name word for word the same, in the same town or not."""
    same = compared.names.likeness >= 99.9
    generic = compared.names.words.shared < GENERIC * compared.full_bits
    level = np.array([1, 2, 2, 2, 3, 3, 3])[town(compared)]
    return np.where(~same, 0, np.where(generic & (level < 3), 0, np.where(generic, 4, level)))


def numbers(compared: Comparison) -> Levels:
    """Numbers in the names (2C, BSMAT 12, T21): shared, or contradicting."""
    left = compared.probes.alias_text[compared.names.left]
    right = compared.base.alias_text[compared.names.right]
    out = np.zeros(len(left), dtype=np.int64)
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        x, y = ({w for w in t.split() if w.isdigit()} for t in (a, b))
        out[i] = 0 if not x and not y else 2 if x & y else 1 if x and y else 0
    return out


def town(compared: Comparison) -> Levels:
    towns, codes = compared.agreement("town"), compared.agreement("town_code")
    posts, departements = compared.agreement("postcode"), compared.agreement("departement")
    near = departements != 1
    return np.select(
        [
            (codes == 2) | ((towns == 2) & near),
            posts == 2,
            (compared.town_likeness >= 85) & near,
            (departements == 2) & compared.same_door,
            departements == 2,
            departements == 1,
        ],
        [6, 5, 4, 3, 2, 0],
        default=1,
    )


def street(compared: Comparison) -> Levels:
    like, doors = compared.street_likeness, compared.agreement("number")
    near = compared.agreement("departement") != 1
    left, right = compared.both("street")
    said = (left != "") & (right != "")
    same, close = said & near & (like >= 85), said & near & (like >= 65)
    return np.select(
        [close & (doors == 2), same & (doors == 0), same, close, said & near, said, (left != "")],
        [7, 6, 5, 4, 3, 2, 1],
        default=0,
    )


def neighbours(compared: Comparison) -> Levels:
    """How many suppliers of the base share the address: at a business centre it proves little."""
    doors = compared.index.at_door[compared.pairs.line]
    return np.where(street(compared) < 5, 0, np.digitize(doors, (2, 3, 6)) + 1)


def rivals(compared: Comparison) -> Levels:
    """Is there another candidate in the same street: the same firm's, or somebody else?"""
    at = street(compared) * 10 + town(compared)
    strength, probe = name(compared), compared.pairs.probe
    siren = pd.factorize(compared.base.facts["siren"][compared.pairs.line])[0]
    said = compared.base.facts["siren"][compared.pairs.line] != ""
    one, other = _couples(probe)
    kept = (one != other) & (at[other] >= at[one])
    one, other = one[kept], other[kept]
    is_twin = (siren[one] == siren[other]) & said[one]
    is_strong = strength[other] >= strength[one]
    is_near = at[other] >= 50
    worst: Levels = np.select(
        [is_twin & is_strong, is_twin, is_near & is_strong, is_near], [4, 3, 2, 1], default=0
    )
    level = np.zeros(len(at), dtype=np.int64)
    np.maximum.at(level, one, worst)
    return level


def _couples(probe: Ints) -> tuple[Ints, Ints]:
    """Every couple of pairs of one probe."""
    start, end = np.searchsorted(probe, probe), np.searchsorted(probe, probe, side="right")
    count = end - start
    one = np.repeat(np.arange(len(probe)), count)
    return one, np.arange(len(one)) - np.repeat(np.cumsum(count) - count - start, count)


def phone(compared: Comparison) -> Levels:
    return compared.agreement("phone")


def mail(compared: Comparison) -> Levels:
    return compared.agreement("mail")


def host(compared: Comparison) -> Levels:
    return compared.agreement("host")


def siren(compared: Comparison) -> Levels:
    return compared.agreement("siren")


def name_and_street(compared: Comparison) -> Levels:
    """Address and name together: either alone convinces less than both."""
    at = np.array([0, 0, 0, 1, 1, 2, 3, 3])[street(compared)]
    return np.asarray(_strength(compared) * 4 + at)


def name_and_town(compared: Comparison) -> Levels:
    at = np.array([0, 1, 1, 2, 2, 2, 2])[town(compared)]
    return np.asarray(_strength(compared) * 3 + at)


def _strength(compared: Comparison) -> Levels:
    """0 no name in common (or a generic one), 1 weak, 2 good, 3 nearly the same."""
    level: Levels = np.array([0, 0, 1, 1, 2, 2, 3, 3, 3])[name(compared)]
    return level


EVIDENCE: tuple[Evidence, ...] = (
    Evidence(
        "siren",
        siren,
        (("unknown", ""), ("different", "SIREN différent"), ("same", "même SIREN")),
        "SIREN",
    ),
    Evidence(
        "phone",
        phone,
        (("unknown", ""), ("different", "téléphone différent"), ("same", "même téléphone")),
        "téléphone",
    ),
    Evidence(
        "mail",
        mail,
        (("unknown", ""), ("different", ""), ("same", "même adresse électronique")),
        "courriel",
    ),
    Evidence(
        "host",
        host,
        (("unknown", ""), ("different", "site internet différent"), ("same", "même site internet")),
        "site internet",
    ),
    Evidence(
        "street",
        street,
        (
            ("unsaid", ""),
            ("unknown", "adresse inconnue de la base"),
            ("far", ""),
            ("different", "rue différente"),
            ("close", "rue ressemblante"),
            ("other_number", "même rue, autre numéro"),
            ("same_street", "même rue"),
            ("same_door", "même adresse"),
        ),
        "adresse",
    ),
    Evidence(
        "name", name, tuple((f"d{i}", "") for i in range(9)), "mots communs aux noms", is_scale=True
    ),
    Evidence(
        "rarity",
        rarity,
        tuple((f"r{i}", "") for i in range(8)),
        "rareté des mots communs",
        is_scale=True,
    ),
    Evidence(
        "spelling",
        spelling,
        tuple((f"s{i}", "") for i in range(7)),
        "orthographe des noms",
        is_scale=True,
    ),
    Evidence(
        "all_names",
        all_names,
        tuple((f"a{i}", "") for i in range(7)),
        "part des mots de la ligne",
        is_scale=True,
    ),
    Evidence(
        "contained",
        contained,
        (("no", ""), ("left", ""), ("right", ""), ("both", "")),
        "un nom dans l'autre",
    ),
    Evidence(
        "acronym", acronym, (("no", ""), ("yes", "l'un des noms est le sigle de l'autre")), "sigle"
    ),
    Evidence(
        "kind",
        kind,
        (
            ("unsaid", ""),
            ("base_only", ""),
            ("line_only", ""),
            ("different", "nature différente"),
            ("partly", ""),
            ("same", "même nature"),
        ),
        "nature",
    ),
    Evidence(
        "only_kind",
        only_kind,
        (("no", ""), ("one", "seul de sa nature dans la commune"), ("few", ""), ("many", "")),
        "nature dans la commune",
    ),
    Evidence(
        "exact",
        exact,
        (("no", ""), ("far", ""), ("departement", ""), ("town", ""), ("generic", "")),
        "nom identique",
    ),
    Evidence(
        "numbers",
        numbers,
        (("none", ""), ("different", "numéros différents dans les noms"), ("same", "")),
        "numéros dans les noms",
    ),
    Evidence(
        "town",
        town,
        (
            ("far", "autre département"),
            ("unknown", ""),
            ("departement", "autre commune"),
            ("door", "autre commune"),
            ("alike", "commune de nom voisin"),
            ("postcode", "même code postal"),
            ("same", "même commune"),
        ),
        "commune",
    ),
    Evidence(
        "neighbours",
        neighbours,
        (
            ("none", ""),
            ("alone", ""),
            ("two", ""),
            ("few", ""),
            ("many", "adresse partagée par de nombreux établissements"),
        ),
        "voisins à l'adresse",
    ),
    Evidence(
        "rivals",
        rivals,
        (
            ("none", ""),
            ("neighbour", ""),
            ("like_neighbour", ""),
            ("twin", ""),
            ("like_twin", "autre établissement de la même entreprise à cette adresse"),
        ),
        "rivaux à l'adresse",
    ),
    Evidence(
        "name_and_street",
        name_and_street,
        tuple((f"n{i // 4}s{i % 4}", "") for i in range(16)),
        "nom et adresse ensemble",
    ),
    Evidence(
        "name_and_town",
        name_and_town,
        tuple((f"n{i // 3}t{i % 3}", "") for i in range(12)),
        "nom et commune ensemble",
    ),
)


def look(compared: Comparison) -> Levels:
    """The answer to each question (columns, in EVIDENCE's order) for each pair (rows)."""
    return np.column_stack([evidence.look(compared) for evidence in EVIDENCE]).astype(np.int64)


__all__ = ["EVIDENCE", "Evidence", "Floats", "Ints", "Levels", "look"]
