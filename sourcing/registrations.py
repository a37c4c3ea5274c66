"""What structures say of themselves: received, then accepted as a mention or refused."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from sourcing.model import Mention, Place, Registration, Run, Supplier

SOURCE = "inscription"
# Kept this long when nobody has decided; see docs/donnees-personnelles.md.
PENDING = timedelta(days=180)


class RegistrationError(ValueError):
    """The registration cannot be decided as asked; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The form, once valid. `zone` is "commune", "france" or a number of kilometres."""

    siret: str
    name: str
    activity: str
    segments: tuple[str, ...] = ()
    zone: str = "30"
    website: str = ""
    email: str = ""
    phone: str = ""
    # The version of the information text the person agreed to, "" if she gave no contact.
    consent: str = ""


def known(session: Session, siret: str) -> Supplier | None:
    """The supplier the register or a list already knows under this siret."""
    return session.scalar(select(Supplier).where(Supplier.siret == siret))


def receive(session: Session, answers: Answers) -> Registration:
    """Store a registration; a second one for its siret replaces the first until it is decided."""
    erase_forgotten(session, datetime.now())
    waiting = session.scalar(
        select(Registration).where(
            Registration.siret == answers.siret, Registration.state == "pending"
        )
    )
    if waiting is None:
        waiting = Registration(siret=answers.siret, state="pending")
        session.add(waiting)
    waiting.answers = asdict(answers)
    waiting.received_at = datetime.now()
    session.flush()
    return waiting


def erase_forgotten(session: Session, now: datetime) -> int:
    """Erase what nobody decided in time; returns how many. Run at each arrival and each look."""
    late = delete(Registration).where(
        Registration.state == "pending", Registration.received_at < now - PENDING
    )
    return cast(CursorResult[Any], session.execute(late)).rowcount


def pending(session: Session) -> Sequence[Registration]:
    """What waits for a decision, oldest first."""
    return session.scalars(
        select(Registration)
        .where(Registration.state == "pending")
        .order_by(Registration.received_at, Registration.id)
    ).all()


def accept(session: Session, registration_id: int, by: str) -> Mention:
    """Make the declaration a mention, for the caller to link and tag; the register stays."""
    registration = _undecided(session, registration_id)
    answers = registration.answers
    run = Run(
        source=SOURCE,
        files=[{"name": "formulaire"}],
        started_at=datetime.now(),
        finished_at=datetime.now(),
        outcome="done",
        rows=1,
        kept=1,
        leftover=[],
    )
    session.add(run)
    session.flush()
    mention = _mention(session, answers["siret"])
    mention.run_id, mention.file, mention.line = run.id, "formulaire", registration.id
    mention.last_seen, mention.gone_on = registration.received_at.date(), None
    mention.name = answers["name"]
    mention.sectors = list(answers["segments"])
    mention.description = answers["activity"]
    mention.zone = zone_of(answers.get("zone", ""))
    for field in ("website", "email", "phone"):
        setattr(mention, field, answers[field])
    _decide(registration, "accepted", by, "")
    registration.mention_id = mention.id
    session.flush()
    return mention


def refuse(session: Session, registration_id: int, by: str, reason: str) -> Registration:
    """Refuse with a reason; contact details are erased at once, they serve no purpose any more."""
    if not reason.strip():
        raise RegistrationError("Indiquer le motif du refus.")
    registration = _undecided(session, registration_id)
    registration.answers = registration.answers | {"email": "", "phone": ""}
    _decide(registration, "refused", by, reason.strip())
    session.flush()
    return registration


def zone_of(answer: str) -> dict[str, Any] | None:
    """The form's answer as a mention keeps it; the address's commune says nothing more."""
    if answer == "france":
        return {"france": True}
    return {"km": int(answer)} if answer.isdigit() else None


def _undecided(session: Session, registration_id: int) -> Registration:
    registration = session.get(Registration, registration_id)
    if registration is None or registration.state != "pending":
        raise RegistrationError("Cette inscription a déjà été traitée ou n'existe pas.")
    return registration


def _decide(registration: Registration, state: str, by: str, reason: str) -> None:
    registration.state, registration.decided_by, registration.reason = state, by, reason
    registration.decided_at = datetime.now()


def _mention(session: Session, siret: str) -> Mention:
    """The mention of this siret's earlier declarations, or a new one where the register says."""
    key = hashlib.sha256(siret.encode()).hexdigest()[:16]
    found = session.scalar(select(Mention).where(Mention.source == SOURCE, Mention.key == key))
    if found is not None:
        return found
    supplier = known(session, siret)
    place = session.get(Place, supplier.commune_code) if supplier else None
    mention = Mention(
        source=SOURCE,
        key=key,
        siret=siret,
        siren=siret[:9],
        name="",
        statuses=[],
        sectors=[],
        problems=[],
        run_id=0,
        file="",
        line=0,
        first_seen=date.today(),
        last_seen=date.today(),
        commune_code=place.code if place else "",
        commune=place.name if place else "",
        postcode=supplier.postcode if supplier else "",
    )
    session.add(mention)
    return mention
