"""The search index of each supplier, worked out in DuckDB: its narrow row of bits, its words."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import String, cast, select, union_all

from sourcing import db
from sourcing.db.columns import pull, push, table, workshop
from sourcing.db.rebuild import replaced
from sourcing.model import NATIONAL_KM, Mention, NafHint, Place, Supplier, Tag
from sourcing.normalise.columnar import teach
from sourcing.normalise.text import words
from sourcing.segments import Nomenclature
from sourcing.tagging.of_register import Scope, size
from sourcing.tagging.sql import ACRONYM_SIZES, LEGAL_FORMS, LISTED, LISTING, STATEMENTS, TEXT
from sourcing.tagging.statuses import SIZE_OF_BAND, bit_of

Step = Callable[[float], None]


def write(scope: Scope, step: Step) -> int:
    """Write the rows and words of the suppliers in scope; returns how many. `step`: 0 to 1."""
    with workshop() as con:
        teach(con)
        _gather(scope, con)
        step(0.2)
        for statement in STATEMENTS:
            con.execute(statement)
        step(0.5)
        _send(scope, con, "listing", LISTED, LISTING)
        step(0.7)
        _send(scope, con, "supplier_text", db.text_columns(scope.session), TEXT)
        step(1.0)
        return int(con.execute("SELECT count(*) FROM entry").fetchone()[0])


def _send(scope: Scope, con: Any, into: str, columns: Iterable[str], rows: str) -> None:
    """Rows in the order of suppliers, beside those out of scope."""
    ordered, listed = f"{rows} ORDER BY supplier_id", tuple(columns)
    if scope.only is None:
        with replaced(scope.session, into) as name:
            push(scope.session, con, ordered, name, listed)
    else:
        push(scope.session, con, ordered, into, listed)


# --- what the base says of the suppliers in scope ---


def _gather(scope: Scope, con: Any) -> None:
    """Into DuckDB: supplier, tag, said (a row per line of a list), and the tables of meanings."""
    session = scope.session
    # One that leads to another is not to be found any more.
    standing = select(*SUPPLIER_COLUMNS).where(Supplier.merged_into.is_(None))
    pull(session, con, "supplier", scope.among(standing))
    tags = select(Tag.supplier_id, Tag.kind, Tag.value, Tag.weight)
    pull(session, con, "tag", scope.among(tags, Tag.supplier_id))
    line = select(
        Supplier.id.label("supplier_id"), Mention.name, Mention.other_names,
        cast(Mention.sectors, String).label("sectors"), Mention.description,
        cast(Mention.zone, String).label("zone"),
    ).where(Mention.gone_on.is_(None))  # fmt: skip
    here = line.where(Mention.supplier_id == Supplier.id, Mention.firm == "")
    of_firm = line.where(Mention.firm == Supplier.siren, Mention.firm != "")
    pull(session, con, "said", union_all(scope.among(here), scope.among(of_firm)))
    pull(session, con, "hint", select(NafHint.naf, NafHint.segment, NafHint.weight))
    pull(session, con, "inside", select(Place.code).where(Place.in_territory))
    _write_meanings(scope.nomenclature, con)


def _write_meanings(nomenclature: Nomenclature, con: Any) -> None:
    """Tables that say what a segment, a tag and a headcount band are worth in the index."""
    bits = family_bits(nomenclature)
    labels = [
        (s.code, bits.get(s.code, 0), " ".join(words(s.label))) for s in nomenclature.segments
    ]
    found = con.execute("SELECT DISTINCT kind, value FROM tag").fetchall()
    sizes = con.execute("SELECT DISTINCT 'size', size FROM supplier WHERE size <> ''").fetchall()
    statuses = [(kind, value, bit_of(kind, value)) for kind, value in (*found, *sizes)]
    table(con, "segment", "code VARCHAR, family BIGINT, words VARCHAR", labels)
    table(con, "status", "kind VARCHAR, value VARCHAR, bit BIGINT", statuses)
    zones = [zone for (zone,) in con.execute("SELECT DISTINCT zone FROM said").fetchall()]
    reaches = [(zone, reach_km(json.loads(zone))) for zone in zones if zone]
    table(con, "zone", "said VARCHAR, km DOUBLE", reaches)
    table(con, "band", "code VARCHAR, place BIGINT", list(SIZE_OF_BAND.items()))


SUPPLIER_COLUMNS = (
    Supplier.id,
    Supplier.name,
    Supplier.legal_name,
    Supplier.other_names,
    Supplier.is_person,
    Supplier.diffusion,
    Supplier.precision,
    Supplier.commune,
    Supplier.commune_code,
    Supplier.lon,
    Supplier.lat,
    Supplier.size_code,
    Supplier.naf,
    Supplier.description,
    size().label("size"),
)


# --- what is said of a supplier, read ---


def reach_km(zone: Mapping[str, Any] | None) -> float | None:
    """How far a mention's zone goes, None when it says nothing."""
    if not zone:
        return None
    return NATIONAL_KM if zone.get("france") else float(zone["km"]) if zone.get("km") else None


def acronym(name: str) -> str:
    """Its initials: "Société nationale des chemins de fer" -> sncf; '' for a short name."""
    initials = "".join(word[0] for word in words(name) if word not in LEGAL_FORMS)
    return initials if len(initials) in ACRONYM_SIZES and initials.isalpha() else ""


def acronym_word(initials: str) -> str:
    """How initials are indexed: no half-typed word begins so, nothing is corrected to it."""
    return f"0{initials}"


def family_bits(nomenclature: Nomenclature) -> dict[str, int]:
    """Sub-segment code -> the bit of its family, in the order of the families."""
    place = {code: n for n, (code, _) in enumerate(nomenclature.families)}
    return {
        s.code: 1 << place[s.family_code]
        for s in nomenclature.segments
        if place[s.family_code] < 31
    }
