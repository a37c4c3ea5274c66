"""A report as blocks, written as Word (which people complete) or as PDF (which people file)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sourcing.export import harmless_text


class Heading(NamedTuple):
    """A title within the report; 1 is the highest."""

    text: str
    level: int = 1


class Text(NamedTuple):
    """A paragraph; a soft one is beside the matter (dates, cautions)."""

    text: str
    is_soft: bool = False


class Bullets(NamedTuple):
    """Short lines, numbered or not."""

    lines: Sequence[str]
    are_numbered: bool = False


class Grid(NamedTuple):
    """A table; widths are relative. Without headers, the first column names the second."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]


Block = Heading | Text | Bullets | Grid


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole report; `footer` is on every page."""

    title: str
    subtitle: str
    footer: str
    blocks: list[Block] = field(default_factory=list)

    def add(self, *blocks: Block) -> None:
        self.blocks.extend(blocks)


def plain(text: str) -> str:
    """Text that any font of ours shows: narrow and no-break spaces alike, no control sign."""
    return harmless_text(text).replace("\u202f", "\u00a0")
