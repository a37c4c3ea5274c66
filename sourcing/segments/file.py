"""Read segments.csv, ours or an edited one; what is wrong is told with its line and column."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sourcing.source import SourceError

REQUIRED = ("segment", "sub_segment", "naf_codes", "keywords_fr", "code", "segment_code")
OPTIONAL = ("cpv_codes", "reservable", "nature", "agec_famille", "etendre_a")
# A cell that may not be empty, and how a person calls it.
FILLED = {
    "code": "code",
    "sub_segment": "libellé du sous-segment",
    "segment": "libellé du segment",
    "segment_code": "code du segment",
}
CODE = re.compile(r"[A-Z]{1,5}(-[A-Z0-9]{1,4})?")
NAF = re.compile(r"\d\d\.\d\d[A-Z]")
CPV = re.compile(r"\d{8}(-\d)?")


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows, cells stripped; comma, semicolon or tab; UTF-8, with a BOM or not, or cp1252."""
    text = _text(path)
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    lines = _lines(path, text, delimiter)
    columns = [name.strip() for name in next(lines, (1, []))[1]]
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise SourceError(
            f"{path.name} : colonne « {missing[0]} » absente de la première ligne ; "
            "repartir du fichier fourni avec l'application."
        )
    rows = [(line, _row(path, line, cells, columns)) for line, cells in lines]
    if not rows:
        raise SourceError(f"{path.name} : aucune ligne sous les titres de colonnes.")
    _check(path, rows)
    return [row for _, row in rows]


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} ne peut pas être lu ({error.strerror}).") from error
    if b"\0" in raw:
        raise SourceError(
            f"{path.name} n'est pas un fichier CSV ; l'enregistrer au format "
            "« CSV UTF-8 » depuis le tableur."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The filled lines, each with the number it starts on: a cell may hold line breaks."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, [cell.strip() for cell in cells]
            start = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(f"{path.name}, ligne {start} : ligne illisible ({error}).") from error


def _row(path: Path, line: int, cells: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    if any(cells[len(columns) :]):
        raise SourceError(
            f"{path.name}, ligne {line} : {len(cells)} cellules pour {len(columns)} colonnes ; une "
            "cellule qui contient un séparateur doit être entre guillemets."
        )
    padded = [*cells, *[""] * len(columns)]
    return dict(zip(columns, padded, strict=False))


def _check(path: Path, rows: Sequence[tuple[int, dict[str, str]]]) -> None:
    seen: dict[str, int] = {}
    families: dict[str, str] = {}
    for line, row in rows:
        for column, problem in _problems(row, seen, families):
            raise SourceError(f"{path.name}, ligne {line}, colonne « {column} » : {problem}.")
        seen[row["code"]] = line
        families[row["segment_code"]] = row["segment"]
    for line, row in rows:
        for code in _parts(row.get("etendre_a", "")):
            if code not in seen:
                raise SourceError(
                    f"{path.name}, ligne {line}, colonne « etendre_a » : code inconnu « {code} »."
                )


def _problems(
    row: dict[str, str], seen: dict[str, int], families: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """(column, French clause) for each thing wrong in one row."""
    for column, name in FILLED.items():
        if not row[column]:
            yield column, f"{name} vide"
    for column in ("code", "segment_code"):
        if not CODE.fullmatch(row[column]):
            yield column, f"code « {row[column]} » inattendu ; un code s'écrit comme EV-01"
    if row["code"] in seen:
        yield "code", f"« {row['code']} » est déjà à la ligne {seen[row['code']]}"
    family = families.get(row["segment_code"])
    if family is not None and family != row["segment"]:
        yield "segment", f"« {row['segment_code']} » s'appelle « {family} » plus haut"
    for column, shape, example in (("naf_codes", NAF, "81.30Z"), ("cpv_codes", CPV, "77310000-6")):
        for code in _parts(row.get(column, "")):
            if not shape.fullmatch(code):
                yield column, f"code inconnu « {code} » ; un code s'écrit comme {example}"


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]
