"""Anyone's list against the base: which supplier each record is, how sure, and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from sourcing.linking.bases import Base
from sourcing.linking.kept import prepared
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
    # Probability that it is the supplier's firm, whichever of its sites.
    firm_score: float = 0.0


def match(session: Session, records: Sequence[Record], cache: Path | None = None) -> list[Match]:
    """One match per record, in order; nothing is written but the prepared base, in `cache`."""
    return match_with(prepared(session, everything=True, cache=cache), records)


def match_with(base: Base, records: Sequence[Record]) -> list[Match]:
    """The same, against a base already read."""
    findings = base.ask(records)
    published = {record.siret.encode() for record in records if is_siret(record.siret)}
    said = enumerate(base.sirets.tolist()) if published else ()
    lines = {siret.decode(): line for line, siret in said if siret in published}
    return [
        _match(base, record, finding, lines)
        for record, finding in zip(records, findings, strict=True)
    ]


def _match(base: Base, record: Record, finding: Finding, lines: Mapping[str, int]) -> Match:
    published = record.siret if is_siret(record.siret) else ""
    if published in lines:
        said = base.shown(lines[published])
        return Match(*said, 1.0, SAME, ("même SIRET",), 1.0)
    best, firm = finding.best, round(finding.firm_probability, 4)
    if best is None or finding.verdict == DIFFERENT:
        nobody = ("aucun fournisseur de la base ne correspond",)
        score = round(best.probability, 4) if best else 0.0
        return Match("", "", "", score, DIFFERENT, nobody, firm)
    verdict, reasons = finding.verdict, best.reasons
    if published and base.sirets[best.line]:
        verdict, reasons = REVIEW, (*reasons, "SIRET publié différent et absent de la base")
    said = base.shown(best.line)
    return Match(*said, round(best.probability, 4), verdict, reasons, firm)
