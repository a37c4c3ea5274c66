"""A block of lines cut at once gives the cells that reading it line by line would."""

import csv
import io
import random

from connectors.readers.cut import cut
from connectors.readers.text import _lines, _whole

PIECES = ("a", "é", '"', "\n", '""', " ", '";', ';"', ";", ";")


def written(chance: random.Random) -> str:
    """Lines as a spreadsheet writes them."""
    out = io.StringIO()
    quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(out, delimiter=";", lineterminator="\n", quoting=quoting)
    cells = ("", "a", "b;c", 'd "e"', "f\ng", "é ")
    writer.writerows(chance.choices(cells, (2, 5, 3, 1, 1, 2), k=3) for _ in range(4))
    return out.getvalue()


def test_a_block_is_cut_as_csv_cuts_it_or_left_to_it() -> None:
    chance = random.Random(7)
    cuts = 0
    for _ in range(4_000):
        for block in (written(chance), "".join(chance.choices(PIECES, k=chance.randint(1, 20)))):
            if (columns := cut(block, ";", 3)) is not None:
                cuts += 1
                whole = _whole(_lines(block), ";", 3)
                assert whole is not None and list(map(list, whole)) == list(map(list, columns)), (
                    repr(block)
                )
    assert cuts > 500
