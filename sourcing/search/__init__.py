"""A Query becomes a Page of Hits, each with its reasons; the same results on both databases."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, func, literal, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Listing, Supplier
from sourcing.search.cells import Cell, cells
from sourcing.search.evidence import Found, by_choice, find
from sourcing.search.facets import Counts, Facet, count
from sourcing.search.filters import (
    BEYOND_KM,
    conditions,
    haversine,
    labels,
    nearby_communes,
    resolve,
    sentence,
    territory_centre,
)
from sourcing.search.hits import Hit, hits
from sourcing.search.query import Near, Query
from sourcing.segments import Nomenclature
from sourcing.segments.classify import Guess

__all__ = [
    "Cell",
    "Facet",
    "Hit",
    "Near",
    "Page",
    "Query",
    "all_hits",
    "cells",
    "describe",
    "search",
]

# Rows beyond the page that the identifier may still reorder: suppliers alike in all the rest.
TIES = 64
NOWHERE = 9.0  # sorts after any distance
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search and everything the page counts."""

    query: Query
    hits: tuple[Hit, ...]
    total: int
    pages: int
    # Hidden as noise; `with_noise` shows them.
    hidden: int
    # Matching beyond the place asked for, and the query that shows them.
    outside: int
    beyond: Query | None
    guesses: tuple[Guess, ...]
    facets: tuple[Facet, ...]
    sentence: str
    # What could not be understood, one French sentence each.
    problems: tuple[str, ...] = ()


def search(session: Session, nomenclature: Nomenclature, query: Query) -> Page:
    """The page asked for: hits by relevance then distance, counts, facets."""
    found = find(session, nomenclature, query)
    names = labels(session, nomenclature, found.query)
    beyond, communes = _beyond(session, found.query)
    counts = count(session, nomenclature, found.query, found.evidence, (beyond, communes), names)
    shown = _page(session, nomenclature, found, counts)
    return Page(
        query=query,
        hits=tuple(shown),
        total=counts.total,
        pages=max(1, ceil(counts.total / query.per_page)),
        hidden=counts.hidden,
        outside=counts.outside,
        beyond=beyond if counts.outside else None,
        guesses=found.guesses,
        facets=counts.facets,
        sentence=sentence(found.query, names),
        problems=tuple(_problems(found.query)),
    )


def all_hits(session: Session, nomenclature: Nomenclature, query: Query) -> Iterator[Hit]:
    """Every hit of the query in its order, for exports and maps."""
    found = find(session, nomenclature, query)
    rows = session.execute(_ordered(session, nomenclature, found)).all()
    for chunk in db.chunks(rows, CHUNK):
        yield from hits(session, nomenclature, found, chunk)


def describe(session: Session, nomenclature: Nomenclature, query: Query) -> str:
    """The query as one French sentence."""
    return sentence(resolve(session, query), labels(session, nomenclature, query))


def _problems(query: Query) -> Iterator[str]:
    if query.near and not query.near.point:
        yield (
            f"Lieu inconnu : « {query.near.text} ». Indiquer une commune, un code postal ou "
            "« latitude,longitude »."
        )


def _beyond(session: Session, query: Query) -> tuple[Query | None, list[str]]:
    """The same search a little further, and the communes it counts (none: all it finds)."""
    if query.near and query.near.point and query.radius_km:
        wider = max(query.radius_km, BEYOND_KM)
        if query.territory_only or wider > query.radius_km:
            return replace(query, territory_only=False, radius_km=wider, page=1), []
    elif query.territory_only and (near := nearby_communes(session)):
        return replace(query, territory_only=False, page=1), near
    return None, []


# --- order and page ---


def _ordered(
    session: Session,
    nomenclature: Nomenclature,
    found: Found,
    window: tuple[int, int] | None = None,
) -> Select[Any]:
    """(supplier_id, score, squared half-chord) of every hit, or of the window, in a total order."""
    query = found.query
    ranking = (
        found.evidence
        if found.evidence is not None or not query.segments
        else by_choice(query.segments)
    )
    score = ranking.c.score if ranking is not None else literal(0.0, Float)
    distance = _distance(session, query, ranking is not None)
    columns = {
        "score": score,
        "distance": distance,
        "name_key": Listing.name_key,
        "size": Listing.size,
    }
    rows: Any = select(Listing.supplier_id, *(c.label(name) for name, c in columns.items()))
    rows = rows.where(*conditions(query, nomenclature))
    if ranking is not None:
        rows = rows.join(ranking, ranking.c.supplier_id == Listing.supplier_id)
    order = _order(query, ranking is not None)
    if window:
        rows = rows.order_by(
            *(columns[name].desc() if down else columns[name] for name, down in order)
        ).limit(sum(window) + TIES)
    inner = rows.subquery("rows")
    keys = [inner.c[name].desc() if down else inner.c[name] for name, down in order]
    complete = (
        select(inner.c.supplier_id, inner.c.score, inner.c.distance)
        .join(Supplier, Supplier.id == inner.c.supplier_id)
        .order_by(*keys, Supplier.uid)
    )
    return complete.offset(window[0]).limit(window[1]) if window else complete


def _order(query: Query, is_ranked: bool) -> list[tuple[str, bool]]:
    """Sort keys and whether each descends; the identifier always comes last."""
    name, near = ("name_key", False), ("distance", False)
    if query.sort == "nom":
        return [name]
    if query.sort == "effectif":
        return [("size", True), name]
    if query.sort == "distance":
        return [near, name]
    if is_ranked:
        return [("score", True), near, name]
    return [near, name] if query.near else [name]


def _distance(session: Session, query: Query, is_ranked: bool) -> ColumnElement[float]:
    """From the place asked for, else from the territory's centre where the order needs it."""
    point = query.near.point if query.near else None
    if point is None and (is_ranked or query.sort == "distance"):
        point = territory_centre(session)
    return func.coalesce(haversine(*point), NOWHERE) if point else literal(NOWHERE, Float)


def _page(session: Session, nomenclature: Nomenclature, found: Found, counts: Counts) -> list[Hit]:
    size = found.query.per_page
    start = (found.query.page - 1) * size
    if start >= counts.total:
        return []
    statement = _ordered(session, nomenclature, found, (start, size))
    return hits(session, nomenclature, found, session.execute(statement).all())
