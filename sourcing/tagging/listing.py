"""The search index of each supplier: its narrow row of bits, and its words."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, insert, select

from sourcing import db
from sourcing.model import MASKED, NATIONAL_KM, PARTIAL, Listing, Mention, Place, Supplier, Tag
from sourcing.normalise.text import fold, words
from sourcing.segments import Nomenclature
from sourcing.tagging.of_register import Scope
from sourcing.tagging.statuses import SIZE_OF_BAND, bit_of

# A family facet counts a supplier whose evidence for it is at least this; a generic NAF is not.
LEAST_FAMILY_WEIGHT = 0.25
# From here a segment is declared or described, not hinted at by a NAF code: its label is searched.
DECLARED_WEIGHT = 0.6
SEARCHED_KINDS = frozenset(("siae", "handicap", "insertion"))
# Initials of names with so many telling words are searched: "SNCF".
ACRONYM_SIZES = range(3, 8)
# Words that are no part of what a name's initials stand for.
LEGAL_FORMS = frozenset(
    ("sa", "sarl", "sas", "sasu", "eurl", "sci", "scop", "scic", "snc", "gie", "asso")
)
Step = Callable[[int], None]


def write(scope: Scope, step: Step) -> int:
    """Write the rows and words of the suppliers in scope, cleared before; returns how many."""
    session, indexer, count = scope.session, Indexer(scope), 0
    # One that leads to another is not to be found any more.
    standing = select(*SUPPLIER_COLUMNS).where(Supplier.merged_into.is_(None))
    wanted = scope.among(standing).order_by(Supplier.id)
    for suppliers in db.chunks(session.connection().execute(wanted), db.CHUNK):
        entries = indexer.entries(suppliers)
        session.connection().execute(insert(Listing), [row for row, _ in entries])
        db.write_text(session, (text for _, text in entries))
        count += len(suppliers)
        step(count)
    return count


SUPPLIER_COLUMNS = (
    Supplier.id,
    Supplier.name,
    Supplier.legal_name,
    Supplier.other_names,
    Supplier.is_person,
    Supplier.diffusion,
    Supplier.precision,
    Supplier.commune,
    Supplier.commune_code,
    Supplier.lon,
    Supplier.lat,
    Supplier.size_code,
    Supplier.description,
)


@dataclass(slots=True)
class Said:
    """What tags and mentions say of one supplier, gathered for its index entry."""

    statuses: int = 0
    families: int = 0
    is_noise: bool = False
    reach_km: float | None = None
    names: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


class Indexer:
    """Builds index entries; holds what is the same for every supplier."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.session = scope.session
        self.territory = set(
            scope.session.scalars(select(Place.code).where(Place.in_territory)).all()
        )
        self.family_bit = family_bits(scope.nomenclature)
        self.label_words = {s.code: words(s.label) for s in scope.nomenclature.segments}
        self.commune_words: dict[str, list[str]] = {}

    def entries(
        self, suppliers: Sequence[Row[Any]]
    ) -> list[tuple[dict[str, Any], tuple[int, str, str]]]:
        """(listing row, (id, name words, body words)) of each supplier."""
        said: dict[int, Said] = defaultdict(Said)
        self._hear_tags(said, suppliers[0].id, suppliers[-1].id)
        self._hear_mentions(said, suppliers[0].id, suppliers[-1].id)
        return [(self._listing(s, said[s.id]), self._text(s, said[s.id])) for s in suppliers]

    def _hear_tags(self, said: dict[int, Said], first: int, last: int) -> None:
        found = select(Tag.supplier_id, Tag.kind, Tag.value, Tag.weight)
        found = found.where(Tag.supplier_id.between(first, last))
        found = self.scope.among(found, Tag.supplier_id)
        for supplier_id, kind, value, weight in self.session.connection().execute(found):
            of = said[supplier_id]
            if kind == "segment":
                if weight >= LEAST_FAMILY_WEIGHT:
                    of.families |= self.family_bit.get(value, 0)
                if weight >= DECLARED_WEIGHT:
                    of.words += self.label_words.get(value, [])
                continue
            of.statuses |= bit_of(kind, value)
            of.is_noise = of.is_noise or kind == "noise"
            if kind in SEARCHED_KINDS:
                of.texts.append(value)

    def _hear_mentions(self, said: dict[int, Said], first: int, last: int) -> None:
        found = select(
            Supplier.id, Mention.name, Mention.other_names, Mention.sectors, Mention.description,
            Mention.zone,
        ).where(Supplier.id.between(first, last), Mention.gone_on.is_(None))  # fmt: skip
        found = self.scope.among(found)
        here = found.where(Mention.supplier_id == Supplier.id, Mention.firm == "")
        of_firm = found.where(Mention.firm == Supplier.siren, Mention.firm != "")
        for wanted in (here, of_firm):
            for supplier_id, name, others, sectors, description, zone in self.session.execute(
                wanted
            ):
                said[supplier_id].names += (name, others)
                said[supplier_id].texts += (*sectors, description)
                reach = reach_km(zone)
                if reach is not None:
                    said[supplier_id].reach_km = max(reach, said[supplier_id].reach_km or 0.0)

    def _listing(self, supplier: Row[Any], said: Said) -> dict[str, Any]:
        is_placed = supplier.diffusion != PARTIAL or supplier.precision == "commune"
        return {
            "supplier_id": supplier.id,
            "commune_code": supplier.commune_code,
            "in_territory": supplier.commune_code in self.territory,
            "lon": supplier.lon if is_placed else None,
            "lat": supplier.lat if is_placed else None,
            "statuses": said.statuses,
            "families": said.families,
            "size": SIZE_OF_BAND.get(supplier.size_code, 0),
            "is_noise": said.is_noise,
            "reach_km": said.reach_km,
            "name_key": fold(MASKED if _is_nameless(supplier) else supplier.name),
        }

    def _text(self, supplier: Row[Any], said: Said) -> tuple[int, str, str]:
        """Its words; a person who asked not to be found keeps its activity and commune only."""
        names: list[str] = []
        texts: list[str] = []
        if not _is_nameless(supplier):
            own = dict.fromkeys((supplier.name, supplier.legal_name, supplier.other_names))
            names = words(" ".join([*own, *said.names]))
            names += [acronym_word(a) for a in map(acronym, (*own, *said.names)) if a]
            texts = [text for text in (supplier.description, *said.texts) if text]
        body = words(" ".join(texts)) if texts else []
        return supplier.id, _line(names), _line(body + said.words + self._commune(supplier.commune))

    def _commune(self, name: str) -> list[str]:
        if name not in self.commune_words:
            self.commune_words[name] = words(name)
        return self.commune_words[name]


def reach_km(zone: Mapping[str, Any] | None) -> float | None:
    """How far a mention's zone goes, None when it says nothing."""
    if not zone:
        return None
    return NATIONAL_KM if zone.get("france") else float(zone["km"]) if zone.get("km") else None


def _is_nameless(supplier: Row[Any]) -> bool:
    """A person in partial diffusion: nothing may find it by name."""
    return bool(supplier.is_person and supplier.diffusion == PARTIAL)


def acronym(name: str) -> str:
    """Its initials: "Société nationale des chemins de fer" -> sncf; '' for a short name."""
    initials = "".join(word[0] for word in words(name) if word not in LEGAL_FORMS)
    return initials if len(initials) in ACRONYM_SIZES and initials.isalpha() else ""


def acronym_word(initials: str) -> str:
    """How initials are indexed: no half-typed word begins so, nothing is corrected to it."""
    return f"0{initials}"


def family_bits(nomenclature: Nomenclature) -> dict[str, int]:
    """Sub-segment code -> the bit of its family, in the order of the families."""
    place = {code: n for n, (code, _) in enumerate(nomenclature.families)}
    return {
        s.code: 1 << place[s.family_code]
        for s in nomenclature.segments
        if place[s.family_code] < 31
    }


def _line(found: list[str]) -> str:
    return " ".join(dict.fromkeys(found))
