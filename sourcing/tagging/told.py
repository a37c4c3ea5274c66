"""All the tags of a supplier: those kept in the base, and those its own columns tell.

Every supplier of the register has a size and what its NAF code hints at: nine tags in ten. They are
not kept but read from the supplier when asked, so that a base of all France holds a tenth of them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Date,
    Select,
    bindparam,
    cast,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from sourcing.model import Supplier, Tag
from sourcing.tagging.of_register import by_naf, by_size
from sourcing.tagging.scope import COLUMNS


class Told(NamedTuple):
    """Something true of a supplier, why, at which level, and how strongly."""

    kind: str
    value: str
    level: str
    because: str
    source: str
    weight: float
    ends_on: date | None


def told(session: Session, suppliers: Collection[int]) -> Mapping[int, list[Told]]:
    """The tags of these suppliers, strongest first; none for a supplier without any."""
    found: defaultdict[int, list[Told]] = defaultdict(list)
    if suppliers:
        for supplier, *tag in session.execute(_all(), {"suppliers": list(suppliers)}):
            found[supplier].append(Told(*tag))
    return found


@cache
def _all() -> CompoundSelect[*tuple[Any, ...]]:
    """The tags of `suppliers`; composed once, which takes longer than running it."""
    suppliers: BindParameter[int] = bindparam("suppliers", expanding=True)
    kept: Select[*tuple[Any, ...]] = select(*(getattr(Tag, name) for name in COLUMNS), Tag.ends_on)
    always = cast(null(), Date).label("ends_on")
    parts = (
        kept.where(Tag.supplier_id.in_(suppliers)),
        by_naf().add_columns(always).where(Supplier.id.in_(suppliers)),
        by_size().add_columns(always).where(Supplier.id.in_(suppliers)),
    )
    every = union_all(*parts)
    names = every.selected_columns
    return every.order_by(names["weight"].desc(), names["kind"], names["value"], names["source"])
