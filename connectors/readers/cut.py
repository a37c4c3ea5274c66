"""A block of lines cut into columns all at once, in the bytes: no object for a cell."""

import csv
from collections.abc import Collection, Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.source.texts import Texts

# Stands for a delimiter inside quotes while a block is cut: no text has it.
HELD = "\x1f"
LINE_END, SPACE = ord("\n"), ord(" ")
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
PRINTED = bytes(
    code for code in range(256) if chr(code).isprintable() or chr(code) in f"\0\n{HELD}"
)


class Encoded(NamedTuple):
    """The bytes of some lines without their quotes, and how they are to be read."""

    data: Letters
    encoding: str
    # The delimiter that HELD stands for, '' when it stands for none.
    held: str
    # Whether all its cells are; else each column looks for itself.
    is_tidy: bool


class Cells(Texts):
    """A column as its cells lie in a block, each with one byte after it."""

    def __init__(self, block: Encoded, starts: Places, sizes: Places) -> None:
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
        found = self.block.data[places]
        found[after - 1] = LINE_END
        text: str = found[:-1].tobytes().decode(self.block.encoding)
        return text.replace(HELD, self.block.held) if self.block.held else text

    @cached_property
    def is_tidy(self) -> bool:
        return self.block.is_tidy or Texts(self.joined, len(self)).is_tidy

    def all_speak(self) -> bool:
        """Whether every cell begins with a sign one sees; of some alphabets, none is sure."""
        firsts = self.block.data[self.starts]
        return bool((SEEN[self.block.encoding][firsts] & (self.sizes > 0)).all())

    def may_begin_with(self, words: Collection[str]) -> bool:
        """Whether a cell begins with one of these words of four small letters; or nearly."""
        begins = self.block.data[self.starts[:, None] + np.arange(4)] | CASE
        wanted = np.frombuffer("".join(words).encode(), dtype=np.uint32)
        return bool(np.isin(begins.view(np.uint32), wanted).any())

    def at(self, places: Sequence[int]) -> "Cells":
        chosen = np.asarray(places, dtype=np.intp)
        return Cells(self.block, self.starts[chosen], self.sizes[chosen])


def cut(text: str, delimiter: str, width: int) -> list[Cells] | None:
    """The columns of whole lines, as csv would cut them; None when lines must be looked at."""
    body = text.removesuffix("\n")
    is_usual = width > 1 and len(delimiter) == 1 and delimiter.isascii()
    if not is_usual or any(char in body for char in (HELD, "\x00", "\r")):
        return None
    block = _encoded(_unquoted(body, delimiter) if '"' in body else body, delimiter)
    found = np.flatnonzero((block.data == ord(delimiter)) | (block.data == LINE_END))
    if len(found) % width:
        return None
    is_end = (block.data[found] == LINE_END).reshape(-1, width)
    if not is_end[:, -1].all() or is_end[:, :-1].any():
        return None
    ends = found.astype(np.int32)
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    if (ends - starts).max() > csv.field_size_limit():
        return None
    columns = (np.ascontiguousarray(each.reshape(-1, width).T) for each in (starts, ends - starts))
    return [Cells(block, *each) for each in zip(*columns, strict=True)]


def _encoded(bare: str, delimiter: str) -> Encoded:
    # Three bytes more: the beginning of any cell is four bytes long.
    text = f"{bare}\n\0\0\0"
    held = delimiter if HELD in bare else ""
    try:
        # A letter of Western Europe is one byte where nothing else is written.
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        data = text.encode()
        return Encoded(np.frombuffer(data, dtype=np.uint8), "utf-8", held, is_tidy=False)
    letters = np.frombuffer(data, dtype=np.uint8)
    is_printed = held.isprintable() and not held.isspace() and not data.translate(None, PRINTED)
    is_tidy = is_printed and not _has_loose_space(letters, delimiter)
    return Encoded(letters, "latin-1", held, is_tidy)


def _has_loose_space(letters: Letters, delimiter: str) -> bool:
    """Whether a space stands beside another, or at an end of a cell."""
    spaces = np.flatnonzero(letters == SPACE)
    ends = np.zeros(256, dtype=np.bool_)
    ends[[SPACE, LINE_END, ord(delimiter)]] = True
    is_first = letters[0] == SPACE
    return bool(is_first or ends[letters[spaces - 1]].any() or ends[letters[spaces + 1]].any())


def _unquoted(body: str, delimiter: str) -> str:
    """Without its quotes, the delimiters inside them held; '' when a quote does anything else than
    open or close a cell of one line.
    """
    parts = body.split('"')
    outside, inside = parts[::2], parts[1::2]
    first, *between, last = outside if len(parts) % 2 else ("", "", "")
    ends = {delimiter, "\n"}
    is_plain = (
        len(parts) % 2
        and (not first or first[-1] in ends)
        and (not last or last[0] in ends)
        and all(between)
        and ends.issuperset(map(itemgetter(0), between))
        and ends.issuperset(map(itemgetter(-1), between))
    )
    held = "\x00".join(inside)
    if not is_plain or "\n" in held:
        return ""
    parts[1::2] = held.replace(delimiter, HELD).split("\x00")
    return "".join(parts)


def have_one_size(columns: Sequence[Cells]) -> bool:
    """Whether the cells of some line are all of one size."""
    first, *others = (column.sizes for column in columns)
    same = others[0] == first
    for sizes in others[1:]:
        if not same.any():
            return False
        same &= sizes == first
    return bool(same.any())
