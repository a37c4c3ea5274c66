"""Which sheets of a workbook hold the list: the one asked for, or the first table and its likes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.readers.table import find_header
from sourcing.source import SourceError

# Lines looked at per sheet.
PREVIEW = 60
Sample = Sequence[Sequence[str]]


class Choice(NamedTuple):
    """Titles of the sheets to read as one list, and of the others that hold something."""

    chosen: list[str]
    others: list[str]


def choose(name: str, samples: Mapping[str, Sample], wanted: str = "") -> Choice:
    """From the first filled lines of each visible sheet; SourceError when none is a table."""
    filled = {title: sample for title, sample in samples.items() if sample}
    if wanted:
        if wanted not in filled:
            raise SourceError(f"{name} : pas de feuille remplie nommée « {wanted} » ; "
                              f"choisir parmi {', '.join(filled)}.")  # fmt: skip
        return Choice([wanted], [title for title in filled if title != wanted])
    chosen = _tables(filled)
    if not chosen:
        raise SourceError(
            f"{name} : aucune feuille ne contient de tableau ; vérifier que c'est le bon classeur."
        )
    return Choice(chosen, [title for title in filled if title not in chosen])


def _tables(filled: Mapping[str, Sample]) -> list[str]:
    """The first sheet with at least two columns and two lines, and those with the same header."""
    chosen: list[str] = []
    header: list[str] = []
    for title, sample in filled.items():
        if len(sample) < 2 or max(sum(map(bool, cells)) for cells in sample) < 2:
            continue
        start, is_found = find_header(sample)
        labels = [c.strip() for c in sample[start] if c.strip()] if is_found else []
        if not chosen:
            header = labels
            chosen.append(title)
        elif labels and labels == header:
            chosen.append(title)
    # A one-column list is a table too, when there is nothing else.
    return chosen or [title for title, sample in filled.items() if len(sample) > 1][:1]


def note(others: Sequence[str]) -> str:
    """What the first row says of the sheets left unread."""
    return f"feuilles non lues : {', '.join(others)}" if others else ""
