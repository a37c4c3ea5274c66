"""What tagging worked out, into the base: tags, then each supplier's row of bits and its words."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

from sourcing import db
from sourcing.db.columns import by_key, push, spelled, table
from sourcing.db.rebuild import replaced
from sourcing.model import NATIONAL_KM
from sourcing.normalise.columnar import teach
from sourcing.normalise.text import words
from sourcing.segments import Nomenclature
from sourcing.tagging.of_register import size
from sourcing.tagging.scope import GIVEN, TAG, Scope
from sourcing.tagging.sql import ACRONYM_SIZES, LEGAL_FORMS, LISTED, LISTING, STATEMENTS, TEXT
from sourcing.tagging.statuses import SIZE_OF_BAND, bit_of

Step = Callable[[float], None]
# Suppliers and lines of lists whose texts are sooner told one by one than planned in SQL.
FEW = 4_000


def work_out(scope: Scope) -> None:
    """The row and the words of each supplier in scope, in DuckDB."""
    con = scope.con
    teach(con, is_few=_count(con, "supplier") + _count(con, "said") < FEW)
    # One that leads to another is not to be found any more.
    con.execute(
        f"CREATE VIEW standing AS SELECT supplier.*, {spelled(size())} AS size FROM supplier "  # noqa: S608
        "WHERE merged_into IS NULL"
    )
    _write_meanings(scope.nomenclature, con)
    for statement in STATEMENTS:
        con.execute(statement)


def send(scope: Scope, step: Step = lambda _: None) -> int:
    """Tags, rows and words that were worked out, into the base; of how many. `step`: 0 to 1."""
    send_rows(scope)
    step(0.5)
    send_words(scope)
    step(1.0)
    return _count(scope.con, "entry")


def send_rows(scope: Scope) -> None:
    """Tags, and each supplier's row."""
    _send(scope, "tag", TAG, f"{GIVEN} ORDER BY supplier_id, kind, value, source")
    rows = by_key(scope.session, LISTING, "supplier_id", indexed="name_key")
    _send(scope, "listing", LISTED, rows)


def send_words(scope: Scope) -> None:
    """Each supplier's words."""
    with db.filling_text(scope.session) if scope.only is None else nullcontext():
        words = by_key(scope.session, TEXT, "supplier_id", indexed="first")
        _send(scope, "supplier_text", db.text_columns(scope.session), words)


def _count(con: Any, table: str) -> int:
    ((count,),) = con.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
    return int(count)


def _send(scope: Scope, into: str, columns: Iterable[str], rows: str) -> None:
    """Rows in place of the table's, or beside those out of scope."""
    listed = tuple(columns)
    if scope.only is None:
        with replaced(scope.session, into) as name:
            push(scope.session, scope.con, rows, name, listed)
    else:
        push(scope.session, scope.con, rows, into, listed)


def _write_meanings(nomenclature: Nomenclature, con: Any) -> None:
    """Tables that say what a segment, a tag and a headcount band are worth in the index."""
    bits = family_bits(nomenclature)
    labels = [
        (s.code, bits.get(s.code, 0), " ".join(words(s.label))) for s in nomenclature.segments
    ]
    found = con.execute("SELECT DISTINCT kind, value FROM tag").fetchall()
    sizes = con.execute("SELECT DISTINCT 'size', size FROM standing WHERE size <> ''").fetchall()
    statuses = [(kind, value, bit_of(kind, value)) for kind, value in (*found, *sizes)]
    table(con, "segment", "code VARCHAR, family BIGINT, words VARCHAR", labels)
    table(con, "status", "kind VARCHAR, value VARCHAR, bit BIGINT", statuses)
    zones = [zone for (zone,) in con.execute("SELECT DISTINCT zone FROM said").fetchall()]
    reaches = [(zone, reach_km(json.loads(zone))) for zone in zones if zone]
    table(con, "zone", "said VARCHAR, km DOUBLE", reaches)
    table(con, "band", "code VARCHAR, place BIGINT", list(SIZE_OF_BAND.items()))


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
