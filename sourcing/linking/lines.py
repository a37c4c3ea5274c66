"""The lines of lists as linking reads them, in an order that no file decides."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db, duplicates, normalise, succession
from sourcing.model import Mention
from sourcing.normalise.text import fold, words

# One mention: its columns, by name.
Line = Mapping[str, Any]
SEPARATOR = " | "
READ = (
    "id", "source", "key", "supplier_id", "firm", "gone_on", "siret", "siren", "name",
    "other_names", "address", "postcode", "commune", "commune_code", "lon", "lat", "precision",
    "phone", "email", "website", "naf", "legal_form", "is_qpv", "description", "first_seen",
    "last_seen",
)  # fmt: skip
# What is compared with the register; another digest of these is another question.
COMPARED = (
    "name", "other_names", "siren", "address", "postcode", "commune", "commune_code", "phone",
    "email", "website",
)  # fmt: skip
# What a person saw of a line when she decided, by which the line is known again.
SEEN = ("name", "siret", "address", "postcode", "commune", "commune_code")
# Names less alike than this, without a word in common, are two different names.
ALIKE = 60
# A name at least so like the former one, in the same place, is that name corrected.
CORRECTED = 80
CHUNK = 500


def read(session: Session, only: Collection[int] | None = None) -> list[Line]:
    """Every mention or these, those that left their list included: by source, then key.

    What speaks of firms (level siren) has no site to be found.
    """
    statement = select(*(getattr(Mention, name) for name in READ)).where(Mention.level == "siret")
    wanted = [statement] if only is None else _among(statement, only)
    rows = [_line(dict(row._mapping)) for each in wanted for row in session.execute(each)]
    return sorted(_numbered(session, _inherited(session, rows)), key=order)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """`published`: the siret the line gives, '' when it is not a valid one."""
    published = row["siret"] if normalise.is_siret(row["siret"]) else ""
    return row | {"published": published, "inherited": ""}


def _inherited(session: Session, rows: Sequence[dict[str, Any]]) -> list[Line]:
    """A siret that closed leads to the establishment that took it over; `inherited` says so."""
    heirs = succession.heirs(session, {row["published"] for row in rows} - {""})
    lines: list[Line] = []
    for row in rows:
        if heir := heirs.get(row["published"]):
            since = f" le {heir.since:%d/%m/%Y}" if heir.since else ""
            said = f"SIRET publié ({row['published']}) fermé, repris{since} par cet établissement"
            row |= {"published": heir.siret, "inherited": said}
        lines.append(row)
    return lines


def _numbered(session: Session, rows: Sequence[Line]) -> list[Line]:
    """A firm registered twice is asked for under the number the base knows."""
    known = duplicates.in_base(session)
    return [
        {**row, "own_siren": row["siren"], "siren": known.get(row["siren"], row["siren"])}
        for row in rows
    ]


def _among(statement: Any, only: Collection[int]) -> Iterator[Any]:
    for chunk in db.chunks(sorted(only), CHUNK):
        yield statement.where(Mention.id.in_(chunk))


def order(line: Line) -> tuple[str, str]:
    """Which of two lines speaks first."""
    return line["source"], line["key"]


def uid(line: Line) -> str:
    """The uid of the supplier this line founds: "x" and 12 digits."""
    return "x" + hashlib.sha256(f"{line['source']}\n{line['key']}".encode()).hexdigest()[:12]


def digest(line: Line) -> str:
    said = "\x1f".join(line[name] for name in COMPARED)
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def siren(line: Line) -> str:
    """The number the line itself gives."""
    return str(line["published"][:9] or line["own_siren"])


def seen(line: Line) -> dict[str, str]:
    return {name: line[name] for name in SEEN}


def says_the_same(line: Line, was: Mapping[str, str]) -> bool:
    """Is it still the line a person saw, whatever was corrected in it since?"""
    if line["siret"] and line["siret"] == was["siret"]:
        return True
    one, other = fold(line["name"]), fold(was["name"])
    if one == other:
        return not departements_differ(line, was)
    return _place(line) == _place(was) and fuzz.token_sort_ratio(one, other) >= CORRECTED


def trace(line: Mapping[str, str]) -> tuple[str, str, str]:
    """By which a line is known again under another key."""
    return fold(line["name"]), _place(line), fold(line["address"])


def _place(line: Mapping[str, str]) -> str:
    return line["commune_code"] or line["postcode"] or fold(line["commune"])


def departements_differ(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    codes = (line["commune_code"] or line["postcode"] for line in (one, other))
    left, right = map(normalise.departement_of, codes)
    return bool(left and right and left != right)


def names_meet(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """A word in common, or names that look alike; who has no name contradicts nobody."""
    left, right = _names(one), _names(other)
    if not left or not right:
        return True
    if {w for n in left for w in words(n)} & {w for n in right for w in words(n)}:
        return True
    return any(fuzz.token_set_ratio(a, b) >= ALIKE for a in left for b in right)


def _names(row: Mapping[str, str]) -> list[str]:
    names = [row["name"], *row.get("other_names", "").split(SEPARATOR), row.get("legal_name", "")]
    return [n.lower() for n in names if n]


def by_siret(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines of each published siret."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        if line["published"]:
            groups.setdefault(line["published"], []).append(line)
    return groups
