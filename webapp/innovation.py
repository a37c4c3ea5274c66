"""« Innovation » : the innovative firms of the territory under each purchase segment."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import select

from sourcing import provenance
from sourcing.model import Tag
from sourcing.search import search
from sourcing.search.by_segment import Answering, by_segment
from sourcing.search.query import Query
from sourcing.segments import Segment
from webapp import kept
from webapp.context import every_source, session, site
from webapp.search import link

PAGES = Blueprint("innovation", __name__)
# Firms named under one segment; the others are a click away.
NAMED = 12


@dataclass(frozen=True, slots=True)
class Family:
    """A family of purchases: the segments somebody innovates in, and those nobody is known in."""

    code: str
    label: str
    answered: list[Answering]
    nobody: list[Segment]


@dataclass(frozen=True, slots=True)
class Origin:
    """A source that says who innovates, and when it was last read."""

    title: str
    publisher: str
    read_on: date | None


@PAGES.get("/innovation")
def index() -> str:
    """Every family with its innovative firms; a printable list."""
    return kept.page(_index)


def _index() -> str:
    everywhere = request.args.get("territoire") == "0"
    query = replace(Query(statuses=("innovation",)), territory_only=not everywhere)
    families = _families(by_segment(session(), site().nomenclature, query, NAMED))
    return render_template(
        "innovation/index.html",
        title="Innovation par catégorie d’achat",
        total=search(session(), site().nomenclature, replace(query, per_page=1)).total,
        families=families,
        answered=sum(len(family.answered) for family in families),
        segments=len(site().nomenclature.segments),
        origins=_origins(),
        everywhere=everywhere,
        today=date.today(),
        found=lambda code="": link(replace(query, segments=(code,) if code else ())),
        spreadsheet=link(query, "exports.download", kind="xlsx"),
        other=url_for("innovation.index", territoire=None if everywhere else "0"),
    )


def _families(answering: list[Answering]) -> list[Family]:
    grouped = groupby(answering, key=lambda each: (each.segment.family_code, each.segment.family))
    return [_family(code, label, list(each)) for (code, label), each in grouped]


def _family(code: str, label: str, answering: list[Answering]) -> Family:
    answered = [each for each in answering if each.count]
    nobody = [each.segment for each in answering if not each.count]
    return Family(code, label, answered, nobody)


def _origins() -> list[Origin]:
    """Where it is said, in the order of their titles."""
    said = select(Tag.source).where(Tag.kind == "innovation").distinct()
    runs, known = provenance.last_runs(session()), every_source()
    found = []
    for name in session().scalars(said):
        source, run = known.get(name), runs.get(name)
        read_on = run.started_at.date() if run else None
        found.append(
            Origin(source.title if source else name, source.publisher if source else "", read_on)
        )
    return sorted(found, key=lambda origin: origin.title)
