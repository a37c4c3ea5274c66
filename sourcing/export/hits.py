"""A search taken away: COLUMNS for spreadsheets, GeoJSON for maps, JSON for programs."""

import csv as csv_lines
import json as json_text
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from io import TextIOWrapper
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from sourcing.export import About, french, harmless, workbook
from sourcing.search.hits import Hit
from sourcing.tagging.statuses import LIST_NAMES

SHEET_ROWS = 1_048_575
SOURCE_NAMES = {**LIST_NAMES, "sirene": "SIRENE (INSEE)"}


class Column(NamedTuple):
    """One spreadsheet column: header, value, kind (text, number or contact) and width in signs."""

    header: str
    value: Callable[[Hit], Any]
    kind: str = "text"
    width: int = 16


COLUMNS = (
    Column("Nom", lambda hit: hit.name, width=36),
    Column("SIRET", lambda hit: hit.siret),
    Column("Statuts", lambda hit: ", ".join(hit.status_labels), width=30),
    Column("Labels", lambda hit: " ; ".join(label.sentence for label in hit.labels), width=30),
    Column("Segments d’achat", lambda hit: ", ".join(label for _, label in hit.segments), width=40),
    Column("Pourquoi", lambda hit: " ; ".join(hit.reasons), width=44),
    Column("Adresse", lambda hit: hit.address, width=30),
    Column("Code postal", lambda hit: hit.postcode, width=12),
    Column("Commune", lambda hit: hit.commune, width=20),
    Column("Distance (km)", lambda hit: _rounded(hit.distance_km, 1), "number", 13),
    Column("Effectif", lambda hit: hit.size, width=20),
    Column("Marchés publics remportés", lambda hit: hit.won and hit.won.count, "number", 12),
    Column("Montant HT gagné seul (€)", lambda hit: hit.won and hit.won.amount_eur, "number", 16),
    Column("Code NAF", lambda hit: hit.naf, width=10),
    Column("Raison sociale", lambda hit: hit.legal_name, width=30),
    Column("Autres noms", lambda hit: hit.other_names, width=24),
    Column("État", lambda hit: "Fermé" if hit.state == "F" else "Ouvert", width=9),
    Column("Site internet", lambda hit: hit.website, width=26),
    Column("Téléphone", lambda hit: _national(hit.phone), "contact", 16),
    Column("Courriel", lambda hit: hit.email, "contact", 28),
    Column("Longitude", lambda hit: _rounded(hit.lon, 6), "number", 11),
    Column("Latitude", lambda hit: _rounded(hit.lat, 6), "number", 11),
    Column("Sources", lambda hit: ", ".join(SOURCE_NAMES.get(s, s) for s in hit.sources), width=30),
    Column("Code INSEE", lambda hit: hit.commune_code, width=11),
    Column("SIREN", lambda hit: hit.siren, width=11),
)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _national(phone: str) -> str:
    """+33297000000 -> 02 97 00 00 00."""
    if not re.fullmatch(r"\+33\d{9}", phone):
        return phone
    return " ".join(re.findall("..", "0" + phone[3:]))


def columns(with_contacts: bool, only: Collection[str] = ()) -> tuple[Column, ...]:
    """The columns this reader may have, of those chosen by their headers (all, when none is)."""
    allowed = tuple(column for column in COLUMNS if with_contacts or column.kind != "contact")
    return tuple(column for column in allowed if column.header in only) or allowed


def _named(hits: Iterable[Hit], about: About | None) -> Iterable[Hit]:
    """Hits whose sources bear the names people gave them."""
    if not about or not about.names:
        return hits
    names = about.names
    return (replace(hit, sources=tuple(names.get(s, s) for s in hit.sources)) for hit in hits)


def csv(
    hits: Iterable[Hit], out: BinaryIO, about: About | None = None, *, with_contacts: bool = False,
    only: Collection[str] = (),
) -> int:  # fmt: skip
    """Semicolons and a BOM, as French Excel opens them; returns how many suppliers were written."""
    text = TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv_lines.writer(text, delimiter=";", lineterminator="\r\n")
    chosen = columns(with_contacts, only)
    extra = f"{about.made_on:%d/%m/%Y}" if about else ""
    writer.writerow([c.header for c in chosen] + ["Extrait le"] * bool(extra))
    count = 0
    for count, hit in enumerate(_named(hits, about), 1):  # noqa: B007
        writer.writerow([french(harmless(c.value(hit))) for c in chosen] + [extra] * bool(extra))
    text.flush()
    text.detach()
    return count


def xlsx(
    hits: Iterable[Hit], out: BinaryIO, about: About | None = None, *, with_contacts: bool = False,
    only: Collection[str] = (),
) -> int:  # fmt: skip
    """Typed cells, frozen header, filters, and a sheet that says what this is."""
    chosen = columns(with_contacts, only)
    counted = _Counted(_named(hits, about))
    rows = ([harmless(column.value(hit)) for column in chosen] for hit in counted)
    header = [[column.header for column in chosen]]
    widths = [column.width for column in chosen]
    sheets = [workbook.Sheet("Fournisseurs", chain(header, rows), widths, has_header=True)]
    if about:
        # Read after the first sheet, when everyone has been counted.
        said = chain(about.lines(), (("Nombre de fournisseurs", str(c)) for c in counted.total()))
        lines = ((heading, harmless(text)) for heading, text in said)
        sheets.append(workbook.Sheet("À propos", lines, (24, 110)))
    workbook.write(out, sheets)
    return counted.number


class _Counted:
    """Hits, counted as they pass; more than a sheet holds is refused."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        self.hits, self.number = hits, 0

    def __iter__(self) -> Iterator[Hit]:
        for hit in self.hits:
            self.number += 1
            if self.number > SHEET_ROWS:
                raise ValueError(
                    "Un classeur Excel ne tient que 1 048 575 lignes : choisir le CSV."
                )
            yield hit

    def total(self) -> Iterator[int]:
        yield self.number


def json(
    hits: Iterable[Hit], out: BinaryIO, about: About | None = None, *, with_contacts: bool = False
) -> int:
    """A list of objects, one per line."""
    objects = (properties(hit, with_contacts) | {"lon": hit.lon, "lat": hit.lat} for hit in hits)
    return _written(out, "[", objects, "]\n")


def geojson(
    hits: Iterable[Hit], out: BinaryIO, about: About | None = None, *, with_contacts: bool = False
) -> int:
    """A feature collection; a supplier of unknown position has a null geometry."""
    note = {"metadata": dict(_grouped(about))} if about else {}
    head = json_text.dumps({"type": "FeatureCollection", **note}, ensure_ascii=False)
    features = (feature(hit, with_contacts) for hit in hits)
    return _written(out, head.removesuffix("}") + ', "features": [', features, "]}\n")


def _grouped(about: About) -> Iterator[tuple[str, Any]]:
    lines = list(about.lines())
    yield from ((heading, text) for heading, text in lines if heading != "Source")
    yield "Sources", [text for heading, text in lines if heading == "Source"]


def _written(out: BinaryIO, head: str, objects: Iterable[dict[str, Any]], tail: str) -> int:
    out.write(head.encode())
    count = 0
    for count, each in enumerate(objects, 1):
        line = json_text.dumps(each, ensure_ascii=False, separators=(",", ":"))
        out.write(((",\n" if count > 1 else "\n") + line).encode())
    out.write(tail.encode())
    return count


def feature(hit: Hit, with_contacts: bool = False) -> dict[str, Any]:
    """One GeoJSON feature."""
    point = (
        None
        if hit.lon is None or hit.lat is None
        else {"type": "Point", "coordinates": [round(hit.lon, 6), round(hit.lat, 6)]}
    )
    return {"type": "Feature", "geometry": point, "properties": properties(hit, with_contacts)}


def properties(hit: Hit, with_contacts: bool = False) -> dict[str, Any]:
    """What a program reads of a hit."""
    contacts = {"phone": hit.phone, "email": hit.email} if with_contacts else {}
    return {
        "uid": hit.uid,
        "siret": hit.siret,
        "siren": hit.siren,
        "name": hit.name,
        "legal_name": hit.legal_name,
        "other_names": hit.other_names,
        "state": hit.state,
        "address": hit.address,
        "postcode": hit.postcode,
        "commune": hit.commune,
        "commune_code": hit.commune_code,
        "precision": hit.precision,
        "naf": hit.naf,
        "size": hit.size,
        "website": hit.website,
        "statuses": list(hit.statuses),
        "labels": [
            {
                "code": label.code,
                "label": label.label,
                "level": label.level,
                "ends_on": label.ends_on.isoformat() if label.ends_on else None,
            }
            for label in hit.labels
        ],
        "segments": [{"code": code, "label": label} for code, label in hit.segments],
        "reasons": list(hit.reasons),
        "sources": list(hit.sources),
        "score": hit.score,
        "distance_km": hit.distance_km,
        **contacts,
    }
