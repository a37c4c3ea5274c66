"""« Dossiers »: a sourcing file from its need to its report."""

import io
from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response

from sourcing import dossiers, law, outbox, people
from sourcing.dossiers import Need, acts, opening, panel, questionnaire
from sourcing.dossiers import report as reports
from sourcing.export import docx, pdf
from sourcing.letters import Link
from sourcing.model import Act, Document, Dossier, Panelist, Supplier
from webapp import links, post
from webapp.account import account, deciders_only, organisation, person, signed_in
from webapp.awards import families
from webapp.basket import badges_of
from webapp.context import is_demo, session, site
from webapp.filters import count
from webapp.supplier import shown_name, source_title
from webapp.uploads import takes_file

PAGES = Blueprint("dossiers", __name__)
_OFFICE = "application/vnd.openxmlformats-officedocument."
REPORTS = {
    "docx": _OFFICE + "wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": _OFFICE + "spreadsheetml.sheet",
}


@PAGES.get("/dossiers")
@signed_in
def index() -> str:
    """The files of her organisation, and those shared with it."""
    found = [
        (each, panel.of(session(), each))
        for each in dossiers.of_organisation(session(), organisation())
    ]
    return render_template(
        "dossiers/index.html", title="Dossiers de sourcing", found=found, states=opening.STATES,
        ours=organisation(), labels=_segment_labels(), contacted=_contacted,
    )  # fmt: skip


def _contacted(panelists: list[Panelist]) -> int:
    return sum(each.sent_at is not None or each.state not in ("found", "dropped")
               for each in panelists)  # fmt: skip


@PAGES.route("/dossiers/nouveau", methods=["GET", "POST"])
@deciders_only
def new() -> Any:
    """A need in its own words, before any search."""
    error = ""
    if request.method == "POST":
        try:
            dossier = dossiers.start(session(), person(), organisation(), _need())
            return redirect(url_for("dossiers.one", dossier_id=dossier.id))
        except dossiers.DossierError as refused:
            error = str(refused)
    return render_template(
        "dossiers/new.html", title="Ouvrir un dossier", error=error, families=families(),
        given=request.form,
    )  # fmt: skip


@PAGES.get("/dossiers/<int:dossier_id>")
@signed_in
def one(dossier_id: int) -> str:
    """Everything of one file: need, searches, panel, questions, documents, log."""
    dossier = _found(dossier_id)
    panelists = panel.of(session(), dossier)
    hits = panel.shown(session(), site().nomenclature, panelists)
    written = acts.of(session(), dossier)
    return render_template(
        "dossiers/one.html", title=dossier.title, dossier=dossier, panelists=panelists,
        hits=hits, badges={number: badges_of(hit) for number, hit in hits.items()},
        queries=panel.queries(session(), dossier), acts=written, is_whole=acts.are_whole(written),
        kinds=acts.KINDS, states=opening.STATES, steps=panel.STATES,
        documents=panel.documents(session(), dossier),
        unequal=questionnaire.inequality(dossier, panelists),
        shares=opening.shares(session(), dossier), labels=_segment_labels(),
        families=families(), organisations=people.organisations(session()),
        may_write=_may_write(), link=_link, search=_search(dossier),
        letters=outbox.fates(session(), [p.message_id for p in panelists if p.message_id]),
        own={q["code"] for q in questionnaire.own(dossier)},
        returned=_returned(panelists, written), preview=_preview(panelists),
        segment=site().nomenclature.by_code.get(dossier.segment), law=law.in_force(session()),
        is_open=dossier.state == opening.OPEN, is_closed=dossier.state == opening.CLOSED,
    )  # fmt: skip


def _returned(panelists: Sequence[Panelist], written: Sequence[Act]) -> dict[int, str]:
    """Panelist -> why its last letter never arrived."""
    sent = {each.id: each.sent_at for each in panelists if each.sent_at}
    lost = [act for act in written if act.kind == "returned"]
    return {a.panelist_id: a.text for a in lost if a.panelist_id and a.at >= sent[a.panelist_id]}


def _preview(panelists: Sequence[Panelist]) -> str:
    """The letter as the first supplier to be told gets it."""
    kept = [each for each in panelists if each.state != panel.DROPPED]
    if not kept:
        return ""
    to = panel.mailbox(session(), kept[0])
    return post.write("questions", **_told(kept[0], to.source if to else "")).text


def _link(panelist: Panelist) -> Link:
    return links.absolute("answers.form", signed=links.signed("questions", panelist.id))


def _search(dossier: Dossier) -> str:
    """The search of its need, to add more suppliers."""
    return url_for("search.suppliers", q=dossier.need or dossier.title,
                   autour=dossier.place or None)  # fmt: skip


def _segment_labels() -> dict[str, str]:
    return {s.code: s.label for s in site().nomenclature.segments}


def _may_write() -> bool:
    known = account()
    return bool(known and known.can_decide)


def _found(dossier_id: int) -> Dossier:
    return dossiers.find(session(), organisation(), dossier_id) or abort(404)


# --- what is done on a file: each is one form, and one act in the log ---


def gesture(path: str) -> Callable[[Callable[[Dossier], str]], Callable[..., Response]]:
    """A form of the file's page: what it did is said there, or why it could not."""

    def declare(do: Callable[[Dossier], str]) -> Callable[..., Response]:
        @wraps(do)
        @deciders_only
        def page(dossier_id: int) -> Response:
            dossier = _found(dossier_id)
            try:
                flash(do(dossier), "good")
            except dossiers.DossierError as refused:
                session().rollback()
                flash(str(refused), "bad")
            anchor = request.form.get("ancre", "")
            return redirect(url_for("dossiers.one", dossier_id=dossier_id, _anchor=anchor or None))

        PAGES.add_url_rule(f"/dossiers/<int:dossier_id>/{path}", view_func=page, methods=["POST"])
        return page

    return declare


@gesture("besoin")
def edit(dossier: Dossier) -> str:
    opening.edit(session(), dossier, person(), _need())
    return "Besoin enregistré."


@gesture("suivi")
def follow(dossier: Dossier) -> str:
    said = request.form
    panel.follow(session(), dossier, person(), _panelist(dossier, said.get("fournisseur", "")),
                 said.get("etat", ""), said.get("motif", ""))  # fmt: skip
    return "Suivi enregistré."


@gesture("question")
def ask(dossier: Dossier) -> str:
    if code := request.form.get("retirer", ""):
        opening.unask(session(), dossier, person(), code)
        return "Question retirée."
    opening.ask(session(), dossier, person(), request.form.get("texte", ""))
    return "Question ajoutée."


@gesture("envoi")
def tell(dossier: Dossier) -> str:
    chosen = [_panelist(dossier, number) for number in request.form.getlist("choisi")]
    told = panel.tell(session(), dossier, person(), chosen, _write)
    by_hand = sum(each.message_id is None for each in told)
    said = f"Information remise à {count(len(told), 'fournisseur')}, le même jour, avec son lien."
    return said + (f" {count(by_hand, 'lien')} à remettre vous-même." if by_hand else "")


def _write(panelist: Panelist, to: panel.Mailbox) -> int:
    """Queue the letter with the supplier's own link; what is answered to it goes to the buyer."""
    headers = {"Reply-To": person().email}
    letter = post.send("questions", to.address, headers=headers, **_told(panelist, to.source))
    session().flush()
    return letter.id if letter else 0


def _told(panelist: Panelist, source: str) -> dict[str, Any]:
    dossier = session().get_one(Dossier, panelist.dossier_id)
    supplier = session().get_one(Supplier, panelist.supplier_id)
    until = dossier.answers_by
    return {
        "buyer": dossier.organisation, "title": dossier.title, "name": shown_name(supplier),
        "link": _link(panelist), "until": f"{until:%d/%m/%Y}" if until else "",
        "origin": _origin(source),
    }  # fmt: skip


def _origin(source: str) -> str:
    if source == panel.DECLARED:
        return "que vous avez donnée en vous inscrivant"
    return f"que publie « {source_title(source)} »" if source else "de l’annuaire des fournisseurs"


@gesture("note")
def note(dossier: Dossier) -> str:
    said = panel.Note(request.form.get("texte", ""), "confidentiel" in request.form)
    about = request.form.get("fournisseur", "")
    panel.note(session(), dossier, person(), said, _panelist(dossier, about) if about else None)
    return "Note ajoutée."


@gesture("enseignements")
def learn(dossier: Dossier) -> str:
    opening.learn(session(), dossier, person(), request.form.get("texte", ""))
    return "Enseignements enregistrés."


@gesture("partage")
def share(dossier: Dossier) -> str:
    opening.share(session(), dossier, person(), request.form.get("organisation", ""))
    return "Dossier partagé."


@gesture("lancement")
def launch(dossier: Dossier) -> str:
    opening.launch(session(), dossier, person())
    return "Consultation lancée : le dossier est verrouillé."


@gesture("cloture")
def close(dossier: Dossier) -> str:
    opening.close(session(), dossier, person())
    return "Dossier clos."


@gesture("document")
def attach(dossier: Dossier) -> str:
    sent = request.files.get("file")
    name = (sent.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:120] if sent else ""
    panel.attach(session(), dossier, person(), name, sent.read() if sent else b"")
    return "Document joint."


takes_file(attach)


@PAGES.get("/dossiers/<int:dossier_id>/documents/<int:document_id>")
@signed_in
def document(dossier_id: int, document_id: int) -> Response:
    """A document of the file, to download."""
    found = session().get(Document, document_id)
    if found is None or found.dossier_id != _found(dossier_id).id:
        abort(404)
    return send_file(io.BytesIO(found.content), mimetype="application/octet-stream",
                     as_attachment=True, download_name=found.name)  # fmt: skip


@PAGES.get("/dossiers/<int:dossier_id>/compte-rendu.<kind>")
@signed_in
def report(dossier_id: int, kind: str) -> Response:
    """The report as Word or PDF, or the panel as a workbook."""
    if kind not in REPORTS:
        abort(404)
    said = reports.whole(session(), site().nomenclature, _found(dossier_id), is_demo())
    out = io.BytesIO()
    if kind == "xlsx":
        reports.xlsx(session(), said, out)
    else:
        {"docx": docx, "pdf": pdf}[kind].write(reports.paper(said), out)
    out.seek(0)
    stem = "panel" if kind == "xlsx" else "compte-rendu"
    name = f"{stem}-dossier-{dossier_id}-{date.today():%Y-%m-%d}.{kind}"
    return send_file(out, mimetype=REPORTS[kind], as_attachment=True, download_name=name)


def _panelist(dossier: Dossier, number: str) -> Panelist:
    found = session().get(Panelist, int(number)) if number.isdigit() else None
    if found is None or found.dossier_id != dossier.id:
        raise dossiers.DossierError("Ce fournisseur n’est pas dans le dossier.")
    return found


def _need() -> Need:
    """The need as the form gives it; what cannot be read is a DossierError."""
    said = request.form
    return Need(
        title=said.get("titre", ""), need=said.get("besoin", ""), segment=_segment(),
        place=said.get("lieu", ""), estimate_eur=_amount(said.get("estimation", "")),
        answers_by=_day(said.get("reponses", "")), launch_on=_day(said.get("lancement", "")),
        information=said.get("information", ""),
    )  # fmt: skip


def _segment() -> str:
    """The chosen sub-segment; else what the need's words say."""
    said = request.form
    if said.get("segment", "") in site().nomenclature.by_code:
        return said["segment"]
    guesses = site().nomenclature.classify(said.get("besoin", "") or said.get("titre", ""), top=1)
    return guesses[0].code if guesses else ""


def _amount(text: str) -> float | None:
    bare = "".join(text.replace("€", "").split()).replace(",", ".")
    try:
        value = float(bare) if bare else None
    except ValueError:
        value = -1.0
    if value is not None and not 0 <= value < 1e11:
        raise dossiers.DossierError(f"« {text} » n’est pas un montant en euros.")
    return value


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise dossiers.DossierError(f"« {text} » n’est pas une date (AAAA-MM-JJ).") from None
