"""The command that keeps the base fresh: bring, read, link and tag what changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from connectors import load_all
from sourcing import db, linking, registrations, tagging
from sourcing import ingest as ingestion
from sourcing.commands.fill import (
    bring_all,
    place_addresses,
    ready_search,
    source_named,
    tag_first,
)
from sourcing.commands.shared import (
    Bench,
    count,
    existing,
    pass_bench,
    progress,
    progress_option,
)
from sourcing.ingest import guards
from sourcing.ingest.guards import Guard
from sourcing.mapping import saved
from sourcing.model import CHECKED, Run, SavedMapping, Setting
from sourcing.source import Source, SourceError

# What is not a file of a source: on its way, or a note about another.
NOT_FILES = (".part", ".part.json", ".draft")


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE…]")
@click.option("--force", is_flag=True, help="Accepter une source qui a perdu beaucoup de lignes.")
@click.option(
    "--by", "who", default="ligne de commande", metavar="QUI",
    help="Qui force, écrit dans l'historique.",
)  # fmt: skip
@click.option("--offline", is_flag=True, help="Lire les dossiers sans rien télécharger.")
@progress_option
@pass_bench
def refresh(bench: Bench, names: tuple[str, ...], force: bool, who: str, offline: bool) -> None:
    """Rafraîchir les sources : télécharger, lire, relier et étiqueter ce qui a changé.

    Les fichiers déposés dans SOURCING_DATA_DIR/sources/NOM sont lus aussi. Une source refusée ou
    injoignable garde ses données de la veille, et les autres suivent.
    """
    known = _sources(bench)
    chosen = [known.get(name) or source_named(name) for name in names] or _ready(bench, known)
    if not chosen:
        raise SourceError(
            "Aucune source à rafraîchir : déposer les fichiers dans "
            f"{bench.settings.data_dir / 'sources'}/NOM, ou nommer une source à télécharger."
        )
    guard = Guard(bench.settings.most_lost, who if force else "")
    with db.filling(bench.engine):
        ordered = sorted(chosen, key=_order)
        failed = [s.title for s in ordered if not _refresh(bench, s, guard, offline)]
        # Declarations past their term go first: their suppliers are tagged again below.
        with bench.session() as session:
            registrations.erase_forgotten(session, datetime.now())
        _link(bench)
        if not offline:
            _place(bench)
        _tag(bench)
    if failed:
        raise SourceError(f"Données de la veille gardées pour : {', '.join(failed)}.")


def _sources(bench: Bench) -> dict[str, Source]:
    """The connectors' and the lists that people named, by name."""
    ours = load_all()
    with bench.session() as session:
        return saved.sources(session, ours["liste"]) | ours


def _ready(bench: Bench, known: Mapping[str, Source]) -> list[Source]:
    """Sources with files in their folder, those ever brought, named lists that say where."""
    return [
        s for name, s in known.items()
        if _files(_folder(bench, s)) or (s.downloads and name.startswith(saved.PREFIX))
    ]  # fmt: skip


def _order(source: Source) -> int:
    """The register first: lists are placed and linked by it, contracts by both."""
    return ("register", "list", "contracts").index(source.kind)


def _folder(bench: Bench, source: Source) -> Path:
    return bench.settings.data_dir / "sources" / source.name


def _files(folder: Path) -> list[Path]:
    """The files of a source's folder, in the order of their names."""
    inside = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [
        path for path in inside
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith(NOT_FILES)
    ]  # fmt: skip


def _refresh(bench: Bench, source: Source, guard: Guard, offline: bool) -> bool:
    """Bring and read one source; False when yesterday's data had to stay, for a reason told."""
    try:
        if not offline:
            _bring(bench, source)
        runs = list(_read(bench, source, guard))
    except SourceError as error:
        with bench.session() as session:
            session.add(_failed(source, str(error)))
        bench.say(f"{source.title} : {error}")
        return False
    return all(run.outcome == "done" for run in runs)


def _bring(bench: Bench, source: Source) -> None:
    """What can be downloaded; when it cannot, files put there by hand do.

    Not files of an earlier download: half of them may already be of another month.
    """
    folder = _folder(bench, source)
    try:
        list(bring_all(bench, source, folder))
    except SourceError as error:
        if not _files(folder) or any(folder.glob(".*.origin.json")):
            raise
        bench.say(f"{source.title} : {error} Lecture des fichiers déposés.")


def _read(bench: Bench, source: Source, guard: Guard) -> Iterator[Run]:
    folder = _folder(bench, source)
    files = _files(folder)
    if not files:
        raise SourceError(
            f"Aucun fichier dans {folder} : l'y déposer, ou « sourcing ingest {source.name} »."
        )
    if source.kind != "list" or source.parse:
        yield from _read_files(bench, source, files, "", guard)
        return
    # Each list of unknown columns is under the name of its mapping, and whole on its own.
    for name in sorted({file.parent for file in files}):
        mapping = "" if name == folder else name.relative_to(folder).as_posix()
        ours = [file for file in files if file.parent == name]
        yield from _read_files(bench, source, ours, mapping, guard)


def _read_files(
    bench: Bench, source: Source, files: Sequence[Path], mapping: str, guard: Guard
) -> Iterator[Run]:
    with bench.session() as session:
        known = saved.load(session, mapping) if mapping else session.get(SavedMapping, source.name)
        name = known.source if known else source.name
        nothing = source.brings_changes and not any(file.stat().st_size for file in files)
        ground = guards.territory(session, bench.settings.margin_km, bench.settings.open_only)
        since = known.saved_at if known else None
        if nothing or guards.is_known(session, name, files, ground, since):
            session.merge(Setting(key=CHECKED + name, value=datetime.now().isoformat()))
            bench.say(f"{known.name if known else source.title} : inchangé.")
            return
    with bench.session() as session, progress(f"{source.title} : lecture") as step:
        session.expire_on_commit = False
        run = ingestion.ingest(
            session, source, files, complete=not source.brings_changes,
            open_only=bench.settings.open_only, margin_km=bench.settings.margin_km,
            mapping_name=mapping, guard=guard, progress=step,
            first=tag_first(bench), cache=bench.settings.data_dir / "cache",
        )  # fmt: skip
    bench.say(f"{source.title} : {_sentence(run)}")
    yield run


def _sentence(run: Run) -> str:
    if run.outcome != "done":
        return run.message
    news = ((run.added, "nouvelle"), (run.changed, "modifiée"), (run.gone, "disparue"))
    said = ", ".join(count(number, word) for number, word in news if number)
    return f"{count(run.kept, 'ligne gardée', 'lignes gardées')} ; {said or 'rien de nouveau'}."


def _failed(source: Source, message: str) -> Run:
    now = datetime.now(UTC)
    return Run(
        source=source.name, files=[], started_at=now, finished_at=now, leftover=[],
        outcome="failed", message=message,
    )  # fmt: skip


# Each in its own transaction: killed between two, the next refresh goes on from there.


def _link(bench: Bench) -> None:
    with bench.session() as session, progress("Liens") as step:
        counts = linking.link(session, progress=step, cache=bench.settings.data_dir / "cache")
    bench.say(f"{count(counts.same, 'ligne reliée', 'lignes reliées')}.")


def _place(bench: Bench) -> None:
    """Positions of the addresses that are new; a service that fails is for the next time."""
    if not bench.settings.geocoding_url:
        return
    try:
        asked, _, placed = place_addresses(bench, bench.session)
    except SourceError as error:
        bench.say(f"Positions : {error}")
        return
    if asked or placed:
        bench.say(
            f"{count(asked, 'adresse demandée', 'adresses demandées')}, "
            f"{count(placed, 'fournisseur placé', 'fournisseurs placés')}."
        )


def _tag(bench: Bench) -> None:
    with bench.session() as session, progress("Étiquettes") as step:
        tagged = tagging.tag_stale(session, bench.nomenclature, progress=step)
        ready_search(bench, session)
    bench.say(f"{count(tagged, 'fournisseur étiqueté', 'fournisseurs étiquetés')}.")


@click.command()
@click.argument("name", metavar="LISTE")
@click.argument("file", metavar="FICHIER")
@click.option("--add", "adds", is_flag=True, help="Ajouter à la liste, sans la remplacer.")
@click.option(
    "--columns",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Colonnes et provenance (JSON) sous lesquelles enregistrer la liste.",
)
@click.option(
    "--force", "who", default="", metavar="QUI",
    help="Accepter que la liste ait perdu beaucoup de lignes ; écrit dans l'historique.",
)  # fmt: skip
@progress_option
@pass_bench
def take(bench: Bench, name: str, file: str, adds: bool, columns: Path | None, who: str) -> None:
    """Charger une liste enregistrée sous son nom : la lire, la relier et l'étiqueter."""
    paths = existing((file,))
    with db.filling(bench.engine):
        with bench.session() as session, progress(f"{name} : lecture") as step:
            session.expire_on_commit = False
            if columns:
                saved.save_json(session, json.loads(columns.read_text("utf-8")))
            _saved(session, name)
            run = ingestion.ingest(
                session, load_all()["liste"], paths, complete=not adds,
                margin_km=bench.settings.margin_km, mapping_name=name,
                guard=Guard(bench.settings.most_lost, who), progress=step,
            )  # fmt: skip
        if run.outcome != "done":
            raise SourceError(run.message)
        bench.say(f"{name} : {_sentence(run)}")
        _link(bench)
        _tag(bench)


@click.command()
@click.argument("name", metavar="LISTE")
@progress_option
@pass_bench
def withdraw(bench: Bench, name: str) -> None:
    """Retirer une liste enregistrée : ses lignes sont marquées disparues, son nom est libre."""
    with db.filling(bench.engine):
        with bench.session() as session:
            known = _saved(session, name)
            gone = ingestion.withdraw(session, known.source)
            session.delete(known)
        bench.say(f"{name} : {count(gone, 'ligne retirée', 'lignes retirées')}.")
        _link(bench)
        _tag(bench)


def _saved(session: Session, name: str) -> SavedMapping:
    known = saved.load(session, name)
    if known is None:
        names = ", ".join(f"« {one.name} »" for one in saved.all_saved(session)) or "aucune"
        raise SourceError(f"Aucune liste ne s'appelle « {name} » ; listes enregistrées : {names}.")
    return known


COMMANDS = (refresh, take, withdraw)
