"""The columns of a purchase programme kept in a spreadsheet -> drafts of purchases."""

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from typing import Any, NamedTuple

from sourcing.mapping import Guess, Proposal
from sourcing.normalise import fold
from sourcing.purchases.board import (
    BANDS,
    LONGEST_LINE,
    LONGEST_OBJECT,
    LONGEST_TEXT,
    RESERVED,
    STATES,
    Draft,
    PurchaseError,
    check,
    code_of,
)
from sourcing.purchases.quarter import read_quarter
from sourcing.segments import Nomenclature
from sourcing.source import Row

GROUP = "Achat à venir"
# Below this the words of an object do not say what is bought.
LEAST_SCORE = 0.2


class Field(NamedTuple):
    """What a column can hold, and the words of its usual headers."""

    name: str
    label: str
    words: str


FIELDS = (
    Field("quarter", "Trimestre ou date prévue",
          "trimestre date lancement publication echeance calendrier periode previsionnel"),
    Field("band", "Montant estimé", "montant estimation budget cout valeur"),
    Field("segment", "Catégorie d’achat", "segment categorie famille domaine nomenclature"),
    Field("place", "Lieu", "lieu commune site secteur territoire"),
    Field("reserved", "Réservé", "reserve reservation"),
    Field("is_innovative", "Innovant", "innovant innovation innovante"),
    Field("months", "Durée en mois", "duree mois"),
    Field("contact", "Contact (adresse de fonction)", "contact courriel mail referent"),
    Field("state", "État", "etat statut avancement"),
    Field("link", "Lien vers l’avis", "lien url"),
    Field("description", "Description", "description detail commentaire observation precision"),
    Field("object", "Objet de l’achat",
          "objet intitule libelle achat besoin marche consultation designation projet"),
)  # fmt: skip
LABELS = {field.name: field.label for field in FIELDS}
_INSERTION, _HANDICAP = (
    ("INSERTION", "SIAE", "L2113 13"),
    ("HANDICAP", "ADAPTEE", "ESAT", "L2113 12"),
)
_STATES = {
    "PREPARATION": "prepared", "COURS": "prepared", "PUBLI": "published", "ATTRIBU": "awarded",
    "NOTIFI": "awarded", "ABANDON": "dropped", "ANNUL": "dropped", "ENVISAG": "planned",
    "PREVU": "planned",
}  # fmt: skip
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_YES = frozenset(("OUI", "O", "X", "1", "YES", "VRAI", "TRUE"))


def propose(rows: Sequence[Row]) -> Proposal:
    """The likely field of each column, each field once; the first column that says it."""
    columns = list(dict.fromkeys(c for row in rows for c in row.values if not c.startswith("_")))
    taken: set[str] = set()
    return Proposal(tuple(_guess(column, rows, taken) for column in columns))


def _guess(column: str, rows: Sequence[Row], taken: set[str]) -> Guess:
    said = [v for row in rows if (v := row.values.get(column, "").strip())]
    examples = tuple(dict.fromkeys(value[:60] for value in said))[:3]
    header = set(fold(column).lower().split())
    for field in FIELDS:
        named = {w for w in field.words.split() if any(h.startswith(w[:7]) for h in header)}
        if named and field.name not in taken:
            taken.add(field.name)
            return Guess(column, field.name, "sure", "d'après l'intitulé", examples)
    return Guess(column, "", "unknown", "l'intitulé ne dit pas ce que c'est", examples)


class Read(NamedTuple):
    """A line of the spreadsheet: the purchase, or why it cannot be one; and what was guessed."""

    line: int
    draft: Draft | None
    problem: str = ""
    is_guessed: bool = False


def read(row: Row, columns: Dict[str, str], nomenclature: Nomenclature) -> Read:
    """One line by these columns (column -> field); its segment from its words when not named."""
    cells = {field: row.values.get(column, "").strip() for column, field in columns.items()}
    said: dict[str, Any] = {
        "object": cells.get("object", "")[:LONGEST_OBJECT],
        "description": cells.get("description", "")[:LONGEST_TEXT],
        **{f: cells.get(f, "")[:LONGEST_LINE] for f in ("place", "contact", "link")},
    }
    try:
        for field, reader in _READERS.items():
            if cells.get(field):
                said[field] = reader(cells[field])
        said["segment"] = segment_of(cells.get("segment", ""), nomenclature)
        is_guessed = not said["segment"]
        said["segment"] = said["segment"] or _classified(said, nomenclature)
        draft = Draft(**{"quarter": ""} | said)
        check(draft, nomenclature.by_code)
    except (PurchaseError, ValueError) as error:
        sentence = str(error)
        return Read(row.line, None, sentence[:1].upper() + sentence[1:])
    return Read(row.line, draft, is_guessed=is_guessed and bool(draft.segment))


def segment_of(said: str, nomenclature: Nomenclature) -> str:
    """The code of a segment named by its code or its label; '' when it is neither."""
    labels = {fold(s.label): s.code for s in nomenclature.segments}
    code = said.strip().upper()
    return code if code in nomenclature.by_code else labels.get(fold(said), "")


def _classified(said: Dict[str, Any], nomenclature: Nomenclature) -> str:
    guesses = nomenclature.classify(f"{said['object']} {said['description']}", 1)
    return guesses[0].code if guesses and guesses[0].score >= LEAST_SCORE else ""


def _band(said: str) -> str:
    """A band by its label, or the one an amount in euros falls in ("85 k€", "1,2 M€", "50 000")."""
    try:
        return code_of(said, BANDS, {})
    except StopIteration:
        pass
    found = _NUMBER.search(re.sub(r"(?<=\d)[\s\u00a0\u202f](?=\d{3})", "", said))
    if found is None:
        raise ValueError(f"montant illisible : « {said[:30]} »")
    amount = float(found[0].replace(",", "."))
    unit = said[found.end() :].strip().lower() if found.end() < len(said) else said.lower()
    scale = 1e6 if re.search(r"\bm(?:€|illion|\b)", unit) else 1e3 if re.search(r"\bk", unit) else 1
    euros = amount * scale
    limits = ((40_000, "0-40"), (100_000, "40-100"), (250_000, "100-250"), (1e6, "250-1000"))
    return next((code for limit, code in limits if euros < limit), "1000+")


def _reserved(said: str) -> str:
    folded = fold(said)
    if folded in RESERVED:
        return folded
    by_label = {fold(label): code for code, label in RESERVED.items()}
    if folded in by_label:
        return by_label[folded]
    both = [any(word in folded for word in words) for words in (_INSERTION, _HANDICAP)]
    if all(both):
        return "both"
    if any(both):
        return "insertion" if both[0] else "handicap"
    if "ESS" in folded.split():
        return "ess"
    if folded in ("NON", "N", "0") or not folded:
        return ""
    raise ValueError(f"dire à qui l'achat est réservé (insertion, handicap, ESS) : « {said[:30]} »")


def _state(said: str) -> str:
    try:
        return code_of(said, STATES, _STATES)
    except StopIteration:
        raise ValueError(f"état inconnu : « {said[:30]} »") from None


def _months(said: str) -> int:
    found = _NUMBER.search(said)
    if found is None:
        raise ValueError(f"durée illisible : « {said[:30]} »")
    years = 12 if re.search(r"\ban", said.lower()) else 1
    return round(float(found[0].replace(",", ".")) * years)


_READERS: Dict[str, Callable[[str], Any]] = {
    "quarter": read_quarter,
    "band": _band,
    "reserved": _reserved,
    "state": _state,
    "months": _months,
    "is_innovative": lambda said: fold(said) in _YES or "INNOV" in fold(said),
}
