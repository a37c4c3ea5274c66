"""What a person gave has an end: past it, it is erased (docs/donnees-personnelles.md)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, or_, select
from sqlalchemy.orm import Session

from sourcing.model import Follower, Interest, Purchase, Registration, Ruling
from sourcing.purchases.quarter import quarter_of
from sourcing.registrations.mine import withdraw
from sourcing.registrations.receiving import WAITING

UNCONFIRMED = timedelta(days=3)
UNDECIDED = timedelta(days=180)
REFUSED = timedelta(days=365)
# An accepted declaration is asked about after a year, and withdrawn a year after the question.
ASKED_AGAIN, UNANSWERED = timedelta(days=365), timedelta(days=365)
# A structure without SIRET is asked for it after this.
SIRET_ASKED = timedelta(days=60)
# After the end of the quarter of a purchase.
INTEREST = timedelta(days=180)
RULINGS = timedelta(days=5 * 365)


def erase_forgotten(session: Session, now: datetime) -> int:
    """Erase all that is past its term; returns how many rows. Safe to run at any time."""
    for each in _unanswered(session, now):
        if each.mention_id:
            withdraw(session, each.mention_id)
        session.delete(each)
    session.flush()
    past = select(Purchase.id).where(Purchase.quarter < quarter_of((now - INTEREST).date()))
    terms = (
        delete(Registration).where(
            or_(
                and_(Registration.state == "unconfirmed",
                     Registration.received_at < now - UNCONFIRMED),
                and_(Registration.state.in_(WAITING), Registration.received_at < now - UNDECIDED),
                and_(Registration.state == "refused", Registration.decided_at < now - REFUSED),
            )
        ),
        delete(Interest).where(
            or_(
                and_(Interest.confirmed_at.is_(None), Interest.created_at < now - UNCONFIRMED),
                Interest.purchase_id.in_(past),
            )
        ),
        delete(Follower).where(
            Follower.confirmed_at.is_(None), Follower.created_at < now - UNCONFIRMED
        ),
        delete(Ruling).where(Ruling.at < now - RULINGS),
    )  # fmt: skip
    return sum(cast(CursorResult[Any], session.execute(each)).rowcount for each in terms)


def to_ask_again(session: Session, now: datetime) -> Sequence[Registration]:
    """Accepted declarations to be asked about: a year old, or still without SIRET; marked."""
    due = select(Registration).where(
        Registration.state == "accepted", Registration.asked_at.is_(None), Registration.email != "",
        or_(Registration.decided_at < now - ASKED_AGAIN,
            and_(Registration.siret == "", Registration.decided_at < now - SIRET_ASKED)),
    )  # fmt: skip
    found = session.scalars(due.order_by(Registration.id)).all()
    for each in found:
        each.asked_at = now
    return found


def still_true(registration: Registration, now: datetime) -> None:
    """The structure said that it still holds: for another year."""
    registration.decided_at, registration.asked_at = now, None


def _unanswered(session: Session, now: datetime) -> Sequence[Registration]:
    late = select(Registration).where(
        Registration.state == "accepted", Registration.asked_at < now - UNANSWERED
    )
    return session.scalars(late).all()
