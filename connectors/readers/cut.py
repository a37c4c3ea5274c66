"""A block of lines cut into columns all at once, in the bytes: no object for a cell."""

import csv
from collections.abc import Collection, Sequence
from functools import cached_property
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from sourcing.source.texts import Texts

# Stands for a delimiter inside quotes while a block is cut: no text has it.
HELD = "\x1f"
LINE_END = ord("\n")
# What makes a letter of ASCII small.
CASE = np.uint8(0x20)
# First bytes of signs that are no space: of ASCII, and of the alphabets UTF-8 writes in two bytes.
SEEN = np.zeros(256, dtype=np.bool_)
SEEN[0x21:0x7F] = SEEN[0xC3:0xE0] = True
Bytes = NDArray[np.uint8]
Places = NDArray[np.intp]


class Cells(Texts):
    """A column as its cells lie in the bytes of a block, each with one byte after it."""

    def __init__(self, block: Bytes, starts: Places, ends: Places, held: str) -> None:
        super().__init__("", len(starts))
        self.block, self.starts, self.ends = block, starts, ends
        # The delimiter that HELD stands for, '' when it stands for none.
        self.held = held

    @cached_property
    def joined(self) -> str:
        if not len(self):
            return ""
        sizes = self.ends - self.starts + 1
        after = sizes.cumsum()
        places = (self.starts - after + sizes).repeat(sizes)
        places += np.arange(len(places))
        found = self.block[places]
        found[after - 1] = LINE_END
        text: str = found[:-1].tobytes().decode()
        return text.replace(HELD, self.held) if self.held else text

    def all_speak(self) -> bool:
        """Whether every cell begins with a sign one sees; of some alphabets, none is sure."""
        return bool((SEEN[self.block[self.starts]] & (self.ends > self.starts)).all())

    def may_begin_with(self, words: Collection[str]) -> bool:
        """Whether a cell begins with one of these words of four small letters; or nearly."""
        begins = self.block[self.starts[:, None] + np.arange(4)] | CASE
        wanted = np.frombuffer("".join(words).encode(), dtype=np.uint32)
        return bool(np.isin(begins.view(np.uint32), wanted).any())

    def at(self, places: Sequence[int]) -> "Cells":
        chosen = np.asarray(places, dtype=np.intp)
        return Cells(self.block, self.starts[chosen], self.ends[chosen], self.held)


def cut(text: str, delimiter: str, width: int) -> list[Cells] | None:
    """The columns of whole lines, as csv would cut them; None when lines must be looked at."""
    body = text.removesuffix("\n")
    is_usual = width > 1 and len(delimiter) == 1 and delimiter.isascii()
    if not is_usual or any(char in body for char in (HELD, "\x00", "\r")):
        return None
    bare = _unquoted(body, delimiter) if '"' in body else body
    # Three bytes more: the beginning of any cell is four bytes long.
    block = np.frombuffer(f"{bare}\n\0\0\0".encode(), dtype=np.uint8)
    found = np.flatnonzero((block == ord(delimiter)) | (block == LINE_END))
    if len(found) % width:
        return None
    starts = np.concatenate(([0], found[:-1] + 1)).reshape(-1, width)
    ends = found.reshape(-1, width)
    is_end = block[ends] == LINE_END
    if not is_end[:, -1].all() or is_end[:, :-1].any():
        return None
    if (ends - starts).max() > csv.field_size_limit():
        return None
    held = delimiter if HELD in bare else ""
    return [Cells(block, starts[:, i], ends[:, i], held) for i in range(width)]


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
    sizes = np.stack([column.ends - column.starts for column in columns])
    return bool((sizes == sizes[0]).all(axis=0).any())
