"""Files into rows: whatever the format, every value is text and every line keeps its number.

Reserved columns: `_lon`, `_lat` (GeoJSON position), `_problem` (the row is kept, with this clause),
`_broken` (the row cannot be trusted, for this reason).
"""

import gzip
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, cast

from connectors.readers import columnar, markup, sheet, spread, text, tree
from connectors.readers.book import Sample
from sourcing.source import AS_IT_LOOKS, Layout, Row, Source, SourceError

Opener = Callable[[], IO[bytes]]
HEAD = 1 << 18
# Formats people send by mistake, by the first bytes of the file, with what to do instead.
STRANGERS = (
    (b"%PDF", "est un PDF ; demander le tableau d'origine en CSV ou XLSX."),
    (b"{\\rtf", "est un texte mis en page ; demander le tableau d'origine en CSV ou XLSX."),
    (b"7z\xbc\xaf", "est une archive 7z ; en extraire le tableau d'abord."),
    (b"Rar!", "est une archive RAR ; en extraire le tableau d'abord."),
)
GZIP = b"\x1f\x8b"
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
# Sites call "export.xls" a page that holds a table; a 2003 workbook is XML too.
WEB_PAGE = re.compile(
    r"(<\?xml[^>]*>\s*)?(<!--(?:(?!-->).)*-->\s*)*"
    r"(<(!doctype html|html|head|meta|body|table|style|script|div)\b|MIME-Version:)",
    re.IGNORECASE | re.DOTALL,
)
OFFICE_XML = "urn:schemas-microsoft-com:office:spreadsheet"
# Bytes once decompressed; shared texts are the part a reader must hold in memory.
LARGEST_BOOK, LARGEST_TEXTS = 4_000_000_000, 400_000_000
# A table packs to a tenth or a thirtieth of itself; what unpacks to more is made to fill a disk.
LARGEST_TABLE, MOST_PACKED, ALWAYS_UNPACKED = 4_000_000_000, 100, 50_000_000
TABLES = (
    ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json", ".geojson", ".xml", ".parquet",
)  # fmt: skip


def read(path: Path, layout: Layout = AS_IT_LOOKS) -> Iterator[Row]:
    """The rows of a file, its format told by its content, laid out as said or as it looks."""
    if not path.is_file():
        raise SourceError(f"{path} : fichier introuvable ; vérifier le chemin.")
    return _read(path.name, lambda: path.open("rb"), layout)


def of_any_columns(**said: Any) -> Source:
    """A list whose columns a mapping tells, whoever publishes it; `said` is what is its own."""
    return Source(
        kind="list", licence="selon la liste", shapes=(), read=read, sheets=sheets, looks=looks,
        read_as=read, **said,
    )  # fmt: skip


def sheets(path: Path) -> list[str]:
    """Titles of the filled visible sheets of a workbook; none for any other file."""
    with path.open("rb") as file:
        head = file.read(8)
    samples: dict[str, Sample] = {}
    if head.startswith(OLD_OFFICE):
        samples = sheet.xls_samples(path.name, lambda: path.open("rb"))
    elif head.startswith(b"PK"):
        kind = _zip_kind(path.name, lambda: path.open("rb"))[0]
        if kind == "xlsx":
            samples = sheet.xlsx_samples(path.name, lambda: path.open("rb"))
        elif kind == "ods":
            samples = spread.samples(path.name, lambda: path.open("rb"))
    return [title for title, sample in samples.items() if sample]


def looks(path: Path) -> Layout:
    """The encoding and the separator a delimited text file seems to have; '' for any other."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith((b"PK", b"PAR1", OLD_OFFICE, GZIP, *(magic for magic, _ in STRANGERS))):
        return Layout()
    encoding = text.detect_encoding(path.name, head)
    content = head.decode(encoding, errors="replace")
    if content.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", "<"):
        return Layout()
    return Layout(encoding=encoding, separator=text.sniff(content.splitlines())[0])


def delimiter(path: Path) -> str:
    """What separates the columns of a text file; ";", as French Excel writes, for any other."""
    return looks(path).separator or ";"


def _read(name: str, opener: Opener, layout: Layout) -> Iterator[Row]:
    with closing(opener()) as file:
        head = file.read(HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise SourceError(f"{name} : le fichier est vide ; le télécharger à nouveau.")
    for magic, sentence in STRANGERS:
        if head.startswith(magic):
            raise SourceError(f"{name} {sentence}")
    if head.startswith(b"PAR1"):
        return columnar.read(name, opener)
    if head.startswith(GZIP):
        return _read_packed(name, opener, "", layout)
    if head.startswith(b"PK"):
        return _read_zip(name, opener, layout)
    if head.startswith(OLD_OFFICE):
        return sheet.read_xls(name, opener, layout)
    return _read_text(name, opener, head, layout)


def _read_text(name: str, opener: Opener, head: bytes, layout: Layout) -> Iterator[Row]:
    encoding = layout.encoding or text.detect_encoding(name, head)
    start = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if start[:1] in ("{", "["):
        return tree.read(name, opener, encoding)
    if WEB_PAGE.match(start[:4096]):
        raise SourceError(
            f"{name} : c'est une page web, quel que soit son nom ; télécharger le fichier "
            "lui-même, ou l'ouvrir dans un tableur et l'enregistrer en XLSX ou CSV."
        )
    if OFFICE_XML in start[:4096]:
        raise SourceError(
            f"{name} : c'est un classeur XML de 2003 ; l'ouvrir dans un tableur et l'enregistrer "
            "en XLSX ou CSV."
        )
    if start.startswith("<"):
        return markup.read(name, opener, start)
    return text.read(name, opener, head, layout._replace(encoding=encoding))


def _zip_kind(name: str, opener: Opener) -> tuple[str, list[str]]:
    """ "xlsx", "ods" or "zip", and the members; one that would not fit in memory is refused."""
    try:
        with closing(opener()) as file, zipfile.ZipFile(file) as archive:
            members = archive.namelist()
            size = sum(member.file_size for member in archive.infolist())
            strings = "xl/sharedStrings.xml"
            texts = archive.getinfo(strings).file_size if strings in members else 0
    except sheet.DAMAGED:
        raise SourceError(
            f"{name} : archive ou classeur tronqué ou abîmé ; "
            "le télécharger ou l'enregistrer à nouveau."
        ) from None
    is_book = "xl/workbook.xml" in members or "[Content_Types].xml" in members
    if is_book and (size > LARGEST_BOOK or texts > LARGEST_TEXTS):
        raise SourceError(
            f"{name} : une fois décompressé ce classeur pèse {size // 1_000_000} Mo ; "
            "l'enregistrer en CSV."
        )
    return ("xlsx" if is_book else "ods" if "content.xml" in members else "zip"), members


def _read_zip(name: str, opener: Opener, layout: Layout) -> Iterator[Row]:
    kind, members = _zip_kind(name, opener)
    if kind == "xlsx":
        return sheet.read_xlsx(name, opener, layout)
    if kind == "ods":
        return spread.read(name, opener, layout)
    return _read_member(name, opener, members, layout)


def _read_member(
    name: str, opener: Opener, members: Sequence[str], layout: Layout
) -> Iterator[Row]:
    tables = [m for m in members if m.lower().endswith(TABLES) and "__MACOSX" not in m]
    if len(tables) != 1:
        found = f"contient {len(tables)} tableaux ({', '.join(tables[:4])})"
        found = found if tables else "ne contient aucun tableau"
        raise SourceError(f"{name} : l'archive {found} ; en extraire le fichier voulu.")
    return _read_packed(name, opener, tables[0], layout)


def _read_packed(name: str, opener: Opener, member: str, layout: Layout) -> Iterator[Row]:
    """The table inside: this member of a zip, or what a gzip holds."""
    with tempfile.TemporaryDirectory(prefix="sourcing-") as folder:
        extracted = Path(folder) / "member"
        _extract(name, opener, member, extracted)
        yield from _read(name, lambda: extracted.open("rb"), layout)


def _extract(name: str, opener: Opener, member: str, target: Path) -> None:
    try:
        with closing(opener()) as file, target.open("wb") as out:
            most = min(LARGEST_TABLE, max(ALWAYS_UNPACKED, MOST_PACKED * file.seek(0, 2)))
            file.seek(0)
            with _unpacked(file, member) as (source, size):
                _refuse_swollen(name, size, most)
                while block := source.read(1 << 20):
                    out.write(block)
                    _refuse_swollen(name, out.tell(), most)
    except SourceError:
        raise
    except (RuntimeError, EOFError, zlib.error, gzip.BadGzipFile, *sheet.DAMAGED) as error:
        why = "protégée par mot de passe" if "password" in str(error) else "tronquée ou abîmée"
        what = f"en extraire {member}" if member else "la décompresser"
        raise SourceError(f"{name} : archive {why} ; la télécharger à nouveau ou {what}.") from None


@contextmanager
def _unpacked(file: IO[bytes], member: str) -> Iterator[tuple[IO[bytes], int]]:
    """What is inside, and the size it is said to have; 0 when nothing says it."""
    if not member:
        yield cast(IO[bytes], gzip.GzipFile(fileobj=file)), 0
        return
    with zipfile.ZipFile(file) as archive, archive.open(member) as source:
        yield source, archive.getinfo(member).file_size


def _refuse_swollen(name: str, size: int, most: int) -> None:
    if size > most:
        raise SourceError(
            f"{name} : une fois décompressé ce fichier est démesuré (plus de "
            f"{most // 1_000_000} Mo) ; demander le tableau lui-même, sans archive."
        )


__all__ = ["delimiter", "looks", "of_any_columns", "read", "sheets"]
