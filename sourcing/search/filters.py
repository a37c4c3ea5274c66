"""FILTERS: each way to narrow a search, who it keeps and its sentence; places to measure from."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sourcing import normalise
from sourcing.model import OldPlace, Place
from sourcing.search import reach
from sourcing.search.ground import Ground
from sourcing.search.query import Near, Query, number
from sourcing.search.tally import Columns, Mask, is_departement
from sourcing.segments import Nomenclature
from sourcing.tagging.statuses import SIZES, STATUSES

EPCI_LENGTH = 9  # an EPCI is named by its siren
# Words of a commune's name, at most, after an address.
LONGEST_COMMUNE = 8
Labels = Mapping[str, str]

# --- places ---


def resolve(session: Session, ground: Ground, query: Query) -> Query:
    """The same query with `near` located: a commune code, a postcode or a commune's name."""
    if query.near is None or query.near.point:
        return query
    text = query.near.text
    found = _communes(session, text) or _at_the_end(session, text)
    if not found:
        return _territory_itself(ground, query)
    lon = sum(p.lon for p in found if p.lon is not None) / len(found)
    lat = sum(p.lat for p in found if p.lat is not None) / len(found)
    return replace(query, near=Near(text, lon, lat, found[0].name if len(found) == 1 else text))


def _territory_itself(ground: Ground, query: Query) -> Query:
    """Its centre, when it is the territory that was named."""
    name, centre, near = ground.territory, ground.centre, query.near
    if not (near and name and centre) or normalise.fold(near.text) != normalise.fold(name):
        return query
    return replace(query, near=Near(near.text, *centre, name))


def is_named(session: Session, ground: Ground, near: Near) -> bool:
    """Whether the place is one we know by itself, its name or its code, and no address in it."""
    if near.point or _communes(session, near.text):
        return True
    return normalise.fold(near.text) == normalise.fold(ground.territory)


def _at_the_end(session: Session, text: str) -> Sequence[Place]:
    """The commune an address ends with: « 12 rue du Port, 56100 Lorient »."""
    pieces = re.split(r"[\s,]+", text)
    for start in range(max(1, len(pieces) - LONGEST_COMMUNE), len(pieces)):
        if found := _communes(session, " ".join(pieces[start:])):
            return found
    return []


def _communes(session: Session, text: str) -> Sequence[Place]:
    located = (
        select(Place).where(Place.lon.is_not(None), Place.lat.is_not(None)).order_by(Place.code)
    )
    if re.fullmatch(r"\d{5}|2[ABab]\d{3}", text):
        old = select(OldPlace.today).where(OldPlace.code == text.upper())
        by_code = located.where(or_(Place.code == text.upper(), Place.code.in_(old)))
        by_postcode = located.where((" " + Place.postcodes + " ").contains(f" {text} "))
        # Postcodes win: people know theirs, and 56100 is both Lorient and nobody's INSEE code.
        return session.scalars(by_postcode).all() or session.scalars(by_code).all()
    named = session.scalars(located.where(Place.name_key == normalise.place_key(text))).all()
    inside = [place for place in named if place.in_territory]
    return inside if len(inside) == 1 else named if len(named) == 1 else []


# --- filters: URL name, SQL, sentence ---


class Filter(NamedTuple):
    """One way to narrow a search; None and '' when the query does not use it."""

    name: str
    mask: Callable[[Columns, Query, Nomenclature], Mask | None]
    sentence: Callable[[Query, Labels], str]


STATUS_BITS = {status.code: status.bit for status in STATUSES if not status.is_label}
LABEL_BITS = {status.code: status.bit for status in STATUSES if status.is_label}


def family_bits(nomenclature: Nomenclature) -> dict[str, int]:
    """The bit of each segment family in Listing.families."""
    return {code: 1 << place for place, (code, _) in enumerate(nomenclature.families)}


def _bits(bits: Mapping[str, int], chosen: Sequence[str]) -> int:
    return sum(bits.get(code, 0) for code in chosen)


def _statuses(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    return data.statuses.any_of(_bits(STATUS_BITS, query.statuses)) if query.statuses else None


def _labels(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    return data.statuses.any_of(_bits(LABEL_BITS, query.labels)) if query.labels else None


def _families(data: Columns, query: Query, nomenclature: Nomenclature) -> Mask | None:
    bits = family_bits(nomenclature)
    return data.families.any_of(_bits(bits, query.families)) if query.families else None


def _segments(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    return data.in_segments(query.segments) if query.segments else None


def _communes_in(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    return data.in_communes(query.communes) if query.communes else None


def _sizes(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    if not query.sizes:
        return None
    found: Mask = np.asarray([size.code in query.sizes for size in SIZES])[data.sizes]
    return found


def _territory(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    if not query.territory_only:
        return None
    return data.is_inside | reach.covers(data, data.ground.centres) | _national(data, query)


def _national(data: Columns, query: Query) -> Mask:
    """Those in all of France, when they are asked for too."""
    return reach.is_national(data) & query.with_national


def _radius(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    if query.near is None or query.radius_km is None:
        return None
    if query.near.point is None:
        return np.zeros(len(data.ids), dtype=bool)
    point = query.near.point
    served = reach.covers(data, [point]) | _national(data, query)
    return data.within(point, query.radius_km) | served


def _zone(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    if query.polygon:
        return reach.within(data, query.polygon)
    return data.in_box(query.bbox) if query.bbox else None


def _noise(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    return None if query.with_noise else data.noise == 0


def _everyone(data: Columns, query: Query, _: Nomenclature) -> Mask | None:
    return None


def _listed(values: Sequence[str], labels: Labels, kind: str) -> str:
    return " ou ".join(labels.get(f"{kind}:{value}", value) for value in values)


def _around(query: Query, _: Labels) -> str:
    if query.near is None:
        return ""
    name = query.near.label or query.near.text
    if query.radius_km is None:
        # Nothing is measured from a place nobody knows.
        return f"distances depuis {name}" if query.near.point else ""
    return f"à moins de {number(query.radius_km).replace('.', ',')} km {_of(name)}"


def _drawn(query: Query) -> str:
    if query.polygon:
        return "dans la zone dessinée"
    return "dans la zone de la carte" if query.bbox else ""


def _of(name: str) -> str:
    """ "de Lorient", "d'Hennebont", "du Faouët", "des Moutiers"."""
    for article, form in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return form + name.removeprefix(article)
    return f"d'{name}" if normalise.fold(name)[:1] in tuple("AEIOUYH") else f"de {name}"


# Facets: the values of one are alternatives; a search keeps what satisfies all of them.
FACETS = (
    Filter("statut", _statuses, lambda q, n: _listed(q.statuses, n, "statut")),
    Filter("label", _labels, lambda q, n: _listed(q.labels, n, "label")),
    Filter("famille", _families, lambda q, n: _listed(q.families, n, "famille")),
    Filter("segment", _segments, lambda q, n: _listed(q.segments, n, "segment")),
    Filter(
        "commune",
        _communes_in,
        lambda q, n: f"à {_listed(q.communes, n, 'commune')}" if q.communes else "",
    ),
    Filter("effectif", _sizes, lambda q, n: _listed(q.sizes, n, "effectif")),
)
PLACE = (
    Filter(
        "territoire",
        _territory,
        lambda q, n: n.get("territoire:", "sur le territoire") if q.territory_only else "",
    ),
    Filter("rayon", _radius, _around),
    Filter("zone", _zone, lambda q, n: _drawn(q)),
)
NATIONAL = Filter(
    "nationaux",
    lambda data, query, nomenclature: None,
    lambda q, n: "fournisseurs nationaux compris" if q.with_national else "",
)
NOISE = Filter(
    "masques", _noise, lambda q, n: "établissements masqués compris" if q.with_noise else ""
)
# What was changed of the segments the words are understood as; narrows nothing by itself.
UNDERSTOOD = (
    Filter(
        "avec",
        _everyone,
        lambda q, n: f"et aussi {_listed(q.added, n, 'segment')}" if q.added else "",
    ),
    Filter(
        "sans",
        _everyone,
        lambda q, n: f"sans comprendre {_listed(q.dropped, n, 'segment')}" if q.dropped else "",
    ),
)
FILTERS = (*UNDERSTOOD, *FACETS, *PLACE, NATIONAL, NOISE)


def mask(
    data: Columns,
    query: Query,
    nomenclature: Nomenclature,
    filters: Sequence[Filter] = FILTERS,
) -> Mask:
    """Who passes these filters, the ones the query uses."""
    kept: Mask = np.ones(len(data.ids), dtype=bool)
    for each in filters:
        found = each.mask(data, query, nomenclature)
        if found is not None:
            kept &= found
    return kept


def sentence(query: Query, labels: Labels) -> str:
    """The query as one French sentence, for the page, the exports and the map."""
    words = f"« {query.text} »" if query.text else "tous les fournisseurs"
    clauses = [each.sentence(query, labels) for each in FILTERS]
    return ", ".join([words, *filter(None, clauses)])


def labels(nomenclature: Nomenclature, ground: Ground, query: Query) -> dict[str, str]:
    """What people call each value of each filter, by "filter:value"."""
    found = dict(_fixed_labels(nomenclature))
    found |= {f"commune:{code}": _commune_label(ground, code) for code in query.communes}
    return found | ({"territoire:": ground.territory} if ground.territory else {})


@lru_cache(maxsize=2)
def _fixed_labels(nomenclature: Nomenclature) -> dict[str, str]:
    kinds = {status: "label" if status.is_label else "statut" for status in STATUSES}
    found = {f"{kind}:{status.code}": status.label for status, kind in kinds.items()}
    found |= {f"famille:{code}": label for code, label in nomenclature.families}
    found |= {f"segment:{segment.code}": segment.label for segment in nomenclature.segments}
    return found | {f"effectif:{size.code}": size.label for size in SIZES}


def _commune_label(ground: Ground, code: str) -> str:
    if is_departement(code):
        return f"département {code}"
    return f"EPCI {code}" if len(code) == EPCI_LENGTH else ground.names.get(code, code)
