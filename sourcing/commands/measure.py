"""Commands that measure and learn: evaluate and train, for linking and for needs."""

import json
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from connectors import readers
from sourcing import segments
from sourcing.commands.shared import Bench, pass_bench
from sourcing.linking import evaluation, weights
from sourcing.linking import training as linked
from sourcing.mapping import evaluation as mapped
from sourcing.segments import training

# What a table of sources shows, under the names of the figures.
PER_SOURCE = (
    "n", "n_present", "precision", "recall", "f1", "f1_siren", "auto_precision", "auto_share",
)  # fmt: skip
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evaluate() -> None:
    """Mesurer les liens, les besoins compris et les colonnes reconnues, sur des jeux étiquetés."""


@evaluate.command("linking")
@click.option("--register", required=True, type=EXISTING)
@click.option("--queries", required=True, type=EXISTING)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def evaluate_linking(register: Path, queries: Path, form: str) -> None:
    """Précision, rappel et F1 des liens contre des SIRET connus, en tout et par source."""
    answers = evaluation.answers(register, queries)
    _figures(evaluation.figures(answers), form)
    if form == "json":
        return
    click.echo(f"{'memory_mb':<16} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}")
    click.echo("".join(f"{name:>15}" for name in PER_SOURCE) + "  source")
    for source in sorted(set(answers.source)):
        those = answers.of(source)
        said = evaluation.figures(those)
        if not those.automatic.any():
            said["auto_precision"] = "–"
        click.echo("".join(f"{said[name]:>15}" for name in PER_SOURCE) + f"  {source or '–'}")


@evaluate.command("needs")
@click.argument("file", type=EXISTING)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@pass_bench
def evaluate_needs(bench: Bench, file: Path, form: str) -> None:
    """Part des besoins dont le sous-segment est trouvé."""
    _figures(segments.evaluate_needs(file, bench.nomenclature), form)


@evaluate.command("mapping")
@click.argument("truths", nargs=-1, required=True, type=EXISTING, metavar="ÉTIQUETTES…")
@click.option(
    "--files",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Dossier des fichiers que les étiquettes nomment.",
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def evaluate_mapping(truths: tuple[Path, ...], files: Path | None, form: str) -> None:
    """Part des colonnes de listes inconnues dont le champ est bien proposé."""
    found = [case for truth in truths for case in mapped.cases(truth, readers.read, files)]
    figures, errors = mapped.evaluate(found)
    _figures(figures, form)
    for error in errors if form == "table" else ():
        proposed = error.guess.field or "–"
        click.echo(f"  {error.title[:40]} | {error.column} : {proposed}, juste : {error.right} "
                   f"({error.guess.why})")  # fmt: skip


@click.group()
def train() -> None:
    """Réapprendre les poids livrés ; docs/segments.md et docs/linking.md disent sur quoi."""


@train.command("linking")
@click.option("--register", required=True, type=EXISTING)
@click.option("--queries", required=True, type=EXISTING)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=weights.WEIGHTS)
def train_linking(register: Path, queries: Path, output: Path) -> None:
    """Apprendre le poids de chaque indice sur des lignes dont le SIRET est connu."""
    said = linked.train_linking(register, queries, output)
    reliability = said.pop("reliability")
    _figures(said, "table")
    for slot in reliability:
        click.echo(f"dit {slot['said']:.3f}, juste {slot['right']:.3f} ({slot['lines']} lignes)")


@train.command("needs")
@click.argument("corpus", type=EXISTING)
@click.option("--cpv", type=EXISTING, help="Libellés officiels du CPV (CSV).")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=segments.LEARNED)
@click.option("--measure", is_flag=True, help="Mesurer aussi sur des objets jamais vus.")
def train_needs(corpus: Path, cpv: Path | None, output: Path, measure: bool) -> None:
    """Apprendre à classer les besoins sur un corpus d'objets de marchés."""
    _figures(training.train_needs(corpus, cpv, output, measure), "table")


def _figures(figures: Mapping[str, Any], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        click.echo(f"{name:<16} {value:.4f}" if isinstance(value, float) else f"{name:<16} {value}")


COMMANDS = (evaluate, train)
