"""Who follows the purchases to come: segments by e-mail, or one purchase with a line."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Base, Follower, Interest, Purchase
from sourcing.purchases.board import family_of

FOLLOWER, INTEREST = (Base.metadata.tables[name] for name in ("follower", "interest"))


class Said(NamedTuple):
    """What someone who is interested says of herself."""

    email: str
    name: str
    siret: str = ""
    line: str = ""
    consent: str = ""


def ask_to_follow(
    session: Session, email: str, families: Collection[str], consent: str
) -> Follower:
    """Note what is asked; nothing changes before the address confirms it."""
    row = {
        "email": email, "families": [], "wanted": sorted(families), "consent": consent,
        "created_at": datetime.now(), "confirmed_at": None,
    }  # fmt: skip
    known = session.scalar(select(Follower).where(Follower.email == email))
    if known is None:
        db.upsert(session, FOLLOWER, [row], ("email",))
        return session.scalars(select(Follower).where(Follower.email == email)).one()
    known.wanted, known.consent = sorted(families), consent
    return known


def follow(session: Session, email: str, families: Collection[str]) -> Follower | None:
    """The address confirmed that it wants to be told of these families (all when empty)."""
    known = session.scalar(select(Follower).where(Follower.email == email))
    if known is not None:
        known.families, known.wanted = sorted(families), []
        known.confirmed_at = known.confirmed_at or datetime.now()
    return known


def leave(session: Session, email: str, uid: str = "") -> None:
    """No more letters to this address: of one purchase, or of any."""
    if not uid:
        session.execute(delete(Follower).where(Follower.email == email))
    of = select(Purchase.id).where(Purchase.uid == uid) if uid else select(Purchase.id)
    session.execute(delete(Interest).where(Interest.email == email, Interest.purchase_id.in_(of)))


def say_interest(session: Session, purchase: Purchase, said: Said) -> Interest:
    """Note an interest; the buyers see it once the address confirms it. Said again, it replaces."""
    of_hers = select(Interest).where(
        Interest.purchase_id == purchase.id, Interest.email == said.email
    )
    known = session.scalar(of_hers)
    if known is None or known.confirmed_at is None:
        row = {"purchase_id": purchase.id, "created_at": datetime.now(), "confirmed_at": None}
        db.upsert(session, INTEREST, [row | said._asdict()], ("purchase_id", "email"))
        known = session.scalars(of_hers.execution_options(populate_existing=True)).one()
    return known


def confirm_interest(session: Session, interest_id: int) -> Interest | None:
    """The address is proved; None when it was withdrawn or forgotten meanwhile."""
    known = session.get(Interest, interest_id)
    if known is not None:
        known.confirmed_at = known.confirmed_at or datetime.now()
    return known


def interested(session: Session, purchase: Purchase) -> Sequence[Interest]:
    """Who said so and confirmed it, the first first."""
    theirs = select(Interest).where(
        Interest.purchase_id == purchase.id, Interest.confirmed_at.is_not(None)
    )
    return session.scalars(theirs.order_by(Interest.created_at, Interest.id)).all()


def followers(
    session: Session, purchases: Sequence[Purchase]
) -> list[tuple[Follower, list[Purchase]]]:
    """Who asked to be told of some of these purchases, and of which."""
    confirmed = session.scalars(
        select(Follower).where(Follower.confirmed_at.is_not(None)).order_by(Follower.id)
    )
    found = [
        (each, [p for p in purchases if not each.families or family_of(p.segment) in each.families])
        for each in confirmed
    ]
    return [(each, theirs) for each, theirs in found if theirs]
