"""Contracts taken away: who won what, as a CSV that French Excel opens."""

import csv as csv_lines
from collections.abc import Callable, Iterable
from datetime import date
from io import TextIOWrapper
from typing import Any, BinaryIO, NamedTuple

from sourcing.contracts.search import Award, Winner
from sourcing.export import french, harmless
from sourcing.segments import Nomenclature


class Column(NamedTuple):
    """One column: header, and what it says of a contract."""

    header: str
    value: Callable[[Award], Any]


COLUMNS = (
    Column("Notifié le", lambda award: _day(award.contract.notified_on)),
    Column("Acheteur", lambda award: award.contract.buyer_name),
    Column("SIRET de l’acheteur", lambda award: award.contract.buyer_siret),
    Column("Objet", lambda award: award.contract.object),
    Column("Code CPV", lambda award: award.contract.cpv),
    Column("Montant HT (€)", lambda award: award.contract.amount_eur),
    Column("Remarque sur le montant", lambda award: award.contract.amount_note),
    Column("Titulaires", lambda award: _each(award, lambda winner: winner.name)),
    Column("SIRET des titulaires", lambda award: _each(award, lambda winner: winner.siret)),
    Column("Communes des titulaires", lambda award: _each(award, lambda winner: winner.commune)),
    Column("Nombre de titulaires", lambda award: award.contract.winners),
    Column("Nature", lambda award: award.contract.nature),
    Column("Procédure", lambda award: award.contract.procedure),
    Column("Techniques", lambda award: award.contract.techniques),
    Column("Durée (mois)", lambda award: award.contract.months),
    Column("Offres reçues", lambda award: award.contract.offers),
    Column("Considérations", lambda award: ", ".join(award.considerations)),
    Column("Modifications", lambda award: award.contract.modifications),
    Column("Montant initial HT (€)", lambda award: award.contract.initial_eur),
    Column("Numéro", lambda award: award.contract.uid),
)


def _day(value: date | None) -> str:
    return "" if value is None else f"{value:%d/%m/%Y}"


def _each(award: Award, said: Callable[[Winner], str]) -> str:
    return " | ".join(filter(None, map(said, award.winners)))


def csv(awards: Iterable[Award], out: BinaryIO, nomenclature: Nomenclature) -> int:
    """Semicolons and a BOM; returns how many contracts were written."""
    text = TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv_lines.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([*(column.header for column in COLUMNS), "Segment d’achat"])
    count = 0
    for count, award in enumerate(awards, 1):  # noqa: B007
        segment = nomenclature.by_code.get(award.contract.segment or "")
        values = [*(column.value(award) for column in COLUMNS), segment.label if segment else ""]
        writer.writerow([french(harmless(value)) for value in values])
    text.flush()
    text.detach()
    return count
