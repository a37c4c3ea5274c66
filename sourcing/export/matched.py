"""Anyone's list given back with the supplier each line is: siret, score, verdict and reason."""

import csv as csv_lines
import json as json_text
from collections.abc import Iterator, Mapping, Sequence
from io import TextIOWrapper
from typing import Any, BinaryIO

from sourcing.export import harmless, workbook
from sourcing.linking import Match
from sourcing.source import Row

ADDED = ("siret", "supplier", "score", "verdict", "reason")
VERDICTS = {"same": "identique", "review": "à vérifier", "different": "aucun"}
COLOURS = (("identique", "D7EFD9"), ("à vérifier", "FFF0C2"), ("aucun", "F6D9D6"))


def lines(rows: Sequence[Row], matches: Sequence[Match]) -> Iterator[dict[str, Any]]:
    """Each line as it came, its own column of a name we add set aside as « (origine) »."""
    for row, match in zip(rows, matches, strict=True):
        theirs = {
            f"{column} (origine)" if column in ADDED else column: value
            for column, value in row.values.items()
            if not column.startswith("_")
        }
        yield theirs | _added(match)


def _added(match: Match) -> dict[str, Any]:
    return {
        "siret": match.siret,
        "supplier": match.supplier_name,
        "score": round(match.score, 3),
        "verdict": match.verdict,
        "reason": " ; ".join(match.reasons),
    }


def csv(out: BinaryIO, table: Sequence[Mapping[str, Any]], delimiter: str) -> None:
    """In the delimiter the list came in."""
    text = TextIOWrapper(out, encoding="utf-8-sig", newline="")
    writer = csv_lines.DictWriter(text, _header(table), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({column: harmless(value) for column, value in line.items()} for line in table)
    text.flush()
    text.detach()


def xlsx(out: BinaryIO, table: Sequence[Mapping[str, Any]], delimiter: str = "") -> None:
    """With the verdict in French and in colour."""
    header = _header(table)

    def body() -> Iterator[list[Any]]:
        yield list(header)
        for line in table:
            said = dict(line) | {"verdict": VERDICTS[line["verdict"]]}
            yield [harmless(said.get(column, "")) for column in header]

    widths = [28 if column in ("supplier", "reason") else 16 for column in header]
    workbook.write(
        out,
        [
            workbook.Sheet(
                "Rapprochement",
                body(),
                widths,
                has_header=True,
                colours=COLOURS,
                coloured=header.index("verdict"),
            )
        ],
    )


def json(out: BinaryIO, table: Sequence[Mapping[str, Any]], delimiter: str = "") -> None:
    """A list of objects."""
    out.write(json_text.dumps(list(table), ensure_ascii=False, indent=1).encode())


def _header(table: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every column of the list in its order, then ours."""
    theirs = dict.fromkeys(column for line in table for column in line if column not in ADDED)
    return [*theirs, *ADDED]
