"""Searches a person keeps: asked again on demand, with who came in and who left since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import SavedSearch, Supplier
from sourcing.search import Query, uids
from sourcing.segments import Nomenclature

MOST_SUPPLIERS, MOST_SEARCHES, LONGEST_NAME = 20_000, 100, 120


class SavedError(ValueError):
    """The search cannot be kept; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Who answers a kept search today and did not when it was last looked at, and the reverse."""

    total: int
    entered: tuple[Supplier, ...]
    left: tuple[Supplier, ...]


def save(
    session: Session, nomenclature: Nomenclature, person_id: int, name: str, query: Query
) -> SavedSearch:
    """Keep the search under this name; one of the same name is replaced."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise SavedError(f"Donner à la recherche un nom de {LONGEST_NAME} caractères au plus.")
    found = _found(session, nomenclature, query)
    kept = next((each for each in of_person(session, person_id) if each.name == name), None)
    if kept is None:
        if len(of_person(session, person_id)) >= MOST_SEARCHES:
            raise SavedError(f"{MOST_SEARCHES} recherches au plus : en retirer une d'abord.")
        kept = SavedSearch(person_id=person_id, name=name, created_at=datetime.now())
        session.add(kept)
    kept.asked = urlencode([pair for pair in query.to_args() if pair[0] != "page"])
    kept.seen, kept.seen_at = found, datetime.now()
    session.flush()
    return kept


def of_person(session: Session, person_id: int) -> Sequence[SavedSearch]:
    """Hers, by name."""
    hers = select(SavedSearch).where(SavedSearch.person_id == person_id)
    return session.scalars(hers.order_by(SavedSearch.name)).all()


def find(session: Session, person_id: int, saved_id: int) -> SavedSearch | None:
    """The search of this number, if it is hers."""
    kept = session.get(SavedSearch, saved_id)
    return kept if kept and kept.person_id == person_id else None


def query_of(kept: SavedSearch) -> Query:
    """What it asks."""
    return Query.from_args(parse_qs(kept.asked))


def changes(session: Session, nomenclature: Nomenclature, kept: SavedSearch) -> Changes:
    """Ask it again, and compare with who answered when it was last looked at."""
    today, before = set(uids(session, nomenclature, query_of(kept))), set(kept.seen)
    entered, left = sorted(today - before), sorted(before - today)
    return Changes(len(today), _suppliers(session, entered), _suppliers(session, left))


def look(session: Session, nomenclature: Nomenclature, kept: SavedSearch) -> None:
    """From now on, new is what comes after today."""
    kept.seen = _found(session, nomenclature, query_of(kept))
    kept.seen_at = datetime.now()


def _found(session: Session, nomenclature: Nomenclature, query: Query) -> list[str]:
    found = uids(session, nomenclature, query)
    if len(found) > MOST_SUPPLIERS:
        raise SavedError(
            f"Cette recherche trouve {len(found)} fournisseurs : la préciser pour en garder "
            f"{MOST_SUPPLIERS} au plus."
        )
    return found


def _suppliers(session: Session, wanted: Sequence[str]) -> tuple[Supplier, ...]:
    """Those still in the base, in the order of names."""
    found: list[Supplier] = []
    for start in range(0, len(wanted), 500):
        some = select(Supplier).where(Supplier.uid.in_(wanted[start : start + 500]))
        found += session.scalars(some)
    return tuple(sorted(found, key=lambda supplier: (supplier.name, supplier.uid)))
