"""Words lists use for what a structure is, and the statuses and labels they stand for."""

import re

from sourcing.normalise.text import fold

# Status -> the ways it is written, folded; a code in brackets at the end is read first.
_WORDS = {
    "siae:ACI": "ACI|ATELIER ET CHANTIER D INSERTION|ATELIER CHANTIER D INSERTION|"
    "CHANTIER D INSERTION|ATELIERS ET CHANTIERS D INSERTION",
    "siae:EI": "EI|ENTREPRISE D INSERTION|ENTREPRISES D INSERTION",
    "siae:AI": "AI|ASSOCIATION INTERMEDIAIRE|ASSOCIATIONS INTERMEDIAIRES",
    "siae:ETTI": "ETTI|ENTREPRISE DE TRAVAIL TEMPORAIRE D INSERTION|INTERIM D INSERTION",
    "siae:EITI": "EITI|ENTREPRISE D INSERTION PAR LE TRAVAIL INDEPENDANT",
    "siae": "SIAE|IAE|INSERTION|STRUCTURE D INSERTION|"
    "STRUCTURE D INSERTION PAR L ACTIVITE ECONOMIQUE|INSERTION PAR L ACTIVITE ECONOMIQUE",
    "insertion:GEIQ": "GEIQ|GROUPEMENT D EMPLOYEURS POUR L INSERTION ET LA QUALIFICATION",
    "insertion:SEP": "SEP|PRODUITS ET SERVICES REALISES EN PRISON|PRISON|STRUCTURE EN PRISON",
    "handicap:ESAT": "ESAT|ETABLISSEMENT ET SERVICE D AIDE PAR LE TRAVAIL|CAT|246|"
    "ETABLISSEMENT ET SERVICE D ACCOMPAGNEMENT PAR LE TRAVAIL|"
    "ETABLISSEMENT D ACCOMPAGNEMENT PAR LE TRAVAIL|CENTRE D AIDE PAR LE TRAVAIL",
    "handicap:EA": "EA|ENTREPRISE ADAPTEE|ENTREPRISES ADAPTEES|247",
    "handicap:EATT": "EATT|ENTREPRISE ADAPTEE DE TRAVAIL TEMPORAIRE",
    "handicap:EAPE": "EAPE|ENTREPRISE ADAPTEE EN ETABLISSEMENT PENITENTIAIRE",
    "ess:scop": "SCOP|SOCIETE COOPERATIVE ET PARTICIPATIVE|COOPERATIVE DE PRODUCTION",
    "ess:cooperative": "SCIC|COOPERATIVE|SOCIETE COOPERATIVE D INTERET COLLECTIF|CAE",
    "ess:association": "ASSOCIATION|ASSOCIATION LOI 1901",
    "ess:fondation": "FONDATION",
    "ess:mutuelle": "MUTUELLE",
    "ess:company": "SOCIETE COMMERCIALE DE L ESS|ENTREPRISE COMMERCIALE DE L ESS|SOCIETE DE L ESS",
    "ess:ess": "ESS|ECONOMIE SOCIALE ET SOLIDAIRE|STRUCTURE DE L ESS|ENTREPRISE DE L ESS",
    "innovation": "INNOVANTE|ENTREPRISE INNOVANTE|INNOVATION|START UP|STARTUP|JEUNE POUSSE|"
    "JEI|JEUNE ENTREPRISE INNOVANTE",
}
_STATUSES = {word: status for status, words in _WORDS.items() for word in words.split("|")}
# Labels as people write them; any other label is kept in its own words.
LABELS = {
    "RGE": "RGE", "QUALIOPI": "Qualiopi", "RFAR": "RFAR", "ESUS": "ESUS", "EPV": "EPV",
    "ENTREPRISE DU PATRIMOINE VIVANT": "EPV", "RSEI": "RSEi", "B CORP": "B Corp",
    "BCORP": "B Corp", "AB": "Bio", "BIO": "Bio", "AGENCE BIO": "Bio",
    "AGRICULTURE BIOLOGIQUE": "Bio",
    "ECOLABEL": "Écolabel", "QUALIBAT": "Qualibat", "QUALIFELEC": "Qualifelec",
    "FRENCH TECH": "French Tech", "LUCIE": "Lucie", "LABEL LUCIE": "Lucie",
    "IMPRIM VERT": "Imprim'Vert", "ISO 14001": "ISO 14001", "ISO 9001": "ISO 9001",
    "PRODUIT EN BRETAGNE": "Produit en Bretagne", "OEKO TEX": "Oeko-Tex",
}  # fmt: skip
_CODE = re.compile(r"\(([A-Z]{2,4})\)\s*$")
_SEPARATORS = re.compile(r"\s*(?:[;|,\n•/]|\bet\b)\s*")
_QUESTION = re.compile(
    r"^(ETES VOUS|EST CE|SI|EST|STRUCTURE|LABEL|LABELLISEE?|CERTIFIEE?|CERTIFIED|CERTIFICATION|"
    r"AGREMENT|UNE?|LA|LE|DE|D|L|DU|VOUS|VOTRE|ELLE|AVEZ|AGREEE?|STATUT|IS|A|AN|"
    r"ENTREPRISE(?= (ESS|RGE)))\b\s*"
    r"|\s*\b(O N|OUI NON|0 1|YES NO|Y N)$"
)
_BRACKETS = re.compile(r"\(([^)]+)\)")


def status_of(text: str) -> str:
    """ "Entreprise adaptée (EA)", "ETTI", "Ateliers et chantiers d'insertion" -> status, or ''."""
    if len(text) > 120:
        return ""
    if (found := _CODE.search(text)) and found[1] in _STATUSES:
        return _STATUSES[found[1]]
    return _STATUSES.get(fold(text), "")


def statuses_of(text: str) -> tuple[str, ...]:
    """Every status a cell names: "ACI, EI", '["aci", "ei"]'."""
    if whole := status_of(text):
        return (whole,)
    parts = _SEPARATORS.split(text.strip('[]{} "').replace('"', ""))
    return tuple(dict.fromkeys(filter(None, map(status_of, parts))))


def label_of(text: str) -> str:
    """The label's usual name, or its own words: "certifié qualiopi" -> Qualiopi."""
    key = fold(text)
    if key in LABELS:
        return LABELS[key]
    known = [name for word, name in LABELS.items() if f" {word} " in f" {key} " and len(word) > 2]
    return known[0] if known else text.strip()


def labels_of(text: str) -> tuple[str, ...]:
    """Every label of a cell: "Qualiopi ; Bio"."""
    if text.startswith("[") and not text.strip("[] "):
        return ()
    parts = re.split(r"\s*[;|,\n•]\s*", text.strip("[] ").replace('"', ""))
    return tuple(dict.fromkeys(label_of(part) for part in parts if 1 < len(part) <= 80))


def asked(header: str) -> str:
    """What a yes-or-no column asks: "Êtes-vous une ESAT ?" -> ESAT; brackets may say it."""
    found = [_without_question(text) for text in (header, *_BRACKETS.findall(header))]
    return next((text for text in found if text in _STATUSES or text in LABELS), found[0])


def _without_question(header: str) -> str:
    text, before = re.sub(r"^\d+ ", "", fold(header)), ""
    while text != before:
        before, text = text, _QUESTION.sub("", text).strip()
    return text


def asked_status(header: str) -> str:
    return _STATUSES.get(asked(header), "")


def asked_label(header: str) -> str:
    return LABELS.get(asked(header), "")
