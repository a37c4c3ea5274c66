"""A registration arrives, and its address is confirmed: by a link's button or six digits."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from sourcing import Foreseen, db
from sourcing.model import Base, Registration, Supplier
from sourcing.normalise import fold
from sourcing.registrations.answers import Answers, answers_of

SOURCE = "inscription"
TABLE: Table = Base.metadata.tables["registration"]
CODE_LASTS, CODE_TRIES = timedelta(hours=1), 5
# States in which nobody has decided.
WAITING = ("pending", "asked")


class RegistrationError(Foreseen):
    """The registration cannot be taken or decided as asked; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Received:
    """What was stored, and the six digits to send to its address; '' when they already were."""

    registration: Registration
    code: str

    @property
    def version(self) -> str:
        """What a link confirms: these very answers, not later ones under the same address."""
        return self.registration.code[:16]


def known(session: Session, siret: str) -> Supplier | None:
    """The supplier the register or a list already knows under this siret."""
    return session.scalar(select(Supplier).where(Supplier.siret == siret)) if siret else None


def receive(
    session: Session, answers: Answers, key: str, *, proof: str = "", campaign: str = ""
) -> Received:
    """Store answers whose address is still to be confirmed.

    The same structure and address again replace answers nobody confirmed, and only those: sent
    twice, or again after a cut, a registration is there once. `key` signs the code; `proof`
    serves one structure only, RegistrationError otherwise.
    """
    now = datetime.now()
    if (before := _sent_before(session, proof, answers, now)) is not None:
        return Received(before, "")
    open_key = _key("new", answers)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = {
        "siret": answers.siret, "answers": asdict(answers), "state": "unconfirmed",
        "received_at": now, "email": answers.email, "open_key": open_key, "proof": proof or None,
        "code": _digest(key, open_key, code), "tries": 0, "code_until": now + CODE_LASTS,
        "campaign": campaign, "decided_by": "", "reason": "",
    }  # fmt: skip
    db.upsert(session, TABLE, [row], ("open_key",))
    stored = select(Registration).where(Registration.open_key == open_key)
    found = session.scalars(stored.execution_options(populate_existing=True)).one()
    return Received(found, code)


def try_code(
    session: Session, registration_id: int, code: str, key: str, now: datetime
) -> Registration:
    """Confirm by the six digits; RegistrationError when they are wrong, old or tried too often."""
    found = session.get(Registration, registration_id, with_for_update=True)
    if found is None or found.state != "unconfirmed":
        raise RegistrationError("Cette inscription est déjà confirmée, ou n’existe plus.")
    if found.tries >= CODE_TRIES or not found.code_until or found.code_until < now:
        raise RegistrationError(
            "Ce code ne vaut plus : renvoyer le formulaire pour en recevoir un."
        )
    found.tries += 1
    expected = _digest(key, found.open_key or "", "".join(code.split()))
    if not hmac.compare_digest(found.code, expected):
        left = CODE_TRIES - found.tries
        raise RegistrationError(
            f"Ce n’est pas le bon code ; encore {left} essai{'s' if left > 1 else ''}."
            if left else "Ce n’est pas le bon code : renvoyer le formulaire pour en recevoir un."
        )  # fmt: skip
    return confirm(session, found, now)


def confirm(session: Session, registration: Registration, now: datetime) -> Registration:
    """The address is proved: the registration waits for the team, in place of an earlier one."""
    open_key = _key("open", answers_of(registration.answers))
    earlier = session.scalar(select(Registration).where(Registration.open_key == open_key))
    if earlier is not None and earlier is not registration:
        session.delete(earlier)
        session.flush()
    registration.open_key, registration.state = open_key, "pending"
    registration.confirmed_at = now
    registration.code, registration.code_until = "", None
    session.flush()
    return registration


def pending(session: Session, *, state: str = "pending") -> Sequence[Registration]:
    """What waits for a decision, oldest first."""
    return session.scalars(
        select(Registration)
        .where(Registration.state == state)
        .order_by(Registration.received_at, Registration.id)
    ).all()


def _key(stage: str, answers: Answers) -> str:
    """One per stage, structure and address; the address is not to be read in it."""
    who = answers.siret or f"{fold(answers.name)} {answers.commune_code}"
    return hashlib.sha256(f"{stage}\0{who}\0{answers.email}".encode()).hexdigest()


def _digest(key: str, open_key: str, code: str) -> str:
    return hmac.new(key.encode(), f"{open_key} {code}".encode(), "sha256").hexdigest()


def _sent_before(
    session: Session, proof: str, answers: Answers, now: datetime
) -> Registration | None:
    """What this very form already stored, its answer having been lost; its code is still good."""
    same = select(Registration).where(Registration.proof == proof)
    by = session.scalar(same) if proof else None
    if by is None:
        return None
    kept = answers_of(by.answers)
    if _key("new", kept) != _key("new", answers):
        raise RegistrationError("La page est restée ouverte trop longtemps : envoyer de nouveau.")
    is_good = by.tries < CODE_TRIES and (by.code_until is None or by.code_until > now)
    return by if kept == answers and is_good else None
