"""What is taken away: what an export says of itself, and texts that a spreadsheet never runs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

# A spreadsheet would run what starts with one of these.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class SourceNote:
    """Where data come from, under which licence, and how fresh they are."""

    title: str
    publisher: str
    licence: str
    updated_on: date | None = None
    # What whoever reuses it must write.
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What an export says of itself: the search, the day, the sources."""

    sentence: str
    made_on: date
    organisation: str = ""
    sources: tuple[SourceNote, ...] = ()
    is_demo: bool = False
    # Sources that only this base knows, as people call them.
    names: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[tuple[str, str]]:
        """(heading, text) pairs, in French."""
        if self.is_demo:
            yield "Attention", "Données de démonstration : les noms sont fictifs."
        yield "Recherche", self.sentence
        yield "Date de l’extraction", f"{self.made_on:%d/%m/%Y}"
        if self.organisation:
            yield "Réalisé par", self.organisation
        for note in self.sources:
            day = f", données du {note.updated_on:%d/%m/%Y}" if note.updated_on else ""
            whose = ", ".join(filter(None, (note.publisher, note.licence)))
            credit = f". Mention : {note.attribution}" if note.attribution else ""
            yield "Source", f"{note.title} – {whose}{day}{credit}"
        yield (
            "Nature des données",
            (
                "Repérage de fournisseurs possibles, sans classement de valeur. Les unités à "
                "diffusion partielle n’ont ni nom de personne ni adresse."
            ),
        )


def harmless(value: Any) -> Any:
    """Text that a spreadsheet shows and never runs."""
    if not isinstance(value, str):
        return value
    text = harmless_text(value)
    return "'" + text if text.startswith(FORMULA) else text


def harmless_text(text: str) -> str:
    """Without the signs that files of office suites refuse."""
    return _CONTROLS.sub("", text)


def french(value: Any) -> Any:
    """A decimal as French Excel reads it."""
    return str(value).replace(".", ",") if isinstance(value, float) else value
