"""The columns linking reads of suppliers, mentions and records; the ORM never sees a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.linking.verdicts import Linker
from sourcing.model import Supplier
from sourcing.source import Record

MASKED = "[Non diffusible]"
SEPARATOR = " | "
# Where linking's columns come from, on each side.
OF_SUPPLIER = (
    "id",
    "uid",
    "siret",
    "siren",
    "origin",
    "name",
    "legal_name",
    "other_names",
    "address",
    "postcode",
    "commune",
    "commune_code",
    "phone",
    "email",
    "website",
    "state",
)
OF_LINE = {
    "address": "address",
    "postcode": "postcode",
    "town": "commune",
    "town_code": "commune_code",
    "siren": "siren",
    "phone": "phone",
    "email": "email",
    "website": "website",
}

Columns = dict[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Base:
    """All suppliers with a siret (and those a person made), ready to be compared with."""

    suppliers: Sequence[Mapping[str, Any]]
    linker: Linker

    @classmethod
    def read(cls, session: Session, extra: Sequence[int] = (), everything: bool = False) -> "Base":
        """Suppliers in the order of their uid; without a siret only those in `extra`, or all."""
        statement = select(*(getattr(Supplier, name) for name in OF_SUPPLIER)).order_by(
            Supplier.uid
        )
        rows = [dict(row._mapping) for row in session.execute(statement)]
        if not everything:
            wanted = set(extra)
            rows = [row for row in rows if row["siret"] or row["id"] in wanted]
        closed = [i for i, row in enumerate(rows) if row["state"] == "F"]
        return cls(rows, Linker(of_suppliers(rows), closed))


def of_suppliers(rows: Sequence[Mapping[str, Any]]) -> Columns:
    names = [("" if row["name"] == MASKED else row["name"]) for row in rows]
    others = [
        SEPARATOR.join(n for n in (row["legal_name"], row["other_names"]) if n and n != MASKED)
        for row in rows
    ]
    return {
        "name": names,
        "other": others,
        "siret": [row["siret"] or "" for row in rows],
        **_shared(rows),
    }


def of_mentions(rows: Sequence[Mapping[str, Any]]) -> Columns:
    return {
        "name": [row["name"] for row in rows],
        "other": [row["other_names"] for row in rows],
        **_shared(rows),
    }


def of_records(records: Sequence[Record]) -> Columns:
    rows = [{field: getattr(record, field) for field in OF_LINE.values()} for record in records]
    return {
        "name": [record.name for record in records],
        "other": [SEPARATOR.join(record.other_names) for record in records],
        **_shared(rows),
    }


def _shared(rows: Sequence[Mapping[str, Any]]) -> Columns:
    return {column: [row[field] for row in rows] for column, field in OF_LINE.items()}
