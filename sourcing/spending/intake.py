"""A ledger into the base: amounts read, suppliers found by SIRET or by name, all or nothing."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import QueryableAttribute, Session

from sourcing import db, linking, normalise
from sourcing.linking.verdicts import REVIEW, SAME
from sourcing.model import NafHint, Setting, Spending, Supplier, Tag
from sourcing.normalise.text import fold
from sourcing.segments import Nomenclature
from sourcing.source import Record, Row, SourceError
from sourcing.spending import header

VERSION = "spending_version"
REPORT = "spending:"
# Accounts of pay, subsidies, interest: spent, but bought from nobody.
NOT_BOUGHT = ("64", "65", "66", "67", "68", "69", "7")
MATCHED_TOGETHER = 2_000
WRITTEN_TOGETHER = 5_000
SHOWN_ERRORS = 20
# How a supplier was found. A line of one of the last two has no supplier.
LEVELS = {
    "siret": "par leur SIRET", "siren": "par leur SIREN",
    "ledger": "par le SIRET d’autres lignes du même nom", "name": "par leur nom et leur commune",
    "review": "à vérifier (nom sans lieu, ou homonymes)", "": "inconnues de la base",
}  # fmt: skip
KNOWN = ("siret", "siren", "ledger", "name")
YEARS = range(2000, 2100)
Progress = Callable[[float, float], None]
Written = dict[str, Any]


class Payee(NamedTuple):
    """Who was paid, as the ledger says: the same words are looked up once."""

    siret: str
    name: str
    postcode: str
    commune: str


@dataclass(slots=True)
class Report:
    """What became of a ledger."""

    file: str
    read: int = 0
    kept: int = 0
    amount_eur: float = 0.0
    # Pay and subsidies; the same payment twice; lines that could not be read.
    not_bought: int = 0
    doubles: int = 0
    rejected: int = 0
    without_siret: int = 0
    # Lines and euros by how the supplier was found (LEVELS).
    lines_by_level: dict[str, int] = field(default_factory=dict)
    euros_by_level: dict[str, float] = field(default_factory=dict)
    years: list[int] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    at: str = ""

    @property
    def matched(self) -> float:
        """Share of the euros whose supplier is known, 0..1."""
        found = sum(v for k, v in self.euros_by_level.items() if k in KNOWN)
        return found / self.amount_eur if self.amount_eur else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A payment, read."""

    year: int
    payee: Payee
    amount_eur: float
    contract: str
    directorate: str
    label: str
    segment: str
    number: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a file is read with: its usual year, where the prepared base is kept."""

    file: str
    year: int | None = None
    cache: Path | None = None


def take(
    session: Session, nomenclature: Nomenclature, rows: Iterable[Row], ledger: Ledger,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Read a ledger and replace the years it covers; nothing is written when it cannot be read."""
    report = Report(ledger.file)
    lines = list(_lines(rows, ledger, report))
    if not lines:
        raise SourceError(f"{ledger.file} : aucune ligne de dépense lisible. {_first(report)}")
    report.years = sorted({line.year for line in lines})
    tell = progress or (lambda done, total: None)
    found = _suppliers(session, {line.payee for line in lines}, ledger.cache, tell)
    segments = _segments(session, nomenclature, {s for s, _ in found.values() if s})
    session.execute(delete(Spending).where(Spending.year.in_(report.years)))
    written = _count(_rows(lines, found, segments, nomenclature), report)
    for chunk in db.chunks(written, WRITTEN_TOGETHER):
        session.execute(insert(Spending), chunk)
        tell(report.kept, len(lines))
    _note(session, report)
    return report


def _note(session: Session, report: Report) -> None:
    report.at = datetime.now().isoformat(timespec="seconds")
    for year in report.years:
        session.merge(Setting(key=f"{REPORT}{year}", value=json.dumps(asdict(report))))
    session.merge(Setting(key=VERSION, value=report.at + str(report.kept)))
    session.flush()


def forget(session: Session, year: int) -> int:
    """Erase the lines of a year; how many."""
    count = session.scalar(select(func.count()).where(Spending.year == year)) or 0
    session.execute(delete(Spending).where(Spending.year == year))
    session.execute(delete(Setting).where(Setting.key == f"{REPORT}{year}"))
    session.merge(Setting(key=VERSION, value=datetime.now().isoformat()))
    session.flush()
    return count


def reports(session: Session) -> dict[int, Report]:
    """Year -> what became of the ledger that holds it, the latest year first."""
    kept = select(Setting).where(Setting.key.startswith(REPORT)).order_by(Setting.key.desc())
    found = session.scalars(kept)
    return {int(s.key.removeprefix(REPORT)): Report(**json.loads(s.value)) for s in found}


# --- reading ---


def _lines(rows: Iterable[Row], ledger: Ledger, report: Report) -> Iterator[Line]:
    stream = iter(rows)
    first = list(islice(stream, 1))
    if not first:
        raise SourceError(f"{ledger.file} est vide : y mettre les lignes de dépense.")
    report.columns = header.recognise(list(first[0].values), ledger.file)
    seen: set[tuple[str, ...]] = set()
    for row in chain(first, stream):
        report.read += 1
        said = {name: row.values.get(c, "").strip() for name, c in report.columns.items()}
        try:
            line = _line(said, row.line, ledger)
        except ValueError as error:
            report.rejected += 1
            if len(report.errors) < SHOWN_ERRORS:
                report.errors.append(f"ligne {row.line} : {error}")
            continue
        if said.get("account", "").startswith(NOT_BOUGHT):
            report.not_bought += 1
        elif _is_double(said, line, seen):
            report.doubles += 1
        else:
            report.without_siret += not line.payee.siret
            yield line


def _is_double(said: Mapping[str, str], line: Line, seen: set[tuple[str, ...]]) -> bool:
    """The same piece of the same payee for the same amount, a second time.

    Without a piece's number nothing tells a double from a rent paid every month: it is kept.
    """
    if not said.get("document"):
        return False
    key = (said["document"], line.payee.siret or line.payee.name, str(line.amount_eur),
           line.contract, line.label)  # fmt: skip
    if key in seen:
        return True
    seen.add(key)
    return False


def _line(said: Mapping[str, str], number: int, ledger: Ledger) -> Line:
    siret = re.sub(r"\D", "", said.get("siret", ""))
    payee = Payee(
        siret if normalise.is_siret(siret) else "", " ".join(said.get("name", "").split())[:200],
        said.get("postcode", "")[:5], said.get("commune", "")[:80],
    )  # fmt: skip
    if not payee.siret and not payee.name:
        raise ValueError("ni SIRET lisible ni nom de fournisseur")
    return Line(
        _year(said, ledger), payee, amount(said.get("amount", "")), said.get("contract", "")[:60],
        said.get("directorate", "")[:120], said.get("label", "")[:300],
        said.get("segment", "").upper()[:10], number,
    )  # fmt: skip


def amount(text: str) -> float:
    """ "1 234,56 €", "1.234,56", "(12,5)", "12.5-" -> euros; ValueError for anything else."""
    bare = re.sub(r"[\s\u00a0\u202f€]|EUR$", "", text.strip().upper())
    is_negative = bare.startswith(("-", "(")) or bare.endswith("-")
    bare = bare.strip("-()+")
    if "," in bare:
        bare = bare.replace(".", "").replace(",", ".")
    if not re.fullmatch(r"\d+(\.\d+)?(E\+?\d+)?", bare):
        raise ValueError(f"« {text} » n’est pas un montant")
    return -float(bare) if is_negative else float(bare)


def _year(said: Mapping[str, str], ledger: Ledger) -> int:
    text = said.get("year", "") or said.get("date", "")
    found = re.search(r"(?<!\d)(20\d\d)(?!\d)", text)
    year = int(found[1]) if found else ledger.year
    if year is None or year not in YEARS:
        raise ValueError(
            "aucune année : ajouter une colonne « Exercice », ou dire l’année du fichier"
        )
    return year


def _first(report: Report) -> str:
    return report.errors[0].capitalize() + "." if report.errors else "Vérifier ses colonnes."


# --- who was paid ---


def _suppliers(
    session: Session, payees: set[Payee], cache: Path | None, tell: Progress
) -> dict[Payee, tuple[int | None, str]]:
    """Payee -> (supplier, how it was found)."""
    by_siret = _by(session, Supplier.siret, {p.siret for p in payees if p.siret})
    sirens = {p.siret[:9] for p in payees if p.siret and p.siret not in by_siret}
    by_siren = _by(session, Supplier.siren, sirens)
    found: dict[Payee, tuple[int | None, str]] = {}
    for payee in payees:
        if payee.siret in by_siret:
            found[payee] = by_siret[payee.siret], "siret"
        elif payee.siret and payee.siret[:9] in by_siren:
            found[payee] = by_siren[payee.siret[:9]], "siren"
    nameless = sorted(payee for payee in payees if not payee.siret)
    same = _as_elsewhere(nameless, payees)
    for payee, other in same.items():
        supplier, level = found.get(other, (None, ""))
        found[payee] = supplier, "ledger" if level == "siret" else level
    found |= _by_name(session, [p for p in nameless if p not in same], cache, tell)
    return {payee: found.get(payee, (None, "")) for payee in payees}


def _as_elsewhere(nameless: Sequence[Payee], payees: Iterable[Payee]) -> dict[Payee, Payee]:
    """Those the ledger itself names elsewhere with a SIRET, always of the same firm."""
    by_name: dict[str, dict[str, Payee]] = {}
    for payee in sorted(payees, reverse=True):
        if payee.siret and payee.name:
            by_name.setdefault(fold(payee.name), {})[payee.siret[:9]] = payee
    told = {payee: by_name.get(fold(payee.name), {}) for payee in nameless}
    return {payee: next(iter(firms.values())) for payee, firms in told.items() if len(firms) == 1}


def _by(session: Session, column: QueryableAttribute[Any], wanted: set[str]) -> dict[str, int]:
    """Value -> supplier; of several, the head office."""
    found: dict[str, int] = {}
    for chunk in db.chunks(sorted(wanted), 10_000):
        rows = select(column, Supplier.id).where(column.in_(chunk))
        for value, supplier in session.execute(rows.order_by(Supplier.is_head_office, Supplier.id)):
            found[value] = supplier
    return found


def _by_name(
    session: Session, payees: Sequence[Payee], cache: Path | None, tell: Progress
) -> dict[Payee, tuple[int | None, str]]:
    """Those the comparison is sure of; a name without a place is only ever to be checked."""
    sure: dict[Payee, str] = {}
    doubtful: list[Payee] = []
    for done, batch in enumerate(db.chunks(payees, MATCHED_TOGETHER)):
        records = [_record(payee) for payee in batch]
        for payee, match in zip(batch, linking.match(session, records, cache=cache), strict=True):
            if match.verdict == SAME:
                sure[payee] = match.supplier_uid
            elif match.verdict == REVIEW:
                doubtful.append(payee)
        tell(done * MATCHED_TOGETHER, len(payees))
    by_uid = _by(session, Supplier.uid, set(sure.values()))
    found = {p: (by_uid[uid], "name") for p, uid in sure.items() if uid in by_uid}
    return {**dict.fromkeys(doubtful, (None, "review")), **found}


def _record(payee: Payee) -> Record:
    raw = Record(name=payee.name, postcode=payee.postcode, commune=payee.commune)
    return normalise.clean(raw)[0]


def _segments(session: Session, nomenclature: Nomenclature, suppliers: set[int]) -> dict[int, str]:
    """Supplier -> the sub-segment it most surely sells."""
    best: dict[int, tuple[float, str]] = {}
    for chunk in db.chunks(sorted(suppliers), 5_000):
        tags = select(Tag.supplier_id, Tag.weight, Tag.value).where(
            Tag.supplier_id.in_(chunk), Tag.kind == "segment"
        )
        hints = (
            select(Supplier.id, NafHint.weight, NafHint.segment)
            .join(NafHint, NafHint.naf == Supplier.naf)
            .where(Supplier.id.in_(chunk))
        )
        for supplier, weight, segment in chain(session.execute(tags), session.execute(hints)):
            best[supplier] = max(best.get(supplier, (0.0, "")), (weight, segment))
    return {s: code for s, (_, code) in best.items() if code in nomenclature.by_code}


# --- writing ---


def _rows(
    lines: Sequence[Line], found: Mapping[Payee, tuple[int | None, str]],
    segments: Mapping[int, str], nomenclature: Nomenclature,
) -> Iterator[Written]:  # fmt: skip
    for line in lines:
        supplier, level = found[line.payee]
        said = line.segment if line.segment in nomenclature.by_code else ""
        yield {
            "year": line.year, "siret": line.payee.siret, "name": line.payee.name,
            "amount_eur": line.amount_eur, "contract": line.contract,
            "directorate": line.directorate, "label": line.label,
            "segment": said or segments.get(supplier or 0, ""), "supplier_id": supplier,
            "level": level, "line": line.number,
        }  # fmt: skip


def _count(rows: Iterable[Written], report: Report) -> Iterator[Written]:
    """The same rows, told in the report as they pass."""
    lines, euros = report.lines_by_level, report.euros_by_level
    for row in rows:
        level, value = row["level"], row["amount_eur"]
        lines[level] = lines.get(level, 0) + 1
        euros[level] = euros.get(level, 0.0) + value
        report.kept += 1
        report.amount_eur += value
        yield row
