"""The purchase nomenclature, and what a need, a NAF code or a sector says of it."""

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from sourcing.normalise.text import fold
from sourcing.segments.classify import Classifier, Guess, read_learned
from sourcing.segments.file import read_rows

DATA = Path(__file__).resolve().parents[1] / "data"
SEGMENTS, SECTORS, LABELS, LEARNED = (
    DATA / "segments.csv",
    DATA / "lemarche_sectors_to_segments.csv",
    DATA / "labels_to_segments.csv",
    DATA / "needs_words.json",
)

# A NAF code never says more than this of what is sold; declared sectors say 1.
NAF_WEIGHT = 0.55
# A general contractor's need is also met by the trades it extends to, less surely.
EXTENDED = 0.4
# Below this a NAF code says nothing (94.99Z is listed nearly everywhere).
LEAST_NAF_WEIGHT = 0.1
# Codes that say who the supplier is, not what it sells: 3 SIAE out of 4 carry one.
GENERIC_NAF = frozenset(
    ("88.99B", "94.99Z", "84.11Z", "88.10C", "78.30Z", "82.99Z", "96.09Z", "46.90Z", "74.90B")
)
# A sector outside the known list is classified; below this score it says nothing.
LEAST_SECTOR_SCORE = 0.35
# A market's group of sectors; a sector in the words of one of our keywords.
GROUP_WEIGHT, KEYWORD_SECTOR_WEIGHT = 0.9, 0.9


@dataclass(frozen=True, slots=True)
class Segment:
    """A sub-segment of purchase; NAF codes from the most to the least telling."""

    code: str
    label: str
    family_code: str
    family: str
    keywords: tuple[str, ...]
    naf: tuple[str, ...]
    cpv: tuple[str, ...]
    reservable: tuple[str, ...]
    nature: str
    agec: str
    extends: tuple[str, ...]
    # Of the social and specific services of annex 3, which L2113-15 lets reserve to the ESS. Not
    # part of how needs are understood: left out of the fingerprint.
    annex_3: bool = field(default=False, repr=False)


def load(path: Path | None = None) -> "Nomenclature":
    """Ours, or an edited one; what is wrong in it is a SourceError naming line and column."""
    return Nomenclature([_segment(row) for row in read_rows(path)]) if path else _ours()


@cache
def _ours() -> "Nomenclature":
    """Read once: its files come with the program, and what they teach takes a third of a second."""
    return Nomenclature([_segment(row) for row in read_rows(SEGMENTS)], is_ours=True)


def _segment(row: Mapping[str, str]) -> Segment:
    def several(column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in row.get(column, "").split(";") if part.strip())

    return Segment(
        code=row["code"],
        label=row["sub_segment"],
        family_code=row["segment_code"],
        family=row["segment"],
        keywords=several("keywords_fr"),
        naf=several("naf_codes"),
        cpv=several("cpv_codes"),
        reservable=several("reservable"),
        nature=row.get("nature", ""),
        agec=row.get("agec_famille", ""),
        extends=several("etendre_a"),
        annex_3=bool(row.get("ess_l2113_15_cpv", "")),
    )


class Nomenclature:
    """The sub-segments in their order, and the three ways to reach them."""

    def __init__(self, segments: Sequence[Segment], is_ours: bool = False) -> None:
        self.segments, self.is_ours = tuple(segments), is_ours
        self.families = list({s.family_code: s.family for s in segments}.items())
        self.by_code = {segment.code: segment for segment in segments}

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the nomenclature and with what was learned of its words."""
        learned = (path.read_bytes() for path in (SECTORS, LABELS, LEARNED))
        said = b"\0".join([repr(self.segments).encode(), *learned])
        return hashlib.sha256(said).hexdigest()[:16]

    def classify(self, text: str, top: int = 3) -> list[Guess]:
        """The likeliest sub-segments of a need in a buyer's words, best first."""
        return self._classifier.rank(text, top)

    def from_naf(self, naf: str) -> list[tuple[str, float]]:
        """Sub-segments a NAF code hints at, strongest first; never as sure as a declared sector."""
        return self.naf_links.get(_dotted(naf), [])

    def from_sector(self, sector: str) -> list[tuple[str, float]]:
        """Sub-segments of a declared sector: ours, the market's, else what its words say."""
        key = fold(sector).strip()
        known = self._sectors.get(key)
        if known is not None:
            return known
        parts = self._known_parts(key)
        if parts:
            return _strongest(link for part in parts for link in self._sectors[part])
        guesses = self.classify(sector, top=2)
        return [(g.code, round(g.score, 2)) for g in guesses if g.score >= LEAST_SECTOR_SCORE]

    def from_label(self, label: str, domain: str = "") -> list[tuple[str, float]]:
        """Sub-segments that a label vouches for, of itself or for one of its domains of work."""
        return self._labels.get((label, fold(domain)), [])

    @cached_property
    def _labels(self) -> dict[tuple[str, str], list[tuple[str, float]]]:
        known: dict[tuple[str, str], list[tuple[str, float]]] = {}
        with LABELS.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                codes = [c for c in row["sous_segments"].split(";") if c in self.by_code]
                key = (row["label"], fold(row["domaine"]))
                known[key] = [(code, float(row["poids"])) for code in codes]
        return known

    @cached_property
    def naf_links(self) -> dict[str, list[tuple[str, float]]]:
        """NAF code -> (sub-segment, weight), by place in the list and rarity of the code."""
        listed = Counter(code for segment in self.segments for code in segment.naf)
        direct: dict[str, dict[str, float]] = defaultdict(dict)
        for segment in self.segments:
            for place, code in enumerate(segment.naf):
                direct[code][segment.code] = _naf_weight(code, place, listed[code])
        for weights in direct.values():
            self._extend(weights)
        return {code: _ranked(weights) for code, weights in direct.items()}

    def _extend(self, weights: dict[str, float]) -> None:
        for segment in self.segments:
            reached = max((weights.get(code, 0.0) for code in segment.extends), default=0.0)
            if reached * EXTENDED > weights.get(segment.code, 0.0):
                weights[segment.code] = round(reached * EXTENDED, 2)

    @cached_property
    def _classifier(self) -> Classifier:
        ours = self if self.is_ours else load()
        return Classifier(
            {s.code: s.label for s in self.segments},
            self.phrases,
            read_learned(LEARNED),
            ours.phrases,
        )

    @property
    def phrases(self) -> dict[str, tuple[str, ...]]:
        """The label and the keywords of each sub-segment."""
        return {s.code: (s.label, *s.keywords) for s in self.segments}

    @cached_property
    def _sectors(self) -> dict[str, list[tuple[str, float]]]:
        """Folded name -> links: our codes and labels, the market's sectors and groups."""
        known = {fold(name): [(s.code, 1.0)] for s in self.segments for name in (s.code, s.label)}
        known |= {name: links for name, links in self._keyword_links() if name not in known}
        groups: dict[str, Counter[str]] = defaultdict(Counter)
        with SECTORS.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                codes = [c for c in row["sous_segments"].split(";") if c in self.by_code]
                known[fold(row["secteur"])] = [(code, 1.0) for code in codes]
                groups[fold(row["groupe"])].update(codes)
        for group, counts in groups.items():
            most = max(counts.values(), default=1)
            known.setdefault(
                group,
                [
                    (code, round(GROUP_WEIGHT * max(n / most, 0.4), 2))
                    for code, n in counts.most_common()
                ],
            )
        return known

    def _keyword_links(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        """A sector declared in the very words of one of our keywords."""
        holders: dict[str, list[str]] = defaultdict(list)
        for segment in self.segments:
            for keyword in segment.keywords:
                holders[fold(keyword)].append(segment.code)
        for name, codes in holders.items():
            yield name, [(code, KEYWORD_SECTOR_WEIGHT) for code in codes]

    def _known_parts(self, key: str) -> list[str]:
        """The known sectors that a joined list is made of; [] unless they cover it all."""
        parts, rest = [], f" {key} "
        for name in self._sector_names:
            if f" {name} " in rest:
                parts.append(name)
                rest = rest.replace(f" {name} ", "  ", 1)
        return parts if not rest.strip() else []

    @cached_property
    def _sector_names(self) -> list[str]:
        return sorted(self._sectors, key=lambda name: -len(name))


def _dotted(naf: str) -> str:
    match = re.fullmatch(r"\s*(\d\d)\.?(\d\d)([A-Za-z])\s*", naf)
    return f"{match[1]}.{match[2]}{match[3].upper()}" if match else naf.strip()


def _naf_weight(code: str, place: int, listed: int) -> float:
    generic = 0.35 if code in GENERIC_NAF else 1.0
    return round(NAF_WEIGHT * generic / (1 + 0.3 * place) / (1 + 0.12 * (listed - 1)), 3)


def _ranked(weights: Mapping[str, float]) -> list[tuple[str, float]]:
    kept = [(code, round(w, 2)) for code, w in weights.items() if w >= LEAST_NAF_WEIGHT]
    return sorted(kept, key=lambda link: -link[1])


def _strongest(links: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    best: dict[str, float] = {}
    for code, weight in links:
        best[code] = max(weight, best.get(code, 0.0))
    return sorted(best.items(), key=lambda link: -link[1])


def evaluate_needs(path: Path, nomenclature: Nomenclature) -> dict[str, float]:
    """How often the right sub-segment comes first, among 3, among 5, on labelled needs."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["sous_segment_main"].strip() not in ("", "?")
        ]
    hits: Counter[str] = Counter()
    for row in rows:
        right = set(row["sous_segment_main"].split("|"))
        guesses = [guess.code for guess in nomenclature.classify(row["objet"], top=5)]
        hits.update(f"top{n}" for n in (1, 3, 5) if right & set(guesses[:n]))
        hits["segment_top1"] += (
            _families(nomenclature, right) >= _families(nomenclature, guesses[:1]) != set()
        )
        hits.update(_naf_hits(nomenclature, row.get("titulaire_naf", ""), guesses[:3]))
    shares = {
        key: round(hits[key] / len(rows), 4) if rows else 0.0
        for key in ("top1", "top3", "top5", "segment_top1")
    }
    return {"n": len(rows), **shares, "naf_hit3": round(hits["naf"] / max(hits["with_naf"], 1), 4)}


def _families(nomenclature: Nomenclature, codes: Iterable[str]) -> set[str]:
    return {
        nomenclature.by_code[code].family_code for code in codes if code in nomenclature.by_code
    }


def _naf_hits(nomenclature: Nomenclature, naf: str, codes: Sequence[str]) -> list[str]:
    """ "with_naf" when the winner's NAF is known, and "naf" when a guess leads to it."""
    if not naf.strip():
        return []
    reached = [nomenclature.by_code[code] for code in codes]
    lists = [s.naf for s in reached] + [
        nomenclature.by_code[e].naf for s in reached for e in s.extends
    ]
    return ["with_naf", "naf"] if any(_dotted(naf) in codes for codes in lists) else ["with_naf"]
