"""The suppliers of a sourcing file: added from searches with why, followed, told, never scored."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import provenance, suppliers
from sourcing.dossiers import acts, questionnaire
from sourcing.dossiers.opening import DossierError, require_not_closed, require_open, signature
from sourcing.model import PARTIAL, Document, Dossier, DossierQuery, Panelist, Person, Supplier
from sourcing.search import Query, describe, those, uids
from sourcing.search.hits import Hit
from sourcing.segments import Nomenclature
from sourcing.source import Source

FOUND, CONTACTED, ANSWERED, MET, DROPPED = "found", "contacted", "answered", "met", "dropped"
STATES = {
    FOUND: "trouvé", CONTACTED: "contacté", ANSWERED: "a répondu", MET: "rencontré",
    DROPPED: "écarté",
}  # fmt: skip
ORDERS = {
    "pertinence": "par pertinence pour le besoin, puis distance, puis nom",
    "distance": "par distance, puis nom",
    "nom": "par nom",
    "effectif": "par effectif décroissant, puis nom",
}
MOST_PANELISTS = 300
MOST_DOCUMENT_BYTES = 15_000_000
LONGEST_NOTE, LONGEST_REASON = 5_000, 500


# The source of what structures say of themselves through the form.
DECLARED = "inscription"


class Mailbox(NamedTuple):
    """An address of a supplier, and the source that gives it ('' for the base itself)."""

    address: str
    source: str


# Queues the letter of a supplier; its number.
Post = Callable[[Panelist, Mailbox], int]


@dataclass(frozen=True, slots=True)
class Trace:
    """The sources of the base and their days, kept with each search of a file."""

    nomenclature: Nomenclature
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Added:
    """How many came in, were there, or may not be prospected."""

    new: int
    known: int
    masked: int


def add(
    session: Session, dossier: Dossier, by: Person, picked: Mapping[str, Sequence[str]],
    trace: Trace,
) -> Added:  # fmt: skip
    """Add the suppliers picked in each search (its address's arguments -> uids), with why."""
    require_open(dossier)
    counts = {"new": 0, "known": 0, "masked": 0}
    present = {each.supplier_id for each in of(session, dossier)}
    for asked, wanted in picked.items():
        query = Query.from_args(parse_qs(asked))
        found = [s for uid in wanted if (s := suppliers.find(session, uid))]
        fresh = [s for s in dict.fromkeys(found) if s.id not in present and s.diffusion != PARTIAL]
        counts["masked"] += sum(s.diffusion == PARTIAL for s in found)
        counts["known"] += sum(s.id in present for s in found)
        if len(present) + len(fresh) > MOST_PANELISTS:
            raise DossierError(f"{MOST_PANELISTS} fournisseurs au plus par dossier.")
        kept = _keep_query(session, dossier, by, asked, trace) if asked and fresh else None
        why = _reasons(session, trace.nomenclature, query, fresh) if asked else {}
        for supplier in fresh:
            _enter(session, dossier, by, Panelist(
                dossier_id=dossier.id, supplier_id=supplier.id, query_id=kept and kept.id,
                because=why.get(supplier.id) or "choisi sur sa fiche", added_at=datetime.now(),
                answers={},
            ))  # fmt: skip
        counts["new"] += len(fresh)
        present.update(s.id for s in fresh)
    return Added(**counts)


def _enter(session: Session, dossier: Dossier, by: Person, panelist: Panelist) -> None:
    session.add(panelist)
    session.flush()
    acts.write(session, dossier, signature(by), "added", text=panelist.because, panelist=panelist)


def _reasons(
    session: Session, nomenclature: Nomenclature, query: Query, found: Sequence[Supplier]
) -> dict[int, str]:
    hits = those(session, nomenclature, [s.id for s in found], query)
    return {hit.id: " ; ".join(hit.reasons) or "répond aux critères" for hit in hits}


def _keep_query(
    session: Session, dossier: Dossier, by: Person, asked: str, trace: Trace
) -> DossierQuery:
    """The search as it answers now; asked twice on equal data, it is kept once."""
    query = replace(Query.from_args(parse_qs(asked)), page=1)
    about = provenance.about(session, trace.sources, "", "")
    kept = DossierQuery(
        dossier_id=dossier.id, asked=urlencode(query.to_args()),
        sentence=describe(session, trace.nomenclature, query),
        ordering=ORDERS[query.sort], total=len(uids(session, trace.nomenclature, query)),
        sources=[[s.title, s.updated_on.isoformat() if s.updated_on else ""]
                 for s in about.sources],
        asked_at=datetime.now(), asked_by=signature(by),
    )  # fmt: skip
    for same in queries(session, dossier):
        if (same.asked, same.total, same.sources) == (kept.asked, kept.total, kept.sources):
            return same
    session.add(kept)
    session.flush()
    acts.write(
        session, dossier, signature(by), "searched",
        text=f"{kept.sentence} : {kept.total} trouvés, classés {kept.ordering}.",
    )  # fmt: skip
    return kept


def queries(session: Session, dossier: Dossier) -> Sequence[DossierQuery]:
    """The searches that fed the file, from the first."""
    wanted = select(DossierQuery).where(DossierQuery.dossier_id == dossier.id)
    return session.scalars(wanted.order_by(DossierQuery.id)).all()


def of(session: Session, dossier: Dossier) -> Sequence[Panelist]:
    """The suppliers of the file, in the order they came in."""
    wanted = select(Panelist).where(Panelist.dossier_id == dossier.id).order_by(Panelist.id)
    return session.scalars(wanted).all()


def shown(
    session: Session, nomenclature: Nomenclature, panel: Sequence[Panelist]
) -> dict[int, Hit]:
    """Panelist -> its supplier as anyone may see it; those no longer listed are missing."""
    hits = those(session, nomenclature, [each.supplier_id for each in panel])
    by_supplier = {hit.id: hit for hit in hits}
    return {p.id: by_supplier[p.supplier_id] for p in panel if p.supplier_id in by_supplier}


def follow(
    session: Session, dossier: Dossier, by: Person, panelist: Panelist, state: str, reason: str
) -> None:
    """Say where the exchange with a supplier is, and why it is kept or dropped."""
    require_open(dossier)
    reason = " ".join(reason.split())
    if state not in STATES:
        raise DossierError("Choisir un état dans la liste.")
    if state == DROPPED and not reason:
        raise DossierError("Dire pourquoi ce fournisseur est écarté : le motif est obligatoire.")
    if len(reason) > LONGEST_REASON:
        raise DossierError(f"{LONGEST_REASON} caractères au plus pour un motif.")
    if (state, reason) == (panelist.state, panelist.reason):
        return
    panelist.state, panelist.reason = state, reason
    text = STATES[state] + (f" : {reason}" if reason else "")
    acts.write(session, dossier, signature(by), "state", text=text, panelist=panelist)


def tell(
    session: Session, dossier: Dossier, by: Person, panelists: Iterable[Panelist], post: Post
) -> Sequence[Panelist]:
    """Hand the information and the questions to these suppliers, all at one moment.

    Those that were told; without a `message_id` they have no known address, and need their link.
    """
    require_open(dossier)
    told = [panelist for panelist in panelists if panelist.state != DROPPED]
    if not told:
        raise DossierError("Cocher au moins un fournisseur qui n’est pas écarté.")
    now = datetime.now()
    for panelist in told:
        known = mailbox(session, panelist)
        panelist.message_id = post(panelist, known) if known else None
        questionnaire.stamp(panelist, dossier, now)
        panelist.state = CONTACTED if panelist.state == FOUND else panelist.state
        how = "Par courriel." if known else "Lien à lui remettre : aucun courriel connu."
        text = f"{how} Empreinte de l’information : {panelist.sent_digest}."
        acts.write(session, dossier, signature(by), "told", text=text, panelist=panelist)
    return told


def mailbox(session: Session, panelist: Panelist) -> Mailbox | None:
    """Where a supplier is written to: what it declared, else what a list gives, else the base."""
    supplier = session.get_one(Supplier, panelist.supplier_id)
    if supplier.diffusion == PARTIAL:
        return None
    lines = [m for m in suppliers.mentions(session, supplier) if m.gone_on is None and m.email]
    lines.sort(key=lambda m: m.source != DECLARED)
    found = [Mailbox(m.email, m.source) for m in lines]
    if supplier.email:
        found.append(Mailbox(supplier.email, ""))
    return found[0] if found else None


def returned(session: Session, panelist: Panelist, why: str) -> None:
    """The letter never arrived: the log says so, for its link to be given otherwise."""
    panelist.message_id = None
    dossier = session.get_one(Dossier, panelist.dossier_id)
    acts.write(session, dossier, "le site", "returned", text=why, panelist=panelist)


def answer(
    session: Session, dossier: Dossier, panelist: Panelist, given: Mapping[str, str]
) -> None:
    """What the supplier answers itself, by its link; it may complete until the launch."""
    require_open(dossier)
    answers = questionnaire.kept_answers(dossier, given)
    if not answers:
        raise DossierError("Répondre à une question au moins.")
    panelist.answers, panelist.answered_at = answers, datetime.now()
    if panelist.state in (FOUND, CONTACTED):
        panelist.state = ANSWERED
    text = questionnaire.in_words(dossier, answers)
    acts.write(session, dossier, "le fournisseur, par son lien", "answered",
               text=text, panelist=panelist)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """What a person writes in the file."""

    text: str
    is_confidential: bool = False


def note(
    session: Session, dossier: Dossier, by: Person, said: Note, panelist: Panelist | None = None
) -> None:
    """A dated note; the only thing a closed file still takes."""
    text = said.text.strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        raise DossierError(f"Écrire une note de {LONGEST_NOTE} caractères au plus.")
    acts.write(session, dossier, signature(by), "note", text=text, panelist=panelist,
               is_confidential=said.is_confidential)  # fmt: skip


def attach(session: Session, dossier: Dossier, by: Person, name: str, content: bytes) -> Document:
    """Join a document."""
    require_not_closed(dossier)
    if not content:
        raise DossierError("Choisir un fichier avant de l’envoyer.")
    if len(content) > MOST_DOCUMENT_BYTES:
        raise DossierError("15 Mo au plus par document.")
    document = Document(
        dossier_id=dossier.id, name=name, size=len(content), content=content,
        digest=hashlib.sha256(content).hexdigest(), added_by=signature(by),
        added_at=datetime.now(),
    )  # fmt: skip
    session.add(document)
    session.flush()
    text = f"{name} ({len(content)} octets, SHA-256 {document.digest[:16]}…)"
    acts.write(session, dossier, signature(by), "document", text=text)
    return document


def documents(session: Session, dossier: Dossier) -> Sequence[Document]:
    """The documents of the file, without their content."""
    wanted = select(Document).where(Document.dossier_id == dossier.id).order_by(Document.id)
    return session.scalars(wanted).all()
