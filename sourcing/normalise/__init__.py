"""CLEANERS: one pure function per field, and `clean`, which runs them over a record.

A cleaner returns the one written form of its field, '' for nothing, and raises ValueError with a
French clause when the value cannot be used.
"""

import contextlib
import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sourcing.normalise.contact import email, phone, website
from sourcing.normalise.coordinates import in_france, position, precision
from sourcing.normalise.identifiers import FLOAT, is_siren, is_siret, luhn, plain, siren, siret
from sourcing.normalise.text import fold, place_key, present, readable, shown, tidy, words
from sourcing.source import Record

__all__ = [
    "CLEANERS", "Problem", "clean", "commune_code", "day", "departement", "departement_of", "email",
    "fold", "is_siren", "is_siret", "legal_form", "luhn", "naf", "naf_version", "phone",
    "place_key", "position", "postcode", "precision", "siren", "siret", "tidy", "website", "words",
]  # fmt: skip


class Problem(NamedTuple):
    """What was wrong with one field, as a French clause."""

    field: str
    sentence: str


LETTERS_REV2 = frozenset("ABCDEFZ")
LETTERS_2025 = frozenset("GHIJKLY")

DEPARTEMENTS = (
    "01 Ain|02 Aisne|03 Allier|04 Alpes-de-Haute-Provence|05 Hautes-Alpes|06 Alpes-Maritimes|"
    "07 Ardèche|08 Ardennes|09 Ariège|10 Aube|11 Aude|12 Aveyron|13 Bouches-du-Rhône|14 Calvados|"
    "15 Cantal|16 Charente|17 Charente-Maritime|18 Cher|19 Corrèze|2A Corse-du-Sud|"
    "2B Haute-Corse|21 Côte-d'Or|22 Côtes-d'Armor|23 Creuse|24 Dordogne|25 Doubs|26 Drôme|27 Eure|"
    "28 Eure-et-Loir|29 Finistère|30 Gard|31 Haute-Garonne|32 Gers|33 Gironde|34 Hérault|"
    "35 Ille-et-Vilaine|36 Indre|37 Indre-et-Loire|38 Isère|39 Jura|40 Landes|41 Loir-et-Cher|"
    "42 Loire|43 Haute-Loire|44 Loire-Atlantique|45 Loiret|46 Lot|47 Lot-et-Garonne|48 Lozère|"
    "49 Maine-et-Loire|50 Manche|51 Marne|52 Haute-Marne|53 Mayenne|54 Meurthe-et-Moselle|"
    "55 Meuse|56 Morbihan|57 Moselle|58 Nièvre|59 Nord|60 Oise|61 Orne|62 Pas-de-Calais|"
    "63 Puy-de-Dôme|64 Pyrénées-Atlantiques|65 Hautes-Pyrénées|66 Pyrénées-Orientales|67 Bas-Rhin|"
    "68 Haut-Rhin|69 Rhône|70 Haute-Saône|71 Saône-et-Loire|72 Sarthe|73 Savoie|74 Haute-Savoie|"
    "75 Paris|76 Seine-Maritime|77 Seine-et-Marne|78 Yvelines|79 Deux-Sèvres|80 Somme|81 Tarn|"
    "82 Tarn-et-Garonne|83 Var|84 Vaucluse|85 Vendée|86 Vienne|87 Haute-Vienne|88 Vosges|89 Yonne|"
    "90 Territoire de Belfort|91 Essonne|92 Hauts-de-Seine|93 Seine-Saint-Denis|94 Val-de-Marne|"
    "95 Val-d'Oise|971 Guadeloupe|972 Martinique|973 Guyane|974 La Réunion|"
    "975 Saint-Pierre-et-Miquelon|976 Mayotte|977 Saint-Barthélemy|978 Saint-Martin"
)
DEPARTEMENT_NAMES = dict(entry.split(" ", 1) for entry in DEPARTEMENTS.split("|"))
DEPARTEMENT_CODES = {fold(name): code for code, name in DEPARTEMENT_NAMES.items()}

# Municipal arrondissements and their commune.
ARRONDISSEMENTS = {
    **{str(75100 + i): "75056" for i in range(1, 21)},
    **{str(69380 + i): "69123" for i in range(1, 10)},
    **{str(13200 + i): "13055" for i in range(1, 17)},
}

# Legal forms written out, folded, and their INSEE category.
LEGAL_FORMS = {
    "ENTREPRENEUR INDIVIDUEL": "1000", "ENTREPRISE INDIVIDUELLE": "1000", "EI": "1000",
    "AUTO ENTREPRENEUR": "1000", "MICRO ENTREPRENEUR": "1000", "MICRO ENTREPRISE": "1000",
    "SNC": "5202", "SARL": "5499", "EURL": "5499", "SOCIETE A RESPONSABILITE LIMITEE": "5499",
    "SARL SCOP": "5458", "SCOP SARL": "5458", "SA SCOP": "5558", "SCOP SA": "5558",
    "SA": "5599", "SOCIETE ANONYME": "5599", "SAS": "5710", "SASU": "5710",
    "SOCIETE PAR ACTIONS SIMPLIFIEE": "5710", "GAEC": "6533", "SCI": "6540", "EARL": "6598",
    "COMMUNE": "7210", "COMMUNAUTE D AGGLOMERATION": "7348", "CCAS": "7361",
    "CENTRE COMMUNAL D ACTION SOCIALE": "7361", "MUTUELLE": "8210", "ASSOCIATION": "9220",
    "ASSOCIATION DECLAREE": "9220", "ASSOCIATION LOI 1901": "9220", "ASS L 1901 NON R U P": "9220",
    "ASSOCIATION INTERMEDIAIRE": "9222", "GROUPEMENT D EMPLOYEURS": "9223",
    "ASSOCIATION RECONNUE D UTILITE PUBLIQUE": "9230", "ASS L 1901 R U P": "9230",
    "CONGREGATION": "9240", "FONDATION": "9300",
}  # fmt: skip

_POSTCODE = re.compile(r"(?<![0-9])([0-9]{2})\s?([0-9]{3})(?![0-9])")
_COMMUNE = re.compile(r"(?!00)(?:[0-9]{2}|2[AB])[0-9]{3}")
_NAF = re.compile(r"(?<![0-9])([0-9]{2})[.\s]?([0-9]{2})\s?([A-Z])(?![A-Z0-9])")
_DAY = re.compile(
    r"(?:(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)|(?P<D>\d\d?)[/.-](?P<M>\d\d?)[/.-](?P<Y>\d{4}))"
    r"(?:[T ]\d\d:\d\d.*)?"
)
_OLD_NAF = re.compile(r"(?<![0-9])[0-9]{2}[.\s]?[0-9]\s?[A-Z](?![A-Z0-9])")


@lru_cache(maxsize=65_536)
def postcode(text: str) -> str:
    """Five digits: "1150" -> 01150, "12 345", "56321 LORIENT CEDEX"."""
    text = plain(present(text))
    if not text:
        return ""
    if number := FLOAT.fullmatch(text):
        text = number[1]
    if re.fullmatch(r"[1-9][0-9]{3}", text):
        text = "0" + text
    found: set[str] = {first + last for first, last in _POSTCODE.findall(text)}
    if len(found) > 1:
        raise ValueError(f"code postal {shown(text)} : plusieurs codes postaux")
    if not found or (code := found.pop()) == "00000" or code.startswith("99"):
        raise ValueError(f"code postal {shown(text)} : pas un code postal français")
    return code


def commune_code(text: str) -> str:
    """The five characters of INSEE's code: "1047" -> 01047, "2a004" -> 2A004."""
    if _COMMUNE.fullmatch(text):
        return text
    text = plain(present(text)).upper().replace(" ", "")
    if number := FLOAT.fullmatch(text):
        text = number[1]
    if not text:
        return ""
    code = text.zfill(5) if re.fullmatch(r"[1-9][0-9]{3}", text) else text
    if not _COMMUNE.fullmatch(code):
        raise ValueError(f"code commune {shown(text)} : cinq caractères attendus")
    return code


@lru_cache(maxsize=4_096)
def departement(text: str) -> str:
    """The code, from a code ("1", "056", "2a"), a name or both ("56 - Morbihan")."""
    text = plain(present(text))
    if not text:
        return ""
    key = fold(text).replace("LE ", "").replace("LA REUNION", "REUNION")
    for name in (fold(text), key, re.sub(r"\b[0-9AB]{2,3}\b", "", key).strip()):
        if name in DEPARTEMENT_CODES:
            return DEPARTEMENT_CODES[name]
    if found := re.search(r"\b0?([0-9]{2,3}|[0-9]|2[ABab])(?:\.0)?\b", text):
        code = found[1].upper().zfill(2)
        if code in DEPARTEMENT_NAMES:
            return code
    if key == "REUNION":
        return "974"
    raise ValueError(f"département {shown(text)} inconnu")


@lru_cache(maxsize=65_536)
def departement_of(code: str) -> str:
    """The département of a commune code or of a postcode; '' when it has none."""
    if code.startswith("97"):
        return {"97133": "977", "97150": "978"}.get(code, code[:3])
    if code[:3] in {"200", "201"}:
        return "2A"
    if code.startswith("20"):
        return "2B"
    return code[:2] if code[:2] in DEPARTEMENT_NAMES else ""


@lru_cache(maxsize=4_096)
def naf(text: str) -> str:
    """The code with its dot ("8130z" -> 81.30Z), of whichever of the two current nomenclatures."""
    text = plain(present(text)).upper()
    if re.fullmatch(r"[0-9]\.[0-9]{2}[A-Z]", text):
        text = "0" + text
    if found := _NAF.search(text):
        return f"{found[1]}.{found[2]}{found[3]}"
    if not text:
        return ""
    if _OLD_NAF.search(text):
        raise ValueError(f"code NAF {shown(text)} : nomenclature d'avant 2008")
    raise ValueError(f"code NAF {shown(text)} : quatre chiffres et une lettre attendus")


def naf_version(code: str) -> str:
    """rev2 or 2025: the last letters of the two lists have none in common; '' for anything else."""
    if not re.fullmatch(r"[0-9]{2}\.?[0-9]{2}[A-Z]", code):
        return ""
    if code[-1] in LETTERS_REV2:
        return "rev2"
    return "2025" if code[-1] in LETTERS_2025 else ""


@lru_cache(maxsize=65_536)
def day(text: str) -> str:
    """A date as ISO writes it, from ISO's own ("2026-08-31T00:00:00") or a French "31/08/2026"."""
    text = present(text)
    if not text:
        return ""
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(f"date {shown(text)} : jour, mois et année attendus")
    year, month, number = found.group("y", "m", "d") if found["y"] else found.group("Y", "M", "D")
    try:
        return date(int(year), int(month), int(number)).isoformat()
    except ValueError:
        raise ValueError(f"date {shown(text)} : ce jour n'existe pas") from None


@lru_cache(maxsize=4_096)
def legal_form(text: str) -> str:
    """INSEE's category in four digits, from its code or a plain name; '' when not recognised."""
    text = plain(present(text))
    if found := re.match(r"([1-9][0-9]{3})(?![0-9])", text.replace(" ", "")):
        return found[1]
    return LEGAL_FORMS.get(fold(text), "")


# In this order; each makes one field of a record usable or raises why not.
CLEANERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("name", readable),
    ("siret", siret),
    ("siren", siren),
    ("key", tidy),
    ("ends_on", day),
    ("address", readable),
    ("postcode", postcode),
    ("commune", readable),
    ("commune_code", commune_code),
    ("departement", departement),
    ("precision", precision),
    ("phone", phone),
    ("email", email),
    ("website", website),
    ("naf", naf),
    ("legal_form", legal_form),
    ("description", readable),
    ("workers", present),
    ("link", website),
)
FIELDS = tuple(field.name for field in fields(Record))
LISTS = ("other_names", "statuses", "sectors")
# Numbers a spreadsheet strips of their leading zeros: the repair is always reported.
ZERO_LED = frozenset({"siret", "siren", "postcode", "commune_code"})


def clean(record: Record) -> tuple[Record, list[Problem]]:
    """The record in its written forms; a field that cannot be used is emptied and reported."""
    values: dict[str, Any] = {field: getattr(record, field) for field in FIELDS}
    problems: list[Problem] = []
    for field, cleaner in CLEANERS:
        if raw := values[field]:
            values[field] = clean_text(field, cleaner, raw, problems)
    for field in LISTS:
        if values[field]:
            values[field] = clean_list(values[field])
    complete_identity(record.siret, values, problems)
    settle_place(values, problems)
    return Record(**values), problems


def clean_text(field: str, cleaner: Callable[[str], str], raw: str, problems: list[Problem]) -> str:
    """One field cleaned; what cannot be used is '' and a problem, a zero put back is said."""
    try:
        value = cleaner(raw)
    except ValueError as error:
        problems.append(Problem(field, str(error)))
        return ""
    if field in ZERO_LED and value.startswith("0") and not _holds(raw, value):
        problems.append(Problem(field, f"zéro de tête rétabli : {shown(raw)} devient {value}"))
    return value


def clean_list(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, readable; what cannot be is left out."""
    return tuple(dict.fromkeys(filter(None, map(_quiet, texts))))


def _holds(raw: str, value: str) -> bool:
    return raw == value or value in re.sub(r"[^0-9A-Z]", "", plain(raw).upper())


def _quiet(text: str) -> str:
    try:
        return readable(text)
    except ValueError:
        return ""


def complete_identity(raw_siret: str, values: dict[str, Any], problems: list[Problem]) -> None:
    """Siren and siret agree; a SIREN or a VAT number in the SIRET column is kept as siren."""
    number, declared = values["siret"], values["siren"]
    if number:
        if declared and declared != number[:9]:
            problems.append(Problem("siren", f"SIREN {declared} : ce n'est pas celui du SIRET "
                                             f"{number}, qui l'emporte"))  # fmt: skip
        values["siren"] = number[:9]
    elif raw_siret and not declared:
        with contextlib.suppress(ValueError):
            values["siren"] = siren(raw_siret)


def settle_place(values: dict[str, Any], problems: list[Problem]) -> None:
    """Département from the codes; position in degrees, with its precision."""
    where = values["departement"] or departement_of(values["commune_code"] or values["postcode"])
    lon, lat = values["lon"], values["lat"]
    is_given = lon is not None and lat is not None
    if not is_given and (values["x"].strip() or values["y"].strip()):
        is_given = True
        lon, lat = position(values["x"], values["y"], where) or (None, None)
    is_usable = lon is not None and lat is not None and in_france(lon, lat)
    if is_given and not is_usable:
        problems.append(Problem("position", "coordonnées nulles, masquées ou hors de France"))
    values["departement"] = where
    values["lon"], values["lat"] = (lon, lat) if is_usable else (None, None)
    values["precision"] = (values["precision"] or "exact") if is_usable else ""
