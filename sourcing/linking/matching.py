"""Anyone's list against the base: which supplier each record is, how sure, and why."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from sourcing.linking.bases import Base, of_records
from sourcing.linking.verdicts import DIFFERENT, REVIEW, SAME, Finding
from sourcing.normalise import is_siret
from sourcing.source import Record


class Match(NamedTuple):
    """The supplier a record is, or is most like; siret and uid are '' when there is none."""

    siret: str
    supplier_uid: str
    supplier_name: str
    score: float
    verdict: str
    reasons: tuple[str, ...]


def match(session: Session, records: Sequence[Record]) -> list[Match]:
    """One match per record, in order; nothing is written."""
    return match_with(Base.read(session, everything=True), records)


def match_with(base: Base, records: Sequence[Record]) -> list[Match]:
    """The same, against a base already read."""
    findings = base.linker.ask(of_records(records))
    by_siret = {row["siret"]: row for row in base.suppliers if row["siret"]}
    return [
        _match(base, record, finding, by_siret)
        for record, finding in zip(records, findings, strict=True)
    ]


def _match(
    base: Base, record: Record, finding: Finding, by_siret: Mapping[str, Mapping[str, Any]]
) -> Match:
    published = record.siret if is_siret(record.siret) else ""
    if published in by_siret:
        return _result(by_siret[published], 1.0, SAME, ("même SIRET",))
    best = finding.best
    if best is None or finding.verdict == DIFFERENT:
        reasons = ("aucun fournisseur de la base ne correspond",)
        return Match("", "", "", round(best.probability, 4) if best else 0.0, DIFFERENT, reasons)
    row = base.suppliers[best.line]
    if published and row["siret"]:
        return _result(
            row,
            best.probability,
            REVIEW,
            (*best.reasons, "SIRET publié différent et absent de la base"),
        )
    return _result(row, best.probability, finding.verdict, best.reasons)


def _result(row: Mapping[str, Any], score: float, verdict: str, reasons: tuple[str, ...]) -> Match:
    return Match(row["siret"] or "", row["uid"], row["name"], round(score, 4), verdict, reasons)
