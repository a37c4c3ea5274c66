"""Where the data come from, how fresh they are, what could not be used; administrators refresh."""

import csv
import io
import shutil
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    url_for,
)  # fmt: skip
from flask import request as asked
from sqlalchemy import func, select
from werkzeug.wrappers import Response as Answer

from sourcing import provenance
from sourcing.model import Mention, Reject, Run, SavedMapping, Supplier
from sourcing.precedence import PRECEDENCE
from sourcing.progress import Advance
from sourcing.provenance import Freshness
from sourcing.registrations import SOURCE as REGISTRATION
from sourcing.source import Source
from webapp import background, uploads
from webapp.account import account, admin_only
from webapp.context import every_source, session, site

PAGES = Blueprint("sources", __name__)
# Rejected lines shown per source; all of them are in the file.
SHOWN_REJECTS = 50
# The work's name, of which there is one at a time; its end is told for a day.
WORK = "refresh"
TOLD = timedelta(days=1)
COLUMNS_PAGE = "/sources/colonnes"
STATES = {
    "never": "Jamais chargée",
    "refused": "Dernier envoi refusé",
    "old": "Ancienne",
    "fresh": "À jour",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A source, how fresh it is, and what of its last reading could not be used."""

    name: str
    title: str
    publisher: str
    licence: str
    url: str
    attribution: str
    fresh: Freshness
    rejects: Sequence[Reject]
    # A connector's, that reads the files it is sent; a list's own name; and something of it can be
    # read again.
    is_ours: bool
    list_name: str
    can_refresh: bool

    @property
    def run(self) -> Run | None:
        return self.fresh.done


@PAGES.get("/sources")
def index() -> str:
    """One block per source: state, counts, difference, rejected lines, columns nobody read."""
    counts = {
        "suppliers": session().scalar(select(func.count()).select_from(Supplier)) or 0,
        "mentions": session().scalar(select(func.count()).where(Mention.gone_on.is_(None))) or 0,
    }
    known = account()
    is_admin = bool(known and known.is_admin)
    return render_template(
        "sources/index.html",
        title="Sources des données",
        sheets=_sheets(),
        counts=counts,
        states=STATES,
        is_admin=is_admin,
        advance=_recent() if is_admin else None,
        largest_mb=uploads.LARGEST_MB,
        columns_page=_columns_page(),
    )


@PAGES.get("/sources/<name>/rejets.csv")
def rejects(name: str) -> Response:
    """Every rejected line of the last reading, with its reason, for Excel."""
    run = provenance.freshness(session(), name, datetime.now()).done or abort(404)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(("Fichier", "Ligne", "Raison"))
    wanted = select(Reject.file, Reject.line, Reject.reason).where(Reject.run_id == run.id)
    writer.writerows(map(tuple, session().execute(wanted.order_by(Reject.file, Reject.line))))
    head = {"Content-Disposition": f"attachment; filename=rejets_{run.source}.csv"}
    return Response(out.getvalue().encode("utf-8-sig"), mimetype="text/csv", headers=head)


@PAGES.get("/sources/origine-des-donnees")
def origins() -> str:
    """Per field of a sheet, who is heard first."""
    return render_template(
        "sources/origins.html", title="D’où vient chaque donnée", rules=PRECEDENCE
    )


def _columns_page() -> str:
    """Where lists of unknown columns are read, '' when this site has no such page."""
    rules = {rule.rule for rule in current_app.url_map.iter_rules()}
    return COLUMNS_PAGE if COLUMNS_PAGE in rules else ""


# --- refreshing, for an administrator ---


@PAGES.post("/sources/rafraichir")
@admin_only
def refresh() -> Answer:
    """Start a refresh, of the source the button names or of all."""
    name = asked.form.get("source", "")
    _known(name)
    return _start([name] if name else [], is_forced=bool(asked.form.get("force")))


@PAGES.post("/sources/<name>/fichier")
@admin_only
@uploads.takes_file
def upload(name: str) -> Answer:
    """Take the file of a source that arrives by hand, then read it."""
    _known(name)
    folder = site().settings.data_dir / "sources" / name
    try:
        sent = uploads.receive()
    except uploads.UploadError as error:
        flash(str(error), "bad")
        return redirect(url_for("sources.index", _anchor=f"source-{name}"))
    folder.mkdir(parents=True, exist_ok=True)
    if not asked.form.get("ajouter"):
        _put_aside(folder)
    shutil.move(sent.path, folder / sent.name)
    return _start([name])


@PAGES.get("/sources/avancement.json")
@admin_only
def progress() -> Response:
    """How far the refresh is, for the page's script."""
    found = _recent()
    if found is None:
        return jsonify(etat="")
    return jsonify(etat=found.state, etape=found.step, part=found.share, lignes=found.lines)


def _known(name: str) -> None:
    if name and name not in every_source():
        abort(404)


def _start(names: Sequence[str], is_forced: bool = False) -> Answer:
    known = account()
    forced = ["--force", "--by", known.email] if is_forced and known else []
    # A name is one of our sources: it cannot be taken for an option.
    if not background.start(site(), WORK, ["refresh", *names, *forced]):
        flash("Un rafraîchissement est déjà en cours : attendre sa fin.", "warn")
    return redirect(url_for("sources.index", _anchor="avancement"))


def _put_aside(folder: Path) -> None:
    """Files that another one replaces are kept beside, under the moment they left."""
    aside = site().settings.data_dir / "replaced" / folder.name / f"{datetime.now():%Y%m%d-%H%M%S}"
    for path in [p for p in folder.iterdir() if p.is_file()]:
        aside.mkdir(parents=True, exist_ok=True)
        shutil.move(path, aside / path.name)


def _recent() -> Advance | None:
    """The refresh under way, or one that ended today."""
    found = background.advance(site(), WORK)
    if found is None or found.state == "running":
        return found
    return found if datetime.now() - datetime.fromisoformat(found.written_at) < TOLD else None


# --- sheets ---


def _sheets() -> list[Sheet]:
    names = set(session().scalars(select(Run.source).distinct()))
    # A reader of any list is no source until a list was read without a name of its own.
    known = [s for s in every_source().values() if s.kind != "list" or s.parse or s.name in names]
    sheets = [_sheet(source.name, source) for source in known]
    sheets += [_sheet(name, None) for name in _unknown(names)]
    # What the base holds first.
    return sorted(sheets, key=lambda sheet: sheet.fresh.state == "never")


def _unknown(names: Set[str]) -> list[str]:
    """Sources nobody declares any more, while they still have lines."""
    undeclared = names - {*every_source(), REGISTRATION}
    living = select(Mention.source).where(Mention.gone_on.is_(None)).distinct()
    return sorted(undeclared & set(session().scalars(living)))


def _sheet(name: str, source: Source | None) -> Sheet:
    fresh = provenance.freshness(session(), name, datetime.now())
    said = (
        (source.title, source.publisher, source.licence, source.url, source.attribution)
        if source
        else (name, "", "", "", "")
    )
    ours, named = site().sources.get(name), session().get(SavedMapping, name)
    folder = site().settings.data_dir / "sources" / name
    has_files = folder.is_dir() and any(folder.iterdir())
    return Sheet(
        name, *said, fresh, _first_rejects(fresh.done),
        is_ours=bool(ours and not ours.mapped_status), list_name=named.name if named else "",
        can_refresh=bool(source and (source.downloads or has_files)),
    )  # fmt: skip


def _first_rejects(run: Run | None) -> Sequence[Reject]:
    if run is None:
        return ()
    wanted = select(Reject).where(Reject.run_id == run.id)
    wanted = wanted.order_by(Reject.file, Reject.line).limit(SHOWN_REJECTS)
    return session().scalars(wanted).all()
