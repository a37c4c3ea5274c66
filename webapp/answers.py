"""What a supplier answers by its link: no account, the same questions as everyone."""

from typing import Any

from flask import Blueprint, abort, render_template, request

from sourcing.dossiers import DossierError, opening, panel
from sourcing.model import Dossier, Panelist, Supplier
from webapp import links
from webapp.context import session
from webapp.supplier import shown_name

PAGES = Blueprint("answers", __name__)


@PAGES.route("/reponse/<signed>", methods=["GET", "POST"])
def form(signed: str) -> Any:
    """The need, what every supplier is told, and the questions; answers until the launch."""
    said = links.read("questions", signed)
    panelist = session().get(Panelist, said[0]) if said else None
    if panelist is None or panelist.sent_at is None or panelist.state == panel.DROPPED:
        abort(404)
    dossier = session().get(Dossier, panelist.dossier_id) or abort(404)
    supplier = session().get(Supplier, panelist.supplier_id) or abort(404)
    error, given = "", dict(panelist.answers)
    if request.method == "POST":
        given = request.form.to_dict()
        try:
            panel.answer(session(), dossier, panelist, given)
            return render_template("answers/thanks.html", title="Merci", dossier=dossier)
        except DossierError as refused:
            error = str(refused)
    return render_template(
        "answers/form.html", title=dossier.title, dossier=dossier, given=given, error=error,
        name=shown_name(supplier), is_open=dossier.state == opening.OPEN,
    )  # fmt: skip
