"""Where the data come from, how fresh they are, and what could not be used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from sqlalchemy import func, select

from sourcing.model import Mention, Reject, Run, Supplier
from sourcing.registrations import SOURCE as REGISTRATION
from webapp.context import every_source, session

PAGES = Blueprint("sources", __name__)
# Rejected lines shown per source.
SHOWN_REJECTS = 50


@dataclass(frozen=True, slots=True)
class Sheet:
    """A source, its last complete run, and a later attempt that was refused, if any."""

    name: str
    title: str
    publisher: str
    licence: str
    url: str
    attribution: str
    run: Run | None
    failed: Run | None
    rejects: Sequence[Reject]


@PAGES.get("/sources")
def index() -> str:
    """One block per source: counts, rejected lines with their reason, columns nobody read."""
    counts = {
        "suppliers": session().scalar(select(func.count()).select_from(Supplier)) or 0,
        "mentions": session().scalar(select(func.count()).where(Mention.gone_on.is_(None))) or 0,
    }
    return render_template(
        "sources/index.html",
        title="Sources des données",
        sheets=_sheets(),
        counts=counts,
    )


def _sheets() -> list[Sheet]:
    runs: dict[str, list[Run]] = {}
    for run in session().scalars(select(Run).order_by(Run.id.desc())):
        runs.setdefault(run.source, []).append(run)
    # A reader of any list is no source until a list was read without a name of its own.
    known = [
        (s.name, s.title, s.publisher, s.licence, s.url, s.attribution)
        for s in every_source().values()
        if s.kind != "list" or s.parse or s.name in runs
    ]
    return [_sheet(row, runs.get(row[0], [])) for row in known + _unknown(runs)]


def _unknown(runs: Mapping[str, Sequence[Run]]) -> list[tuple[str, str, str, str, str, str]]:
    """Sources nobody declares any more, while they still have lines."""
    declared = {*every_source(), REGISTRATION}
    alive = set(
        session().scalars(select(Mention.source).where(Mention.gone_on.is_(None)).distinct())
    )
    return [(name, name, "", "", "", "") for name in runs if name not in declared and name in alive]


def _sheet(row: tuple[str, str, str, str, str, str], runs: list[Run]) -> Sheet:
    done = next((run for run in runs if run.outcome == "done"), None)
    failed = runs[0] if runs and runs[0].outcome != "done" else None
    rejects: Sequence[Reject] = []
    if done is not None:
        rejects = (
            session()
            .scalars(
                select(Reject)
                .where(Reject.run_id == done.id)
                .order_by(Reject.file, Reject.line)
                .limit(SHOWN_REJECTS)
            )
            .all()
        )
    return Sheet(*row, done, failed, rejects)
