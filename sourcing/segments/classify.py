"""What the words of a need say: the nomenclature's keywords, and weights learned from objects."""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from sourcing.normalise.text import fold

# A lot's title is what is bought; the contract's title before it only helps.
LOT = re.compile(
    r"\blots?\s*(?:n\s*[°ºo.]*\s*)?(?:\d+[a-z]?\b|\d+|[ivx]+\b)[\s:.\-–_/)]*", re.IGNORECASE
)
CONTRACT_WEIGHT = 0.4
# From here on the object says for whom or where, no longer what.
TAIL = re.compile(
    r"\b(?:pour (?:la|le|les|l['’])\s*(?:ville|commune|communaut[ée]|besoins?|services?|compte"
    r"|syndicat|d[ée]partement|m[ée]tropole|fonctionnement|patrimoine|ensemble|ann[ée]es?)"
    r"|de la (?:ville|commune|communaut[ée]|m[ée]tropole)|du (?:d[ée]partement|syndicat|patrimoine)"
    r"|sur le territoire|sur les communes|dans le cadre|au profit|à destination|destin[ée]e?s?)\b",
    re.IGNORECASE,
)
TAIL_WEIGHT = 0.5
LEAST_HEAD = 12  # characters: an object that begins so has no head to speak of
# « Maîtrise d'uvre »: what is left of œ in many published objects.
LIGATURE = re.compile(r"\bd?\W?uvre\b", re.IGNORECASE)
CLAUSE = re.compile(r"\s[-–/]+\s|[:;]\s|\.\s")
# Each word of a clause weighs a little less than the one before it.
FADING, LEAST_WEIGHT = 0.05, 0.4
# What purchasing software puts before the object.
PREAMBLE = re.compile(
    r"num[ée]ro de (?:la )?consultation\s*:\s*\S+|les stipulations de la pr[ée]sente consultation"
    r"|la pr[ée]sente consultation concerne|march[ée] subs[ée]quent|accord[- ]cadre",
    re.IGNORECASE,
)
STOP = frozenset(
    re.findall(
        r"\w+",
        "LE LA LES L UN UNE DES DU DE D ET OU AU AUX A EN DANS SUR SOUS POUR PAR AVEC SANS CE CES "
        "SON SA SES QU QUE QUI N NO S C EST SONT SE Y IL LEUR LEURS DONT AFIN CONCERNANT ENTRE "
        "ANNEE ANNEES MARCHE MARCHES LOT LOTS VILLE COMMUNE DEPARTEMENT COMMUNAUTE AGGLOMERATION "
        "METROPOLE RELANCE CONSULTATION ACCORD CADRE BONS COMMANDE BON PROCEDURE TRANCHE "
        "PRESTATION PRESTATIONS",
    )
)
PREFIX, PREFIX_WEIGHT = 5, 0.7
# Letters in a row, by which a word never met speaks through its kin (désherber, désherbeuse).
GRAM, GRAM_WEIGHT = 4, 0.3
PAIR_BONUS = 1.5
TENTHS = 10
# Words whose stems are kept at hand: the nomenclature says each of its own four times.
REMEMBERED = 1 << 14
# Learned weights lead and our keywords tip the balance; a keyword added since the weights were
# learned speaks with its full voice.
OLD_KEYWORD, NEW_KEYWORD = 0.03, 2.0

_WORD = re.compile(r"[^\W_]+")
Weights = Mapping[str, Mapping[str, float]]


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


class Feature(NamedTuple):
    """What is looked up (a stem, "stem stem", "~start", "#gram"), its weight here, its words."""

    name: str
    weight: float
    words: str


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights learned from real needs; empty when there is no such file."""

    bias: Mapping[str, float] = field(default_factory=dict)
    weights: Weights = field(default_factory=dict)


def read_learned(path: Path) -> Learned:
    """The file `write_learned` writes, or nothing."""
    if not path.exists():
        return Learned()
    content = json.loads(path.read_text(encoding="utf-8"))
    return Learned(content["bias"], _Lines(content["weights"]))


def write_learned(learned: Learned, path: Path) -> None:
    """One feature per line, as "abat":"FRN-06 6": its sub-segments, and the weights in tenths."""

    def line(by_code: Mapping[str, float]) -> str:
        return " ".join(f"{code} {round(value * TENTHS)}" for code, value in by_code.items())

    weights = ",\n".join(f'"{name}":"{line(row)}"' for name, row in learned.weights.items())
    bias = json.dumps(dict(learned.bias), separators=(",", ":"))
    path.write_text(f'{{"bias":{bias},\n"weights":{{\n{weights}\n}}}}\n', encoding="utf-8")


class _Lines(Mapping[str, Mapping[str, float]]):
    """Weights as they are written: of 29,000 lines, a need asks for a hundred."""

    def __init__(self, lines: Mapping[str, str]) -> None:
        self.lines = lines
        self.known: dict[str, dict[str, float]] = {}

    def __getitem__(self, name: str) -> Mapping[str, float]:
        if name not in self.known:
            self.known[name] = _read(self.lines[name])
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)


def _read(line: str) -> dict[str, float]:
    parts = line.split(" ")
    return {
        code: int(tenths) / TENTHS for code, tenths in zip(parts[::2], parts[1::2], strict=True)
    }


def terms(text: str) -> list[Term]:
    """The telling words with their stems, in order; words with digits are references."""
    return [term for word in _WORD.findall(text) if (term := _term(word))]


@lru_cache(REMEMBERED)
def _term(word: str) -> Term | None:
    key = fold(word)
    is_telling = len(key) > 1 and key not in STOP and key.isalpha()
    return Term(stem(key), word.lower()) if is_telling else None


def stem(word: str) -> str:
    """Plural and feminine folded: COMMUNALES and COMMUNAL, TRAVAUX and TRAVAIL, meet."""
    word = word.lower()
    if len(word) <= 3:
        return word
    if word.endswith("aux"):
        return word[:-3] + "al"
    word = word.rstrip("sx") if len(word) > 4 else word
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def features(text: str) -> list[Feature]:
    """Stems, pairs of neighbours, beginnings and letters in a row, each once at its greatest."""
    best: dict[str, Feature] = {}
    for piece, weight in _pieces(text):
        for found in _features_of(terms(piece), weight):
            if found.name not in best or best[found.name].weight < found.weight:
                best[found.name] = found
    scale = sum(f.weight**2 for f in best.values()) ** 0.25 or 1.0
    return [Feature(f.name, f.weight / scale, f.words) for f in best.values()]


def _pieces(text: str) -> Iterator[tuple[str, float]]:
    """The clauses of the lot's title, and, less, the contract's; « pour la ville… » less again."""
    for part, weight in _lots(PREAMBLE.sub(" ", LIGATURE.sub(" oeuvre", text))):
        tail = TAIL.search(part, LEAST_HEAD)
        cut = tail.start() if tail else len(part)
        yield from ((clause, weight) for clause in CLAUSE.split(part[:cut]))
        yield from ((clause, weight * TAIL_WEIGHT) for clause in CLAUSE.split(part[cut:]))


def _lots(text: str) -> list[tuple[str, float]]:
    cuts = list(LOT.finditer(text))
    if not cuts:
        return [(text, 1.0)]
    title, contract = text[cuts[-1].end() :], text[: cuts[-1].start()]
    return [(title, 1.0), (contract, CONTRACT_WEIGHT)] if terms(title) else [(contract, 1.0)]


def _features_of(found: Sequence[Term], weight: float) -> Iterator[Feature]:
    for place, term in enumerate(found):
        faded = weight * max(LEAST_WEIGHT, 1 - FADING * place)
        yield Feature(term.stem, faded, term.word)
        if place:
            before = found[place - 1]
            yield Feature(f"{before.stem} {term.stem}", faded, f"{before.word} {term.word}")
        if len(term.word) >= PREFIX:
            yield Feature(f"~{fold(term.word)[:PREFIX].lower()}", faded * PREFIX_WEIGHT, term.word)
        for gram in grams(term.word):
            yield Feature(f"#{gram}", faded * GRAM_WEIGHT, term.word)


def grams(word: str) -> list[str]:
    """Every GRAM letters in a row of a word, its ends marked: ^ÉTÉ$ gives ^ete and ete$."""
    marked = f"^{fold(word).lower()}$"
    return sorted({marked[start : start + GRAM] for start in range(len(marked) - GRAM + 1)})


class Classifier:
    """Ranks sub-segments by what each word and pair of words says of them."""

    def __init__(
        self,
        labels: Mapping[str, str],
        phrases: Mapping[str, Sequence[str]],
        learned: Learned,
        trained: Mapping[str, Sequence[str]],
    ) -> None:
        """`trained`: the phrases the weights were learned with; the others are new."""
        self.labels = labels
        self.learned = learned
        now = keyword_weights(phrases)
        if not learned.weights:
            trained = {}
        old = now if trained == phrases else keyword_weights(trained)
        self.keywords = {
            name: {
                code: value * (OLD_KEYWORD if code in old.get(name, ()) else NEW_KEYWORD)
                for code, value in by_code.items()
            }
            for name, by_code in now.items()
        }
        biases = sorted(learned.bias.values())
        # A sub-segment added since starts as an ordinary one.
        self.usual_bias = biases[len(biases) // 2] if biases else 0.0

    def rank(self, text: str, top: int) -> list[Guess]:
        """The best `top` guesses; [] for a text none of whose words is known."""
        reasons = self._evidence(text)
        if not reasons:
            return []
        scores = {
            code: self.learned.bias.get(code, self.usual_bias) + sum(reasons[code].values())
            for code in self.labels
        }
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        total = sum(math.exp(score - best[0][1]) for _, score in best)
        return [
            Guess(
                code,
                self.labels[code],
                round(math.exp(score - best[0][1]) / total, 3),
                decisive(reasons[code]),
            )
            for code, score in best[:top]
        ]

    def _evidence(self, text: str) -> dict[str, dict[str, float]]:
        """For each sub-segment, what each word or pair of words adds to its score."""
        reasons: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for name, weight, said in features(text):
            for code, value in self.learned.weights.get(name, {}).items():
                if code in self.labels:
                    reasons[code][said] += weight * value
            for code, value in self.keywords.get(name, {}).items():
                reasons[code][said] += value * min(1.0, weight * 2)
        return reasons


def decisive(reasons: Mapping[str, float], most: int = 4) -> tuple[str, ...]:
    """The words that spoke for it, strongest first; none is said twice."""
    chosen: list[str] = []
    for said, value in sorted(reasons.items(), key=lambda reason: -reason[1]):
        if value <= 0 or len(chosen) == most:
            break
        if not any(set(said.split()) & set(other.split()) for other in chosen):
            chosen.append(said)
    return tuple(chosen)


def keyword_weights(phrases: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """BM25 over the phrases of each sub-segment; a pair of words weighs more than its words."""
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for code, texts in phrases.items():
        for text in texts:
            stems = [term.stem for term in terms(text)]
            names = stems + list(map(" ".join, pairwise(stems)))
            for name in names:
                bonus = PAIR_BONUS if " " in name else 1.0
                counts[name][code] += bonus * (1.0 if len(names) == 1 else 0.7)
    return {
        name: {code: _bm25(len(phrases), len(by_code), count) for code, count in by_code.items()}
        for name, by_code in counts.items()
    }


def _bm25(segments: int, holders: int, count: float) -> float:
    capped = min(count, 3.0)
    return math.log(1 + segments / holders) * capped * 2.2 / (capped + 1.2)
