"""Commands that fill the base: territory, fetch, ingest, link, tag."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import click
from sqlalchemy.orm import Session

from connectors import load_all
from sourcing import downloads, geocoding, linking, places, stale, tagging
from sourcing import ingest as ingestion
from sourcing.commands.shared import (
    Bench,
    count,
    existing,
    pass_bench,
    progress,
    progress_option,
)
from sourcing.fetch import Fetcher
from sourcing.mapping.columns import LABELS
from sourcing.model import Run
from sourcing.normalise import departement_of
from sourcing.places.qpv import load_qpv
from sourcing.register import until
from sourcing.search import shelf
from sourcing.source import Source, SourceError
from sourcing.wholesale import First

# A session of its own each time.
Opened = Callable[[], AbstractContextManager[Session]]


@click.command()
@click.argument("codes", nargs=-1, required=True)
@click.option(
    "--from-file",
    "files",
    multiple=True,
    metavar="FICHIER",
    help="Communes (CSV) ou contours (GeoJSON), à la place de geo.api.gouv.fr ; répétable.",
)
@click.option("--qpv", metavar="FICHIER", help="Périmètres des quartiers prioritaires (GeoJSON).")
@pass_bench
def territory(
    bench: Bench, codes: tuple[str, ...], files: tuple[str, ...], qpv: str | None
) -> None:
    """Charger le territoire : un EPCI (200042174), un département (56) ou des communes."""
    fetcher = None if files else Fetcher(bench.settings.geo_api_url)
    with bench.filling() as session:
        loaded = places.load_territory(session, codes, files=existing(files), fetch=fetcher)
        quarters = load_qpv(session, existing((qpv,))[0]) if qpv else 0
        stale.announce(session)
    drawn = sum(1 for place in loaded if place.has_contour)
    people = sum(place.population or 0 for place in loaded)
    click.echo(
        f"{count(len(loaded), 'commune')}, {count(people, 'habitant')}, {count(drawn, 'contour')}."
    )
    if qpv:
        click.echo(f"{count(quarters, 'quartier prioritaire', 'quartiers prioritaires')}.")


@click.command()
@click.argument("name", metavar="SOURCE")
@progress_option
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Dossier d'arrivée.")
@pass_bench
def fetch(bench: Bench, name: str, folder: Path | None) -> None:
    """Télécharger les fichiers publics d'une source, avec reprise."""
    source = source_named(name)
    if not source.downloads:
        raise SourceError(
            f"« {source.title} » ne se télécharge pas : exporter le fichier à la main "
            f"depuis {source.url}, puis sourcing ingest {name} FICHIER."
        )
    for path in bring_all(bench, source, folder or bench.settings.data_dir / "sources" / name):
        click.echo(path)


def bring_all(bench: Bench, source: Source, folder: Path) -> Iterator[Path]:
    """Each file of the source's downloads, once it is there."""
    facts = _facts(bench, source)
    for file, download in source.downloads.items():
        with progress(f"{source.title} : {file}") as step:
            yield downloads.bring(
                download, folder / file, facts, bench.settings.datagouv_url, progress=step
            )


# What a download may name of where we look, and until when we know it.
OF_TERRITORY = frozenset({"departements", "communes", "since"})


def _facts(bench: Bench, source: Source) -> dict[str, str]:
    """What the downloads of a source may name: settings, and where we look."""
    names = set().union(*map(downloads.wanted, source.downloads.values()))
    facts = {name: str(getattr(bench.settings, name, "")) for name in names}
    if not names & OF_TERRITORY:
        return facts
    with bench.session() as session:
        near = places.Places.read(session).codes_near(bench.settings.margin_km)
        since = until.since(session, near)
    if not near:
        raise SourceError(
            "Aucun territoire n'est chargé : lancer d'abord « sourcing territory CODE »."
        )
    departements = {departement_of(code) for code in near} - {""}
    return facts | {
        "departements": ",".join(sorted(departements)),
        "communes": ",".join(sorted(near)),
        "since": since,
    }


@click.command()
@click.argument("name", metavar="SOURCE")
@click.argument("files", nargs=-1, required=True, metavar="FICHIER…")
@progress_option
@click.option("--everywhere", is_flag=True, help="Garder aussi ce qui est hors du territoire.")
@click.option(
    "--complete",
    is_flag=True,
    help="Ces fichiers sont toute la source : ce qui n'y est plus est marqué disparu.",
)
@click.option(
    "--mapping",
    default="",
    metavar="NOM",
    help="Nom sous lequel la correspondance des colonnes est enregistrée et reprise.",
)
@pass_bench
def ingest(
    bench: Bench, name: str, files: tuple[str, ...], everywhere: bool, complete: bool, mapping: str
) -> None:
    """Lire les fichiers d'une source : tout ou rien, chaque ligne comptée."""
    source, paths = source_named(name), existing(files)
    with bench.filling() as session, progress(source.title) as step:
        run = ingestion.ingest(
            session,
            source,
            paths,
            everywhere=everywhere,
            complete=complete,
            margin_km=bench.settings.margin_km,
            open_only=bench.settings.open_only,
            mapping_name=mapping,
            progress=step,
            first=tag_first(bench),
            cache=bench.settings.data_dir / "cache",
        )
        session.flush()
        report, refused = run_lines(session, run), run.outcome != "done"
        message = run.message
    if refused:
        raise SourceError(message)
    click.echo("\n".join(report))


def tag_first(bench: Bench) -> First:
    """Tags and index of a base's first suppliers, made while they are written."""
    return lambda session, con, put: tagging.tag_first(session, con, put, bench.nomenclature)


def run_lines(session: Session, run: Run) -> list[str]:
    """What became of every row of a run, in French, one line per outcome."""
    counts = {
        "lignes lues": run.rows,
        "gardées": run.kept,
        "hors du sujet de la source": run.out_of_scope,
        "hors du territoire": run.outside,
        "sans commune reconnue": run.unplaced,
        "répétées": run.repeated,
        "rejetées": run.rejected,
    }
    lines = [
        f"{count:>10,} {label}".replace(",", " ")
        for label, count in counts.items()
        if count or label in ("lignes lues", "gardées")
    ]
    lines += [f"  colonne « {c} » → {LABELS[field]}" for c, field in (run.mapping or {}).items()]
    if run.message:
        lines.append(f"  {run.message}")
    if run.leftover:
        lines.append("  colonnes non reprises : " + ", ".join(map(str, run.leftover)))
    for reject in ingestion.rejects(session, run, limit=20):
        lines.append(f"  {reject.file}, ligne {reject.line} : {reject.reason}")
    return lines


@click.command()
@progress_option
@pass_bench
def link(bench: Bench) -> None:
    """Relier les lignes des listes aux fournisseurs, avec les raisons."""
    with bench.filling() as session, progress("Liens") as step:
        counts = linking.link(session, progress=step, cache=bench.settings.data_dir / "cache")
    click.echo(
        f"{counts.same} lignes reliées, {counts.review} à vérifier, "
        f"{counts.new} fournisseurs ajoutés."
    )


@click.command()
@click.option("--all", "everything", is_flag=True, help="Tous, et non ce qui a changé.")
@progress_option
@pass_bench
def tag(bench: Bench, everything: bool) -> None:
    """Étiqueter ce qui a changé (statuts, tailles, segments) et refaire son index de recherche."""
    how = tagging.tag if everything else tagging.tag_stale
    with bench.filling() as session, progress("Étiquettes") as step:
        number = how(session, bench.nomenclature, progress=step)
        ready_search(bench, session)
    click.echo(f"{count(number, 'fournisseur étiqueté', 'fournisseurs étiquetés')}.")


def ready_search(bench: Bench, session: Session) -> None:
    """Write what the site's search holds in memory, so that no visitor waits for it."""
    shelf.keep_in(bench.settings.data_dir / "columns")
    shelf.columns(session)


def source_named(name: str) -> Source:
    """The source of this name; a SourceError says which there are."""
    sources = load_all()
    if name not in sources:
        raise SourceError(f"Source inconnue : {name}. Choisir parmi {', '.join(sources)}.")
    return sources[name]


@click.command()
@progress_option
@pass_bench
def geocode(bench: Bench) -> None:
    """Placer les adresses publiques qui ne le sont pas (Géoplateforme), chacune demandée une fois.

    Interrompue, la commande reprend où elle en était.
    """
    if not bench.settings.geocoding_url:
        raise SourceError(
            "Le géocodage est éteint : donner l'adresse du service dans SOURCING_GEOCODING_URL."
        )
    asked, found, placed = place_addresses(bench, bench.filling)
    click.echo(
        f"{count(asked, 'adresse demandée', 'adresses demandées')}, {found} reconnues ; "
        f"{count(placed, 'fournisseur placé', 'fournisseurs placés')} : lancer « sourcing tag »."
    )


def place_addresses(bench: Bench, opened: Opened) -> tuple[int, int, int]:
    """Ask for the addresses not yet asked for, batch by batch, each in a session of its own;
    (asked, found, suppliers placed). What was known before is placed even when the service fails.
    """
    service = geocoding.fetcher(bench.settings.geocoding_url)
    with bench.session() as session:
        total = geocoding.left(session)
    asked = found = 0
    try:
        with progress("Adresses") as step:
            while asked < total:
                with opened() as session:
                    batch, known = geocoding.ask(session, service)
                asked, found = asked + batch, found + known
                step(asked, total)
    finally:
        with opened() as session:
            placed = geocoding.place(session)
    return asked, found, placed


COMMANDS = (territory, fetch, ingest, geocode, link, tag)
