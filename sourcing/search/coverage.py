"""Which communes a search's suppliers are in, and which they serve from elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import NATIONAL_KM, Place
from sourcing.search.evidence import find
from sourcing.search.filters import mask
from sourcing.search.query import Query
from sourcing.search.reach import covers
from sourcing.search.tally import Columns
from sourcing.segments import Nomenclature


class Covered(NamedTuple):
    """A commune of the territory: how many suppliers are there, how many say they work there."""

    code: str
    here: int
    serving: int


def coverage(session: Session, nomenclature: Nomenclature, query: Query) -> list[Covered]:
    """Every commune of the territory, in the order of codes; both counts 0: nobody answers there.

    The query's own communes are lifted, as a facet's are; those who work in all of France count
    where they are only, for they would answer everywhere.
    """
    found = find(session, nomenclature, replace(query, communes=()))
    data = found.data.take(np.flatnonzero(mask(found.data, found.query, nomenclature)))
    counts = data.by_commune(np.ones(len(data.ids), dtype=bool))
    local = data.take(np.flatnonzero((data.reach_km > 0) & (data.reach_km < NATIONAL_KM)))
    rows = session.execute(
        select(Place.code, Place.lon, Place.lat).where(Place.in_territory).order_by(Place.code)
    )
    return [
        Covered(code, counts.get(code, 0), _serving(local, code, (lon, lat)))
        for code, lon, lat in rows
    ]


def _serving(local: Columns, code: str, centre: Sequence[float | None]) -> int:
    lon, lat = centre
    if lon is None or lat is None or not len(local.ids):
        return 0
    from_elsewhere = covers(local, [(lon, lat)]) & ~local.in_communes([code])
    return int(np.count_nonzero(from_elsewhere))
