"""A line of a list and a supplier side by side, field by field; and who else it may be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import request
from sqlalchemy import select

from sourcing import suppliers
from sourcing.linking import review
from sourcing.linking.decisions import FIRM, RULES
from sourcing.linking.verdicts import REVIEW
from sourcing.model import MASKED, PARTIAL, Finding, Judgement, Mention, Supplier
from sourcing.normalise.text import fold
from sourcing.places import distance_km
from sourcing.search import search as find
from sourcing.search.query import Query
from webapp.context import session, site
from webapp.filters import phone, siret
from webapp.supplier import shown_address, shown_name, shown_position, source_title

SAME, DIFFERS, LINE_ONLY, BASE_ONLY = "identique", "diffère", "liste seule", "base seule"
# Suppliers a search proposes.
PROPOSED = 8
T = TypeVar("T", Mention, Supplier)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing both may say."""

    label: str
    line: str
    base: str
    state: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A supplier the line may be, and why."""

    uid: str
    name: str
    address: str
    siret: str
    probability: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Case:
    """One line, the supplier it is compared with, and all the page says of them."""

    line: Mention
    source: str
    # The number of the rules' question, when there is one.
    question: int | None
    is_firm: bool
    supplier: Supplier | None
    name: str
    home: Supplier | None
    home_name: str
    probability: float | None
    sentence: str
    fields: Sequence[Field]
    points: Sequence[tuple[str, float, float, str]]
    apart_km: float | None
    others: Sequence[Choice]
    asked: str
    choices: Sequence[Choice]
    past: Sequence[review.Gesture]


def case(line: Mention) -> Case:
    """The line beside the supplier asked for (`avec`), proposed, or where it is."""
    from_page = _asked()
    said, proposed = _question(line.id), _proposed(line.id)
    home = session().get(Supplier, line.supplier_id) if line.supplier_id else None
    about = session().get(Supplier, said.supplier_id) if said and said.supplier_id else None
    supplier = suppliers.find(session(), from_page["avec"]) if from_page["avec"] else about or home
    shown = next((c for c in proposed if supplier and c.uid == supplier.uid), None)
    told = shown.sentence if shown else ""
    if said and about is supplier and not told:
        told = ", ".join(said.reasons)
    chance = shown.probability if shown else said.score if said and about is supplier else None
    points, apart = _points(line, supplier)
    return Case(
        line, source_title(line.source), said.id if said else None,
        bool(said and said.level == FIRM), supplier, shown_name(supplier) if supplier else "",
        home, shown_name(home) if home else "", chance, told,
        fields(line, supplier) if supplier else [], points, apart,
        [c for c in proposed if supplier is None or c.uid != supplier.uid], from_page["chercher"],
        search(from_page["chercher"]), review.history(session(), 10, mention=line.id),
    )  # fmt: skip


def question(mention: int) -> int | None:
    """The number of the rules' question on a line, if it waits."""
    said = _question(mention)
    return said.id if said else None


def rows(table: type[T], ids: Iterable[int]) -> Sequence[T]:
    return session().scalars(select(table).where(table.id.in_(set(ids)))).all()


def search(text: str, besides: int = 0) -> list[Choice]:
    """Suppliers by name or SIRET, wherever they are."""
    if not text.strip():
        return []
    query = Query(text=text, territory_only=False, with_noise=True, per_page=PROPOSED)
    hits = find(session(), site().nomenclature, query).hits
    found = {s.id: s for s in rows(Supplier, [hit.id for hit in hits])}
    return [_choice(found[hit.id]) for hit in hits if hit.id in found and hit.id != besides]


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "") for name in ("avec", "chercher")}


def _question(mention: int) -> Judgement | None:
    return session().scalar(
        select(Judgement).where(
            Judgement.mention_id == mention, Judgement.author == RULES,
            Judgement.verdict == REVIEW, Judgement.withdrawn_at.is_(None),
        )
    )  # fmt: skip


def _proposed(mention: int) -> list[Choice]:
    """The register's candidates, best first, those of no chance left out."""
    finding = session().get(Finding, mention)
    kept = [c for c in (finding.candidates if finding else ()) if c["speaks_for"]]
    found = {s.id: s for s in rows(Supplier, [c["supplier"] for c in kept])}
    return [_candidate(found[c["supplier"]], c) for c in kept if c["supplier"] in found]


def _candidate(supplier: Supplier, kept: dict[str, Any]) -> Choice:
    """ "même téléphone, même rue, nom à 92 % ; code postal différent"."""
    sides = (", ".join(kept["speaks_for"]), ", ".join(kept["speaks_against"]))
    return _choice(supplier, kept["probability"], " ; ".join(filter(None, sides)))


def _choice(supplier: Supplier, probability: float | None = None, sentence: str = "") -> Choice:
    return Choice(
        supplier.uid, shown_name(supplier), shown_address(supplier), supplier.siret or "",
        probability, sentence,
    )  # fmt: skip


# --- field by field ---


def fields(one: Mention | Supplier, other: Supplier) -> list[Field]:
    """What each says, masked as everywhere; what neither says left out."""
    pairs = zip(_said(one).items(), _said(other).values(), strict=True)
    return [_field(label, value, base) for (label, value), base in pairs if value or base]


def _said(of: Mention | Supplier) -> dict[str, str]:
    is_partial = isinstance(of, Supplier) and of.diffusion == PARTIAL
    name = shown_name(of) if isinstance(of, Supplier) else of.name
    others = of.other_names.replace(" | ", " · ") if name != MASKED else ""
    if isinstance(of, Supplier) and of.legal_name not in (of.name, "") and name != MASKED:
        others = " · ".join(filter(None, (of.legal_name, others)))

    def public(value: str) -> str:
        return "" if is_partial else value

    return {
        "Nom": name,
        "Autres noms": others,
        "SIRET": siret(of.siret or ""),
        "SIREN": siret((of.siret or "")[:9] or of.siren),
        "Adresse": public(of.address),
        "Code postal": of.postcode,
        "Commune": of.commune,
        "Téléphone": public(phone(of.phone)),
        "Adresse électronique": public(of.email),
        "Site internet": public(of.website),
        "Activité (NAF)": of.naf,
    }


def _field(label: str, line: str, base: str) -> Field:
    """Two words for the same thing differ by what they say, not by case or accents."""
    if not line or not base:
        return Field(label, line, base, LINE_ONLY if line else BASE_ONLY)
    is_same = not {fold(part) for part in line.split(" · ")}.isdisjoint(
        fold(part) for part in base.split(" · ")
    )
    return Field(label, line, base, SAME if is_same else DIFFERS)


def _points(
    line: Mention, supplier: Supplier | None
) -> tuple[list[tuple[str, float, float, str]], float | None]:
    """(letter, lon, lat, precision) of each side that has a position, and how far they are."""
    places = [("A", line.lon, line.lat, line.precision)]
    if supplier:
        places.append(("B", *shown_position(supplier), supplier.precision))
    points = [(letter, lon, lat, how) for letter, lon, lat, how in places
              if lon is not None and lat is not None]  # fmt: skip
    if len(points) < 2:
        return points, None
    (_, lon, lat, _), (_, other_lon, other_lat, _) = points
    return points, distance_km(lon, lat, other_lon, other_lat)
