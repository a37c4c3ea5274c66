"""The questions put to suppliers: the same for all, on the same day; and what they answer."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Dossier, Panelist

QUESTIONS = Path(__file__).resolve().parents[1] / "data" / "questions.csv"
LONGEST_ANSWER = 3_000
# The codes of the questions of one file.
OWN = "PROPRE-"


def standard(segment: str) -> list[dict[str, str]]:
    """The questions of a sub-segment: those asked always, then its family's, then its own."""
    asked = ("", segment.split("-")[0], segment) if segment else ("",)
    return [
        {"code": row["code"], "theme": row["theme"], "text": row["question"]}
        for row in _rows()
        if row["segment"] in asked
    ]


def own(dossier: Dossier) -> list[dict[str, str]]:
    """The questions of this file alone."""
    return [q for q in dossier.questions if q["code"].startswith(OWN)]


def one_more(dossier: Dossier, text: str) -> list[dict[str, str]]:
    """Its questions and one of its own."""
    number = 1 + max((int(q["code"].removeprefix(OWN)) for q in own(dossier)), default=0)
    return [*dossier.questions, {"code": f"{OWN}{number}", "theme": "Ce dossier", "text": text}]


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with QUESTIONS.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


def told(dossier: Dossier) -> str:
    """The digest of what suppliers are told: equal digests, equal information."""
    said = (dossier.title, dossier.need, dossier.information, str(dossier.answers_by),
            dossier.questions)  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:12]


def was_told(session: Session, dossier: Dossier) -> bool:
    """Whether a supplier already got the questions."""
    wanted = select(Panelist.id).where(
        Panelist.dossier_id == dossier.id, Panelist.sent_at.is_not(None)
    )
    return session.scalar(wanted.limit(1)) is not None


def kept_answers(dossier: Dossier, given: Mapping[str, str]) -> dict[str, str]:
    """What was answered to the file's own questions, trimmed; empty ones left out."""
    found = {q["code"]: given.get(q["code"], "").strip() for q in dossier.questions}
    return {code: text[:LONGEST_ANSWER] for code, text in found.items() if text}


def in_words(dossier: Dossier, answers: Mapping[str, str]) -> str:
    """Questions and answers as the log keeps them."""
    return "\n".join(
        f"{q['text']}\n→ {answers.get(q['code'], 'sans réponse')}" for q in dossier.questions
    )


def inequality(dossier: Dossier, panel: Sequence[Panelist]) -> list[str]:
    """What is unequal in how the suppliers were told, one sentence each; [] when all is equal."""
    reached = [each for each in panel if each.sent_at]
    found = []
    days = {each.sent_at.date() for each in reached if each.sent_at}
    if len(days) > 1:
        found.append(
            f"L’information n’est pas partie le même jour pour tous : du {min(days):%d/%m/%Y} au "
            f"{max(days):%d/%m/%Y}."
        )
    if len({each.sent_digest for each in reached}) > 1:
        found.append("Tous n’ont pas reçu la même information : elle a changé entre deux envois.")
    elif reached and reached[0].sent_digest != told(dossier):
        found.append("L’information a changé depuis l’envoi : la remettre à tous.")
    forgotten = [each for each in panel if not each.sent_at and each.state != "dropped"]
    if reached and forgotten:
        found.append(
            f"{len(forgotten)} fournisseur(s) retenu(s) n’ont pas encore reçu l’information."
        )
    return found


def stamp(panelist: Panelist, dossier: Dossier, at: datetime) -> None:
    """This supplier is told."""
    panelist.sent_at, panelist.sent_digest = at, told(dossier)
