"""What every command needs: settings, an open base, the nomenclature, a progress bar."""

import codecs
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sourcing import db, segments
from sourcing.progress import Report
from sourcing.settings import Settings, read_settings
from sourcing.source import SourceError


class Bench:
    """The open workshop of one command; nothing is read before it is asked for."""

    def __init__(self) -> None:
        # Where the command says how far it is, for a page that waits for it.
        self.report = Report()

    @cached_property
    def settings(self) -> Settings:
        return read_settings()

    @cached_property
    def engine(self) -> Engine:
        engine = db.connect(self.settings.database_url)
        try:
            db.migrate(engine)
        except OperationalError as error:
            raise db.DatabaseError(
                f"La base de données ne s'ouvre pas ({error.orig}). Vérifier SOURCING_DATABASE_URL "
                "et SOURCING_DATA_DIR.".replace("\n", " ")
            ) from error
        return engine

    @cached_property
    def nomenclature(self) -> segments.Nomenclature:
        edited = self.settings.data_dir / "segments.csv"
        return segments.load(edited if edited.exists() else None)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session committed at the end of the command, or rolled back whole."""
        with db.transaction(self.engine) as session:
            yield session

    @contextmanager
    def filling(self) -> Iterator[Session]:
        """The same, while no other command fills this base."""
        with db.filling(self.engine), self.session() as session:
            yield session

    def say(self, line: str) -> None:
        """A line for who reads the terminal, and for who reads the report."""
        self.report.say(line)
        click.echo(line)


pass_bench = click.make_pass_decorator(Bench)


def _report_to(context: click.Context, _option: click.Parameter, path: Path | None) -> None:
    if path is not None:
        context.find_root().obj.report = Report(path)


progress_option = click.option(
    "--progress",
    type=click.Path(dir_okay=False, path_type=Path),
    expose_value=False,
    callback=_report_to,
    metavar="FICHIER",
    help="Fichier JSON où écrire l'avancement, pour une page qui l'attend.",
)


@contextmanager
def progress(label: str) -> Iterator[Any]:
    """A callback(done, total): a bar on a terminal, and the command's report."""
    tell = click.get_current_context().find_root().obj.report.step(label)
    if not sys.stderr.isatty():
        yield tell
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr, show_eta=True) as bar:

        def step(done: float, total: float) -> None:
            tell(done, total)
            bar.update(max(0, int(1000 * min(done / total, 1.0)) - bar.pos) if total else 0)

        yield step
        bar.update(1000 - bar.pos)


def count(number: int, one: str, many: str = "") -> str:
    """ "25 communes", "1 commune", "206 510 habitants"."""
    return f"{number:,}".replace(",", " ") + f" {one if number < 2 else many or one + 's'}"


def existing(paths: tuple[str, ...]) -> list[Path]:
    """The files named on the command line; one that is not there is a SourceError."""
    for path in paths:
        if not Path(path).is_file():
            raise SourceError(f"Fichier introuvable : {path}. Vérifier le chemin.")
    return [Path(path) for path in paths]


def write(form: str, writer: Callable[[BinaryIO], object], output: Path | None) -> None:
    """Write whole, then show: a half-written file is never left behind."""
    content = io.BytesIO()
    writer(content)
    if output:
        output.write_bytes(content.getvalue())
        click.echo(f"Écrit : {output}", err=True)
    elif form == "xlsx" and sys.stdout.isatty():
        raise click.UsageError("Indiquer un fichier avec -o : ce format ne s'affiche pas.")
    else:
        # The mark tells Excel the encoding of a file; in a pipe it would stick to the first header.
        sys.stdout.buffer.write(content.getvalue().removeprefix(codecs.BOM_UTF8))
