"""A block of lines cut at once gives the cells that reading it line by line would."""

import csv
import io
import random

import pytest

from connectors.readers.cut import cut
from connectors.readers.text import _lines, _whole

PIECES = ("a", "é", "œ", '"', "\n", '""', " ", "\xa0", "\0", "\x1f", '"|', '|"', "|", "|")


def written(chance: random.Random, delimiter: str) -> str:
    """Lines as a spreadsheet writes them."""
    out = io.StringIO()
    quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=quoting)
    cells = ("", "a", f"b{delimiter}c", 'd "e"', "f\ng", "é ", "Œ", "h")
    writer.writerows(chance.choices(cells, (2, 9, 3, 1, 1, 1, 1, 5), k=3) for _ in range(4))
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_block_is_cut_as_csv_cuts_it_or_left_to_it(delimiter: str) -> None:
    chance = random.Random(7)
    cuts = tidy = 0
    for _ in range(2_000):
        pieces = "".join(chance.choices(PIECES, k=chance.randint(1, 20)))
        for block in (written(chance, delimiter), pieces.replace("|", delimiter)):
            if (columns := cut(block, delimiter, 3)) is None:
                continue
            cuts += 1
            whole = _whole(_lines(block), delimiter, 3)
            assert whole is not None, repr(block)
            for column, cells in zip(columns, whole, strict=True):
                assert list(column) == list(cells), repr(block)
                assert list(column.at([0])) == list(cells[:1])
                assert all(map(str.strip, cells)) or not column.all_speak(), repr(block)
                assert column.is_tidy == all(map(is_spaced_once, cells)), repr(block)
                tidy += column.is_tidy
    assert cuts > 400 and tidy > 200


def is_spaced_once(cell: str) -> bool:
    return cell.isprintable() and cell.strip() == cell and "  " not in cell
