"""Suppliers made from lists: each is what its lines say, under the uid of its first line.

A supplier whose lines are all elsewhere leads there: its address still answers, what people
attached to it is not lost, and it stands again under the same uid when its line comes back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.linking import lines as of_lines
from sourcing.linking.clusters import Home
from sourcing.linking.decisions import RULES
from sourcing.linking.lines import SEPARATOR, Line
from sourcing.model import REGISTER, Alias, Base, Judgement, Mention, Supplier

# Taken from the first line, in the order of source and key, that says anything.
COPIED = (
    "name", "address", "postcode", "commune", "commune_code", "naf", "legal_form", "phone",
    "email", "website", "description",
)  # fmt: skip
POSITION = ("lon", "lat", "precision")
IDENTITY = (
    *COPIED, *POSITION, "other_names", "siren", "is_qpv", "origin", "first_seen", "last_seen",
)  # fmt: skip
Row = dict[str, Any]


class Founder:
    """Gives lines their suppliers, and writes what changed.

    `changed` holds the suppliers whose identity or lines are not what they were.
    """

    def __init__(
        self, session: Session, lines: Sequence[Line], is_all: bool, named: Mapping[int, str]
    ) -> None:
        """`named`: supplier -> siret, of those that the register's answers and persons name."""
        self.session, self.lines, self.is_all = session, lines, is_all
        self.named = {siret: supplier for supplier, siret in named.items() if siret}
        self.line = {line["id"]: line for line in lines}
        self.founder = {of_lines.uid(line): line["id"] for line in lines}
        self.changed: set[int] = set()
        self.added = 0
        sirets = {line["published"] for line in lines} - {""}
        self.made = self._made(sirets)
        self.by_siret = {row["siret"]: row for row in self.made.values() if row["siret"]}
        self.by_uid = {row["uid"]: row for row in self.made.values()}
        groups = of_lines.by_siret(lines)
        self.first = {siret: min(g, key=of_lines.order)["id"] for siret, g in groups.items()}

    def _made(self, sirets: set[str]) -> dict[int, Row]:
        """Suppliers of these sirets, those these lines made, and where these lines are."""
        columns = ("id", "uid", "siret", "merged_into", *IDENTITY)
        wanted = select(*(getattr(Supplier, name) for name in columns))
        if self.is_all:
            clauses = [Supplier.origin != REGISTER]
        else:
            clauses = [Supplier.uid.in_(c) for c in db.chunks(sorted(self.founder), of_lines.CHUNK)]
            homes = {line["supplier_id"] for line in self.lines} - {None} | {*self.named.values()}
            clauses += [Supplier.id.in_(c) for c in db.chunks(sorted(homes), of_lines.CHUNK)]
        clauses += [Supplier.siret.in_(c) for c in db.chunks(sorted(sirets), of_lines.CHUNK)]
        rows: dict[int, Row] = {}
        for clause in clauses:
            for row in self.session.execute(wanted.where(clause)):
                rows[row.id] = dict(row._mapping)
        return rows

    # --- homes ---

    def settle(self, homes: Mapping[int, Home], firms: Mapping[int, str]) -> dict[Home, int]:
        """Write where each line goes (`firms`: to which firm as a whole); home -> supplier."""
        members: dict[Home, list[Line]] = {}
        for mention, home in homes.items():
            members.setdefault(home, []).append(self.line[mention])
        found = {home: self._supplier(home, lines) for home, lines in members.items()}
        moved = [
            {"id": m, "supplier_id": found[home], "firm": firms.get(m, "")}
            for m, home in homes.items()
            if (found[home], firms.get(m, "")) != _where(self.line[m])
        ]
        if moved:
            self.session.execute(update(Mention), moved)
        self._note(moved)
        now = {mention: found[home] for mention, home in homes.items()}
        self._refresh(now)
        self._lead(now)
        return found

    def _note(self, moved: Iterable[Row]) -> None:
        """Both ends of a move changed; a whole firm when the line speaks, or spoke, of it."""
        firms = set()
        for row in moved:
            line = self.line[row["id"]]
            self.changed.update(s for s in (row["supplier_id"], line["supplier_id"]) if s)
            firms |= {row["firm"], line["firm"]} - {""}
        for chunk in db.chunks(sorted(firms), of_lines.CHUNK):
            sites = select(Supplier.id).where(Supplier.siren.in_(chunk))
            self.changed |= set(self.session.scalars(sites))

    def supplier(self, home: Home) -> int:
        """The supplier of a home that some line has."""
        if home.supplier:
            return home.supplier
        if home.siret and home.siret not in self.by_siret:
            return self.named[home.siret]
        row = self.by_siret[home.siret] if home.siret else self.by_uid[self._uid(home)]
        number: int = row["id"]
        return number

    def _uid(self, home: Home) -> str:
        return home.siret or of_lines.uid(self.line[home.line])

    def _supplier(self, home: Home, lines: Sequence[Line]) -> int:
        """The supplier of a home, made of these lines when it is not there yet."""
        is_known = home.supplier or home.siret in self.by_siret or home.siret in self.named
        if not is_known and self._uid(home) not in self.by_uid:
            self._found(self._uid(home), home.siret, lines)
        return self.supplier(home)

    def _found(self, uid: str, siret: str, lines: Sequence[Line]) -> None:
        said = {"uid": uid, "siret": siret or None, **identity(lines), "merged_into": None}
        statement = insert(Supplier).values(**said).returning(Supplier.id)
        row = said | {"id": self.session.execute(statement).scalar_one()}
        self.made[row["id"]] = self.by_uid[uid] = row
        if siret:
            self.by_siret[siret] = row
        self.added += 1
        self.changed.add(row["id"])

    # --- what list-made suppliers say ---

    def _refresh(self, now: Mapping[int, int]) -> None:
        """The identity of suppliers made from lists, from all their lines."""
        rows = []
        for supplier, members in self._members(now).items():
            said = identity(members, self.made[supplier]["siret"] or "")
            other = {name for name in said if self.made[supplier][name] != said[name]}
            if other:
                rows.append({"id": supplier, **said})
            # A list read again without a word changed: neither tags nor links depend on the day.
            if other - {"last_seen"}:
                self.changed.add(supplier)
        if rows:
            self.session.execute(update(Supplier), rows)

    def _members(self, now: Mapping[int, int]) -> dict[int, list[Line]]:
        """Supplier made from lists -> its lines, those out of this run's sight included."""
        left = (line["supplier_id"] for line in self.lines if line["supplier_id"])
        members: dict[int, list[Line]] = {s: [] for s in left if self._is_list_made(s)}
        for mention, supplier in now.items():
            if self._is_list_made(supplier):
                members.setdefault(supplier, []).append(self.line[mention])
        if not self.is_all:
            more = self._at(members.keys()) - now.keys()
            for line in of_lines.read(self.session, more):
                members[line["supplier_id"]].append(line)
        return {s: sorted(m, key=_first) for s, m in members.items() if m}

    def _at(self, suppliers: Collection[int]) -> set[int]:
        """The lines these suppliers hold."""
        found: set[int] = set()
        for chunk in db.chunks(sorted(suppliers), of_lines.CHUNK):
            here = select(Mention.id).where(Mention.supplier_id.in_(chunk))
            found.update(self.session.scalars(here))
        return found

    def _is_list_made(self, supplier: int) -> bool:
        return supplier in self.made and self.made[supplier]["origin"] != REGISTER

    # --- what nothing is at any more ---

    def _lead(self, now: Mapping[int, int]) -> None:
        """A supplier left without a line goes, its uid leading where its founding line went.

        One that something else in the base speaks of stays, and leads there too.
        """
        held = self._held(now)
        made = {s for s, row in self.made.items() if row["origin"] != REGISTER}
        founder = {supplier: self._founder(self.made[supplier]) for supplier in made}
        empty = made - held
        kept = _spoken_of(self.session, empty)
        leads = dict.fromkeys(made & held) | {s: now[f] for s in kept if (f := founder[s])}
        moved = [(s, at) for s, at in leads.items() if at != self.made[s]["merged_into"]]
        if moved:
            rows = [{"id": supplier, "merged_into": at} for supplier, at in moved]
            self.session.execute(update(Supplier), rows)
            self.changed.update(supplier for supplier, _ in moved)
        self._drop({s: founder[s] for s in empty - kept if self.is_all or founder[s]})

    def _founder(self, row: Row) -> int | None:
        """The line a supplier was made of, if it is in this run's sight."""
        return self.first.get(row["siret"]) if row["siret"] else self.founder.get(row["uid"])

    def _drop(self, founder: Mapping[int, int | None]) -> None:
        """Delete these suppliers (-> the lines that founded them)."""
        aliases = [{"uid": self.made[s]["uid"], "mention_id": f} for s, f in founder.items() if f]
        db.upsert(self.session, Alias, aliases, ("uid",))
        for chunk in db.chunks(founder, of_lines.CHUNK):
            for statement in (
                update(Judgement).where(Judgement.supplier_id.in_(chunk)).values(supplier_id=None),
                delete(Supplier).where(Supplier.id.in_(chunk)),
            ):
                self.session.execute(statement, execution_options={"synchronize_session": False})
        db.delete_text(self.session, founder)
        self.changed -= founder.keys()

    def _held(self, now: Mapping[int, int]) -> set[int]:
        """Suppliers that hold a line."""
        held = set(now.values())
        if not self.is_all:
            for chunk in db.chunks(sorted(self.made.keys() - held), of_lines.CHUNK):
                holders = select(Mention.supplier_id).where(Mention.supplier_id.in_(chunk))
                held.update(s for s in self.session.scalars(holders.distinct()) if s)
        return held


def _spoken_of(session: Session, suppliers: Collection[int]) -> set[int]:
    """Those that anything but rules, tags and the index speaks of."""
    found: set[int] = set()
    for key in (k for table in Base.metadata.sorted_tables for k in table.foreign_keys):
        column = key.parent
        if key.column.table is not Supplier.__table__ or key.ondelete == "CASCADE":
            continue
        for chunk in db.chunks(sorted(suppliers), of_lines.CHUNK):
            used = select(column).where(column.in_(chunk))
            if column.table is Judgement.__table__:
                used = used.where(Judgement.author != RULES)
            if column.table is not Supplier.__table__:
                found.update(session.scalars(used))
    return found


def _where(line: Line) -> tuple[int | None, str]:
    return line["supplier_id"], line["firm"]


def _first(line: Line) -> tuple[bool, str, str]:
    """What lists still say comes before what they said once."""
    return line["gone_on"] is not None, line["source"], line["key"]


def identity(mentions: Sequence[Line], siret: str = "") -> Row:
    """What lines, in order, say of the supplier they make."""
    found: Row = {f: next((m[f] for m in mentions if m[f]), "") for f in COPIED}
    placed = next((m for m in mentions if m["lon"] is not None), mentions[0])
    found |= {f: placed[f] for f in POSITION}
    names = [n for m in mentions for n in (m["name"], *m["other_names"].split(SEPARATOR)) if n]
    found["other_names"] = SEPARATOR.join(n for n in dict.fromkeys(names) if n != found["name"])
    found["siren"] = siret[:9] or next((s for m in mentions if (s := of_lines.siren(m))), "")
    found["is_qpv"] = next((m["is_qpv"] for m in mentions if m["is_qpv"] is not None), None)
    found["origin"] = mentions[0]["source"]
    days: list[date] = [m["first_seen"] for m in mentions] + [m["last_seen"] for m in mentions]
    return found | {"first_seen": min(days), "last_seen": max(days)}
