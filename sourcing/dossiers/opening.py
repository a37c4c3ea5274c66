"""A sourcing file from its opening to its closing, and who may work on it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from sourcing.dossiers import acts, questionnaire
from sourcing.model import Dossier, DossierShare, Person

OPEN, LAUNCHED, CLOSED = "open", "launched", "closed"
STATES = {OPEN: "en cours", LAUNCHED: "verrouillé (consultation lancée)", CLOSED: "clos"}
LONGEST_TITLE, LONGEST_TEXT, LONGEST_QUESTION = 160, 5_000, 300
MOST_QUESTIONS = 10


class DossierError(ValueError):
    """What was asked of the file cannot be done; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Need:
    """What the file is about, as a person fills it."""

    title: str
    need: str = ""
    segment: str = ""
    place: str = ""
    estimate_eur: float | None = None
    answers_by: date | None = None
    launch_on: date | None = None
    information: str = ""

    def checked(self) -> "Need":
        """The same with its texts trimmed; a DossierError when it has no title or says too much."""
        title = " ".join(self.title.split())
        if not 0 < len(title) <= LONGEST_TITLE:
            raise DossierError(f"Donner au dossier un titre de {LONGEST_TITLE} caractères au plus.")
        if max(len(self.need), len(self.information)) > LONGEST_TEXT:
            raise DossierError(f"{LONGEST_TEXT} caractères au plus par texte : raccourcir.")
        if self.answers_by and self.launch_on and self.answers_by > self.launch_on:
            raise DossierError("Les réponses sont attendues avant le lancement : revoir les dates.")
        return replace(
            self, title=title, need=self.need.strip(), information=self.information.strip(),
            place=self.place.strip()[:200],
        )  # fmt: skip


def signature(person: Person) -> str:
    """How a person signs: her name and address."""
    return f"{person.name} ({person.email})" if person.name else person.email


def start(session: Session, by: Person, organisation: str, need: Need) -> Dossier:
    """Open a file in her organisation, with the standard questions of its segment."""
    need = need.checked()
    dossier = Dossier(
        **asdict(need), questions=questionnaire.standard(need.segment), organisation=organisation,
        opened_by=signature(by), opened_at=datetime.now(),
    )  # fmt: skip
    session.add(dossier)
    session.flush()
    acts.write(session, dossier, signature(by), "opened", text=dossier.title)
    return dossier


def edit(session: Session, dossier: Dossier, by: Person, need: Need) -> None:
    """Change what the file says of the need; the log tells each former value."""
    require_open(dossier)
    need = need.checked()
    changed = [
        f"{LABELS[name]} : « {_said(getattr(dossier, name))} » devient « {_said(value)} »"
        for name, value in asdict(need).items()
        if getattr(dossier, name) != value
    ]
    if not changed:
        return
    if need.segment != dossier.segment and not questionnaire.was_told(session, dossier):
        dossier.questions = questionnaire.standard(need.segment) + questionnaire.own(dossier)
    for name, value in asdict(need).items():
        setattr(dossier, name, value)
    acts.write(session, dossier, signature(by), "edited", text=" ; ".join(changed))


def ask(session: Session, dossier: Dossier, by: Person, text: str) -> None:
    """Add a question of the file's own, while nobody was told: all get the same ones."""
    _require_untold(session, dossier)
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST_QUESTION:
        raise DossierError(f"Écrire une question de {LONGEST_QUESTION} caractères au plus.")
    if len(questionnaire.own(dossier)) >= MOST_QUESTIONS:
        raise DossierError(f"{MOST_QUESTIONS} questions propres au dossier au plus.")
    dossier.questions = questionnaire.one_more(dossier, text)
    acts.write(session, dossier, signature(by), "edited", text=f"question ajoutée : « {text} »")


def unask(session: Session, dossier: Dossier, by: Person, code: str) -> None:
    """Take back a question of the file's own; those of the segment stay."""
    _require_untold(session, dossier)
    gone = next((q for q in questionnaire.own(dossier) if q["code"] == code), None)
    if gone is None:
        raise DossierError("Cette question n’est pas propre au dossier.")
    dossier.questions = [q for q in dossier.questions if q["code"] != code]
    acts.write(session, dossier, signature(by), "edited",
               text=f"question retirée : « {gone['text']} »")  # fmt: skip


def _require_untold(session: Session, dossier: Dossier) -> None:
    require_open(dossier)
    if questionnaire.was_told(session, dossier):
        raise DossierError("Les questions sont parties : en changer romprait l’égalité.")


LABELS = {
    "title": "titre", "need": "besoin", "segment": "segment", "place": "lieu",
    "estimate_eur": "estimation", "answers_by": "fin des réponses", "launch_on": "lancement prévu",
    "information": "information remise",
}  # fmt: skip


def _said(value: object) -> str:
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return "" if value is None else str(value)


def learn(session: Session, dossier: Dossier, by: Person, lessons: str) -> None:
    """What the sourcing taught for the need, replaced; the log keeps every version."""
    require_not_closed(dossier)
    dossier.lessons = lessons.strip()[:LONGEST_TEXT]
    acts.write(session, dossier, signature(by), "lessons", text=dossier.lessons)


def launch(session: Session, dossier: Dossier, by: Person) -> None:
    """The consultation is published: from now on, no exchange with any supplier."""
    require_open(dossier)
    dossier.state, dossier.launched_at = LAUNCHED, datetime.now()
    acts.write(session, dossier, signature(by), "launched",
               text="Cône de silence : plus aucun échange avec les fournisseurs.")  # fmt: skip


def close(session: Session, dossier: Dossier, by: Person) -> None:
    """Freeze the file: only dated notes can be added after."""
    require_not_closed(dossier)
    dossier.state, dossier.closed_at = CLOSED, datetime.now()
    acts.write(session, dossier, signature(by), "closed", text="Rien n’y change plus.")


def forget(session: Session, closed_before: date) -> int:
    """Erase the files closed before this day, whole; how many. Their term is the authority's."""
    limit = datetime.combine(closed_before, time())
    old = select(Dossier.id).where(Dossier.state == CLOSED, Dossier.closed_at < limit)
    ids = session.scalars(old).all()
    # In the database: the log refuses to lose an act by any other way.
    session.execute(delete(Dossier).where(Dossier.id.in_(ids)))
    return len(ids)


def require_open(dossier: Dossier) -> None:
    """A DossierError once the consultation is launched or the file closed."""
    require_not_closed(dossier)
    if dossier.state != OPEN:
        raise DossierError(
            f"Consultation lancée le {dossier.launched_at:%d/%m/%Y} : le dossier est verrouillé, "
            "plus aucun échange avec les fournisseurs."
        )


def require_not_closed(dossier: Dossier) -> None:
    if dossier.state == CLOSED:
        raise DossierError(
            f"Dossier clos le {dossier.closed_at:%d/%m/%Y} : seule une note datée peut y être "
            "ajoutée."
        )


# --- who may ---


def of_organisation(session: Session, organisation: str) -> Sequence[Dossier]:
    """The files an organisation holds or shares, the latest first."""
    shared = select(DossierShare.dossier_id).where(DossierShare.organisation == organisation)
    wanted = select(Dossier).where(
        or_(Dossier.organisation == organisation, Dossier.id.in_(shared))
    )
    return session.scalars(wanted.order_by(Dossier.id.desc())).all()


def find(session: Session, organisation: str, dossier_id: int) -> Dossier | None:
    """The file of this number, when this organisation holds or shares it."""
    dossier = session.get(Dossier, dossier_id)
    if dossier is None or dossier.organisation == organisation:
        return dossier
    return dossier if organisation in shares(session, dossier) else None


def share(session: Session, dossier: Dossier, by: Person, organisation: str) -> None:
    """Let another organisation work on the file."""
    require_not_closed(dossier)
    name = " ".join(organisation.split())
    if not name or name in (dossier.organisation, *shares(session, dossier)):
        raise DossierError("Choisir une organisation avec qui le dossier n’est pas déjà partagé.")
    session.add(DossierShare(dossier_id=dossier.id, organisation=name))
    acts.write(session, dossier, signature(by), "shared", text=f"Avec {name}.")


def shares(session: Session, dossier: Dossier) -> Sequence[str]:
    """The other organisations of the file."""
    wanted = select(DossierShare.organisation).where(DossierShare.dossier_id == dossier.id)
    return session.scalars(wanted.order_by(DossierShare.organisation)).all()
