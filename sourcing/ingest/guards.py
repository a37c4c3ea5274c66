"""May these files take the place of yesterday's? And are they yesterday's?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Place, Run
from sourcing.source import SourceError


@dataclass(frozen=True, slots=True)
class Guard:
    """How much of a source may be lost between two whole readings: a share, 1 for all of it.

    `forced_by` lets a loss pass, and is written in the run when one did.
    """

    most_lost: float = 1.0
    forced_by: str = ""

    def check(self, session: Session, run: Run, rows: int, kept: int) -> None:
        """SourceError when this whole reading lost more than that of the last one."""
        before = last_whole(session, run.source) if run.is_whole else None
        if before is None:
            return
        for label, now, was in (("lues", rows, before.rows), ("gardées", kept, before.kept)):
            if now < (1 - self.most_lost) * was:
                if not self.forced_by:
                    raise SourceError(self._sentence(label, now, was, before))
                run.forced_by = self.forced_by

    def _sentence(self, label: str, now: int, was: int, before: Run) -> str:
        return (
            f"{now} lignes {label}, contre {was} le {before.started_at:%d/%m/%Y} : plus de "
            f"{self.most_lost:.0%} de la source a disparu. Rien n'a été modifié ; vérifier le "
            "fichier chez le producteur, ou forcer le rafraîchissement si la perte est réelle."
        ).replace("%", "\u00a0%")


def last_whole(session: Session, source: str) -> Run | None:
    """The last reading of the whole source that was taken in."""
    done = select(Run).where(Run.source == source, Run.outcome == "done", Run.is_whole)
    return session.scalar(done.order_by(Run.id.desc()).limit(1))


def last_done(session: Session, source: str) -> Run | None:
    """The last reading of a source that was taken in."""
    done = select(Run).where(Run.source == source, Run.outcome == "done")
    return session.scalar(done.order_by(Run.id.desc()).limit(1))


def is_known(
    session: Session, source: str, files: Sequence[Path], since: datetime | None = None
) -> bool:
    """These very files were the last whole reading, for the same territory, after this moment."""
    before = last_whole(session, source)
    if before is None or before.territory != territory(session):
        return False
    if since and _naive(before.finished_at or before.started_at) < _naive(since):
        return False
    return sorted(f["sha256"] for f in before.files) == sorted(map(sha256, files))


def _naive(moment: datetime) -> datetime:
    """In UTC without saying so, as SQLite gives it back."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def territory(session: Session) -> str:
    """Changes with the communes of the territory."""
    inside = session.scalars(select(Place.code).where(Place.in_territory).order_by(Place.code))
    return hashlib.sha256(" ".join(inside).encode()).hexdigest()[:16]


def sha256(path: Path) -> str:
    """The file's digest, '' when it cannot be read: who reads it next says why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
