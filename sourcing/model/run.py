"""What was read, how, and what could not be used."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Run(Base):
    """One ingestion: what was read, kept, left out and why."""

    __tablename__ = "run"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    files: Mapped[list[Any]]  # [{name, sha256, shape, columns}]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # done, refused (the source changed or shrank), failed
    outcome: Mapped[str] = mapped_column(default="")
    message: Mapped[str] = mapped_column(default="")
    rows: Mapped[int] = mapped_column(default=0)  # read
    kept: Mapped[int] = mapped_column(default=0)
    out_of_scope: Mapped[int] = mapped_column(default=0)  # not this source's subject
    outside: Mapped[int] = mapped_column(default=0)  # beyond the territory and its margin
    unplaced: Mapped[int] = mapped_column(
        default=0
    )  # no commune could be recognised; kept only with everywhere
    repeated: Mapped[int] = mapped_column(default=0)  # the same thing twice in the files
    rejected: Mapped[int] = mapped_column(default=0)
    # Beside the run before: new, saying something else, no longer there.
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    # Who took it in although a guard refused it, and nobody when none did.
    forced_by: Mapped[str] = mapped_column(default="")
    # The files were the whole source: what they did not hold had left it.
    is_whole: Mapped[bool] = mapped_column(default=False)
    # The ground it was read for: the same files say something else of another one.
    territory: Mapped[str] = mapped_column(default="")
    leftover: Mapped[list[Any]]  # columns read by nobody
    mapping: Mapped[dict[str, Any] | None]  # column -> field, for lists of unknown columns


class Reject(Base):
    """A line that could not be used, with its place in the file and the reason."""

    __tablename__ = "reject"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    file: Mapped[str]
    line: Mapped[int]
    reason: Mapped[str]


class SavedMapping(Base):
    """A list a person named: how its columns are read, and where it comes from."""

    __tablename__ = "saved_mapping"
    # The source its runs and mentions bear; stays when the name changes.
    source: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    columns: Mapped[dict[str, Any]]  # column -> field
    cells: Mapped[dict[str, Any]]  # column -> cell -> status, where a person decided
    always: Mapped[dict[str, Any]]  # what every line says: statuses, sectors, departement, level
    headers: Mapped[list[Any]]  # every column of the file it was made for
    # What a person says of the file: sheet, encoding, separator, header (see source.Layout).
    layout: Mapped[dict[str, Any]]
    # Where its file is downloaded, '' when it is sent.
    file_url: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    publisher: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    attribution: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]
