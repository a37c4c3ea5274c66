"""Lists a person named: how their columns are read and whence they come, each its own source."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.mapping.plan import Always, Mapping
from sourcing.model import SavedMapping
from sourcing.normalise.text import fold
from sourcing.source import AS_IT_LOOKS, Download, Layout, Row, Shape, Source, SourceError

PREFIX = "liste-"
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a named list comes from, as the sources page and every export say it."""

    title: str = ""
    publisher: str = ""
    licence: str = ""
    attribution: str = ""
    url: str = ""
    # Of the file itself, for a refresh.
    file_url: str = ""


class Differences(NamedTuple):
    """Columns of a file that its list did not have, and those it no longer has."""

    new: tuple[str, ...]
    missing: tuple[str, ...]
    # Of the missing ones, those the list is read by.
    needed: tuple[str, ...]


def save(
    session: Session,
    name: str,
    mapping: Mapping,
    origin: Origin = Origin(),
    headers: Iterable[str] = (),
    layout: Layout = AS_IT_LOOKS,
) -> SavedMapping:
    """Keep how a list is read under its name; its source stays the same when it had one."""
    name = _named(name)
    saved = load(session, name) or SavedMapping(name=name, source=free(session, name))
    _describe(saved, mapping, origin, headers, layout)
    session.add(saved)
    session.flush()
    return saved


def draft(
    name: str,
    mapping: Mapping,
    headers: Iterable[str] = (),
    layout: Layout = AS_IT_LOOKS,
    origin: Origin = Origin(),
) -> SavedMapping:
    """The same, kept nowhere: to try a list before it is saved."""
    saved = SavedMapping(name=_named(name), source=PREFIX + "essai")
    _describe(saved, mapping, origin, headers, layout)
    return saved


def draft_of(said: Dict[str, Any]) -> SavedMapping:
    """What `as_json` gave, kept nowhere."""
    mapping = Mapping(said["columns"], said["cells"], _always(said["always"]))
    return draft(said["name"], mapping, said["headers"], Layout(**said["layout"]))


def save_json(session: Session, said: Dict[str, Any]) -> SavedMapping:
    """What `as_json` gave, kept."""
    always = _always(said["always"])
    origin = Origin(*(said[field] for field in Origin.__slots__))
    mapping = Mapping(said["columns"], said["cells"], always)
    layout = Layout(**said["layout"])
    return save(session, said["name"], mapping, origin, said["headers"], layout)


def _check(address: str) -> None:
    """A brace would name one of our settings, keys included: see source.Download."""
    is_address = address.startswith(("https://", "http://")) and not set("{} ") & set(address)
    if address and not is_address:
        raise SourceError(
            "L'adresse du fichier commence par « https:// », sans espace ni accolade ; la corriger."
        )


def _describe(
    saved: SavedMapping, mapping: Mapping, origin: Origin, headers: Iterable[str], layout: Layout
) -> None:
    saved.columns = dict(mapping.columns)
    saved.cells = {column: dict(cells) for column, cells in mapping.values.items()}
    saved.always = {
        "statuses": list(mapping.always.statuses), "sectors": list(mapping.always.sectors),
        "departement": mapping.always.departement, "level": mapping.always.level,
    }  # fmt: skip
    saved.headers, saved.layout = list(headers) or list(mapping.columns), _said(layout)
    for field in Origin.__slots__:
        setattr(saved, field, getattr(origin, field))
    _check(saved.file_url)
    saved.saved_at = datetime.now(UTC)


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise SourceError(f"Donner à la liste un nom de {LONGEST_NAME} caractères au plus.")
    return name


def free(session: Session, name: str) -> str:
    """A source name nobody has: liste-audelor-2026, then liste-audelor-2026-2."""
    wanted = PREFIX + "-".join(fold(name).lower().split()) or PREFIX + "sans-nom"
    taken = set(session.scalars(select(SavedMapping.source)))
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(n for n in numbered if n not in taken)


def load(session: Session, name: str) -> SavedMapping | None:
    """What is kept under this name, or None."""
    found = select(SavedMapping).where(SavedMapping.name == " ".join(name.split()))
    return session.scalars(found).one_or_none()


def all_saved(session: Session) -> list[SavedMapping]:
    """Every named list, in alphabetical order."""
    return sorted(session.scalars(select(SavedMapping)), key=lambda saved: fold(saved.name))


def mapping_of(saved: SavedMapping) -> Mapping:
    """How the list is read."""
    always = _always(saved.always)
    return Mapping(dict(saved.columns), {c: dict(v) for c, v in saved.cells.items()}, always)


def _always(said: Dict[str, Any]) -> Always:
    return Always(tuple(said.get("statuses", ())), tuple(said.get("sectors", ())),
                  said.get("departement", ""), said.get("level", "siret"))  # fmt: skip


def as_source(saved: SavedMapping, reader: Source | None = None) -> Source:
    """The list as a source, read by `reader`'s hands when it is to be ingested."""
    mapping = mapping_of(saved)
    shape = Shape(saved.name, frozenset(mapping.columns))
    read = reader.read if reader else None
    if reader and reader.read_as and saved.layout:
        read = partial(_laid_out, reader.read_as, layout_of(saved))
    return Source(
        name=saved.source, title=saved.title or saved.name, publisher=saved.publisher,
        licence=saved.licence or "selon la liste", url=saved.url, attribution=saved.attribution,
        kind="list", shapes=(shape,), read=read, parse=mapping,
        expects=reader.expects if reader else (1, 1_000_000),
        downloads=_downloads(saved), is_fetched_whole=True,
    )  # fmt: skip


def _downloads(saved: SavedMapping) -> dict[str, Download]:
    """Its file under the name it has where it comes from."""
    name = PurePosixPath(urlsplit(saved.file_url).path).name or saved.source
    return {name: Download(saved.file_url)} if saved.file_url else {}


def _laid_out(
    read: Callable[[Path, Layout], Iterable[Row]], layout: Layout, path: Path
) -> Iterable[Row]:
    return read(path, layout)


def layout_of(saved: SavedMapping) -> Layout:
    """How a person said its file is laid out."""
    return Layout(**saved.layout)


def _said(layout: Layout) -> dict[str, Any]:
    said = {"sheet": layout.sheet, "encoding": layout.encoding, "separator": layout.separator,
            "header": layout.header}  # fmt: skip
    return {key: value for key, value in said.items() if value}


def sources(session: Session, reader: Source | None = None) -> dict[str, Source]:
    """Every named list as a source, by its source name: for titles and licences, or to be read."""
    return {saved.source: as_source(saved, reader) for saved in all_saved(session)}


def rename(session: Session, saved: SavedMapping, name: str) -> None:
    """Another name for the same list: its lines stay its own. SourceError when it is taken."""
    name = _named(name)
    other = load(session, name)
    if other is not None and other is not saved:
        raise SourceError(f"Une liste s'appelle déjà « {name} » ; choisir un autre nom.")
    saved.name = name


def differences(saved: SavedMapping, headers: Sequence[str]) -> Differences:
    """What changed in the columns since the list was named."""
    missing = tuple(column for column in saved.headers if column not in headers)
    return Differences(
        tuple(column for column in headers if column not in saved.headers),
        missing,
        tuple(column for column in missing if column in saved.columns),
    )


def as_json(saved: SavedMapping) -> dict[str, Any]:
    """What a person takes away to use elsewhere."""
    return {
        "name": saved.name, "title": saved.title, "publisher": saved.publisher,
        "licence": saved.licence, "attribution": saved.attribution, "url": saved.url,
        "file_url": saved.file_url, "layout": saved.layout, "columns": saved.columns,
        "cells": saved.cells,
        "always": saved.always, "headers": saved.headers,
        "saved_at": saved.saved_at.isoformat(timespec="seconds"),
    }  # fmt: skip
