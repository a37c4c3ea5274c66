"""Lists of unknown columns: read as their name says, or as their first lines suggest."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from sourcing import mapping
from sourcing.mapping import Mapping, saved
from sourcing.mapping.saved import Origin
from sourcing.source import Shape, Source, SourceError


@dataclass(frozen=True, slots=True)
class Reading:
    """A source ready to be read; for a list of unknown columns, by which mapping."""

    source: Source
    mapping: Mapping | None = None
    doubts: tuple[str, ...] = ()
    # The name to keep it under, and the columns it was made for, when it is new.
    name: str = ""
    headers: tuple[str, ...] = ()

    def keep(self, session: Session) -> str:
        """The name of the source its lines belong to; a new list is saved now."""
        if not self.name or self.mapping is None:
            return self.source.name
        return saved.save(session, self.name, self.mapping, Origin(self.name), self.headers).source


def reading(
    session: Session, source: Source, files: Sequence[Path], name: str, communes: Collection[str]
) -> Reading:
    """How these files are to be read; SourceError when their columns cannot be understood."""
    if source.parse is not None:
        return Reading(source)
    known = saved.load(session, name) if name else None
    if known:
        return Reading(saved.as_source(known, source), saved.mapping_of(known))
    own = saved.free(session, name) if name else source.name
    return proposed(replace(source, name=own), files, name, communes)


def proposed(
    source: Source, files: Sequence[Path], name: str, communes: Collection[str]
) -> Reading:
    """By the columns of the first file."""
    if source.read is None:
        raise SourceError(f"La source {source.title} ne sait pas lire de fichier.")
    sample = list(islice(source.read(files[0]), mapping.SAMPLE))
    if not sample:
        raise SourceError(f"{files[0].name} : aucune ligne sous l'en-tête ; vérifier le fichier.")
    found = mapping.propose(sample, communes)
    found.mapping.check(sample[0].file, seen=found.columns)
    status = ":".join(filter(None, (source.mapped_status, name)))
    always = replace(found.mapping.always, statuses=(status,) if source.mapped_status else ())
    ready = replace(found.mapping, always=always)
    shape = Shape(name or "colonnes proposées", frozenset(ready.columns))
    return Reading(
        replace(source, shapes=(shape,), parse=ready),
        ready,
        found.doubts,
        name,
        found.columns,
    )
