"""The report of a sourcing file: what R2111-1 asks to be able to show, in the order it happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, BinaryIO

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from sourcing.dossiers import acts, opening, panel, questionnaire
from sourcing.export import harmless, workbook
from sourcing.export.hits import COLUMNS
from sourcing.export.paper import Block, Bullets, Grid, Heading, Paper, Text
from sourcing.model import MASKED, PARTIAL, Act, Document, Dossier, DossierQuery, Panelist, Supplier
from sourcing.search.hits import Hit
from sourcing.segments import Nomenclature

GONE = "Fournisseur retiré de la base"
LAW = (
    "Sourcing mené en application de l’article R2111-1 du code de la commande publique "
    "(consultations et études de marché préalables). Ses résultats peuvent être utilisés s’ils "
    "n’ont pas pour effet de fausser la concurrence et n’entraînent pas de violation des principes "
    "de l’article L3. Aucun fournisseur n’est noté ni classé."
)


@dataclass(frozen=True, slots=True)
class Whole:
    """All that a report reads of a file."""

    dossier: Dossier
    segment: str
    queries: Sequence[DossierQuery]
    panel: Sequence[Panelist]
    hits: Mapping[int, Hit]
    acts: Sequence[Act]
    documents: Sequence[Document]
    is_demo: bool

    def name(self, panelist: Panelist) -> str:
        return self.hits[panelist.id].name if panelist.id in self.hits else GONE


def whole(session: Session, nomenclature: Nomenclature, dossier: Dossier, is_demo: bool) -> Whole:
    """Read the file once."""
    panelists = panel.of(session, dossier)
    segment = nomenclature.by_code.get(dossier.segment)
    return Whole(
        dossier, f"{segment.label} ({segment.code})" if segment else "",
        panel.queries(session, dossier), panelists,
        panel.shown(session, nomenclature, panelists), acts.of(session, dossier),
        panel.documents(session, dossier), is_demo,
    )  # fmt: skip


def paper(said: Whole) -> Paper:
    """The report; what is under business secrecy is left out, and counted."""
    dossier = said.dossier
    today = f"{date.today():%d/%m/%Y}"
    found = Paper("Compte rendu de sourcing", dossier.title,
                  f"{dossier.organisation} – {dossier.title} – édité le {today}")  # fmt: skip
    found.add(Text(LAW, is_soft=True))
    if said.is_demo:
        found.add(Text("Données de démonstration : les noms sont fictifs."))
    for part in (_need, _queries, _panel, _equality, _answers, _notes, _lessons, _log):
        found.add(*part(said))
    return found


def _need(said: Whole) -> Iterator[Block]:
    dossier = said.dossier
    yield Heading("1. Le besoin")
    facts = (
        ("Objet", dossier.title), ("Besoin", dossier.need), ("Segment d’achat", said.segment),
        ("Lieu d’exécution", dossier.place),
        ("Estimation HT", _euros(dossier.estimate_eur)),
        ("Réponses attendues avant le", _day(dossier.answers_by)),
        ("Lancement prévu le", _day(dossier.launch_on)),
        ("Organisation", dossier.organisation),
        ("Dossier ouvert", f"le {_day(dossier.opened_at)} par {dossier.opened_by}"),
        ("État", _state(dossier)),
    )  # fmt: skip
    yield Grid((), [pair for pair in facts if pair[1]], (1, 3))


def _state(dossier: Dossier) -> str:
    at = dossier.closed_at or dossier.launched_at
    return opening.STATES[dossier.state] + (f" le {_day(at)}" if at else "")


def _queries(said: Whole) -> Iterator[Block]:
    yield Heading("2. Les recherches")
    if not said.queries:
        yield Text("Aucune recherche enregistrée.")
    rows = [
        (_moment(q.asked_at), q.sentence, str(q.total), q.ordering,
         ", ".join(title + (f" ({_iso(on)})" if on else "") for title, on in q.sources))
        for q in said.queries
    ]  # fmt: skip
    headers = ("Date", "Critères", "Résultats", "Ordre", "Données (à la date du)")
    yield Grid(headers, rows, (1.3, 3, 1, 1.8, 3))


def _panel(said: Whole) -> Iterator[Block]:
    yield Heading(f"3. Les fournisseurs ({len(said.panel)})")
    counts = {state: sum(p.state == state for p in said.panel) for state in panel.STATES}
    told = ", ".join(f"{panel.STATES[s]} : {n}" for s, n in counts.items() if n)
    yield Text(f"Dans l’ordre où ils sont entrés au dossier. {told}." if told
               else "Aucun fournisseur.")  # fmt: skip
    rows = [_panelist(said, each) for each in said.panel]
    headers = ("Fournisseur", "Commune, statuts", "Pourquoi trouvé", "Suivi", "Motif")
    yield Grid(headers, rows, (2.4, 2.2, 3, 1.3, 2.2))


def _panelist(said: Whole, each: Panelist) -> tuple[str, ...]:
    hit = said.hits.get(each.id)
    siret = f"\nSIRET {hit.siret}" if hit and hit.siret and hit.name != MASKED else ""
    about = ", ".join(filter(None, (hit.commune, *hit.status_labels))) if hit else ""
    return (said.name(each) + siret, about, each.because, panel.STATES[each.state], each.reason)


def _equality(said: Whole) -> Iterator[Block]:
    yield Heading("4. Égalité de traitement")
    if said.dossier.information:
        yield Heading("Information remise à tous", 2)
        yield Text(said.dossier.information)
    yield Heading("Questions posées à tous", 2)
    yield Bullets([q["text"] for q in said.dossier.questions], are_numbered=True)
    told = [p for p in said.panel if p.sent_at]
    if not told:
        yield Text("L’information n’a pas encore été remise.")
        return
    unequal = questionnaire.inequality(said.dossier, said.panel)
    yield Text(" ".join(unequal) or f"Les {len(told)} fournisseurs ont reçu la même information, "
               f"le même jour ({_day(told[0].sent_at)}).")  # fmt: skip
    rows = [(said.name(p), _moment(p.sent_at), p.sent_digest, _moment(p.answered_at) or "–")
            for p in told]  # fmt: skip
    headers = ("Fournisseur", "Information remise", "Empreinte", "Réponse")
    yield Grid(headers, rows, (3, 1.6, 1.6, 1.6))
    yield Text("Cette information est à joindre au dossier de consultation, pour que tous les "
               "candidats en disposent (R2111-2).", is_soft=True)  # fmt: skip


def _answers(said: Whole) -> Iterator[Block]:
    answered = [p for p in said.panel if p.answers]
    if answered:
        yield Heading("5. Les réponses")
    for each in answered:
        yield Heading(f"{said.name(each)}, le {_day(each.answered_at)}", 2)
        yield Grid((), [(q["text"], each.answers[q["code"]]) for q in said.dossier.questions
                        if each.answers.get(q["code"])], (2, 3))  # fmt: skip


def _notes(said: Whole) -> Iterator[Block]:
    notes = [act for act in said.acts if act.kind == "note"]
    shown = [act for act in notes if not act.is_confidential]
    if notes or said.documents:
        yield Heading("6. Notes et documents")
    by_id = {each.id: each for each in said.panel}
    rows = [(_moment(a.at), said.name(by_id[a.panelist_id]) if a.panelist_id else "Dossier",
             a.text, a.author) for a in shown]  # fmt: skip
    yield Grid(("Date", "À propos de", "Note", "Auteur"), rows, (1.2, 2, 4, 1.8))
    if len(notes) > len(shown):
        yield Text(f"{len(notes) - len(shown)} note(s) couverte(s) par le secret des affaires, "
                   "gardée(s) au dossier.", is_soft=True)  # fmt: skip
    yield Grid(("Document", "Joint le", "Empreinte SHA-256"),
               [(d.name, _moment(d.added_at), d.digest[:32] + "…") for d in said.documents],
               (3, 1.5, 3))  # fmt: skip


def _lessons(said: Whole) -> Iterator[Block]:
    yield Heading("7. Enseignements pour le marché")
    yield Text(said.dossier.lessons or "Aucun enseignement noté à ce jour.")


def _log(said: Whole) -> Iterator[Block]:
    yield Heading("8. Journal")
    by_id = {each.id: each for each in said.panel}
    rows = [
        (_moment(act.at), acts.KINDS[act.kind]
         + (f" – {said.name(by_id[act.panelist_id])}" if act.panelist_id else ""),
         "" if act.kind in ("answered", "note", "lessons") else act.text, act.author)
        for act in said.acts
    ]  # fmt: skip
    yield Grid(("Date", "Acte", "Détail", "Auteur"), rows, (1.2, 2.6, 3.4, 1.9))
    state = "intact" if acts.are_whole(said.acts) else "MODIFIÉ HORS DE L’APPLICATION"
    seal = said.acts[-1].digest if said.acts else ""
    yield Text(f"Journal {state}. Empreinte du dernier acte : {seal}", is_soft=True)


def xlsx(session: Session, said: Whole, out: BinaryIO) -> None:
    """The panel with contacts; a unit in partial diffusion may not be prospected: left out."""
    masked = set(session.scalars(_masked(said)))
    header = ["État", "Motif", "Pourquoi", "Information remise le", "A répondu le"]
    columns = [c for c in COLUMNS if c.header not in ("Pourquoi", "Distance (km)")]
    rows: Iterator[Sequence[Any]] = (
        [harmless(v) for v in (
            panel.STATES[p.state], p.reason, p.because,
            p.sent_at and p.sent_at.date(), p.answered_at and p.answered_at.date(),
            *(column.value(said.hits[p.id]) for column in columns),
        )]
        for p in said.panel if p.id in said.hits and p.supplier_id not in masked
    )  # fmt: skip
    first: list[Sequence[Any]] = [header + [column.header for column in columns]]
    widths = (13, 30, 40, 18, 14, *(column.width for column in columns))
    about = (("Dossier", said.dossier.title), ("Organisation", said.dossier.organisation),
             ("Édité le", f"{date.today():%d/%m/%Y}"), ("Nature", LAW))  # fmt: skip
    workbook.write(out, [
        workbook.Sheet("Panel", chain(first, rows), widths, has_header=True),
        workbook.Sheet("À propos", [(k, harmless(v)) for k, v in about], (24, 110)),
    ])  # fmt: skip


def _masked(said: Whole) -> Select[int]:
    ids = [each.supplier_id for each in said.panel]
    return select(Supplier.id).where(Supplier.id.in_(ids), Supplier.diffusion == PARTIAL)


def _day(value: date | datetime | None) -> str:
    return f"{value:%d/%m/%Y}" if value else ""


def _moment(value: datetime | None) -> str:
    return f"{value:%d/%m/%Y %H:%M}" if value else ""


def _iso(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _euros(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} €".replace(",", "\u00a0")
