"""What the words of a need say: keywords of the nomenclature, and weights learned from real tender objects."""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sourcing.text import fold

# The lot's title before the contract's.
LOT = re.compile(r"\blots?\s*(?:n\s*[°ºo.]*\s*)?(?:\d+[a-z]?|[ivx]+)\b[\s:.\-–_/)]*", re.IGNORECASE)
CONTRACT_WEIGHT = 0.4
# What buyers' software puts before the object.
PREAMBLE = re.compile(
    r"num[ée]ro de (?:la )?consultation\s*:\s*\S+|les stipulations de la présente consultation"
    r"|la présente consultation concerne|marché subséquent|accord[- ]cadre",
    re.IGNORECASE,
)
STOP = frozenset(
    "LE LA LES L UN UNE DES DU DE D ET OU AU AUX A EN DANS SUR SOUS POUR PAR AVEC SANS CE CES SON SA SES "
    "QU QUE QUI N NO S C EST SONT SE Y IL LEUR LEURS DONT AFIN CONCERNANT ENTRE ANNEE ANNEES "
    "MARCHE MARCHES LOT LOTS VILLE COMMUNE DEPARTEMENT COMMUNAUTE AGGLOMERATION METROPOLE RELANCE "
    "CONSULTATION ACCORD CADRE BONS COMMANDE BON PROCEDURE TRANCHE PRESTATION PRESTATIONS".split()
)
PHRASE_BONUS = 1.5


class Guess(NamedTuple):
    """A sub-segment, how sure we are (0..1), and the words of the need that decided."""

    code: str
    label: str
    score: float
    words: tuple[str, ...]


class Term(NamedTuple):
    """A stem and the word of the text it comes from."""

    stem: str
    word: str


def terms(text: str) -> list[Term]:
    """The telling words, as stems, in order."""
    words = fold(text).split()
    return [Term(stem(word), word.lower()) for word in words if word not in STOP and len(word) > 1]


def stem(word: str) -> str:
    """Plural and feminine folded: COMMUNALES and COMMUNAL, TRAVAUX and TRAVAIL, meet."""
    word = word.lower()
    if len(word) <= 3:
        return word
    if word.endswith("aux"):
        return word[:-3] + "al"
    word = word.rstrip("sx") if len(word) > 4 else word
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    return word


def parts(text: str) -> list[tuple[str, float]]:
    """The text's pieces with their weight: the lot's title counts fully, the contract's less."""
    text = PREAMBLE.sub(" ", text)
    cuts = list(LOT.finditer(text))
    if not cuts:
        return [(text, 1.0)]
    title, rest = text[cuts[-1].end() :], text[: cuts[-1].start()]
    if not terms(title):
        return [(rest, 1.0)]
    return [(title, 1.0), (rest, CONTRACT_WEIGHT)]


def read_learned(path: Path) -> Mapping[str, Mapping[str, float]]:
    """Weights learned from real needs (stem -> code -> weight); {} when there is no such file."""
    if not path.exists():
        return {}
    return dict(json.loads(path.read_text(encoding="utf-8")))


class Classifier:
    """Ranks sub-segments by what each stem and each pair of stems says of them."""

    def __init__(
        self,
        labels: Mapping[str, str],
        phrases: Mapping[str, Sequence[str]],
        learned: Mapping[str, Mapping[str, float]],
    ) -> None:
        self.labels = labels
        self.weights = _keyword_weights(phrases)
        self.learned = learned

    def rank(self, text: str, top: int) -> list[Guess]:
        """The best `top` guesses with some evidence; [] for a text that says nothing."""
        scores: dict[str, float] = defaultdict(float)
        reasons: dict[str, Counter[str]] = defaultdict(Counter)
        for piece, weight in parts(text):
            for feature, words in features(terms(piece)):
                for code, value in self.weights.get(feature, {}).items():
                    scores[code] += weight * value
                    reasons[code][words] += weight * value
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        total = sum(math.exp(score / 2) for _, score in best) + math.e
        return [
            Guess(
                code,
                self.labels[code],
                round(math.exp(score / 2) / total, 3),
                tuple(word for word, _ in reasons[code].most_common(4)),
            )
            for code, score in best[:top]
        ]


def features(found: Sequence[Term]) -> Iterator[tuple[str, str]]:
    """(feature, the words it comes from): stems, then pairs of neighbours."""
    for term in dict.fromkeys(found):
        yield term.stem, term.word
    for first, second in dict.fromkeys(zip(found, found[1:], strict=False)):
        yield f"{first.stem} {second.stem}", f"{first.word} {second.word}"


def _keyword_weights(phrases: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """BM25-like: a stem weighs by its rarity among sub-segments and its share of the phrase it is in."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for code, texts in phrases.items():
        for text in texts:
            found = list(features(terms(text)))
            for feature, _ in found:
                bonus = PHRASE_BONUS if " " in feature else 1.0
                counts[feature][code] += bonus * (1.0 if len(found) == 1 else 0.7)
    n = len(phrases)
    return {
        feature: {
            code: math.log(1 + n / len(by_code)) * min(count, 3) * 2.2 / (min(count, 3) + 1.2)
            for code, count in by_code.items()
        }
        for feature, by_code in counts.items()
    }


def _total(values: Iterable[float]) -> float:
    return sum(values)
