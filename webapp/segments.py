"""The purchase nomenclature: everyone reads it, administrators edit it, the next search uses it."""

from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)  # fmt: skip
from werkzeug.wrappers import Response

from sourcing import db, segments
from sourcing.segments import editing
from sourcing.source import SourceError
from webapp import background, uploads
from webapp.account import admin_only
from webapp.context import site

PAGES = Blueprint("segments", __name__)
WORK = "tag"
SAVED = "Enregistré : les prochaines recherches s’en servent. "
TAGS_FOLLOW = "Les fournisseurs prennent leurs nouvelles étiquettes dès maintenant."
TAGS_WAIT = (
    "Une mise à jour est déjà en cours : les fournisseurs prendront leurs nouvelles étiquettes à "
    "la suivante."
)
LABELS = {
    "sub_segment": "Libellé",
    "keywords_fr": "Mots-clés et expressions, séparés par « ; »",
    "naf_codes": "Codes NAF, du plus au moins parlant, séparés par « ; »",
    "cpv_codes": "Codes CPV, séparés par « ; »",
    "etendre_a": "S’étend à (codes de sous-segments, séparés par « ; »)",
}


def register(app: Flask) -> None:
    """Another process may have edited the file: it is read again when it changed."""
    app.before_request(_read_again)


def _read_again() -> None:
    here, path = site(), edited()
    changed = path.stat().st_mtime_ns if path.exists() else 0
    if changed != here.nomenclature_changed:
        here.nomenclature = segments.load(path if changed else None)
        here.nomenclature_changed = changed


def edited() -> Path:
    """Where an edited nomenclature is kept."""
    return site().settings.data_dir / "segments.csv"


def _in_force() -> Path:
    return edited() if edited().exists() else segments.SEGMENTS


@PAGES.get("/segments")
def index() -> str:
    """Families and sub-segments."""
    known = site().nomenclature
    return render_template(
        "segments/index.html",
        title="Nomenclature d’achat",
        advance=background.advance(site(), WORK),
        families=[
            (code, label, [s for s in known.segments if s.family_code == code])
            for code, label in known.families
        ],
        is_edited=edited().exists(),
    )


@PAGES.get("/segments.csv")
def download() -> Response:
    """The file in force, for a spreadsheet."""
    return send_file(_in_force(), mimetype="text/csv", as_attachment=True, max_age=0)


@PAGES.route("/segments/<code>", methods=["GET", "POST"])
@admin_only
def one(code: str) -> str | Response:
    """One sub-segment, to edit; refused when it breaks an example."""
    row, problem = editing.row_of(_in_force(), code) or abort(404), ""
    if request.method == "POST":
        row = row | {name: request.form.get(name, "") for name in editing.EDITABLE}
        try:
            editing.change(edited(), code, row)
        except SourceError as error:
            problem = str(error)
        else:
            _follow()
            return redirect(url_for("segments.index") + f"#{code}")
    return render_template(
        "segments/one.html", title=f"Modifier {code}", row=row, labels=LABELS, problem=problem
    )


@PAGES.post("/segments")
@uploads.takes_file
@admin_only
def send() -> Response:
    """A file edited in a spreadsheet takes the place of the one in force."""
    try:
        editing.replace(edited(), uploads.receive("fichier").path)
        _follow()
    except (SourceError, uploads.UploadError) as error:
        flash(str(error), "bad")
    return redirect(url_for("segments.index"))


def _follow() -> None:
    """Give the suppliers their new tags, beside the site."""
    is_free = not db.is_filling(site().engine) and background.start(site(), WORK, ["tag"])
    flash(SAVED + (TAGS_FOLLOW if is_free else TAGS_WAIT), "good")
