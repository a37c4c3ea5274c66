"""Structures that made themselves known and whom the team accepted lately."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import PUBLIC, Mention, Registration, Supplier


class Arrival(NamedTuple):
    """Who came; a natural person or a unit of partial diffusion is not named."""

    id: int
    name: str
    commune: str
    at: datetime | None


def arrivals(session: Session, since: datetime, most: int = 50) -> Sequence[Arrival]:
    """The structures accepted since then, the latest first."""
    columns = (Registration.id, Supplier.name, Supplier.commune, Registration.decided_at)
    accepted = (
        select(*columns)
        .join(Mention, Mention.id == Registration.mention_id)
        .join(Supplier, Supplier.id == Mention.supplier_id)
        .where(
            Registration.state == "accepted",
            Registration.decided_at >= since,
            Supplier.diffusion == PUBLIC,
            Supplier.is_person.is_(False),
        )
        .order_by(Registration.decided_at.desc(), Registration.id.desc())
    )
    return [Arrival(*row) for row in session.execute(accepted.limit(most))]
