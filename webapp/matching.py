"""Anyone's list given back with its SIRET: sent, its columns checked, matched, erased in a day."""

import json
from itertools import islice
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from sourcing.export.matched import VERDICTS, Table
from sourcing.mapping import Mapping, saved
from sourcing.source import SourceError
from webapp import background, mapped, uploads
from webapp.account import signed_in
from webapp.context import site
from webapp.mapped import Sent
from webapp.uploads import Upload

PAGES = Blueprint("matching", __name__, url_prefix="/rapprocher")
SHOWN = 50
REFRESH_SECONDS = "2"
LINES = "lignes.jsonl"
KINDS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What identifies a line to the person who sent it.
TELLING = ("name", "commune", "postcode_commune", "full_address", "postcode")


@PAGES.get("")
@signed_in
def index() -> str:
    """Send a list, and what will be made of it."""
    return render_template(
        "matching/index.html", title="Retrouver les SIRET d’une liste",
        largest_mb=uploads.LARGEST_MB,
    )  # fmt: skip


@PAGES.post("")
@signed_in
@uploads.takes_file
def send() -> BaseResponse:
    """Keep the file and look at it."""
    return mapped.send("matching.index", "matching.columns")


@PAGES.route("/<token>", methods=["GET", "POST"])
@signed_in
def columns(token: str) -> Any:
    """The columns, as for any list; POST starts the look-up."""
    opened = mapped.open_sent(uploads.find(token))
    try:
        sent = mapped.look(opened)
    except SourceError as error:
        return render_template("matching/unread.html", title=f"Lecture de {opened.upload.name}",
                               opened=opened, error=str(error), **mapped.LAYOUTS)  # fmt: skip
    is_asked = request.method == "POST"
    chosen = mapped.said(sent, request.form) if is_asked else sent.proposal.mapping
    refusal = mapped.missing(chosen, needs_place=False)
    if is_asked and not refusal:
        return _start(sent, chosen)
    return render_template(
        "matching/columns.html", title=f"Colonnes de {sent.upload.name}", sent=sent,
        opened=opened, **mapped.LAYOUTS,
        choices=mapped.choices(sent, dict(chosen.columns)), options=mapped.options(),
        preview=mapped.preview(sent), refusal=refusal,
    )  # fmt: skip


@PAGES.get("/<token>/resultat")
@signed_in
def result(token: str) -> Any:
    """How far the look-up is, then its counts and its lines, those of one verdict if asked."""
    upload = uploads.find(token)
    advance = background.advance(site(), _work(upload))
    if advance is None:
        return redirect(url_for("matching.columns", token=token))
    if advance.state != "done":
        page = render_template("matching/follow.html", title="Rapprochement en cours",
                               advance=advance, upload=upload)  # fmt: skip
        answer = make_response(page)
        if advance.state == "running":
            answer.headers["Refresh"] = REFRESH_SECONDS
        return answer
    return _result(upload)


@PAGES.get("/<token>/resultat.<kind>")
@signed_in
def download(token: str, kind: str) -> Response:
    """The list with its SIRET, to keep."""
    upload = uploads.find(token)
    path = (upload.folder / f"resultat.{kind}").resolve()
    if kind not in KINDS or not path.is_file():
        abort(404)
    name = f"{upload.path.stem}-siret.{kind}"
    return send_file(path, mimetype=KINDS[kind], as_attachment=True, download_name=name)


def _start(sent: Sent, chosen: Mapping) -> BaseResponse:
    upload = sent.upload
    for old in (LINES, *(f"resultat.{kind}" for kind in KINDS)):
        (upload.folder / old).unlink(missing_ok=True)
    draft = saved.draft("Rapprochement", chosen, sent.columns, sent.layout)
    described = upload.folder / "list.json"
    described.write_text(json.dumps(saved.as_json(draft), ensure_ascii=False), "utf-8")
    paths = [str(path.resolve()) for path in (upload.path, described, upload.folder)]
    command = ["match", paths[0], "--columns", paths[1], "--to", paths[2]]
    background.start(site(), _work(upload), command)
    return redirect(url_for("matching.result", token=upload.token))


def _work(upload: Upload) -> str:
    return f"rapprochement-{upload.token}"


def _result(upload: Upload) -> str:
    table = Table.kept(upload.folder / LINES)
    verdict = request.args.get("verdict", "")
    page = max(1, request.args.get("page", 1, type=int))
    wanted = (line for line in table if not verdict or line["verdict"] == verdict)
    shown = list(islice(wanted, (page - 1) * SHOWN, page * SHOWN))
    count = table.counts[verdict] if verdict else table.counts.total()
    said = json.loads((upload.folder / "list.json").read_text("utf-8"))["columns"]
    by_field = {name: column for column, name in reversed(said.items())}
    telling = [by_field[field] for field in TELLING if field in by_field][:2]
    return render_template(
        "matching/result.html", title=f"SIRET de {upload.name}", upload=upload,
        counts=table.counts, verdict=verdict, verdicts=VERDICTS, lines=shown, page=page,
        pages=-(-count // SHOWN), count=count, telling=telling,
    )  # fmt: skip
