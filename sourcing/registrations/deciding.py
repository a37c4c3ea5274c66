"""The team decides: accept as a mention, ask for something, refuse; each ruling is kept."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import masking, stale
from sourcing.model import Mention, Place, Registration, Ruling, Run
from sourcing.registrations.answers import COMMITMENTS, STATUSES, Answers, answers_of, zone_of
from sourcing.registrations.receiving import SOURCE, WAITING, RegistrationError, known

FILE = "formulaire"


def accept(
    session: Session, registration_id: int, by: str, proved: Collection[str] = ()
) -> Mention:
    """Make the declaration a mention, for the caller to link and tag; the register stays.

    `proved`: the declared statuses whose proof the team has seen; the others are shown as
    declared and give no right.
    """
    registration = _undecided(session, registration_id)
    answers = answers_of(registration.answers)
    now = datetime.now()
    run = Run(
        source=SOURCE, files=[{"name": FILE}], started_at=now, finished_at=now, outcome="done",
        rows=1, kept=1, leftover=[],
    )  # fmt: skip
    session.add(run)
    session.flush()
    mention = _mention(session, answers)
    mention.run_id, mention.file, mention.line = run.id, FILE, registration.id
    mention.last_seen, mention.gone_on = registration.received_at.date(), None
    _say(session, mention, answers)
    mention.statuses = [s for s in answers.statuses if s in proved and s in STATUSES]
    session.flush()
    # A unit in partial diffusion stays masked whatever it says here.
    masking.mask_lines(session, run.id)
    session.refresh(mention)
    stale.mark(session, [mention.supplier_id])
    registration.mention_id = mention.id
    _replace(session, registration)
    _rule(session, registration, "accepted", by)
    session.flush()
    return mention


def ask(session: Session, registration_id: int, by: str, reason: str) -> Registration:
    """Ask the structure for something before deciding; what it answers comes back to the queue."""
    if not reason.strip():
        raise RegistrationError("Écrire ce qui est demandé à la structure.")
    registration = _undecided(session, registration_id)
    _rule(session, registration, "asked", by, reason.strip())
    session.flush()
    return registration


def refuse(session: Session, registration_id: int, by: str, reason: str) -> Registration:
    """Refuse with a reason; contact details are erased at once, they serve no purpose any more.

    The caller writes to the structure first: its address is not in what is returned.
    """
    if not reason.strip():
        raise RegistrationError("Indiquer le motif du refus.")
    registration = _undecided(session, registration_id)
    registration.answers = registration.answers | {
        "email": "", "phone": "", "proofs": {}, "tih_consent": "",
    }  # fmt: skip
    registration.email = ""
    _rule(session, registration, "refused", by, reason.strip())
    session.flush()
    return registration


def claims(session: Session, registration: Registration) -> Sequence[Registration]:
    """What others have already had accepted, or wait for, under the same siret."""
    if not registration.siret:
        return []
    others = select(Registration).where(
        Registration.siret == registration.siret, Registration.id != registration.id,
        Registration.email != registration.email,
        Registration.state.in_(("accepted", *WAITING)),
    )  # fmt: skip
    return session.scalars(others.order_by(Registration.id)).all()


def declared(session: Session, mentions: Collection[int]) -> Registration | None:
    """The accepted registration one of these mentions tells, if any."""
    told = select(Registration).where(
        Registration.mention_id.in_(mentions), Registration.state == "accepted"
    )
    return session.scalars(told.order_by(Registration.id.desc())).first()


def rulings(session: Session, most: int = 200) -> Sequence[Ruling]:
    """What was decided, the latest first."""
    return session.scalars(select(Ruling).order_by(Ruling.id.desc()).limit(most)).all()


def _undecided(session: Session, registration_id: int) -> Registration:
    registration = session.get(Registration, registration_id, with_for_update=True)
    if registration is None or registration.state not in WAITING:
        raise RegistrationError("Cette inscription a déjà été traitée ou n'existe pas.")
    return registration


def _rule(
    session: Session, registration: Registration, action: str, by: str, reason: str = ""
) -> None:
    now = datetime.now()
    registration.state, registration.decided_by, registration.reason = action, by, reason
    registration.decided_at = now
    if action != "asked":
        registration.open_key = None
    session.add(
        Ruling(
            registration_id=registration.id, siret=registration.siret, action=action,
            reason=reason, by=by, at=now,
        )
    )  # fmt: skip


def _replace(session: Session, registration: Registration) -> None:
    """What was accepted before for the same mention serves no more: it is erased."""
    former = select(Registration).where(
        Registration.mention_id == registration.mention_id, Registration.id != registration.id
    )
    for each in session.scalars(former):
        session.delete(each)


def _say(session: Session, mention: Mention, answers: Answers) -> None:
    mention.name = answers.name
    mention.sectors = list(answers.segments)
    mention.description = " — ".join(filter(None, _told(answers)))
    mention.zone = zone_of(session, answers)
    mention.website = answers.website
    # Shown to buyers: only with the agreement to be.
    mention.email, mention.phone = (answers.email, answers.phone) if answers.consent else ("", "")


def _told(answers: Answers) -> Sequence[str]:
    """What is said in words, for people and for the search."""
    commitments = ", ".join(COMMITMENTS[c] for c in answers.commitments if c in COMMITMENTS)
    return (
        answers.activity,
        answers.innovation and f"Innovation : {answers.innovation}",
        answers.materials and f"Matériaux : {answers.materials}",
        commitments and f"Engagements : {commitments}",
    )


def _mention(session: Session, answers: Answers) -> Mention:
    """The mention of its earlier declarations, or a new one where the register says it is."""
    who = answers.siret or f"{answers.name}\0{answers.commune_code}\0{answers.email}"
    key = hashlib.sha256(who.encode()).hexdigest()[:16]
    found = session.scalar(select(Mention).where(Mention.source == SOURCE, Mention.key == key))
    if found is not None:
        return found
    supplier = known(session, answers.siret)
    place = session.get(Place, supplier.commune_code if supplier else answers.commune_code)
    usual = place.postcodes.split()[:1] if place else []
    today = date.today()
    mention = Mention(
        source=SOURCE, key=key, siret=answers.siret, siren=answers.siret[:9], name="",
        statuses=[], sectors=[], problems=[], run_id=0, file="", line=0, first_seen=today,
        last_seen=today, commune_code=place.code if place else "",
        commune=place.name if place else "",
        postcode=supplier.postcode if supplier else "".join(usual),
    )  # fmt: skip
    session.add(mention)
    return mention
