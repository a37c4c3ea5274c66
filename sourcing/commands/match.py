"""The command that looks up anyone's list. It is for one line too: it imports nothing else."""

import json
import tempfile
from collections.abc import Callable, Mapping
from itertools import chain, islice
from pathlib import Path

import click
from sqlalchemy.orm import Session

from connectors import readers
from sourcing import db, linking, mapping, normalise
from sourcing.commands.shared import Bench, existing, pass_bench, progress, progress_option, write
from sourcing.export import matched
from sourcing.mapping import saved
from sourcing.model import SavedMapping
from sourcing.source import Layout

MATCHED: Mapping[str, Callable[..., None]] = {
    "csv": matched.csv,
    "xlsx": matched.xlsx,
    "json": matched.json,
}
MATCHED_TOGETHER = 5_000


@click.command()
@click.argument("file", metavar="FICHIER")
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "json"]), default="csv")
@click.option("-o", "--output", type=click.Path(path_type=Path))
@click.option("--mapping", "name", default="", metavar="NOM")
@click.option(
    "--columns",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Colonnes (JSON), à la place de celles qui sont proposées.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Dossier où écrire le tableau en CSV, en XLSX et ligne à ligne.",
)
@progress_option
@pass_bench
def match(
    bench: Bench,
    file: str,
    form: str,
    output: Path | None,
    name: str,
    columns: Path | None,
    folder: Path | None,
) -> None:
    """Retrouver les fournisseurs d'une liste : siret, score, verdict et raison ajoutés."""
    path = existing((file,))[0]
    with bench.session() as session, tempfile.TemporaryDirectory(prefix="sourcing-") as aside:
        known = _known_list(session, name, columns)
        table = matched.Table((folder or Path(aside)) / "lignes.jsonl")
        _match(bench, session, path, known, table)
        delimiter = readers.delimiter(path)
        if folder is None:
            write(form, lambda out: MATCHED[form](out, table, delimiter), output)
            return
        for kind in ("csv", "xlsx"):
            with (
                progress(f"Écriture {kind.upper()}"),
                (folder / f"resultat.{kind}").open("wb") as out,
            ):
                MATCHED[kind](out, table, delimiter)
    told = {matched.VERDICTS[verdict]: number for verdict, number in table.counts.items()}
    bench.say(", ".join(f"{number} {verdict}" for verdict, number in told.items()))


def _known_list(session: Session, name: str, columns: Path | None) -> SavedMapping | None:
    """The list whose columns are to be used, by its name or from a file; None: to be proposed."""
    if columns:
        return saved.draft_of(json.loads(columns.read_text("utf-8")))
    return saved.load(session, name) if name else None


def _match(
    bench: Bench, session: Session, path: Path, known: SavedMapping | None, table: matched.Table
) -> None:
    """Read, clean and look up some lines at a time: memory does not grow with the list."""
    rows = readers.read(path, saved.layout_of(known) if known else Layout())
    sample = list(islice(rows, mapping.SAMPLE))
    proposed = mapping.propose(sample)
    columns = saved.mapping_of(known) if known else proposed.mapping
    # A ledger often has names alone: such a line is never surer than "to review".
    columns.check(path.name, needs_place=False, seen=proposed.columns)
    size = path.stat().st_size
    width = sum(len(v) + 1 for row in sample for v in row.values.values()) / max(1, len(sample))
    done = 0
    with progress("Rapprochement") as step:
        for batch in db.chunks(chain(sample, rows), MATCHED_TOGETHER):
            records = [normalise.clean(columns.apply(row))[0] for row in batch]
            cache = bench.settings.data_dir / "cache"
            table.add(batch, linking.match(session, records, cache=cache))
            done += len(batch)
            step(done * width, size)


COMMANDS = (match,)
