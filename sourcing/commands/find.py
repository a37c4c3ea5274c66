"""Commands that find: search, map, classify."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import click

from connectors import load_all
from maps import geojson, page, sheet, sheet_pdf
from sourcing import provenance, search
from sourcing.commands.shared import (
    Bench,
    count,
    pass_bench,
    write,
)
from sourcing.export import hits as export
from sourcing.search.hits import Hit
from sourcing.search.query import Query
from sourcing.source import SourceError
from sourcing.tagging.statuses import STATUSES
from webapp import create_app, meeting_file

ASSETS = Path(__file__).resolve().parents[2] / "webapp" / "static" / "vendor"
STATUS_CODES = click.Choice([status.code for status in STATUSES if not status.is_label])
LABEL_CODES = click.Choice([status.code for status in STATUSES if status.is_label])
FORMATS: Mapping[str, Callable[..., int]] = {
    "csv": export.csv,
    "xlsx": export.xlsx,
    "geojson": export.geojson,
    "json": export.json,
}
USUAL_RADIUS_KM = 20.0
# The registration form's path on the site.
FORM = "/inscription"


def _search_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that make a Query, the same for every command that searches."""
    options = (
        click.option("--status", "statuses", multiple=True, type=STATUS_CODES, help="Répétable."),
        click.option("--label", "labels", multiple=True, type=LABEL_CODES, help="Répétable."),
        click.option(
            "--segment", "segments", multiple=True, metavar="CODE", help="EV-01 ; répétable."
        ),
        click.option("--commune", "communes", multiple=True, metavar="INSEE", help="Répétable."),
        click.option("--near", metavar="LIEU", help="Code postal, commune ou « lat,lon »."),
        click.option("--radius-km", type=float, help="Rayon autour de --near (20 par défaut)."),
        click.option("--size", "sizes", multiple=True, metavar="TRANCHE", help="Répétable."),
        click.option("--territory", is_flag=True, help="Seulement le territoire."),
        click.option(
            "--all", "with_noise", is_flag=True, help="Montrer aussi les masqués et fermés."
        ),
        click.argument("words", nargs=-1, metavar="[BESOIN]"),
    )
    for option in options:
        command = option(command)
    return command


def _query(
    words: Sequence[str], near: str | None, radius_km: float | None, territory: bool, **chosen: Any
) -> Query:
    """The query of these options; lists of choices keep their names."""
    if radius_km is not None and not near:
        raise click.UsageError("--radius-km demande --near.")
    place = search.Near(near) if near else None
    radius = (USUAL_RADIUS_KM if radius_km is None else radius_km) if near else None
    query = Query(text=" ".join(words), near=place, radius_km=radius, territory_only=territory)
    return replace(query, **chosen)


@click.command("search")
@_search_options
@click.option("--format", "form", type=click.Choice(["table", *FORMATS]), default="table")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Fichier d'arrivée.")
@click.option("--limit", type=int, help="Au plus ce nombre de fournisseurs.")
@pass_bench
def find(
    bench: Bench, /, form: str, output: Path | None, limit: int | None, **options: Any
) -> None:
    """Chercher des fournisseurs : dans toute la base, ou autour d'un lieu."""
    query = _query(**options)
    with bench.session() as session:
        found = search.search(session, bench.nomenclature, query)
        for problem in found.problems:
            raise SourceError(problem)
        hits = islice(search.all_hits(session, bench.nomenclature, query), limit)
        if form == "table":
            click.echo(f"{found.sentence} : {count(found.total, 'fournisseur')}.", err=True)
            shown = list(hits) if limit else found.hits
            click.echo("\n".join(map(_line, shown)))
        else:
            about = provenance.about(
                session, load_all(), found.sentence, bench.settings.organisation
            )
            write(form, lambda out: FORMATS[form](hits, out, about), output)


def _line(hit: Hit) -> str:
    distance = "" if hit.distance_km is None else f"{hit.distance_km:.0f} km"
    return (
        f"{hit.siret or '—':<14}  {hit.name[:38]:<38}  {hit.commune[:18]:<18} {distance:>6}  "
        f"{', '.join(hit.status_labels)[:40]:<40}  {' ; '.join(hit.reasons[:2])}"
    )


@click.command("map")
@click.argument("out", type=click.Path(path_type=Path))
@_search_options
@click.option("--meeting", is_flag=True, help="La réunion entière, à ouvrir sans réseau.")
@click.option("--address", metavar="URL", help="Avec --meeting : où mène le code à photographier.")
@pass_bench
def draw(bench: Bench, /, out: Path, meeting: bool, address: str | None, **options: Any) -> None:
    """Écrire une carte en un seul fichier, qui s'ouvre sans réseau."""
    if meeting:
        if any(options.values()):
            raise click.UsageError("--meeting montre tout le territoire : il se passe de critères.")
        _write_meeting(bench, out, address)
        return
    query = _query(**options)
    with bench.session() as session:
        hits = list(search.all_hits(session, bench.nomenclature, query))
        sentence = search.search(session, bench.nomenclature, query).sentence
        page.write_map(
            hits,
            out,
            about=provenance.about(session, load_all(), sentence, bench.settings.organisation),
            contours=geojson.contours(session),
            assets=ASSETS,
        )
    size = f"{out.stat().st_size / 1e6:.1f} Mo"
    click.echo(f"{count(len(hits), 'fournisseur')} sur {out} ({size}).")


@click.command("sheet")
@click.argument("out", type=click.Path(path_type=Path))
@_search_options
@click.option("--paper", type=click.Choice(list(sheet.FORMATS)), default="a4", show_default=True)
@pass_bench
def print_sheet(bench: Bench, /, out: Path, paper: str, **options: Any) -> None:
    """Écrire une feuille à imprimer (PDF) : carte numérotée, liste, légende et sources."""
    query = _query(**options)
    with bench.session() as session:
        sentence = search.describe(session, bench.nomenclature, query)
        about = provenance.about(session, load_all(), sentence, bench.settings.organisation)
        made = sheet.sheet(session, bench.nomenclature, query, about, paper)
        write("pdf", lambda file: sheet_pdf.write(made, file), out)
    click.echo(f"{count(len(made.lines), 'fournisseur')} sur {made.total}.", err=True)


def _write_meeting(bench: Bench, out: Path, address: str | None) -> None:
    """The meeting as one file; its code leads to the form of the site."""
    site_url = (address or bench.settings.public_url).rstrip("/")
    if not site_url.startswith(("https://", "http://")):
        raise click.UsageError(
            "Indiquer l'adresse du site avec --address https://… (ou SOURCING_PUBLIC_URL) : "
            "le code à photographier y mène."
        )
    app = create_app(bench.settings, bench.engine, bench.nomenclature, load_all())
    unfinished = out.with_name(out.name + ".part")
    unfinished.write_text(meeting_file.one_file(app, site_url + FORM), encoding="utf-8")
    unfinished.replace(out)
    click.echo(f"Écrit : {out} ({out.stat().st_size / 1e3:.0f} ko).", err=True)


@click.command("classify")
@click.argument("text")
@click.option("--top", default=3, show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@pass_bench
def classify(bench: Bench, text: str, top: int, form: str) -> None:
    """Nommer les sous-segments d'achat d'un besoin."""
    guesses = bench.nomenclature.classify(text, top)
    if form == "json":
        click.echo(json.dumps([guess._asdict() for guess in guesses], ensure_ascii=False, indent=1))
        return
    for guess in guesses:
        click.echo(f"{guess.code:<7} {guess.score:4.0%}  {guess.label}  ({', '.join(guess.words)})")


COMMANDS = (find, draw, print_sheet, classify)
