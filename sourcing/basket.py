"""What a person puts aside while she searches: suppliers, each with the search it came from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sourcing.model import PARTIAL, BasketItem, Supplier

MOST_SUPPLIERS = 300
# A whole search is put aside only when a person can read it.
MOST_AT_ONCE = 200
LONGEST_SEARCH = 2_000


def allowed(session: Session, uids: Iterable[str]) -> list[str]:
    """Those of the base that may be prospected: never a unit in partial diffusion."""
    wanted = list(dict.fromkeys(uids))[:MOST_SUPPLIERS]
    known = select(Supplier.uid).where(Supplier.uid.in_(wanted), Supplier.diffusion != PARTIAL)
    found = set(session.scalars(known))
    return [uid for uid in wanted if uid in found]


def add(session: Session, person_id: int, picked: Mapping[str, Sequence[str]]) -> int:
    """Put these aside (search -> uids); how many are new. One already there stays as it came."""
    there = {item.uid for item in of_person(session, person_id)}
    count = 0
    for asked, uids in picked.items():
        for uid in allowed(session, uids):
            if uid not in there and len(there) < MOST_SUPPLIERS:
                session.add(
                    BasketItem(
                        person_id=person_id,
                        uid=uid,
                        asked=asked[:LONGEST_SEARCH],
                        added_at=datetime.now(),
                    )
                )
                there.add(uid)
                count += 1
    session.flush()
    return count


def of_person(session: Session, person_id: int) -> Sequence[BasketItem]:
    """Hers, in the order they came."""
    hers = select(BasketItem).where(BasketItem.person_id == person_id).order_by(BasketItem.id)
    return session.scalars(hers).all()


def remove(session: Session, person_id: int, uids: Sequence[str] | None = None) -> None:
    """Take these out; all of them without a list."""
    hers = delete(BasketItem).where(BasketItem.person_id == person_id)
    session.execute(hers if uids is None else hers.where(BasketItem.uid.in_(uids)))


def by_search(items: Iterable[BasketItem]) -> dict[str, list[str]]:
    """The same as `add` takes it: search -> uids."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in items:
        found[item.asked].append(item.uid)
    return dict(found)
