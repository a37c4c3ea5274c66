"""Commands that help to decide: whether a need can be reserved here."""

import json

import click

from sourcing import law, reservability
from sourcing.commands.shared import Bench, count, pass_bench
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
    guessed, usual = ([segment], ()) if segment else reservability.of_need(nomenclature, need)
    if not guessed or guessed[0] is None:
        raise SourceError(f"Aucun segment d'achat reconnu dans « {need} ». Essayer d'autres mots.")
    with bench.session() as session:
        where = reservability.locate(session, near, radius_km)
        if where is None:
            raise SourceError(f"Lieu inconnu : « {near} ». Indiquer une commune ou un code postal.")
        answer = reservability.answer(session, nomenclature, guessed[0], where)
        rate = law.in_force(session).get("PART_TRAVAILLEURS")
    usual = usual or answer.usual
    if form == "json":
        click.echo(json.dumps(_told(answer, usual), ensure_ascii=False, indent=1))
        return
    click.echo(f"{answer.segment.code} {answer.segment.label}, à {radius_km:g} km : {where.label}")
    for row in (*answer.rows, *answer.apart):
        at = "" if row.nearest_km is None else f"la plus proche à {row.nearest_km:g} km, "
        won = count(row.won, "déjà titulaire", "déjà titulaires")
        click.echo(f"  {row.label:<42} {row.count:>5}  {at}{won} d'un marché public")
    for verdict in answer.verdicts:
        click.echo(f"  {verdict.code:<10} {verdict.sentence}")
    for said, listed in (("Réservable à", answer.reservable), ("D'ordinaire acheté à", usual)):
        click.echo(f"  {said} : {', '.join(LABELS[k] for k in listed) or 'personne de connu'}")
    for lot in answer.lots:
        click.echo(f"  Lot possible : {lot.segment.label} ({lot.count})")
    if rate:
        click.echo(f"  Part minimale : {rate.amount} ({rate.article})")


def _told(answer: Answer, usual: tuple[str, ...]) -> dict[str, object]:
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
        "usual_kinds": usual,
        "usual_structures": answer.segment.reservable,
        "articles": {v.code: {"count": v.count, "state": v.state} for v in answer.verdicts},
        "lots": [{"segment": lot.segment.code, "count": lot.count} for lot in answer.lots],
        "hosts": {host.kind: host.count for host in answer.hosts},
    }  # fmt: skip


COMMANDS = (reserve,)
