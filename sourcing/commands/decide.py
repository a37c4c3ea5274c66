"""Commands that help to decide: what can be reserved here, what was spent, the indicators."""

import csv
import json
import sys
from datetime import date, datetime

import click

from connectors import readers
from sourcing import audit, dossiers, indicators, law, reservability, spending
from sourcing.commands.shared import Bench, count, existing, pass_bench, progress, progress_option
from sourcing.export import french, harmless
from sourcing.reservability import LABELS, Answer
from sourcing.source import SourceError


@click.command()
@click.argument("need", metavar="SEGMENT|BESOIN")
@click.option("--near", default="", metavar="LIEU", help="Le centre du territoire par défaut.")
@click.option("--radius-km", type=click.FloatRange(1, 1000), default=reservability.USUAL_KM,
              show_default=True)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@pass_bench
def reserve(bench: Bench, need: str, near: str, radius_km: float, form: str) -> None:
    """Dire qui pourrait répondre ici, par type de structure, et ce que la loi permet."""
    nomenclature = bench.nomenclature
    segment = nomenclature.by_code.get(need.upper())
    understood = (segment,) if segment else reservability.of_need(nomenclature, need)
    if not understood:
        raise SourceError(f"Aucun segment d'achat reconnu dans « {need} ». Essayer d'autres mots.")
    with bench.session() as session:
        where = reservability.locate(session, near, radius_km)
        if where is None:
            raise SourceError(f"Lieu inconnu : « {near} ». Indiquer une commune ou un code postal.")
        answer = reservability.answer(session, nomenclature, understood, where)
        rate = law.in_force(session).get("PART_TRAVAILLEURS")
    if form == "json":
        click.echo(json.dumps(_told(answer), ensure_ascii=False, indent=1))
        return
    click.echo(f"{answer.segment.code} {answer.segment.label}, à {radius_km:g} km : {where.label}")
    for row in (*answer.rows, *answer.apart):
        at = "" if row.nearest_km is None else f"la plus proche à {row.nearest_km:g} km, "
        won = count(row.won, "déjà titulaire", "déjà titulaires")
        click.echo(f"  {row.label:<42} {row.count:>5}  {at}{won} d'un marché public")
    for verdict in answer.verdicts:
        click.echo(f"  {verdict.code:<10} {verdict.sentence}")
    for said, kinds in (
        ("Réservable, ici ou plus loin, à", answer.reservable),
        ("D'ordinaire acheté à", answer.usual),
    ):
        click.echo(f"  {said} : {', '.join(LABELS[k] for k in kinds) or 'personne de connu'}")
    for lot in answer.lots:
        click.echo(f"  Lot possible : {lot.segment.label} ({lot.count})")
    if rate:
        click.echo(f"  Part minimale : {rate.amount} ({rate.article})")


def _told(answer: Answer) -> dict[str, object]:
    return {
        "segment": answer.segment.code,
        "label": answer.segment.label,
        "place": answer.where.label,
        "radius_km": answer.where.radius_km,
        "kinds": {
            row.kind: {"count": row.count, "nearest_km": row.nearest_km,
                       "median_km": row.median_km, "sizes": dict(row.sizes), "won": row.won,
                       "won_in_segment": row.won_here}
            for row in (*answer.rows, *answer.apart)
        },
        "reservable_kinds": answer.reservable,
        "understood": [each.code for each in answer.understood],
        "usual_kinds": answer.usual,
        "usual_structures": answer.structures,
        "articles": {v.code: {"count": v.count, "state": v.state} for v in answer.verdicts},
        "lots": [{"segment": lot.segment.code, "count": lot.count} for lot in answer.lots],
        "hosts": {host.kind: host.count for host in answer.hosts},
    }  # fmt: skip


@click.command("spending")
@click.argument("file", metavar="[FICHIER]", required=False)
@click.option("--forget", type=int, metavar="ANNÉE", help="Effacer les lignes d'une année.")
@click.option("--year", type=int, help="L'exercice, quand aucune colonne ne le dit.")
@click.option("--name", "shown", default="", help="Le nom du fichier dans le rapport.")
@progress_option
@pass_bench
def spend(bench: Bench, file: str | None, forget: int | None, year: int | None, shown: str) -> None:
    """Charger l'export des dépenses : remplace les années qu'il couvre, tout ou rien."""
    if forget:
        with bench.session() as session:
            bench.say(f"{spending.forget(session, forget)} lignes de {forget} effacées.")
    if not file:
        if not forget:
            raise click.UsageError("Indiquer le fichier des dépenses, ou --forget ANNÉE.")
        return
    path = existing((file,))[0]
    ledger = spending.Ledger(shown or path.name, year, bench.settings.data_dir / "cache")
    with bench.session() as session, progress("Dépenses") as step:
        report = spending.take(session, bench.nomenclature, readers.read(path), ledger, step)
    for line in _reported(report):
        bench.say(line)


def _reported(report: spending.Report) -> list[str]:
    levels = ", ".join(f"{n} {label}" for level, label in spending.LEVELS.items()
                       if (n := report.lines_by_level.get(level, 0)))  # fmt: skip
    return [
        f"{report.read} lignes lues, {report.kept} gardées pour "
        f"{count(round(report.amount_eur), '€', '€')} ({', '.join(map(str, report.years))}).",
        f"{report.without_siret} sans SIRET. Fournisseurs : {levels}. "
        f"{100 * report.matched:.1f} % des montants ont un fournisseur de la base.",
        f"{report.not_bought} hors achats (paie, subventions), {report.doubles} doubles écartés, "
        f"{report.rejected} illisibles.",
        *report.errors,
    ]  # fmt: skip


@click.command("indicators")
@click.option("--year", type=int, help="La dernière année connue par défaut.")
@click.option("--directorate", default="", help="Les dépenses d'une seule direction.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
@pass_bench
def tell(bench: Bench, year: int | None, directorate: str, form: str) -> None:
    """Calculer les indicateurs de la charte."""
    with bench.session() as session:
        year = year or next(iter(indicators.years(session)), date.today().year)
        figures = indicators.board(session, year, directorate)
    rows = list(indicators.table(figures))
    if form == "json":
        keyed = [dict(zip(indicators.HEADERS, row, strict=True)) for row in rows]
        click.echo(json.dumps(keyed, ensure_ascii=False, indent=1))
    elif form == "csv":
        writer = csv.writer(sys.stdout, delimiter=";", lineterminator="\r\n")
        writer.writerows([indicators.HEADERS, *([french(harmless(v)) for v in r] for r in rows)])
    else:
        for row in rows:
            value = "–" if row[4] is None else f"{row[4]:g} {row[5]}".replace(".", ",")
            click.echo(f"{row[1]:<6} {str(row[2])[:72]:<72} {value:>14}")


@click.command("dossiers")
@click.option("--forget-closed-before", "limit", required=True, metavar="AAAA-MM-JJ",
              type=click.DateTime(["%Y-%m-%d"]))  # fmt: skip
@pass_bench
def forget(bench: Bench, limit: datetime) -> None:
    """Effacer les dossiers de sourcing clos avant un jour : la fin de leur conservation."""
    with bench.session() as session:
        gone = dossiers.forget(session, limit.date())
        bench.say(f"{count(gone, 'dossier effacé', 'dossiers effacés')}.")
        audit.write(session, "la ligne de commande", "forgotten", f"clos avant {limit:%d/%m/%Y}")


COMMANDS = (reserve, spend, tell, forget)
