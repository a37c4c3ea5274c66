"""Where the base's data come from: demonstration or real, last runs, what an export must state."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.export import About, SourceNote
from sourcing.mapping import saved
from sourcing.model import Run, Setting
from sourcing.source import Source


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
