"""The board of purchases to come: kept by the team, read by anyone once public."""

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Purchase, PurchaseNote
from sourcing.normalise import fold, website
from sourcing.purchases.quarter import FORM, quarter_of

LONGEST_OBJECT, LONGEST_TEXT, LONGEST_LINE = 200, 3000, 200
# Code -> what a person reads. Round orders of size, not thresholds of the law.
BANDS = {
    "": "non précisé",
    "0-40": "moins de 40 000 €",
    "40-100": "40 000 à 100 000 €",
    "100-250": "100 000 à 250 000 €",
    "250-1000": "250 000 € à 1 million",
    "1000+": "plus de 1 million d’euros",
}
RESERVED = {
    "": "ouvert à tous",
    "handicap": "réservé aux entreprises adaptées et ESAT",
    "insertion": "réservé à l’insertion (SIAE)",
    "both": "réservé à l’insertion et au handicap",
    "ess": "réservé à l’ESS (services sociaux)",
}
STATES = {
    "planned": "envisagé",
    "prepared": "en préparation",
    "published": "publié",
    "awarded": "attribué",
    "dropped": "abandonné",
}
# Those still to come: followers are told of nothing else.
OPEN = ("planned", "prepared")
PARTNERS = {"audelor": "Audélor", "inclusion": "plateformes de l’inclusion et de l’ESS"}


class PurchaseError(ValueError):
    """The purchase cannot be kept so; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A purchase as it is typed or read from a line of a spreadsheet."""

    object: str
    quarter: str
    description: str = ""
    segment: str = ""
    band: str = ""
    months: int | None = None
    place: str = ""
    reserved: str = ""
    is_innovative: bool = False
    partners: tuple[str, ...] = ()
    contact: str = ""
    state: str = "planned"
    link: str = ""
    is_public: bool = False


def check(draft: Draft, codes: Collection[str]) -> None:
    """PurchaseError when something of it cannot be kept; `codes`: segments that exist."""
    if not 0 < len(draft.object.strip()) <= LONGEST_OBJECT:
        raise PurchaseError(f"Donner l’objet de l’achat, en {LONGEST_OBJECT} caractères au plus.")
    if not FORM.fullmatch(draft.quarter):
        raise PurchaseError("Indiquer le trimestre prévu, par exemple « T2 2027 ».")
    if draft.segment and draft.segment not in codes:
        raise PurchaseError("Choisir la catégorie d’achat dans la liste.")
    lists = ((draft.band, BANDS), (draft.reserved, RESERVED), (draft.state, STATES))
    if any(code not in known for code, known in lists) or not set(draft.partners) <= set(PARTNERS):
        raise PurchaseError("Choisir dans les listes proposées.")
    if len(draft.description) > LONGEST_TEXT:
        raise PurchaseError(f"La description dépasse {LONGEST_TEXT} caractères.")
    if max(len(draft.place), len(draft.contact), len(draft.link)) > LONGEST_LINE:
        raise PurchaseError(f"Lieu, contact et lien : {LONGEST_LINE} caractères au plus.")
    if draft.months is not None and not 0 < draft.months <= 120:
        raise PurchaseError("La durée se compte en mois, de 1 à 120.")
    if draft.link:
        try:
            website(draft.link)
        except ValueError as error:
            raise PurchaseError(f"Lien vers l’avis : {error}.") from None


def save(session: Session, draft: Draft, by: str, known: Purchase | None = None) -> Purchase:
    """Keep a checked purchase, or change the one that is known."""
    now = datetime.now()
    purchase = known or Purchase(uid=secrets.token_hex(6), created_by=by, created_at=now)
    for field in Draft.__slots__:
        value = getattr(draft, field)
        clean = (
            " ".join(value.split()) if isinstance(value, str) and field != "description" else value
        )
        setattr(purchase, field, list(clean) if isinstance(clean, tuple) else clean)
    purchase.updated_at = now
    session.add(purchase)
    session.flush()
    return purchase


def find(session: Session, uid: str) -> Purchase | None:
    """The purchase of this address, public or not."""
    return session.scalar(select(Purchase).where(Purchase.uid == uid))


def remove(session: Session, purchase: Purchase) -> None:
    """Forget it, with who was interested."""
    session.delete(purchase)
    session.flush()


def upcoming(
    session: Session,
    families: Collection[str] = (),
    *,
    everything: bool = False,
    today: date | None = None,
) -> Sequence[Purchase]:
    """Public purchases still to come, the nearest first; of these families of segments only.

    A family is the part of a segment's code before its dash ("EV"). `everything` adds what is not
    public, published, awarded, dropped or past: the team's own view.
    """
    wanted = select(Purchase).order_by(Purchase.quarter, Purchase.object, Purchase.id)
    if not everything:
        wanted = wanted.where(
            Purchase.is_public, Purchase.state.in_(OPEN),
            Purchase.quarter >= quarter_of(today or date.today()),
        )  # fmt: skip
    found = session.scalars(wanted).all()
    return [p for p in found if not families or family_of(p.segment) in families]


def family_of(segment: str) -> str:
    """ "EV-01" -> "EV"."""
    return segment.rpartition("-")[0]


def tell(session: Session, purchase: Purchase, text: str, by: str) -> PurchaseNote:
    """Tell something to everybody alike: it stays on the page."""
    text = re.sub(r"\s*\n\s*\n\s*", "\n\n", text.strip())
    if not 0 < len(text) <= LONGEST_TEXT:
        raise PurchaseError(f"Écrire l’information, en {LONGEST_TEXT} caractères au plus.")
    note = PurchaseNote(purchase_id=purchase.id, text=text, by=by, at=datetime.now())
    session.add(note)
    session.flush()
    return note


def told(session: Session, purchase: Purchase) -> Sequence[PurchaseNote]:
    """What was told of it, the latest first."""
    notes = select(PurchaseNote).where(PurchaseNote.purchase_id == purchase.id)
    return session.scalars(notes.order_by(PurchaseNote.at.desc(), PurchaseNote.id.desc())).all()


def code_of(said: str, labels: dict[str, str], words: dict[str, str]) -> str:
    """The code a cell names: its label, or one of its usual words; StopIteration when none does."""
    folded = fold(said)
    by_label = {fold(label): code for code, label in labels.items()}
    if folded in by_label:
        return by_label[folded]
    return next(code for word, code in words.items() if word in folded)
