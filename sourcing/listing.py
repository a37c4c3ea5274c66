"""The search index of each supplier: its narrow row of bits, and its words."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, insert, select

from sourcing import db
from sourcing.model import Listing, Mention, Place, Supplier, Tag
from sourcing.segments import Nomenclature
from sourcing.statuses import SIZE_OF_BAND, status_bits
from sourcing.tags_of_register import Scope
from sourcing.text import fold, words

# A family facet counts a supplier whose evidence for it is at least this; a generic NAF is not.
LEAST_FAMILY_WEIGHT = 0.2
# Above this a segment is declared or described, not only hinted at by a NAF code: its label is searched.
DECLARED_WEIGHT = 0.6
SEARCHED_KINDS = frozenset(("siae", "handicap", "insertion"))
LABELLED = "segment"
Step = Callable[[int], None]


def write(scope: Scope, step: Step) -> int:
    """Write Listing and full text of the suppliers in scope, whose rows were cleared; returns how many."""
    session, indexer, count = scope.session, Indexer(scope), 0
    wanted = scope.among(select(*SUPPLIER_COLUMNS)).order_by(Supplier.id)
    for suppliers in db.chunks(session.execute(wanted), db.CHUNK):
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
    Supplier.commune,
    Supplier.commune_code,
    Supplier.lon,
    Supplier.lat,
    Supplier.size_code,
    Supplier.description,
)


class Indexer:
    """Builds index entries; holds what is the same for every supplier."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.territory = set(scope.session.scalars(select(Place.code).where(Place.in_territory)))
        self.family_bit = family_bits(scope.nomenclature)
        self.label_words = {s.code: words(s.label) for s in scope.nomenclature.segments}
        self.commune_words: dict[str, list[str]] = {}

    def entries(
        self, suppliers: Sequence[Row[Any]]
    ) -> list[tuple[dict[str, Any], tuple[int, str, str]]]:
        """(listing row, (id, name words, body words)) of each supplier."""
        first, last = suppliers[0].id, suppliers[-1].id
        tags = self._by_supplier(
            select(Tag.supplier_id, Tag.kind, Tag.value, Tag.weight).where(
                Tag.supplier_id.between(first, last)
            )
        )
        mentions = self._by_supplier(
            select(
                Mention.supplier_id,
                Mention.name,
                Mention.other_names,
                Mention.sectors,
                Mention.description,
            ).where(Mention.supplier_id.between(first, last), Mention.gone_on.is_(None))
        )
        return [
            (self._listing(s, tags[s.id]), self._text(s, tags[s.id], mentions[s.id]))
            for s in suppliers
        ]

    def _by_supplier(self, statement: Any) -> dict[int, list[Row[Any]]]:
        found: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in self.scope.session.execute(statement):
            found[row[0]].append(row)
        return found

    def _listing(self, supplier: Row[Any], tags: Sequence[Row[Any]]) -> dict[str, Any]:
        families = 0
        for tag in tags:
            if tag.kind == "segment" and tag.weight >= LEAST_FAMILY_WEIGHT:
                families |= self.family_bit.get(tag.value, 0)
        return {
            "supplier_id": supplier.id,
            "commune_code": supplier.commune_code,
            "in_territory": supplier.commune_code in self.territory,
            "lon": supplier.lon,
            "lat": supplier.lat,
            "families": families,
            "statuses": status_bits((tag.kind, tag.value) for tag in tags),
            "size": SIZE_OF_BAND.get(supplier.size_code, 0),
            "is_noise": any(tag.kind == "noise" for tag in tags),
            "name_key": fold(supplier.name),
        }

    def _text(
        self, supplier: Row[Any], tags: Sequence[Row[Any]], mentions: Sequence[Row[Any]]
    ) -> tuple[int, str, str]:
        names = list(self._names(supplier, mentions))
        body = [supplier.description]
        for mention in mentions:
            body += [*mention.sectors, mention.description]
        body += [tag.value for tag in tags if tag.kind in SEARCHED_KINDS]
        found = words(" ".join(filter(None, body)))
        for tag in tags:
            if tag.kind == "segment" and tag.weight >= DECLARED_WEIGHT:
                found += self.label_words.get(tag.value, [])
        found += self._commune(supplier.commune)
        return supplier.id, _line(words(" ".join(names))), _line(found)

    def _names(self, supplier: Row[Any], mentions: Sequence[Row[Any]]) -> Iterator[str]:
        """Every name it goes by; none when the person asked not to be found by name."""
        if supplier.is_person and supplier.diffusion == "P":
            return
        yield from (supplier.name, supplier.legal_name, supplier.other_names)
        for mention in mentions:
            yield from (mention.name, mention.other_names)

    def _commune(self, name: str) -> list[str]:
        if name not in self.commune_words:
            self.commune_words[name] = words(name)
        return self.commune_words[name]


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
