"""The likely field of each column of an unknown list, how sure that is, and why."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from sourcing.mapping import header
from sourcing.mapping.columns import BY_NAME, FIELDS, LABELS, Field
from sourcing.mapping.header import Said
from sourcing.mapping.kinds import asked_label, asked_status
from sourcing.mapping.looks import (
    CITIES,
    CIVILITY,
    LEGAL_WORD,
    TOWN_LINE,
    Held,
    holds,
    is_words,
    matches,
)
from sourcing.source import Row

SAMPLE = 300
# Below this a column is left over; below SURE it is mapped, and said to be doubtful.
ENOUGH, SURE = 0.55, 0.75
# What a header says counts a little less once a prefix is taken from it.
SHORTENED = 0.98
# Headers that say so little that values alone may correct them.
LOOSE = frozenset({"key", "description", "address", "full_address", "name", "-person", "-other"})
LONG_TEXT = 60
# A list of nothing, as JSON writes it.
HOLLOW = frozenset(("[]", "{}"))
Confidence = Literal["sure", "check", "unknown"]


class Guess(NamedTuple):
    """What one column is: `field` is '' when it is left alone."""

    column: str
    field: str
    confidence: Confidence
    why: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A guess while columns are still compared with each other; `name` may start with "-"."""

    name: str
    score: float
    why: str

    @property
    def is_kept(self) -> bool:
        return self.score >= ENOUGH and self.name in LABELS


NOTHING = Draft("", 0.0, "ni l'intitulé ni les valeurs ne disent ce que c'est")
EMPTY = Draft("", 0.0, "colonne vide, intitulé inconnu")


def guess(rows: Sequence[Row], communes: Collection[str] = CITIES) -> list[Guess]:
    """One guess per column, in the order of the file; `communes`: names as place_key folds them."""
    columns = list(
        dict.fromkeys(c for row in rows[:SAMPLE] for c in row.values if not c.startswith("_"))
    )
    held = {c: Held(_values(rows, c), communes) for c in columns}
    drafts = {c: _draft(c, held[c], columns) for c in columns}
    for settle in SETTLED:
        settle(drafts, held)
    return [_guess(c, drafts[c], held[c]) for c in columns]


def _values(rows: Sequence[Row], column: str) -> list[str]:
    said = (row.values.get(column, "").strip() for row in rows[:SAMPLE])
    return [value for value in said if value and value not in HOLLOW]


def _guess(column: str, draft: Draft, held: Held) -> Guess:
    examples = tuple(dict.fromkeys(v[:60] for v in held.values))[:3]
    if draft.is_kept:
        confidence: Confidence = "sure" if draft.score >= SURE else "check"
        return Guess(column, draft.name, confidence, draft.why, examples)
    is_known = draft.score >= ENOUGH and draft.name.startswith("-")
    # What is nearly recognised as nothing of ours is not recognised.
    why = NOTHING.why if draft.name.startswith("-") and not is_known else draft.why
    return Guess(column, "", "sure" if is_known else "unknown", why, examples)


def _draft(column: str, held: Held, columns: Sequence[str]) -> Draft:
    """One column by itself: its header, corrected by what it holds."""
    said = _said(column, columns)
    about = header.subject(header.key(column))
    if about == "social" or held.host == "social":
        return Draft("-other", 1.0, "réseau social : non repris")
    if about == "other":
        return Draft("-other", 1.0, "décrit l'acheteur ou un tiers, pas le fournisseur")
    if about == "fax":
        return Draft("-other", 1.0, "télécopie : non reprise")
    if held.is_flag:
        return _flag(column, said)
    best = max((_weighed(field, said, held) for field in FIELDS), key=lambda d: d.score)
    best = _town_or_name(_form_or_kind(best, held), held)
    by_values = _by_values(held)
    if about == "person" and best.score < 0.9 and best.name not in ("email", "phone"):
        best = _person(by_values)
    elif by_values and _values_win(best, by_values):
        best = replace(by_values, why=_corrected(said, by_values))
    return _addressed(best if best.score > 0.2 else NOTHING if held.values else EMPTY, held)


def _form_or_kind(best: Draft, held: Held) -> Draft:
    """ "Statut" and "Type" say either: the values tell which."""
    if best.name not in ("legal_form", "kind") or not held.values:
        return best
    other = BY_NAME["kind" if best.name == "legal_form" else "legal_form"]
    here, there = held.share(BY_NAME[best.name].looks), held.share(other.looks)
    if best.score >= 0.9 or there <= here + 0.2:
        return best
    return Draft(other.name, 0.65, f"{_percent(there)} des valeurs en ont la forme")


def _town_or_name(best: Draft, held: Held) -> Draft:
    """ "Agence", "Site": nobody is called Lorient, then Lanester."""
    if best.name != "name" or best.score >= 0.9 or held.in_communes < 0.6:
        return best
    return Draft("commune", 0.65, "les valeurs sont des communes connues")


def _said(column: str, columns: Sequence[str]) -> dict[str, Said]:
    """Field -> how well the header names it, in full or without its prefix."""
    found: dict[str, Said] = {}
    for place, text in enumerate(header.variants(column, columns)):
        for name, one in header.says(text).items():
            score = one.score * (SHORTENED if place else 1.0)
            if score > found.get(name, one._replace(score=0.0)).score:
                found[name] = one._replace(score=score)
    return found


def _weighed(field: Field, said: Mapping[str, Said], held: Held) -> Draft:
    """What the header says of this field, corrected by what the column really holds."""
    score, known = said.get(field.name, Said(0.0, ""))
    if score < 0.2:
        return Draft(field.name, 0.0, "")
    why = f"intitulé « {known} »" if score >= 0.9 else f"l'intitulé rappelle « {known} »"
    if not field.group:
        return Draft(field.name, score, field.label)
    if field.looks is None or not held.values:
        return Draft(field.name, score, why)
    return _confirmed(field, Draft(field.name, score, why), held)


def _confirmed(field: Field, draft: Draft, held: Held) -> Draft:
    """A header's word for it, weighed by the share of values that look so."""
    score, why, share = draft.score, draft.why, held.share(field.looks)
    if field.name == "commune" and held.in_communes >= 0.5:
        return Draft("commune", min(1.0, score + 0.1), f"{why}, valeurs connues comme communes")
    if share >= 0.6:
        is_told = field.is_strict and field.looks is not is_words
        seen = f", {_percent(share)} des valeurs en ont la forme" if is_told else ""
        # That there are words in it makes no name of what a header barely calls one.
        more = 0.1 if field.name != "name" or score >= ENOUGH else 0.0
        return Draft(field.name, min(1.0, score + more), why + seen)
    if not field.is_strict:
        return draft
    if share < 0.15:
        return replace(draft, score=score * (0.3 if len(held.values) >= 3 else 0.6))
    doubt = f"{why}, mais {_percent(share)} des valeurs seulement"
    return Draft(field.name, min(score, SURE - 0.01), doubt)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _flag(column: str, said: Mapping[str, Said]) -> Draft:
    """Yes or no: the header says of what."""
    if asked_status(column):
        return Draft("kind", 0.8, "oui ou non : l'intitulé est un statut")
    if asked_label(column):
        return Draft("labels", 0.8, "oui ou non : l'intitulé est un label")
    qpv = said.get("is_qpv", Said(0.0, ""))
    if qpv.score >= ENOUGH:
        return Draft("is_qpv", qpv.score, f"oui ou non, intitulé « {qpv.known} »")
    known = max((n for n in said if n.startswith("-")), key=lambda n: said[n].score, default="")
    if known and said[known].score >= ENOUGH:
        return Draft(known, said[known].score, BY_NAME[known].label)
    return Draft("", 0.0, "oui ou non : si l'intitulé est un métier coché, choisir « Secteurs »")


def _by_values(held: Held) -> Draft | None:
    """What the values alone say, when they say it clearly."""
    few = len(held.values) < 3
    for field in FIELDS:
        share = held.share(field.proof or field.looks)
        if few and not (field.is_unmistakable and share == 1):
            continue
        if share >= field.alone:
            score = 0.85 if field.is_unmistakable and share >= 0.9 and not few else 0.6
            why = f"{_percent(share)} des valeurs en ont la forme" if field.group else field.label
            return Draft(field.name, score, why)
    if few:
        return None
    if held.in_communes >= 0.3 and held.length < 30:
        return Draft("commune", 0.65, "des valeurs sont des communes connues")
    if held.share(matches(CIVILITY)) >= 0.8:
        return Draft("-person", 0.8, BY_NAME["-person"].label)
    if held.length >= LONG_TEXT and held.share(is_words) >= 0.9 and held.distinct > 0.6:
        return Draft("description", 0.56, "textes longs")
    return None


def _values_win(best: Draft, by_values: Draft) -> bool:
    """Whether the values correct the header: it says nothing, is contradicted, or says little."""
    is_postcode = by_values.name == "postcode" and best.name == "key" and best.score < SURE
    if best.score < ENOUGH or is_postcode:
        return True
    is_known_other = best.name.startswith("-") and best.name != "-person" and best.score >= 0.9
    is_clear = BY_NAME[by_values.name].is_unmistakable and best.name != by_values.name
    return is_clear and best.name in LOOSE and not is_known_other


def _corrected(said: Mapping[str, Said], by_values: Draft) -> str:
    """Said aloud when the header was about something else."""
    named = max((n for n in said if n in LABELS), key=lambda n: said[n].score, default="")
    if not named or named == by_values.name or said[named].score < SURE:
        return by_values.why
    return f"l'intitulé annonce « {LABELS[named]} », mais {by_values.why}"


def _person(by_values: Draft | None) -> Draft:
    """About a person: only an address to write to or a number to call is kept, with a doubt."""
    if by_values and by_values.name in ("email", "phone"):
        return Draft(by_values.name, 0.6, f"{by_values.why} ; peut-être celui d'une personne")
    return Draft("-person", 1.0, BY_NAME["-person"].label)


def _addressed(draft: Draft, held: Held) -> Draft:
    """An address that ends with its place, a town line in the postcode, a page of the source."""
    is_place = draft.name in ("address", "commune")
    if is_place and held.share(matches(TOWN_LINE)) >= 0.8:
        return Draft("postcode_commune", draft.score, f"{draft.why}, code postal et commune")
    if is_place and held.share(BY_NAME["full_address"].looks) >= 0.5:
        return Draft("full_address", draft.score, f"{draft.why}, finit par code postal et commune")
    if draft.name == "full_address" and held.values and draft.score < ENOUGH:
        return Draft("address", max(0.6, draft.score), draft.why)
    if draft.name in ("website", "link") and held.values:
        shared = held.host
        if draft.name == "website" and shared and held.distinct > 0.5:
            return Draft("link", 0.7, f"toutes les adresses sont sur {shared}")
        if draft.name == "link" and not shared and len(held.values) >= 3:
            return Draft("website", min(draft.score, 0.7), f"{draft.why}, sites différents")
    return draft


# --- columns compared with each other ----------------------------------------

Drafts = dict[str, Draft]
_NUMBER = re.compile(r" (\d+)$")


def _of(drafts: Drafts, *names: str) -> list[str]:
    return [c for c, draft in drafts.items() if draft.name in names and draft.is_kept]


def _number(column: str) -> str:
    """ "1" of "Email 1", '' of "Email"."""
    found = _NUMBER.search(header.key(column))
    return found[1] if found else ""


def _settle_persons(drafts: Drafts, held: Mapping[str, Held]) -> None:
    """ "Nom" beside "Prénom" is a person's, and "Email 2" beside "Prénom 2" too."""
    first = {_number(c) for c in drafts if re.match(r"prenom|first ?name", header.key(c))}
    for column in drafts:
        kind = re.match(r"(nom|last ?name|email|telephone|tel|mail)( \d+)?$", header.key(column))
        number = _number(column)
        if kind and number in first and (kind[1] in ("nom", "last name", "lastname") or number):
            drafts[column] = Draft("-person", 1.0, BY_NAME["-person"].label)
    persons = [i for i, c in enumerate(drafts) if drafts[c].name == "-person"]
    for place, column in enumerate(drafts):
        is_near = any(0 < place - i <= 3 for i in persons)
        if drafts[column].name in ("email", "phone") and is_near and drafts[column].is_kept:
            why = f"{drafts[column].why} ; près d'un nom de personne, peut-être le sien"
            drafts[column] = replace(drafts[column], score=min(0.7, drafts[column].score), why=why)


def _settle_names(drafts: Drafts, held: Mapping[str, Held]) -> None:
    """One column is the name, the others are other names; some column must be."""
    found = _of(drafts, "name")
    columns = list(drafts)
    if not found:
        _promote(drafts, held)
        return
    order = sorted(
        found,
        key=lambda c: (-round(drafts[c].score, 1), -held[c].distinct, columns.index(c)),
    )
    for column in order[1:]:
        if drafts[column].score >= 0.9 and (not held[column].values or held[column].distinct > 0.3):
            drafts[column] = replace(drafts[column], name="other_names")
        else:
            drafts[column] = Draft("", 0.0, f"« {order[0]} » est déjà le nom")


def _promote(drafts: Drafts, held: Mapping[str, Held]) -> None:
    """No header says "name": the other name if there is one, else many different short texts."""
    others = [c for c in _of(drafts, "other_names") if held[c].distinct > 0.5 or not held[c].values]
    # "Libellé" says little; "Date" says enough.
    least = {"-other": SURE}
    free = [
        c for c, d in drafts.items() if d.score < least.get(d.name, ENOUGH) and held[c].are_names
    ]
    free.sort(key=lambda c: -held[c].share(holds(LEGAL_WORD)))
    # A trade name that most lines leave empty names nobody.
    if others and not (free and len(held[others[0]].values) < len(held[free[0]].values) / 2):
        drafts[others[0]] = Draft("name", 0.7, "seule colonne de nom")
        return
    if free:
        drafts[free[0]] = Draft("name", 0.6, "textes courts, tous différents")


def _settle_keys(drafts: Drafts, held: Mapping[str, Held]) -> None:
    """The one identifier, whose values all differ; the others are left over."""
    keys = _of(drafts, "key")
    sound = [c for c in keys if not held[c].values or held[c].distinct == 1]
    for column in keys:
        if column not in sound[:1]:
            why = "identifiant répété" if column not in sound else f"« {sound[0]} » identifie déjà"
            drafts[column] = Draft("-other", 1.0, why)


def _settle_pairs(drafts: Drafts, held: Mapping[str, Held]) -> None:
    """A longitude without a latitude places nobody."""
    for one, other in (("x", "y"), ("y", "x")):
        if not _of(drafts, other):
            for column in _of(drafts, one):
                drafts[column] = Draft("", 0.0, f"{LABELS[one]} sans {LABELS[other]}")


def _settle_second_address(drafts: Drafts, held: Mapping[str, Held]) -> None:
    """ "codePostal2" beside "codePostal": everything numbered 2 is another address."""
    places = ("postcode", "commune", "commune_code", "address", "full_address", "postcode_commune")
    towns = _of(drafts, "postcode", "commune")
    bare = {header.bare(header.key(c)) for c in towns if _short_number(c) in ("", "1")}
    second = {
        n for c in towns if (n := _short_number(c)) not in ("", "1")
        and header.bare(header.key(c)) in bare
    }  # fmt: skip
    for column in _of(drafts, *places):
        if _short_number(column) in second:
            drafts[column] = Draft("-other", 1.0, "seconde adresse : non reprise")


def _short_number(column: str) -> str:
    found = re.search(r"(?<= )(\d)(?= |$)", header.key(column))
    return found[1] if found else ""


SETTLED = (
    _settle_persons, _settle_second_address, _settle_names, _settle_keys, _settle_pairs,
)  # fmt: skip
