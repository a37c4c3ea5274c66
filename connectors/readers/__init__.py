"""Files into rows: whatever the format, every value is text and every line keeps its number.

Reserved columns: `_lon`, `_lat` (GeoJSON position), `_problem` (the row is kept, with this clause),
`_broken` (the row cannot be trusted, for this reason).
"""

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

from connectors.readers import markup, sheet, spread, text, tree
from connectors.readers.table import Headerless
from sourcing.source import Row, SourceError

Opener = Callable[[], IO[bytes]]
HEAD = 1 << 18
# Formats people send by mistake, by the first bytes of the file, with what to do instead.
STRANGERS = (
    (b"%PDF", "est un PDF ; demander le tableau d'origine en CSV ou XLSX."),
    (b"\x1f\x8b", "est compressé en gzip ; le décompresser d'abord."),
    (
        b"PAR1",
        "est un fichier parquet, lu seulement pour le répertoire SIRENE ; l'exporter en CSV.",
    ),
    (b"7z\xbc\xaf", "est une archive 7z ; en extraire le tableau d'abord."),
    (b"Rar!", "est une archive RAR ; en extraire le tableau d'abord."),
)
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json", ".geojson", ".xml")


def read(path: Path, *, headerless: Headerless | None = None) -> Iterator[Row]:
    """The rows of a file, its format told by its content; `headerless` names the columns of files
    without a header row, by what their first cell holds.
    """
    if not path.is_file():
        raise SourceError(f"{path} : fichier introuvable ; vérifier le chemin.")
    return _read(path.name, lambda: path.open("rb"), headerless or {})


def delimiter(path: Path) -> str:
    """What separates the columns of a text file; ";", as French Excel writes, for any other."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return ";"
    content = head.decode(text.detect_encoding(path.name, head), errors="replace")
    return (
        ";" if content.lstrip("\ufeff \t\r\n")[:1] in "{[<" else text.sniff(content.splitlines())[0]
    )


def _read(name: str, opener: Opener, headerless: Headerless) -> Iterator[Row]:
    with closing(opener()) as file:
        head = file.read(HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise SourceError(f"{name} : le fichier est vide ; le télécharger à nouveau.")
    for magic, sentence in STRANGERS:
        if head.startswith(magic):
            raise SourceError(f"{name} {sentence}")
    if head.startswith(b"PK"):
        return _read_zip(name, opener, headerless)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return sheet.read_xls(name, opener, headerless)
    return _read_text(name, opener, head, headerless)


def _read_text(name: str, opener: Opener, head: bytes, headerless: Headerless) -> Iterator[Row]:
    encoding = text.detect_encoding(name, head)
    start = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if start[:1] in ("{", "["):
        return tree.read(name, opener, encoding)
    if start[:15].lower().startswith(("<!doctype html", "<html")):
        raise SourceError(
            f"{name} : c'est une page web, pas un fichier de données ; "
            "télécharger le fichier lui-même."
        )
    if start.startswith("<"):
        return markup.read(name, opener, start)
    return text.read(name, opener, encoding, head, headerless)


def _read_zip(name: str, opener: Opener, headerless: Headerless) -> Iterator[Row]:
    try:
        with closing(opener()) as file, zipfile.ZipFile(file) as archive:
            members = archive.namelist()
    except sheet.DAMAGED:
        raise SourceError(
            f"{name} : archive ou classeur tronqué ou abîmé ; "
            "le télécharger ou l'enregistrer à nouveau."
        ) from None
    if "xl/workbook.xml" in members or "[Content_Types].xml" in members:
        return sheet.read_xlsx(name, opener, headerless)
    if "content.xml" in members:
        return spread.read(name, opener, headerless)
    return _read_member(name, opener, members, headerless)


def _read_member(
    name: str, opener: Opener, members: Sequence[str], headerless: Headerless
) -> Iterator[Row]:
    tables = [m for m in members if m.lower().endswith(TABLES) and "__MACOSX" not in m]
    if len(tables) != 1:
        found = f"{len(tables)} tableaux ({', '.join(tables[:4])})" if tables else "aucun tableau"
        raise SourceError(f"{name} : l'archive contient {found} ; en extraire le fichier voulu.")
    with tempfile.TemporaryDirectory(prefix="sourcing-") as folder:
        extracted = Path(folder) / "member"
        _extract(name, opener, tables[0], extracted)
        yield from _read(name, lambda: extracted.open("rb"), headerless)


def _extract(name: str, opener: Opener, member: str, target: Path) -> None:
    try:
        with (
            closing(opener()) as file,
            zipfile.ZipFile(file) as archive,
            archive.open(member) as source,
            target.open("wb") as out,
        ):
            while block := source.read(1 << 20):
                out.write(block)
    except (RuntimeError, *sheet.DAMAGED) as error:
        why = "protégée par mot de passe" if "password" in str(error) else "tronquée ou abîmée"
        raise SourceError(
            f"{name} : archive {why} ; la télécharger à nouveau ou en extraire {member}."
        ) from None


__all__ = ["Headerless", "Mapping", "read"]
