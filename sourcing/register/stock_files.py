"""Files too large for Python, as DuckDB tables: unzipped, brought to UTF-8, known by header."""

# ruff: noqa: S608

import csv
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import duckdb

from sourcing.source import Row, Shape, Source, SourceChanged, SourceError

# A header is read whole within this; a longer first line is no table.
HEADER_BYTES = 1 << 20
# The encoding is judged on the whole file up to this size, on samples of it beyond.
WHOLE_BYTES = 32 << 20
SAMPLES = 200
BLOCK = 1 << 20
# JSON rows whose columns are looked at before the first is written.
ROW_SAMPLE = 1_000
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Table:
    """One file DuckDB can read, with the layout its header shows."""

    file: str
    path: Path
    shape: Shape
    columns: tuple[str, ...]
    # '' for parquet.
    delimiter: str
    # Line of the first row, as a person counts: the header is line 1 of a CSV.
    first_line: int = 2

    @property
    def is_csv(self) -> bool:
        return bool(self.delimiter)

    @property
    def leftover(self) -> list[str]:
        """Columns of the file that its shape does not know."""
        known = self.shape.columns | self.shape.optional
        return [column for column in self.columns if column not in known]

    def scan(self) -> str:
        """SQL reading the file, every CSV value as text, unusable lines kept in reject_errors."""
        path = literal(str(self.path))
        if not self.is_csv:
            return f"read_parquet({path})"
        columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in self.columns)
        # SIRENE's values end with backslashes that escape nothing: only doubled quotes do.
        return (
            f"read_csv({path}, auto_detect=false, header=true, columns={{{columns}}}, "
            f"delim={literal(self.delimiter)}, quote='\"', escape='\"', store_rejects=true)"
        )

    def lines(self) -> int:
        """Physical lines below the header."""
        with self.path.open("rb") as opened:
            blocks = iter(lambda: opened.read(BLOCK), b"")
            return sum(block.count(b"\n") for block in blocks) - 1


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def open_tables(con: Any, source: Source, files: Sequence[Path], folder: Path) -> list[Table]:
    """Every table in these files; what must be unpacked or transcoded goes to `folder`."""
    return [
        _table(con, source, file, path, folder)
        for given in files
        for file, path in _unpacked(given, folder)
    ]


def _unpacked(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The file itself, or each table inside a zip."""
    try:
        empty = not path.stat().st_size
        with path.open("rb") as opened:
            magic = opened.read(4)
    except OSError:
        raise SourceError(f"{path.name} : fichier introuvable ou illisible.") from None
    if empty:
        raise SourceError(f"{path.name} : le fichier est vide.")
    if magic != b"PK\x03\x04":
        yield path.name, path
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _members(path, archive, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise SourceError(
            f"{path.name} : archive zip tronquée ou abîmée ; la télécharger à nouveau."
        ) from None


def _members(path: Path, archive: zipfile.ZipFile, folder: Path) -> Iterator[tuple[str, Path]]:
    names = [
        n for n in archive.namelist() if n.lower().endswith((".csv", ".parquet", ".json", ".txt"))
    ]
    if "[Content_Types].xml" in archive.namelist():
        raise SourceError(f"{path.name} : c'est un classeur Excel ; l'enregistrer d'abord en CSV.")
    if not names:
        raise SourceError(f"{path.name} : aucun fichier CSV ou parquet dans cette archive.")
    for number, name in enumerate(names):
        # Numbered: two archives may hold files of one name.
        target = folder / f"{path.stem}-{number}-{Path(name).name}"
        with archive.open(name) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out, BLOCK)
        if not target.stat().st_size:
            raise SourceError(f"{path.name} : le fichier {name} de l'archive est vide.")
        yield f"{path.name}/{name}" if len(names) > 1 else path.name, target


def _table(con: Any, source: Source, file: str, path: Path, folder: Path) -> Table:
    with path.open("rb") as opened:
        head = opened.read(HEADER_BYTES)
    if head.startswith(b"PAR1"):
        return _parquet(con, source, file, path)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and source.read:
        target = folder / f"{len(list(folder.iterdir()))}-{path.stem}.csv"
        _write_rows(file, source.read(path), target)
        return _csv(source, file, target, "utf-8", first_line=1)
    encoding = _encoding(file, path, head)
    if encoding != "utf-8":
        path = _transcoded(file, path, encoding, folder)
    return _csv(source, file, path, "utf-8")


def _parquet(con: Any, source: Source, file: str, path: Path) -> Table:
    try:
        found = con.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})").fetchall()
    except duckdb.Error:
        raise SourceError(
            f"{file} : parquet tronqué ou abîmé ; le télécharger à nouveau."
        ) from None
    columns = tuple(row[0] for row in found)
    return Table(file, path, recognise(source, file, columns), columns, "", first_line=1)


def _csv(source: Source, file: str, path: Path, encoding: str, first_line: int = 2) -> Table:
    with path.open("rb") as opened:
        line = opened.readline(HEADER_BYTES)
    if len(line) == HEADER_BYTES:
        raise SourceError(
            f"{file} : la première ligne dépasse un million de caractères, "
            "ce n'est pas un tableau CSV."
        )
    text = line.decode(encoding, errors="replace").lstrip("\ufeff").strip("\r\n")
    delimiter = max(DELIMITERS, key=text.count)
    columns = tuple(
        _unique(name.strip() for name in next(csv.reader([text], delimiter=delimiter), []))
    )
    return Table(file, path, recognise(source, file, columns), columns, delimiter, first_line)


def _unique(names: Iterable[str]) -> Iterator[str]:
    """Names with a number on those seen before (DuckDB compares them without case)."""
    seen: dict[str, int] = {}
    for name in names:
        name = name or "colonne sans nom"
        rank = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        yield name if rank == 1 else f"{name} ({rank})"


def recognise(source: Source, file: str, columns: Sequence[str]) -> Shape:
    """The most demanding shape these columns satisfy; SourceChanged names what a near one lacks."""
    there = frozenset(columns)
    fits = [shape for shape in source.shapes if shape.columns <= there]
    if fits:
        return max(fits, key=lambda shape: len(shape.columns))
    near = max(source.shapes, key=lambda shape: len(shape.columns & there) / len(shape.columns))
    if 2 * len(near.columns & there) < len(near.columns):
        shapes = ", ".join(shape.name for shape in source.shapes)
        raise SourceError(
            f"{file} : colonnes non reconnues pour {source.title} (attendu : {shapes})."
        )
    missing = ", ".join(f"« {column} »" for column in sorted(near.columns - there))
    raise SourceChanged(f"{file} : il manque {missing} (fichier reconnu comme {near.name}).")


def _write_rows(file: str, rows: Iterable[Row], target: Path) -> None:
    """Rows as a CSV, as they come; their columns are those of the first ones."""
    stream = iter(rows)
    sample = [row.values for row in islice(stream, ROW_SAMPLE)]
    if not sample:
        raise SourceError(f"{file} : aucune ligne dans ce fichier.")
    columns = list(dict.fromkeys(column for values in sample for column in values))
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, "", "ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(chain(sample, (row.values for row in stream)))


# --- encodings: DuckDB reads UTF-8; the rest is rewritten once, block by block ---


def _encoding(file: str, path: Path, head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in head:
        if head[1::2].count(0) > len(head) // 3:
            return "utf-16-le"
        raise SourceError(f"{file} : ce n'est pas un fichier texte ni un parquet.")
    return "utf-8" if all(map(_is_utf8, _samples(path))) else "cp1252"


def _samples(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as opened:
        if size <= WHOLE_BYTES:
            yield opened.read()
            return
        for sample in range(SAMPLES):
            opened.seek(size // SAMPLES * sample)
            yield opened.read(BLOCK // 8)


def _is_utf8(block: bytes) -> bool:
    """Valid, but for a character cut at either end of the sample."""
    start = next((i for i in range(min(4, len(block))) if block[i] & 0xC0 != 0x80), 0)
    try:
        block[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end >= len(block) - start
    return True


def _transcoded(file: str, path: Path, encoding: str, folder: Path) -> Path:
    target = folder / f"{len(list(folder.iterdir()))}-{path.stem}-utf8.csv"
    # cp1252 leaves five bytes undefined: they become the replacement character, never a refusal.
    errors = "strict" if encoding.startswith("utf-16") else "replace"
    try:
        with (
            path.open(encoding=encoding, errors=errors, newline="") as read,
            target.open("w", encoding="utf-8", newline="") as write,
        ):
            shutil.copyfileobj(read, write, BLOCK)
    except UnicodeError:
        raise SourceError(f"{file} : fichier UTF-16 tronqué ou abîmé.") from None
    return target
