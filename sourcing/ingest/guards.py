"""May these files take the place of yesterday's? And are they yesterday's?"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Place, Run
from sourcing.source import SourceError

# Columns that are read one in place of another.
Group = tuple[str, ...]
# The usual margin: the ground of a run says it when it is another.
MARGIN_KM = 30.0


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
        # What is kept of a source is of a territory: another one keeps other lines.
        was_kept = before.kept if before.territory == run.territory else 0
        for label, now, was in (("lues", rows, before.rows), ("gardées", kept, was_kept)):
            if now < (1 - self.most_lost) * was:
                self._refuse(run, self._sentence(label, now, was, before))

    def check_columns(
        self, session: Session, run: Run, found: Mapping[str, set[str]], read: Sequence[Group]
    ) -> None:
        """SourceError when a column read in the last whole reading is not in this one.

        `found`: shape -> every column of its files; shapes whose rows differ are left out. `read`:
        what is read of them, columns that stand for each other together.
        """
        before = last_whole(session, run.source) if run.is_whole else None
        for file in before.files if before else ():
            here, was = found.get(file["shape"], set()), set(file.get("columns", ()))
            lost = [c for group in read if here and not here & {*group} for c in group if c in was]
            if before and lost:
                self._refuse(run, _lost_columns(file["name"], lost, here, before))

    def _refuse(self, run: Run, sentence: str) -> None:
        if not self.forced_by:
            raise SourceError(sentence)
        run.forced_by = self.forced_by

    def _sentence(self, label: str, now: int, was: int, before: Run) -> str:
        return (
            f"{now} lignes {label}, contre {was} le {before.started_at:%d/%m/%Y} : plus de "
            f"{self.most_lost:.0%} de la source a disparu. Rien n'a été modifié ; vérifier le "
            "fichier chez le producteur, ou forcer le rafraîchissement si la perte est réelle."
        ).replace("%", "\u00a0%")


def _lost_columns(file: str, lost: Sequence[str], here: set[str], before: Run) -> str:
    near = get_close_matches(lost[0], sorted(here), 1, 0.5)
    hint = f" ; l'en-tête le plus proche est « {near[0]} »" if near else ""
    said = ", ".join(f"« {column} »" for column in lost[:6])
    what = f"Les colonnes {said} ont disparu" if len(lost) > 1 else f"La colonne {said} a disparu"
    return (
        f"{what} depuis le {before.started_at:%d/%m/%Y} ({file}){hint}. Rien n'a été modifié ; "
        "vérifier le fichier chez le producteur, ou forcer le rafraîchissement si c'est voulu."
    )


def last_whole(session: Session, source: str) -> Run | None:
    """The last reading of the whole source that was taken in."""
    done = select(Run).where(Run.source == source, Run.outcome == "done", Run.is_whole)
    return session.scalar(done.order_by(Run.id.desc()).limit(1))


def last_done(session: Session, source: str) -> Run | None:
    """The last reading of a source that was taken in."""
    done = select(Run).where(Run.source == source, Run.outcome == "done")
    return session.scalar(done.order_by(Run.id.desc()).limit(1))


def is_known(
    session: Session, source: str, files: Sequence[Path], ground: str, since: datetime | None = None
) -> bool:
    """These very files were the last whole reading, for the same ground, after this moment."""
    before = last_whole(session, source)
    if before is None or before.territory != ground:
        return False
    if since and _naive(before.finished_at or before.started_at) < _naive(since):
        return False
    return sorted(f["sha256"] for f in before.files) == sorted(map(sha256, files))


def _naive(moment: datetime) -> datetime:
    """In UTC without saying so, as SQLite gives it back."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def territory(session: Session, margin_km: float = MARGIN_KM, open_only: bool = False) -> str:
    """Changes with what is kept of a file: the territory's communes, the margin, closed or not."""
    inside = session.scalars(select(Place.code).where(Place.in_territory).order_by(Place.code))
    ground = hashlib.sha256(" ".join(inside).encode()).hexdigest()[:16]
    return ground + f"+{margin_km:g}" * (margin_km != MARGIN_KM) + "+open" * open_only


def sha256(path: Path) -> str:
    """The file's digest, '' when it cannot be read: who reads it next says why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
