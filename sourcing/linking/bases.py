"""The columns linking reads of suppliers, mentions and records; the ORM never sees a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from sourcing import duplicates
from sourcing.linking.normalised import Text
from sourcing.linking.verdicts import Finding, Linker
from sourcing.model import MASKED, REGISTER, Run, Supplier
from sourcing.source import Record

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
    """The register's suppliers, or all of them, ready to be compared with."""

    ids: NDArray[np.int64]
    # As bytes, all of one width: mapped from disk as they are.
    uids: NDArray[np.bytes_]
    sirets: NDArray[np.bytes_]
    names: Text
    linker: Linker
    # SIREN -> the one that stands for its firm, for firms that have several.
    firms: Mapping[str, str]
    # The last run when it was read: what is written since has another.
    run: int = 0

    @classmethod
    def read(cls, session: Session, everything: bool = False) -> "Base":
        """Suppliers in the order of their uid; those that lists made only with `everything`."""
        kept = Supplier.merged_into.is_(None) if everything else Supplier.origin == REGISTER
        return cls._where(session, kept)

    @classmethod
    def of_lists(cls, session: Session) -> "Base":
        """The suppliers that lists made: few, read each time."""
        return cls._where(session, Supplier.merged_into.is_(None) & (Supplier.origin != REGISTER))

    @classmethod
    def _where(cls, session: Session, kept: ColumnElement[bool]) -> "Base":
        firms = duplicates.in_base(session)
        said = read_suppliers(session, kept, firms)
        closed = [i for i, state in enumerate(said["state"]) if state == "F"]
        uids, sirets = (np.array(said[name], dtype=np.bytes_) for name in ("uid", "siret"))
        names = np.array(said["name"], dtype=object)
        ids = np.array(said["id"], dtype=np.int64)
        linker = Linker.of(of_suppliers(said), closed)
        return cls(ids, uids, sirets, names, linker, firms, last_run(session))

    def shown(self, line: int) -> tuple[str, str, str]:
        """siret, uid and name of one of its suppliers."""
        siret, uid = (bytes(texts[line]).decode() for texts in (self.sirets, self.uids))
        return siret, uid, self.names[line]

    def ask(self, records: Sequence[Record]) -> list[Finding]:
        """What the base says of each record."""
        said = of_records(records)
        return self.linker.ask(said | {"siren": [self.firms.get(s, s) for s in said["siren"]]})


def last_run(session: Session) -> int:
    return session.scalar(select(func.max(Run.id))) or 0


def read_suppliers(
    session: Session, kept: ColumnElement[bool], firms: Mapping[str, str]
) -> dict[str, list[Any]]:
    """What these suppliers say, column by column, in the order of their uid.

    Sites of one firm are never each other's rivals, whichever of its numbers they have.
    """
    columns = (getattr(Supplier, name) for name in OF_SUPPLIER)
    # Sorted here: SQLite would look every supplier up in the order of its index, kept or not.
    rows = sorted(session.execute(select(*columns).where(kept)), key=attrgetter("uid"))
    values: list[list[Any]] = [list(each) for each in zip(*rows, strict=True)]
    said = dict(zip(OF_SUPPLIER, values or [[] for _ in OF_SUPPLIER], strict=True))
    said["siret"] = [siret or "" for siret in said["siret"]]
    said["siren"] = [firms.get(siren, siren) for siren in said["siren"]]
    return said


def of_suppliers(said: Mapping[str, Sequence[str]]) -> Columns:
    """What suppliers say, column by column, under the names normalisation knows."""
    both = zip(said["legal_name"], said["other_names"], strict=True)
    return {
        "name": [("" if name == MASKED else name) for name in said["name"]],
        "other": [SEPARATOR.join(n for n in pair if n and n != MASKED) for pair in both],
        "siret": said["siret"],
        **{column: said[field] for column, field in OF_LINE.items()},
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
