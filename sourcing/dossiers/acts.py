"""The log of a sourcing file: dated, signed, append-only, each act sealed with the one before."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from sourcing.model import Act, Dossier, Panelist

KINDS = {
    "opened": "Dossier ouvert",
    "edited": "Besoin modifié",
    "shared": "Dossier partagé",
    "searched": "Recherche",
    "added": "Fournisseur ajouté",
    "state": "Suivi",
    "told": "Information et questions remises",
    "returned": "Courriel non remis",
    "answered": "Réponse reçue",
    "note": "Note",
    "document": "Document joint",
    "lessons": "Enseignements",
    "launched": "Consultation lancée",
    "closed": "Dossier clos",
}


def write(session: Session, dossier: Dossier, author: str, kind: str, **said: Any) -> Act:
    """Append an act; `said`: text, panelist, is_confidential."""
    # One writer at a time per file: two acts would seal themselves with the same one.
    session.execute(select(Dossier.id).where(Dossier.id == dossier.id).with_for_update())
    panelist: Panelist | None = said.pop("panelist", None)
    act = Act(
        dossier_id=dossier.id, kind=kind, author=author, at=datetime.now(), digest="",
        panelist_id=panelist.id if panelist else None,
        **{"text": "", "is_confidential": False, **said},
    )  # fmt: skip
    last = select(Act.digest).where(Act.dossier_id == dossier.id).order_by(Act.id.desc())
    act.digest = _seal(session.scalar(last.limit(1)) or "", act)
    session.add(act)
    session.flush()
    return act


def of(session: Session, dossier: Dossier) -> Sequence[Act]:
    """Every act of the file, from the first."""
    wanted = select(Act).where(Act.dossier_id == dossier.id).order_by(Act.id)
    return session.scalars(wanted).all()


def are_whole(acts: Sequence[Act]) -> bool:
    """Whether these are the acts that were written: none changed, removed or slipped in."""
    before = ""
    for act in acts:
        if act.digest != _seal(before, act):
            return False
        before = act.digest
    return True


def _seal(before: str, act: Act) -> str:
    said = (
        before, act.dossier_id, act.panelist_id, act.kind, act.text, act.is_confidential,
        act.author, act.at.isoformat(),
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()


def _refuse(_mapper: object, _connection: object, act: Act) -> None:
    raise RuntimeError(f"act {act.id} of a sourcing file cannot be changed")


event.listen(Act, "before_update", _refuse)
event.listen(Act, "before_delete", _refuse)
