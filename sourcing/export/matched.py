"""Anyone's list given back with the supplier each line is: siret, score, verdict and reason."""

import csv as csv_lines
import json as json_text
from collections import Counter
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

from sourcing.export import harmless, workbook
from sourcing.linking import Match
from sourcing.source import Row

ADDED = ("siret", "supplier", "score", "firm_score", "verdict", "reason")
VERDICTS = {"same": "identique", "review": "à vérifier", "different": "aucun"}
COLOURS = (("identique", "D7EFD9"), ("à vérifier", "FFF0C2"), ("aucun", "F6D9D6"))
# Beside what the list says: its line, and the supplier's address in the site.
LINE, UID = "_line", "_uid"


class Table:
    """A list and its answers, put aside in a file as they come, read as often as wanted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self._theirs: dict[str, None] = {}

    @classmethod
    def kept(cls, path: Path) -> "Table":
        """A table written by another process."""
        table = cls(path)
        for line in table:
            table._note(line)
        return table

    def add(self, rows: Sequence[Row], matches: Sequence[Match]) -> None:
        """Some lines as they came; a column of a name we add is set aside as « (origine) »."""
        with self.path.open("a", encoding="utf-8") as out:
            for row, match in zip(rows, matches, strict=True):
                line = _theirs(row) | _added(match) | {LINE: row.line, UID: match.supplier_uid}
                self._note(line)
                out.write(json_text.dumps(line, ensure_ascii=False) + "\n")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self.path.exists():
            with self.path.open(encoding="utf-8") as lines:
                yield from map(json_text.loads, lines)

    @property
    def header(self) -> list[str]:
        """Every column of the list in its order, then ours."""
        return [*self._theirs, *ADDED]

    def _note(self, line: dict[str, Any]) -> None:
        self.counts[line["verdict"]] += 1
        self._theirs.update(
            dict.fromkeys(c for c in line if c not in ADDED and not c.startswith("_"))
        )


def _theirs(row: Row) -> dict[str, Any]:
    return {
        f"{column} (origine)" if column in ADDED else column: value
        for column, value in row.values.items()
        if not column.startswith("_")
    }


def _added(match: Match) -> dict[str, Any]:
    return {
        "siret": match.siret,
        "supplier": match.supplier_name,
        "score": round(match.score, 3),
        "firm_score": round(match.firm_score, 3),
        "verdict": match.verdict,
        "reason": " ; ".join(match.reasons),
    }


def csv(out: BinaryIO, table: Table, delimiter: str) -> None:
    """In the delimiter the list came in."""
    text = TextIOWrapper(out, encoding="utf-8-sig", newline="")
    writer = csv_lines.writer(text, delimiter=delimiter, lineterminator="\r\n")
    header = table.header
    writer.writerow(header)
    writer.writerows([harmless(line.get(column, "")) for column in header] for line in table)
    text.flush()
    text.detach()


def xlsx(out: BinaryIO, table: Table, delimiter: str = "") -> None:
    """With the verdict in French and in colour."""
    header = table.header

    def body() -> Iterator[list[Any]]:
        yield list(header)
        for line in table:
            said = line | {"verdict": VERDICTS[line["verdict"]]}
            yield [harmless(said.get(column, "")) for column in header]

    widths = [28 if column in ("supplier", "reason") else 16 for column in header]
    sheet = workbook.Sheet("Rapprochement", body(), widths, has_header=True, colours=COLOURS,
                           coloured=header.index("verdict"))  # fmt: skip
    workbook.write(out, [sheet])


def json(out: BinaryIO, table: Table, delimiter: str = "") -> None:
    """A list of objects."""
    said = [{c: v for c, v in line.items() if not c.startswith("_")} for line in table]
    out.write(json_text.dumps(said, ensure_ascii=False, indent=1).encode())
