"""A block of lines cut into columns all at once, in the bytes: no object for a cell."""

import csv
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.source.texts import Texts

LINE_END, SPACE, QUOTE = b'\n "'
# What makes a letter of ASCII small.
CASE = np.uint8(0x20)
Letters = NDArray[np.uint8]
Places = NDArray[np.int32]


def _seen(*beyond: int) -> NDArray[np.bool_]:
    """Which bytes begin a sign that is no space: those of ASCII, and these bounds."""
    found = np.zeros(256, dtype=np.bool_)
    found[0x21:0x7F] = found[slice(*beyond)] = True
    return found


# In the order they are tried. Of UTF-8, the alphabets it writes in two bytes.
SEEN = {"latin-1": _seen(0xA1, 0x100), "utf-8": _seen(0xC3, 0xE0)}
# What a tidy block is made of, in Latin-1.
PRINTED = bytes(code for code in range(256) if chr(code).isprintable() or code == LINE_END)


class Block(NamedTuple):
    """The bytes of some lines, and how they are to be read."""

    letters: Letters
    encoding: str
    # Whether all its cells are; else each column looks for itself.
    is_tidy: bool


class Cells(Texts):
    """A column as its cells lie in a block, each with one byte after it."""

    def __init__(self, block: Block, starts: Places, sizes: Places) -> None:
        super().__init__("", len(starts))
        self.block, self.starts, self.sizes = block, starts, sizes

    @cached_property
    def joined(self) -> str:
        if not len(self):
            return ""
        sizes = self.sizes + 1
        after = sizes.cumsum()
        places = (self.starts - after + sizes).repeat(sizes)
        places += np.arange(len(places))
        found = self.block.letters[places]
        found[after - 1] = LINE_END
        text: str = found[:-1].tobytes().decode(self.block.encoding)
        return text

    @cached_property
    def is_tidy(self) -> bool:
        return self.block.is_tidy or Texts(self.joined, len(self)).is_tidy

    def all_speak(self) -> bool:
        """Whether every cell begins with a sign one sees; of some alphabets, none is sure."""
        firsts = self.block.letters[self.starts]
        return bool((SEEN[self.block.encoding][firsts] & (self.sizes > 0)).all())

    def may_begin_with(self, words: Collection[str]) -> bool:
        """Whether a cell begins with one of these words of four small letters; or nearly."""
        begins = self.block.letters[self.starts[:, None] + np.arange(4)] | CASE
        wanted = np.frombuffer("".join(words).encode(), dtype=np.uint32)
        return bool(np.isin(begins.view(np.uint32), wanted).any())

    def at(self, places: Sequence[int]) -> "Cells":
        chosen = np.asarray(places, dtype=np.intp)
        return Cells(self.block, self.starts[chosen], self.sizes[chosen])


def cut(text: str, delimiter: str, width: int) -> list[Cells] | None:
    """The columns of whole lines, as csv would cut them; None when lines must be looked at."""
    is_usual = len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"\n'
    if width < 2 or not is_usual or "\r" in text:
        return None
    encoding, letters = _letters(text.removesuffix("\n"))
    bounds = _bounds(letters, ord(delimiter))
    if len(bounds) % width != 1:
        return None
    starts, ends = bounds[:-1] + 1, bounds[1:]
    is_last = (letters[ends] == LINE_END).reshape(-1, width)
    if not is_last[:, -1].all() or is_last[:, :-1].any():
        return None
    is_quoted = letters[starts] == QUOTE
    starts, ends = starts + is_quoted, ends - is_quoted
    if (ends - starts).max() > csv.field_size_limit():
        return None
    is_tidy = encoding == "latin-1" and _are_tidy(letters, starts, ends)
    block = Block(letters, encoding, is_tidy)
    columns = (np.ascontiguousarray(each.reshape(-1, width).T) for each in (starts, ends - starts))
    return [Cells(block, *each) for each in zip(*columns, strict=True)]


def _letters(lines: str) -> tuple[str, Letters]:
    """Their encoding and bytes; each line between two ends, and three bytes after the last, for the
    beginning of any cell is four bytes long.
    """
    text = f"\n{lines}\n\0\0\0"
    try:
        # A letter of Western Europe is one byte where nothing else is written.
        return "latin-1", np.frombuffer(text.encode("latin-1"), dtype=np.uint8)
    except UnicodeEncodeError:
        return "utf-8", np.frombuffer(text.encode(), dtype=np.uint8)


def _bounds(letters: Letters, delimiter: int) -> Places:
    """What stands before, between and after the cells; nothing when a quote does anything else
    than open or close a cell of one line.
    """
    is_bound = (letters == delimiter) | (letters == LINE_END)
    found = np.flatnonzero(is_bound).astype(np.int32)
    quotes = np.flatnonzero(letters == QUOTE).astype(np.int32)
    if not len(quotes):
        return found
    if len(quotes) % 2 or not (is_bound[quotes[::2] - 1] & is_bound[quotes[1::2] + 1]).all():
        return found[:0]
    # Those between two quotes are text.
    first, last = np.searchsorted(found, quotes[::2]), np.searchsorted(found, quotes[1::2])
    holds = last > first
    steps = np.zeros(len(found), dtype=np.int8)
    steps[first[holds]], steps[last[holds]] = 1, -1
    is_text = steps.cumsum(dtype=np.int8) > 0
    return found[:0] if (letters[found[is_text]] == LINE_END).any() else found[~is_text]


def _are_tidy(letters: Letters, starts: Places, ends: Places) -> bool:
    """Whether all the cells are, in Latin-1: printable, no space at an end nor two in a row."""
    is_space = letters == SPACE
    is_loose = is_space[starts].any() or is_space[ends - 1].any()
    is_twice = (is_space[1:] & is_space[:-1]).any()
    return not is_loose and not is_twice and not letters[:-3].tobytes().translate(None, PRINTED)


def have_one_size(columns: Sequence[Cells]) -> bool:
    """Whether the cells of some line are all of one size."""
    first, *others = (column.sizes for column in columns)
    same = others[0] == first
    for sizes in others[1:]:
        if not same.any():
            return False
        same &= sizes == first
    return bool(same.any())
