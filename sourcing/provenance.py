"""Where the base's data come from: demonstration or real, last runs, what an export must state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.export import About, SourceNote
from sourcing.mapping import saved
from sourcing.model import CHECKED, Run, Setting
from sourcing.source import Source

# A monthly source that missed its month.
OLD = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How a source stands: its last reading taken in, and what came after and was not."""

    state: Literal["never", "refused", "old", "fresh"]
    done: Run | None
    # A later attempt that left the data as they were.
    failed: Run | None
    # When its files were last read, or found unchanged.
    checked_at: datetime | None


def is_demo(session: Session) -> bool:
    """True when the base holds the demonstration's fictitious suppliers."""
    return session.scalar(select(Setting.value).where(Setting.key == "origin")) == "demo"


def last_runs(session: Session) -> dict[str, Run]:
    """The last run of each source that ended well."""
    newest = select(func.max(Run.id)).where(Run.outcome == "done").group_by(Run.source)
    found = session.scalars(select(Run).where(Run.id.in_(newest)).order_by(Run.source))
    return {run.source: run for run in found}


def known(session: Session, sources: Mapping[str, Source]) -> dict[str, Source]:
    """The connectors' sources, then the lists people named."""
    return {**sources, **saved.sources(session)}


def about(
    session: Session, sources: Mapping[str, Source], sentence: str, organisation: str
) -> About:
    """What an export of this search says of itself: its sources, licences and dates."""
    every = known(session, sources)
    notes = tuple(
        SourceNote(source.title, source.publisher, source.licence, run.started_at.date(),
                   source.attribution)
        for name, run in last_runs(session).items()
        if (source := every.get(name))
    )  # fmt: skip
    names = {name: source.title for name, source in saved.sources(session).items()}
    return About(sentence, date.today(), organisation, notes, is_demo(session), names)


def freshness(session: Session, source: str, now: datetime) -> Freshness:
    """How fresh this source is."""
    runs = select(Run).where(Run.source == source).order_by(Run.id.desc())
    last = session.scalar(runs.limit(1))
    done = session.scalar(runs.where(Run.outcome == "done").limit(1))
    if last is None:
        return Freshness("never", None, None, None)
    failed = last if last.outcome != "done" else None
    if done is None:
        return Freshness("refused", None, failed, None)
    checked = session.get(Setting, CHECKED + source)
    read = (done.finished_at or done.started_at).replace(tzinfo=None)
    at = max(read, datetime.fromisoformat(checked.value)) if checked else read
    state: Literal["refused", "old", "fresh"] = "old" if now - at > OLD else "fresh"
    return Freshness("refused" if failed else state, done, failed, at)
