"""The programme given away: as a table, as objects, as a calendar."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from typing import Any, NamedTuple

from icalendar import Calendar, Event

from sourcing.export import french, harmless
from sourcing.model import Purchase
from sourcing.purchases.board import BANDS, PARTNERS, RESERVED, STATES
from sourcing.purchases.quarter import first_day, last_day
from sourcing.segments import Nomenclature

CAUTION = "Prévisionnel : n’engage pas la collectivité."


class Column(NamedTuple):
    """One thing said of a purchase: its header, its name for programs, and its value."""

    header: str
    name: str
    value: Callable[[Purchase], Any]


COLUMNS = (
    Column("Identifiant", "id", lambda p: p.uid),
    Column("Objet", "objet", lambda p: p.object),
    Column("Description", "description", lambda p: p.description),
    Column("Segment", "segment", lambda p: p.segment),
    Column("Trimestre", "trimestre", lambda p: p.quarter),
    Column("Montant estimé", "montant", lambda p: BANDS[p.band]),
    Column("Durée (mois)", "duree_mois", lambda p: p.months),
    Column("Lieu", "lieu", lambda p: p.place),
    Column("Réservé", "reserve", lambda p: RESERVED[p.reserved]),
    Column("Innovant", "innovant", lambda p: p.is_innovative),
    Column("État", "etat", lambda p: STATES[p.state]),
    Column("Contact", "contact", lambda p: p.contact),
    Column("Avis", "avis", lambda p: p.link),
    Column("Mis à jour le", "mis_a_jour_le", lambda p: f"{p.updated_at:%Y-%m-%d}"),
)


def for_partner(purchases: Sequence[Purchase], partner: str) -> list[Purchase]:
    """Those the team wants this partner to be told of."""
    return [p for p in purchases if partner in PARTNERS and partner in p.partners]


def as_csv(purchases: Sequence[Purchase], nomenclature: Nomenclature) -> bytes:
    """Semicolons and a BOM, as French Excel opens them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([*(column.header for column in COLUMNS), "Catégorie d’achat"])
    for each in purchases:
        segment = nomenclature.by_code.get(each.segment)
        values = [*(column.value(each) for column in COLUMNS), segment.label if segment else ""]
        writer.writerow([french(harmless(_said(value))) for value in values])
    return text.getvalue().encode("utf-8-sig")


def _said(value: Any) -> Any:
    return ("oui" if value else "non") if isinstance(value, bool) else value


def as_objects(purchases: Sequence[Purchase], nomenclature: Nomenclature) -> list[dict[str, Any]]:
    """Objects for programs."""
    found = []
    for each in purchases:
        segment = nomenclature.by_code.get(each.segment)
        said = {column.name: column.value(each) for column in COLUMNS}
        found.append(said | {"categorie": segment.label if segment else None})
    return found


def as_calendar(
    purchases: Sequence[Purchase], title: str, address: Callable[[Purchase], str]
) -> bytes:
    """iCalendar: each purchase on its quarter's days; `address` gives its page."""
    calendar = Calendar()
    calendar.add("prodid", "-//Sourcing territorial//Achats à venir//FR")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for each in purchases:
        event = Event()
        event.add("uid", f"{each.uid}@sourcing-territorial")
        event.add("summary", f"{each.object} (prévisionnel)")
        event.add("dtstart", first_day(each.quarter))
        event.add("dtend", last_day(each.quarter) + timedelta(days=1))
        event.add("dtstamp", each.updated_at.astimezone(UTC))
        event.add("last-modified", each.updated_at.astimezone(UTC))
        event.add("description", "\n".join(filter(None, _told(each))))
        event.add("location", each.place)
        event.add("url", address(each))
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _told(each: Purchase) -> tuple[str, ...]:
    return (CAUTION, each.description, f"Montant : {BANDS[each.band]}", RESERVED[each.reserved])
