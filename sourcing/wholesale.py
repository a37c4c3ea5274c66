"""Files of millions of lines: all is read in DuckDB first, the base is written to afterwards.

Reading takes minutes: meanwhile no transaction is open, and the site goes on writing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy.orm import Session

from sourcing.model import Run
from sourcing.source import SourceError
from sourcing.workplace import workplace

# A share of the whole, from 0 to 1.
Progress = Callable[[float], None]
# What was read, into the base, under this run; the run gets its counts, the caller commits.
Write = Callable[[Run], None]
# A base's first suppliers: its session, the DuckDB whose table `supplier` they are, and what writes
# them, to be called once.
First = Callable[[Session, Any, Callable[[], None]], None]


def write_alone(_session: Session, _con: Any, put: Callable[[], None]) -> None:
    """Nothing is made of them now."""
    put()


# DuckDB's own memory; beyond, it works on disk.
MEMORY = "1GB"
# The first that fits.
FAILURES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((duckdb.OutOfMemoryException,), "mémoire insuffisante pour ce fichier"),
    ((duckdb.IOException, OSError), "lecture ou écriture impossible, disque plein ?"),
    (
        (duckdb.InvalidInputException, duckdb.DataError, duckdb.OperationalError),
        "fichier abîmé, lecture impossible",
    ),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is kept of the files."""

    # All of France, or the territory and what is this far around.
    everywhere: bool = False
    margin_km: float = 30.0
    # The files are the whole source: what the base knows and they do not hold has left it.
    is_whole: bool = False
    # Of the closed establishments, only those the base knows already.
    open_only: bool = False
    progress: Progress = lambda _: None
    # What is made of a base's first suppliers while they are written.
    first: First = write_alone
    # Where what is made of the base is kept for the next time.
    beside: Path | None = None


@contextmanager
def workbench(files: Sequence[Path]) -> Iterator[tuple[Path, Any]]:
    """A folder and a DuckDB that works in it; what goes wrong with these files is a SourceError."""
    kinds = tuple(kind for several, _ in FAILURES for kind in several)
    with workplace() as folder:
        try:
            # No file: DuckDB would compress and write what nobody reads again, half its computing.
            with duckdb.connect() as con:
                con.execute(f"SET memory_limit = '{MEMORY}'")
                con.execute(f"SET temp_directory = '{folder / 'spill'}'")
                con.execute("SET preserve_insertion_order = false")
                # Never committed: nothing waits for the disk, nor is packed for it.
                con.begin()
                yield folder, con
        except kinds as error:
            reason = next(said for several, said in FAILURES if isinstance(error, several))
            names = ", ".join(file.name for file in files)
            raise SourceError(f"{names} : {reason}.") from error
