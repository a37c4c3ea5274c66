"""What a person may do with what concerns her: see, correct, take away, erase."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sourcing import stale
from sourcing.model import (
    Follower,
    Interest,
    Mention,
    Message,
    Registration,
    Ruling,
    Supplier,
)
from sourcing.registrations.receiving import SOURCE

ERASED = "[Effacé]"
# Newest first of what speaks for a structure.
SPEAKING = ("pending", "asked", "accepted")


def latest(session: Session, email: str) -> Sequence[Registration]:
    """What this address declared, the newest of each structure first."""
    hers = select(Registration).where(Registration.email == email, Registration.state.in_(SPEAKING))
    seen: dict[str, Registration] = {}
    for each in session.scalars(hers.order_by(Registration.id.desc())):
        seen.setdefault(each.siret or each.answers["name"], each)
    return list(seen.values())


def sheet_of(session: Session, registration: Registration) -> Supplier | None:
    """The supplier it is shown on, once accepted."""
    mention = session.get(Mention, registration.mention_id) if registration.mention_id else None
    return session.get(Supplier, mention.supplier_id) if mention and mention.supplier_id else None


def everything_of(session: Session, email: str) -> dict[str, Any]:
    """All that is kept under this address, to be taken away."""
    declared = session.scalars(select(Registration).where(Registration.email == email))
    interests = session.scalars(select(Interest).where(Interest.email == email))
    follower = session.scalar(select(Follower).where(Follower.email == email))
    return {
        "adresse": email,
        "inscriptions": [
            {
                "siret": each.siret, "etat": each.state, "recue_le": _day(each.received_at),
                "confirmee_le": _day(each.confirmed_at), "decidee_le": _day(each.decided_at),
                "motif": each.reason, "reponses": each.answers,
            }
            for each in declared
        ],
        "interets": [
            {"achat": each.purchase_id, "nom": each.name, "siret": each.siret,
             "message": each.line, "le": _day(each.created_at), "consentement": each.consent}
            for each in interests
        ],
        "suivi": {
            "familles": follower.families, "depuis": _day(follower.confirmed_at),
            "consentement": follower.consent,
        } if follower else None,
    }  # fmt: skip


def erase(session: Session, email: str) -> set[int]:
    """Forget all that is kept under this address; the suppliers to tag again."""
    changed: set[int] = set()
    hers = session.scalars(select(Registration).where(Registration.email == email)).all()
    for each in hers:
        if each.mention_id:
            changed |= withdraw(session, each.mention_id)
        session.add(
            Ruling(registration_id=each.id, siret=each.siret, action="withdrawn",
                   by="la structure", at=datetime.now())
        )  # fmt: skip
        session.delete(each)
    for table in (Interest, Follower):
        session.execute(delete(table).where(table.email == email))
    session.execute(
        delete(Message).where(Message.recipient == email, Message.next_try_at.is_not(None))
    )
    session.flush()
    return changed


def withdraw(session: Session, mention_id: int) -> set[int]:
    """The mention says nothing any more, nor the supplier only it made known; which that is."""
    mention = session.get_one(Mention, mention_id)
    mention.gone_on = date.today()
    for field in ("phone", "email", "website", "description"):
        setattr(mention, field, "")
    mention.sectors, mention.statuses, mention.zone = [], [], None
    supplier = session.get(Supplier, mention.supplier_id) if mention.supplier_id else None
    if not mention.siret:
        mention.name = ERASED
    if supplier and supplier.origin == SOURCE:
        for field in ("phone", "email", "website", "description", "address"):
            setattr(supplier, field, "")
        if not supplier.siret:
            supplier.name = ERASED
    stale.mark(session, [mention.supplier_id])
    return {mention.supplier_id} if mention.supplier_id else set()


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
