"""Edit the nomenclature: an edit that is wrong, or breaks the examples, is refused and says why."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sourcing.segments import DATA, SEGMENTS, Nomenclature, load
from sourcing.segments.file import read_rows
from sourcing.source import SourceError

# Needs that must lead to their sub-segment, whoever edits the nomenclature.
EXAMPLES = DATA / "segments_examples.csv"
COLUMNS = (
    "segment", "sub_segment", "naf_codes", "cpv_codes", "keywords_fr", "reservable", "code",
    "segment_code", "nature", "agec_famille", "etendre_a",
)  # fmt: skip
# What a person may change of one sub-segment, on its page.
EDITABLE = ("sub_segment", "keywords_fr", "naf_codes", "cpv_codes", "etendre_a")
TOLD = 5


def row_of(path: Path | None, code: str) -> dict[str, str] | None:
    """The row of this sub-segment in the file in force."""
    return next((row for row in read_rows(path or SEGMENTS) if row["code"] == code), None)


def change(path: Path, code: str, values: Mapping[str, str]) -> Nomenclature:
    """Change one sub-segment in the file in force, which becomes `path`."""
    rows = read_rows(path if path.exists() else SEGMENTS)
    for row in rows:
        if row["code"] == code:
            row.update({name: values[name].strip() for name in EDITABLE if name in values})
    return _keep(rows, path)


def replace(path: Path, sent: Path) -> Nomenclature:
    """Put a file edited in a spreadsheet in the place of `path`."""
    return _keep(read_rows(sent), path)


def broken(nomenclature: Nomenclature) -> list[str]:
    """One French sentence per example that no longer leads to its sub-segment."""
    found = []
    with EXAMPLES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            right = [code for code in row["codes"].split("|") if code in nomenclature.by_code]
            first = next((guess.code for guess in nomenclature.classify(row["besoin"], 1)), "")
            # An example of a sub-segment that is no more guards nothing.
            if right and first not in right:
                found.append(
                    f"« {row['besoin']} » donnerait {first or 'rien'} au lieu de {right[0]}"
                )
    return found


def _keep(rows: Sequence[Mapping[str, str]], path: Path) -> Nomenclature:
    """Write beside, check, then take the place of the file in force: all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        _write(rows, draft)
        nomenclature = load(draft)
        if wrong := broken(nomenclature):
            raise SourceError(
                f"Modification refusée, elle change la réponse à {len(wrong)} exemple(s) : "
                f"{' ; '.join(wrong[:TOLD])}."
            )
        draft.replace(path)
    return nomenclature


def _write(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """As a French spreadsheet opens it: semicolons between cells would clash with those in them."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: row.get(name, "") for name in COLUMNS} for row in rows)
