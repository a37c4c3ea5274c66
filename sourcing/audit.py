"""The audit log: sign-ins, accounts, law edited, contacts taken away; kept a year."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sourcing.model import AuditEntry

KINDS = {
    "signed_in": "Connexion", "refused": "Connexion refusée", "account": "Compte",
    "law": "Règle de droit", "export": "Export avec coordonnées", "indicator": "Valeur saisie",
    "ledger": "Dépenses", "forgotten": "Dossiers effacés",
}  # fmt: skip
KEPT = timedelta(days=365)
SHOWN = 300


def write(session: Session, who: str, kind: str, text: str = "") -> None:
    """Add an entry; those past their year are erased at the same time."""
    now = datetime.now()
    session.execute(delete(AuditEntry).where(AuditEntry.at < now - KEPT))
    session.add(AuditEntry(at=now, who=who, kind=kind, text=text[:500]))
    session.flush()


def latest(session: Session) -> Sequence[AuditEntry]:
    """The last entries, the newest first."""
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(SHOWN)).all()
