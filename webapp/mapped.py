"""A file someone sent, its columns and what she said of them: what two pages have in common."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from flask import request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from sourcing import mapping
from sourcing.mapping import Always, Guess, Mapping, Proposal
from sourcing.mapping.columns import FIELDS, GROUPS
from sourcing.mapping.plan import has_place
from sourcing.model import Place
from sourcing.source import Row, Source, SourceError
from webapp.context import session, site
from webapp.uploads import Upload

READER = "liste"
# Rows shown as they are in the file.
SHOWN_ROWS = 5
# Words of a column of types a person may decide on.
MOST_CELLS = 24
CONFIDENCE = {"sure": "sûr", "check": "à vérifier", "unknown": "inconnu"}
# What a person may choose for a word, or for every line.
STATUSES = (
    ("innovation", "Entreprise innovante"),
    ("siae:ACI", "Atelier et chantier d’insertion (ACI)"),
    ("siae:EI", "Entreprise d’insertion (EI)"),
    ("siae:AI", "Association intermédiaire (AI)"),
    ("siae:ETTI", "Travail temporaire d’insertion (ETTI)"),
    ("siae", "Insertion, sans précision"),
    ("handicap:EA", "Entreprise adaptée (EA)"),
    ("handicap:ESAT", "ESAT"),
    ("insertion:GEIQ", "GEIQ"),
    ("ess:ess", "Économie sociale et solidaire"),
    ("ess:association", "Association"),
    ("ess:scop", "SCOP"),
    ("ess:cooperative", "Autre coopérative, SCIC"),
    ("label:ESUS", "Label ESUS"),
    ("label:RGE", "Label RGE"),
    ("label:Qualiopi", "Label Qualiopi"),
    ("label:RFAR", "Label RFAR"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One column as the page shows it: what was proposed, and what is chosen now."""

    place: int
    guess: Guess
    field: str

    @property
    def is_changed(self) -> bool:
        return self.field != self.guess.field

    @property
    def confidence(self) -> str:
        return "choisi" if self.is_changed else CONFIDENCE[self.guess.confidence]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of types: its words, how often, and the status each stands for."""

    place: int
    column: str
    cells: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A file's first rows and what its columns look like."""

    upload: Upload
    sheets: tuple[str, ...]
    sheet: str
    rows: tuple[Row, ...]
    proposal: Proposal

    @property
    def columns(self) -> tuple[str, ...]:
        return self.proposal.columns


def reader() -> Source:
    """The source whose hands read any list."""
    return site().sources[READER]


def of_suppliers(rows: Sequence[Row]) -> Proposal:
    """What each column of a list of suppliers is likely to be."""
    return mapping.propose(rows, set(session().scalars(select(Place.name_key))))


def look(
    upload: Upload, sheet: str = "", propose: Callable[[Sequence[Row]], Proposal] = of_suppliers
) -> Sent:
    """The file's first rows, and the proposal; SourceError when it cannot be read."""
    source = reader()
    sheets = tuple(source.sheets(upload.path)) if source.sheets else ()
    sheet = sheet if sheet in sheets else ""
    if source.read is None or source.read_sheet is None:
        raise SourceError("Cette installation ne sait pas lire de fichier.")
    read = source.read_sheet(upload.path, sheet) if sheet else source.read(upload.path)
    rows = tuple(islice(read, mapping.SAMPLE))
    if not rows:
        raise SourceError(f"{upload.name} : aucune ligne sous l'en-tête ; vérifier le fichier.")
    return Sent(upload, sheets, sheet, rows, propose(rows))


def choices(sent: Sent, chosen: dict[str, str]) -> list[Choice]:
    """Every column in the order of the file."""
    return [
        Choice(place, guess, chosen.get(guess.column, ""))
        for place, guess in enumerate(sent.proposal.guesses)
    ]


def said(sent: Sent, form: MultiDict[str, str]) -> Mapping:
    """The mapping the form says; a field nobody knows is left alone."""
    known = {field.name for field in FIELDS if field.group}
    columns = {
        column: field
        for place, column in enumerate(sent.columns)
        if (field := form.get(f"c{place}", "")) in known
    }
    cells = {
        column: decided
        for place, column in enumerate(sent.columns)
        if columns.get(column) == "kind" and (decided := _decided(form, place, column))
    }
    return Mapping(columns, cells, _always(form, columns))


def _decided(form: MultiDict[str, str], place: int, column: str) -> dict[str, str]:
    """The words whose status is another than the usual one."""
    usual = Mapping({column: "kind"})
    pairs = zip(form.getlist(f"cell{place}"), form.getlist(f"status{place}"), strict=False)
    return {
        cell: status
        for cell, status in pairs
        if status != next(iter(usual.statuses_of(column, cell)), "")
    }


def _always(form: MultiDict[str, str], columns: dict[str, str]) -> Always:
    status = form.get("always", "")
    is_of_firms = "siren" in columns.values() and not has_place(columns.values())
    return Always(
        statuses=(status,) if status in dict(STATUSES) else (),
        sectors=tuple(filter(None, (form.get("segment", ""),))),
        departement=form.get("departement", "").strip()[:3],
        level="siren" if is_of_firms else "siret",
    )


def words(sent: Sent, chosen: Mapping) -> list[Words]:
    """The words of each column of types, the commonest first."""
    found = []
    for place, column in enumerate(sent.columns):
        if chosen.columns.get(column) == "kind":
            counted = Counter(row.get(column) for row in sent.rows if row.get(column))
            cells = tuple(
                (cell, number, next(iter(chosen.statuses_of(column, cell)), ""))
                for cell, number in counted.most_common(MOST_CELLS)
            )
            found.append(Words(place, column, cells))
    return found


def options() -> list[tuple[str, list[tuple[str, str]]]]:
    """The fields a person chooses from, by group."""
    return [
        (group, [(field.name, field.label) for field in FIELDS if field.group == group])
        for group in GROUPS
    ]


def preview(sent: Sent) -> Sequence[Sequence[str]]:
    """The first rows as they are in the file."""
    return [[row.values.get(c, "")[:80] for c in sent.columns] for row in sent.rows[:SHOWN_ROWS]]


def sheet_asked() -> str:
    return request.values.get("feuille", "")


def missing(chosen: Mapping, needs_place: bool = True) -> str:
    """What stops this mapping from being used, as a sentence; '' when nothing does."""
    try:
        chosen.check("Ce fichier", needs_place)
    except SourceError as error:
        return str(error)
    return ""
