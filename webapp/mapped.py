"""A file someone sent, how it is read, its columns and what she said of them: two pages' ground."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from sourcing import mapping
from sourcing.mapping import Always, Guess, Mapping, Proposal, saved
from sourcing.mapping.columns import FIELDS, GROUPS
from sourcing.mapping.plan import has_place
from sourcing.model import Place, SavedMapping
from sourcing.source import NO_HEADER, Layout, Row, Source, SourceError
from webapp import uploads
from webapp.context import session, site
from webapp.uploads import Upload, UploadError

# What the columns of these rows are likely to be.
Propose = Callable[[Sequence[Row]], Proposal]
READER = "liste"
# Rows shown as they are in the file.
SHOWN_ROWS = 5
# Words of a column of types a person may decide on.
MOST_CELLS = 24
# First filled lines among which the header may be chosen.
HEADER_LINES, LONGEST_LINE = 12, 70
ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows", "cp850": "DOS", "mac_roman": "Mac",
             "utf-16": "UTF-16"}  # fmt: skip
# As they stand in an address -> the character, and what a person reads.
SEPARATORS = {"point-virgule": (";", "point-virgule ( ; )"), "virgule": (",", "virgule ( , )"),
              "tabulation": ("\t", "tabulation"), "barre": ("|", "barre ( | )")}  # fmt: skip
NO_HEADER_SAID = "aucune"
# What a page offers to read the file otherwise.
LAYOUTS: dict[str, Any] = {"encodings": ENCODINGS, "separators": SEPARATORS}
# What a form calls the parts of a layout.
ASKED = ("feuille", "encodage", "separateur", "entete")
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
    def is_unknown(self) -> bool:
        """Nobody says what it is, and nobody takes it."""
        return not self.field and self.guess.confidence == "unknown"

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
class Opened:
    """A file someone sent, how it seems to be laid out and how she says it is."""

    upload: Upload
    sheets: tuple[str, ...]
    # Of a delimited text file: the encoding and separator recognised.
    looks: Layout
    layout: Layout
    # The first filled lines: number, what they hold.
    lines: tuple[tuple[int, str], ...]

    @property
    def asked(self) -> dict[str, str]:
        """The layout as a form says it."""
        header = {0: "", NO_HEADER: NO_HEADER_SAID}
        separator = next((c for c, (s, _) in SEPARATORS.items() if s == self.layout.separator), "")
        said = (self.layout.sheet, self.layout.encoding, separator,
                header.get(self.layout.header, str(self.layout.header)))  # fmt: skip
        return dict(zip(ASKED, said, strict=True))

    @property
    def recognised(self) -> tuple[str, str]:
        """Encoding and separator recognised, as a person reads them."""
        names = {"utf-8": "UTF-8"} | ENCODINGS
        said = next((label for s, label in SEPARATORS.values() if s == self.looks.separator), "")
        return names.get(self.looks.encoding, self.looks.encoding.upper()), said


@dataclass(frozen=True, slots=True)
class Sent:
    """A file's first rows and what its columns look like."""

    opened: Opened
    rows: tuple[Row, ...]
    proposal: Proposal

    @property
    def upload(self) -> Upload:
        return self.opened.upload

    @property
    def layout(self) -> Layout:
        return self.opened.layout

    @property
    def columns(self) -> tuple[str, ...]:
        return self.proposal.columns


def reader() -> Source:
    """The source whose hands read any list."""
    return site().sources[READER]


def of_suppliers(rows: Sequence[Row]) -> Proposal:
    """What each column of a list of suppliers is likely to be."""
    return mapping.propose(rows, set(session().scalars(select(Place.name_key))))


def send(index: str, columns: str, propose: Propose = of_suppliers, **kept: Any) -> Response:
    """Keep the file of the form, then show its columns; back to the form when there are none."""
    try:
        opened = open_sent(uploads.receive())
    except (UploadError, SourceError) as error:
        flash(str(error), "bad")
        return redirect(url_for(index))
    try:
        look(opened, propose)
    except SourceError as error:
        # Read otherwise, it may be a table: the page of the columns lets a person say how.
        if not opened.lines:
            flash(str(error), "bad")
            return redirect(url_for(index))
    return redirect(url_for(columns, token=opened.upload.token, **kept))


def open_sent(upload: Upload, known: SavedMapping | None = None) -> Opened:
    """The file as the form says it is laid out, else as its list's former file was."""
    source = reader()
    sheets = tuple(source.sheets(upload.path)) if source.sheets else ()
    looks = source.looks(upload.path) if source.looks else Layout()
    layout = _layout_asked(sheets) if _is_asked() else Layout()
    if known and not _is_asked():
        layout = saved.layout_of(known)
    return Opened(upload, sheets, looks, layout, tuple(_first_lines(upload, layout)))


def look(opened: Opened, propose: Propose = of_suppliers) -> Sent:
    """The file's first rows, and the proposal; SourceError when it cannot be read."""
    found = tuple(islice(rows(opened.upload, opened.layout), mapping.SAMPLE))
    if not found:
        raise SourceError(
            f"{opened.upload.name} : aucune ligne sous l'en-tête ; vérifier le fichier."
        )
    return Sent(opened, found, propose(found))


def rows(upload: Upload, layout: Layout) -> Iterable[Row]:
    """Every row of the file laid out so."""
    read_as = reader().read_as
    if read_as is None:
        raise SourceError("Cette installation ne sait pas lire de fichier.")
    return read_as(upload.path, layout)


def _first_lines(upload: Upload, layout: Layout) -> Iterator[tuple[int, str]]:
    try:
        bare = rows(upload, layout._replace(header=NO_HEADER))
        for row in islice(bare, HEADER_LINES):
            cells = (v for c, v in row.values.items() if not c.startswith("_") and v.strip())
            yield row.line, " · ".join(cells)[:LONGEST_LINE]
    except SourceError:
        return


def _is_asked() -> bool:
    return any(name in request.values for name in ASKED)


def _layout_asked(sheets: Sequence[str]) -> Layout:
    """What the form says; what nobody offers is left to be recognised."""
    sheet, encoding, separator, header = (request.values.get(name, "") for name in ASKED)
    return Layout(
        sheet if sheet in sheets else "",
        encoding if encoding in ENCODINGS else "",
        SEPARATORS[separator][0] if separator in SEPARATORS else "",
        NO_HEADER if header == NO_HEADER_SAID else int(header) if header.isdecimal() else 0,
    )


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


def missing(chosen: Mapping, needs_place: bool = True) -> str:
    """What stops this mapping from being used, as a sentence; '' when nothing does."""
    try:
        chosen.check("Ce fichier", needs_place)
    except SourceError as error:
        return str(error)
    return ""
