"""How values look: one predicate per kind of value, and what a whole column of them is like."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from sourcing.mapping.kinds import status_of
from sourcing.normalise import departement, is_siren, legal_form, place_key, siret
from sourcing.normalise.coordinates import SEXAGESIMAL, number

EMAIL = re.compile(r"(mailto:)?[^@\s]+@[^@\s]+\.[a-z]{2,}([\s;,/]+[^@\s]+@[^@\s]+)*", re.I)
WEBSITE = re.compile(
    r"(https?://|www\.)\S+|[a-z0-9-]+(\.[a-z0-9-]+)*\.(fr|com|bzh|eu|org|net|io|coop|example)(/\S*)?",
    re.I,
)
HOST = re.compile(r"(?:https?://)?(?:www\.)?([^/\s?#]+\.[a-z]{2,})(?:[/?#]|$)", re.I)
PHONE = re.compile(r"(\+33|0033|0)[\s.(0)-]*[1-9]([\s.-]*\d{2}){4}\b.*")
FIVE_DIGITS = re.compile(r"(0[1-9]|[1-8]\d|9[0-8])\s?\d{3}(\.0)?")
POSTCODE = re.compile(r"(0[1-9]|[1-8]\d|9[0-8])\s?\d{3}(\.0)?|(?!19|20)[1-9]\d{3}(\.0)?")
# "56850 Caudan", "56321 LORIENT CEDEX"; and the same at the end of an address.
TOWN_LINE = re.compile(r"(?P<postcode>\d{2} ?\d{3})[\s,–-]+(?P<commune>[^\W\d].*)")
TAIL = re.compile(r"(?:^|[\s,;–-])(?P<postcode>\d{2} ?\d{3})[\s,–-]+(?P<commune>[^\W\d].*)$")
COMMUNE_CODE = re.compile(r"\d[\dABab]?\d{3}(\.0)?")
NAF = re.compile(r"\d{2}\.?\d{2}\s?[A-Z](?![A-Z])(\s.*|\s?[-–:].*)?")
VAT = re.compile(r"FR\s?[0-9A-Z]{2}\s?(\d{3}\s?){3}")
_DEGREES = r"""-?\d+[.,]\d+|\d{1,3}\s?[°º][\d\s'′’"″”.,]*[NSEWO]?"""
PAIR = re.compile(rf"\[?\s*({_DEGREES})\s*[,;/ ]\s*({_DEGREES})\s*\]?", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+([.,]\d+)?")
HEADCOUNT = re.compile(
    r"(\d{1,6}([.,]\d+)?)\s*(salari\S*|personnes?|etp|emplois?|places?|th)?", re.I
)
DATE = re.compile(r"(\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2})([ T]\d{1,2}[:h]\d{2}.*)?")
YEAR = re.compile(r"(19|20)\d\d(\.0)?")
CIVILITY = re.compile(r"(m|mr|mme|mlle|monsieur|madame|mademoiselle|mme et m)\b\.?.{0,40}", re.I)
STREET = re.compile(
    r"\b(rue|r|avenue|av|ave|boulevard|bd|bld|place|pl|chemin|che|chem|impasse|imp|all[ée]es?|quai|"
    r"route|rte|lieu|lieudit|z\.?a\.?|z\.?i\.?|zac|parc|cours|square|venelle|p[ôo]le|b\.?p\.?)\b",
    re.I,
)
# INSEE's categories, with or without their names.
LEGAL_CODE = re.compile(r"(1000|[2-9][1-9]\d\d)(\.0)?(\s*[-–:(]?\s*[^\W\d]{2}.*)?")
LEGAL_WORD = re.compile(
    r"\b(SARL|SAS|SASU|SA|EURL|SCOP|SCIC|ASSOCIATION|ASSOC|SCI|GIE|EARL|GAEC)\b", re.I
)
SOCIAL = re.compile(r"(facebook|linkedin|twitter|instagram|youtube|tiktok|pinterest)\.|^x\.com$")
YES = frozenset({"oui", "o", "true", "1", "vrai", "yes", "y", "x", "✓", "✔", "ok"})
NO = frozenset({"non", "n", "false", "0", "faux", "no", "-"})
# Rows of a column that are looked at: more would say nothing new.
LONGEST_NAME = 90
FRENCH_LAT, FRENCH_LON = (41.0, 51.6), (-5.6, 10.0)
_CITIES = """
PARIS MARSEILLE LYON TOULOUSE NICE NANTES MONTPELLIER STRASBOURG BORDEAUX LILLE RENNES REIMS TOULON
GRENOBLE DIJON ANGERS NIMES VILLEURBANNE BREST TOURS AMIENS LIMOGES ANNECY METZ NANCY
ORLEANS ROUEN MULHOUSE CAEN PERPIGNAN POITIERS PAU VANNES LORIENT QUIMPER LANESTER PLOEMEUR LANNION
HENNEBONT GUIDEL QUEVEN PLOUAY LAVAL VALENCE AVIGNON CANNES ANTIBES CHAMBERY NIORT BAYONNE COLMAR
"""
# The largest cities; callers that have a base add its communes.
CITIES = frozenset(_CITIES.split())

Looks = Callable[[str], bool]


def matches(pattern: re.Pattern[str]) -> Looks:
    return lambda text: pattern.fullmatch(text) is not None


def holds(pattern: re.Pattern[str]) -> Looks:
    return lambda text: pattern.search(text) is not None


def is_siret_like(text: str) -> bool:
    """A SIRET, or fourteen digits: a wrong key is the row's problem, not the column's."""
    digits = re.sub(r"[\s.]", "", text)
    if len(digits) == 14 and digits.isdigit():
        return True
    return _is_clean(siret, text)


def is_siren_like(text: str) -> bool:
    """Nine digits (eight when a zero was lost), whatever their key, or a VAT number."""
    digits = re.sub(r"[\s.]", "", text)
    return (digits.isdigit() and len(digits) in (8, 9)) or VAT.fullmatch(text) is not None


def is_valid_siren(text: str) -> bool:
    digits = re.sub(r"[\s.]", "", text)
    return is_siren(digits) or VAT.fullmatch(text) is not None


def is_departement(text: str) -> bool:
    return _is_clean(departement, text)


def is_legal_form(text: str) -> bool:
    """A category by its code or its name; a number that begins like a code is not one."""
    if text[:1].isdigit():
        return LEGAL_CODE.fullmatch(text) is not None and not YEAR.fullmatch(text)
    return _is_clean(legal_form, text) or LEGAL_WORD.match(text) is not None


def is_coordinate(low: float, high: float) -> Looks:
    """Degrees between these bounds, or metres of a Lambert system."""

    def looks(text: str) -> bool:
        if not NUMBER.fullmatch(text):
            return SEXAGESIMAL.fullmatch(text) is not None
        value = float(text.replace(",", "."))
        return low <= value <= high or abs(value) > 50_000

    return looks


def is_date(text: str) -> bool:
    return DATE.fullmatch(text) is not None or YEAR.fullmatch(text) is not None


def is_status(text: str) -> bool:
    return status_of(text) != ""


def is_headcount(text: str) -> bool:
    """A number of people: "12", "12,5", "12 salariés"; a band of them is not one."""
    return HEADCOUNT.fullmatch(text) is not None


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?[\d\s]+([.,]\d+)?\s?(€|k€|%|M€)?", text) is not None


def is_words(text: str) -> bool:
    """Something a person reads: mostly letters."""
    return sum(map(str.isalpha, text)) >= max(1, len(text) / 2)


def says_yes(text: str) -> bool:
    return text.strip().lower() in YES


def _is_clean(cleaner: Callable[[str], str], text: str) -> bool:
    try:
        return bool(cleaner(text))
    except ValueError:
        return False


@dataclass(slots=True)
class Held:
    """The values of one column, '' left out, and what they are like together."""

    values: Sequence[str]
    communes: Collection[str] = CITIES
    _shares: dict[int, float] = field(default_factory=dict)

    def share(self, looks: Looks | None) -> float:
        """Which part of the values looks so; 0 when there is none."""
        if looks is None or not self.values:
            return 0.0
        if id(looks) not in self._shares:
            self._shares[id(looks)] = sum(map(looks, self.values)) / len(self.values)
        return self._shares[id(looks)]

    @property
    def in_communes(self) -> float:
        return self.share(self._is_commune)

    def _is_commune(self, text: str) -> bool:
        return len(text) < 60 and place_key(text) in self.communes

    @property
    def distinct(self) -> float:
        return len(set(self.values)) / len(self.values) if self.values else 0.0

    @property
    def is_flag(self) -> bool:
        """Yes or no in every cell; ones alone are yes when there are several."""
        said = {v.lower() for v in self.values}
        is_enough = said != {"1"} or len(self.values) > 2
        return bool(said) and said <= YES | NO and len(said) <= 4 and is_enough

    @property
    def are_names(self) -> bool:
        """Many different short texts, mostly letters."""
        if len(self.values) < 3 or self.distinct < 0.8:
            return False
        return self.share(_is_short_words) >= 0.9 and self.share(holds(STREET)) < 0.5

    @property
    def host(self) -> str:
        """ "social", the one host nearly all addresses share, or ''."""
        hosts = [found[1].lower() for v in self.values if (found := HOST.match(v))]
        if len(hosts) < 0.6 * len(self.values) or not hosts:
            return ""
        if sum(bool(SOCIAL.search(h)) for h in hosts) >= 0.6 * len(hosts):
            return "social"
        commonest = max(set(hosts), key=hosts.count)
        return commonest if len(hosts) >= 3 and hosts.count(commonest) >= 0.8 * len(hosts) else ""

    @property
    def length(self) -> float:
        """Mean number of signs."""
        return sum(map(len, self.values)) / len(self.values) if self.values else 0.0


def _is_short_words(text: str) -> bool:
    return len(text) <= LONGEST_NAME and is_words(text)


def as_degrees(first: str, second: str) -> tuple[str, str]:
    """A pair as (lon, lat), whichever order it was written in."""
    low, high = FRENCH_LAT
    is_lon_first = not low <= number(first) <= high and low <= number(second) <= high
    return (first, second) if is_lon_first else (second, first)
