"""Lists of any columns: a file is sent, its columns recognised, tried, named and loaded."""

import json
from dataclasses import dataclass, replace
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from sourcing.ingest import rehearse
from sourcing.mapping import Mapping, saved
from sourcing.mapping.saved import Differences, Origin
from sourcing.model import Mention, Run, SavedMapping
from sourcing.source import SourceError
from webapp import background, mapped, uploads
from webapp.account import admin_only
from webapp.context import session, site
from webapp.mapped import Sent

PAGES = Blueprint("lists", __name__, url_prefix="/sources/colonnes")
# Lines tried before anything is written: more would make the person wait.
TRIED = 20_000
SHOWN_REJECTS = 20
REFRESH_SECONDS = "2"


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of the file's first lines, or why it would be refused."""

    counts: dict[str, int]
    rejects: list[tuple[str, int, str]]
    lost: list[tuple[str, int, str]]
    is_partial: bool = False
    refusal: str = ""


@PAGES.get("")
@admin_only
def index() -> str:
    """Send a file, and the lists already named."""
    lines = select(Mention.source, func.count()).where(Mention.gone_on.is_(None))
    counts = {row[0]: row[1] for row in session().execute(lines.group_by(Mention.source))}
    return render_template(
        "lists/index.html", title="Ajouter une liste", lists=saved.all_saved(session()),
        counts=counts, largest_mb=uploads.LARGEST_MB, asked=request.args.get("liste", ""),
    )  # fmt: skip


@PAGES.post("")
@admin_only
@uploads.takes_file
def send() -> BaseResponse:
    """Keep the file and look at it."""
    return mapped.send("lists.index", "lists.columns", liste=request.form.get("liste"))


@PAGES.route("/<token>", methods=["GET", "POST"])
@admin_only
def columns(token: str) -> Any:
    """The columns, what each is taken for and why; POST tries, or names and loads the list."""
    known = saved.load(session(), request.values.get("liste", ""))
    opened = mapped.open_sent(uploads.find(token), known)
    try:
        sent = mapped.look(opened)
    except SourceError as error:
        return render_template("lists/unread.html", title=f"Lecture de {opened.upload.name}",
                               opened=opened, known=known, error=str(error),
                               **mapped.LAYOUTS)  # fmt: skip
    chosen = mapped.said(sent, request.form) if request.method == "POST" else _first(sent, known)
    if request.method == "POST" and request.form.get("faire") == "charger":
        loaded = _load(sent, chosen)
        if loaded:
            return loaded
    return render_template(
        "lists/columns.html", title=f"Colonnes de {sent.upload.name}", sent=sent, known=known,
        opened=opened, **mapped.LAYOUTS,
        choices=mapped.choices(sent, dict(chosen.columns)), options=mapped.options(),
        preview=mapped.preview(sent), form=_answers(known, chosen), changed=_changed(sent, known),
        statuses=mapped.STATUSES, segments=site().nomenclature.by_code,
        **_tried(sent, chosen),
    )  # fmt: skip


@PAGES.post("/<token>/essai")
@admin_only
def trial(token: str) -> str:
    """The counts of a dry run, for the page to show while columns are changed."""
    sent = mapped.look(mapped.open_sent(uploads.find(token)))
    return render_template("lists/_trial.html", statuses=mapped.STATUSES,
                           **_tried(sent, mapped.said(sent, request.form)))  # fmt: skip


@PAGES.get("/suivi/<source>")
@admin_only
def follow(source: str) -> Response:
    """How far the loading of a list is; the page asks again while it works."""
    advance = background.advance(site(), source)
    if advance is None:
        abort(404)
    known = session().get(SavedMapping, source)
    run = session().scalars(
        select(Run).where(Run.source == source).order_by(Run.id.desc()).limit(1)
    ).first()  # fmt: skip
    page = render_template(
        "lists/follow.html", title="Chargement de la liste", advance=advance, known=known, run=run
    )
    answer = make_response(page)
    if advance.state == "running":
        answer.headers["Refresh"] = REFRESH_SECONDS
    return answer


@PAGES.post("/listes/<source>/renommer")
@admin_only
def rename(source: str) -> BaseResponse:
    """Another name for the same list."""
    try:
        saved.rename(session(), _known(source), request.form.get("name", ""))
        flash("La liste a changé de nom ; ses lignes restent les siennes.", "good")
    except SourceError as error:
        flash(str(error), "bad")
    return redirect(url_for("lists.index"))


@PAGES.post("/listes/<source>/retirer")
@admin_only
def withdraw(source: str) -> BaseResponse:
    """Its lines are marked gone, beside the site: tags must be redone."""
    if not background.start(site(), source, ["withdraw", _known(source).name]):
        flash("Un travail est déjà en cours sur cette liste.", "warn")
    return redirect(url_for("lists.follow", source=source))


@PAGES.get("/listes/<source>.json")
@admin_only
def download(source: str) -> Response:
    """The list's columns and provenance, to take away."""
    answer = jsonify(saved.as_json(_known(source)))
    answer.headers["Content-Disposition"] = f'attachment; filename="{source}.json"'
    return answer


def _known(source: str) -> SavedMapping:
    return session().get(SavedMapping, source) or abort(404)


def _first(sent: Sent, known: SavedMapping | None) -> Mapping:
    """What the page opens with: the named list's own mapping, else the proposal."""
    if known is None:
        return sent.proposal.mapping
    kept = saved.mapping_of(known)
    here = {c: f for c, f in kept.columns.items() if c in sent.columns}
    # A column that is new is proposed like those of a new list.
    new = {g.column: g.field for g in sent.proposal.guesses
           if g.field and g.column not in known.headers}  # fmt: skip
    return replace(kept, columns={**here, **new})


def _changed(sent: Sent, known: SavedMapping | None) -> Differences | None:
    found = saved.differences(known, sent.columns) if known else None
    return found if found and (found.new or found.missing) else None


def _answers(known: SavedMapping | None, chosen: Mapping) -> dict[str, str]:
    """What the lower half of the form holds."""
    fields = ("name", *Origin.__slots__)
    kept = {field: getattr(known, field) if known else "" for field in fields}
    if request.method == "POST":
        kept = {field: request.form.get(field, "") for field in fields}
    status = next((s.partition(":")[0] if s.startswith("innovation") else s
                   for s in chosen.always.statuses), "")  # fmt: skip
    return kept | {
        "always": status,
        "segment": next(iter(chosen.always.sectors), ""),
        "departement": chosen.always.departement,
        "add": request.form.get("add", ""),
    }


def _tried(sent: Sent, chosen: Mapping) -> dict[str, Any]:
    return {"trial": _try(sent, chosen), "words": mapped.words(sent, chosen), "chosen": chosen}


def _try(sent: Sent, chosen: Mapping) -> Trial:
    refusal = mapped.missing(chosen)
    if refusal:
        return Trial({}, [], [], refusal=refusal)
    draft = saved.draft("Essai", chosen, sent.columns, sent.layout)
    try:
        tried = rehearse(
            session(), saved.as_source(draft, mapped.reader()), sent.upload.path,
            site().settings.margin_km, TRIED,
        )  # fmt: skip
    except SourceError as error:
        return Trial({}, [], [], refusal=str(error))
    rejects = list(tried.rejects)[:SHOWN_REJECTS]
    return Trial(tried.counts, rejects, tried.lost[:SHOWN_REJECTS], tried.counts["rows"] >= TRIED)


def _load(sent: Sent, chosen: Mapping) -> BaseResponse | None:
    """Start loading the list under its name; None, and why, when it cannot be.

    The command saves the list with its lines: neither is there without the other.
    """
    form = request.form
    name = " ".join(form.get("name", "").split())
    origin = Origin(*(form.get(field, "").strip()[:300] for field in Origin.__slots__))
    try:
        chosen.check(sent.upload.name)
        draft = saved.draft(name, _named(chosen, name), sent.columns, sent.layout, origin)
    except SourceError as error:
        flash(str(error), "bad")
        return None
    described = sent.upload.folder / "list.json"
    described.write_text(json.dumps(saved.as_json(draft), ensure_ascii=False), "utf-8")
    known = saved.load(session(), name)
    source = known.source if known else saved.free(session(), name)
    paths = [str(path.resolve()) for path in (sent.upload.path, described)]
    command = ["take", name, paths[0], "--columns", paths[1]]
    command += ["--add"] * bool(form.get("add"))
    command += ["--force", sent.upload.owner] if form.get("force") else []
    if not background.start(site(), source, command):
        flash("Cette liste est déjà en cours de chargement.", "warn")
    return redirect(url_for("lists.follow", source=source))


def _named(chosen: Mapping, name: str) -> Mapping:
    """ "Innovation" is said with the name of the list that says it."""
    statuses = tuple(f"{s}:{name}" if s == "innovation" else s for s in chosen.always.statuses)
    return replace(chosen, always=replace(chosen.always, statuses=statuses))
