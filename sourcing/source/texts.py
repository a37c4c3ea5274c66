"""A column of texts as one text: no object for a cell until somebody asks for one."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload


class Texts(Sequence[str]):
    """Cells without a line break, put end to end; a list of them is made when one is asked for."""

    def __init__(self, joined: str, count: int) -> None:
        # A line each; nothing when there are none.
        self._joined = joined
        self._count = count

    @classmethod
    def of(cls, cells: Sequence[str]) -> Sequence[str]:
        """These cells, put end to end where none has a line break."""
        if isinstance(cells, cls):
            return cells
        joined = "\n".join(cells)
        return cls(joined, len(cells)) if joined.count("\n") == len(cells) - 1 else cells

    @property
    def joined(self) -> str:
        """The cells, a line each."""
        return self._joined

    @cached_property
    def cells(self) -> list[str]:
        """The same, one by one."""
        return self.joined.split("\n") if len(self) else []

    @cached_property
    def is_tidy(self) -> bool:
        """Whether all are printable, with no space at an end nor two in a row."""
        lines = f"\n{self.joined}\n"
        is_spaced = any(spaces in lines for spaces in ("  ", " \n", "\n "))
        return not is_spaced and lines.replace("\n", "").isprintable()

    @property
    def is_blank(self) -> bool:
        """Whether no cell says anything."""
        return len(self.joined) < len(self)

    @property
    def has_blank(self) -> bool:
        """Whether a cell says nothing."""
        return "\n\n" in f"\n{self.joined}\n"

    def at(self, places: Sequence[int]) -> Sequence[str]:
        """The cells at these places, which are in order."""
        return [self.cells[i] for i in places]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __contains__(self, text: object) -> bool:
        return f"\n{text}\n" in f"\n{self.joined}\n" and "\n" not in str(text)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self.cells[place]


class Around:
    """What each filled text becomes between two others: a key in the address of its page."""

    def __init__(self, before: str, after: str) -> None:
        self.before, self.after = before, after

    def __call__(self, text: str) -> str:
        return f"{self.before}{text}{self.after}" if text else ""

    def of_column(self, texts: Sequence[str]) -> Sequence[str]:
        """The same of many."""
        if not isinstance(texts, Texts) or texts.has_blank:
            return list(map(self, texts))
        between = f"{self.after}\n{self.before}"
        joined = texts.joined.replace("\n", between)
        return Texts(f"{self.before}{joined}{self.after}", len(texts))


def taken(values: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """The values at these places, which are in order."""
    return values.at(places) if isinstance(values, Texts) else [values[i] for i in places]


def stripped(texts: Sequence[str]) -> Sequence[str]:
    """Each without spaces around."""
    if isinstance(texts, Texts) and texts.is_tidy:
        return texts
    return list(map(str.strip, texts))


def all_filled(values: Sequence[Any]) -> bool:
    """Whether each says something."""
    return not values.has_blank if isinstance(values, Texts) else all(values)


def any_filled(values: Sequence[Any]) -> bool:
    """Whether one says something."""
    return not values.is_blank if isinstance(values, Texts) else any(values)
