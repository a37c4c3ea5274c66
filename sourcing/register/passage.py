"""From NAF 2025 back to rev. 2, as the base itself knows it from the years it was told both.

From 2027 INSEE gives the new code alone; what is bought is known by the old one.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Stale, Supplier

BATCH = 500
# Not started yet, in both.
NO_ACTIVITY = "00.00%"


def carry(session: Session) -> None:
    """Those this run wrote with a new code alone take the old one that most others have with it."""
    queued = Supplier.id.in_(select(Stale.supplier_id))
    unsaid = (
        queued,
        Supplier.naf == "",
        Supplier.naf25 != "",
        Supplier.naf25.not_like(NO_ACTIVITY),
    )
    codes = session.scalars(select(Supplier.naf25).where(*unsaid).distinct()).all()
    for naf25, naf in _usual(session, codes):
        session.execute(
            update(Supplier).where(*unsaid, Supplier.naf25 == naf25).values(naf=naf),
            execution_options={"synchronize_session": False},
        )


def _usual(session: Session, codes: Sequence[str]) -> list[tuple[str, str]]:
    """New code -> the old one that half at least of those who have both have with it."""
    counts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    both = select(Supplier.naf25, Supplier.naf, func.count()).group_by(Supplier.naf25, Supplier.naf)
    for chunk in db.chunks(codes, BATCH):
        told = both.where(Supplier.naf != "", Supplier.naf25.in_(chunk))
        for naf25, naf, count in session.execute(told):
            counts[naf25].append((-count, naf))
    best = ((naf25, min(found), found) for naf25, found in sorted(counts.items()))
    return [(naf25, naf) for naf25, (n, naf), found in best if 2 * n <= sum(m for m, _ in found)]
