"""Suppliers made from lists: their identity, their stable uid, and the mentions they hold."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Judgement, Mention, Supplier
from sourcing.normalise import departement_of, words

Row = Mapping[str, Any]
REGISTER = "register"
SEPARATOR = " | "
# Taken from the first mention, in the order of source and key, that says anything.
COPIED = (
    "name",
    "address",
    "postcode",
    "commune",
    "commune_code",
    "naf",
    "legal_form",
    "phone",
    "email",
    "website",
    "description",
)
POSITION = ("lon", "lat", "precision")
# Names less alike than this, without a word in common, are two different names.
ALIKE = 60


class Founder:
    """The suppliers as they stand during a run; `finish` writes what changed."""

    def __init__(self, session: Session, mentions: Sequence[Row]) -> None:
        self.session = session
        self.by_id = {m["id"]: m for m in mentions}
        self.home = {m["id"]: m["supplier_id"] for m in mentions}
        rows = session.execute(
            select(Supplier.id, Supplier.uid, Supplier.siret, Supplier.origin)
        ).all()
        self.sirets = {row.id: row.siret for row in rows if row.siret}
        self.ids = {row.siret: row.id for row in rows if row.siret}
        self.origin = {row.id: row.origin for row in rows}
        self.uids = {row.uid: row.id for row in rows}
        self.claimed: set[int] = set()
        self.added = 0
        self.is_changed = False
        self.register = self._register_names({m["siret"] for m in mentions if m["siret"]})

    def _register_names(self, sirets: set[str]) -> dict[str, Row]:
        columns = (
            Supplier.siret,
            Supplier.name,
            Supplier.legal_name,
            Supplier.other_names,
            Supplier.postcode,
            Supplier.commune_code,
        )
        found: dict[str, Row] = {}
        for chunk in db.chunks(sorted(sirets), 500):
            for row in self.session.execute(
                select(*columns).where(
                    Supplier.siret.in_(chunk),
                    Supplier.origin == REGISTER,
                    Supplier.diffusion == "O",
                )
            ):
                found[row.siret] = dict(row._mapping)
        return found

    def with_siret(self, siret: str) -> int | None:
        return self.ids.get(siret)

    def is_register(self, siret: str) -> bool:
        return self.origin.get(self.ids.get(siret, 0)) == REGISTER

    def is_from_list(self, siret: str) -> bool:
        return siret in self.ids and not self.is_register(siret)

    def attach(self, mention: int, supplier: int) -> None:
        self.home[mention] = supplier

    def disagreement(self, mention: Row, group: Sequence[Row], siret: str) -> tuple[str, ...]:
        """French clauses when what shares this siret has neither a name nor a place in common."""
        others: list[Row] = [m for m in group if m["id"] != mention["id"]]
        others += [self.register[siret]] if siret in self.register else []
        for other in others:
            if _departements_differ(mention, other) and not _names_meet(mention, other):
                return (
                    f"noms sans rapport (« {mention['name']} », « {other['name']} »)",
                    "départements différents",
                )
        return ()

    def found(self, mentions: Sequence[Row], siret: str) -> int:
        """The supplier these mentions make: the list-made one they have, or a new one."""
        known = self.ids.get(siret) if siret else self._own(mentions)
        supplier = known or self._new_id(mentions, siret)
        self.claimed.add(supplier)
        return supplier

    def _own(self, mentions: Sequence[Row]) -> int | None:
        """The supplier without siret that these mentions had, its founder's first."""
        had = {self.by_id[m["id"]]["supplier_id"] for m in mentions} - {None} - self.claimed
        had = {
            s
            for s in had
            if s in self.origin and s not in self.sirets and self.origin[s] != REGISTER
        }
        founders = {self.uids.get(digest(m)) for m in mentions}
        return min(had, key=lambda s: (s not in founders, s), default=None)

    def _new_id(self, mentions: Sequence[Row], siret: str) -> int:
        uid = siret or next(u for u in _uids(mentions[0]) if u not in self.uids)
        values = {"uid": uid, "siret": siret or None, **identity(mentions)}
        statement = insert(Supplier).values(**values).returning(Supplier.id)
        supplier: int = self.session.execute(statement).scalar_one()
        self.uids[uid], self.origin[supplier] = supplier, mentions[0]["source"]
        self.added += 1
        if siret:
            self.sirets[supplier], self.ids[siret] = siret, supplier
        return supplier

    def finish(self) -> int:
        """Write where mentions went and what list-made suppliers say; returns how many are new."""
        moved = [
            {"id": m, "supplier_id": s}
            for m, s in self.home.items()
            if s != self.by_id[m]["supplier_id"]
        ]
        if moved:
            self.session.execute(update(Mention), moved)
        self._refresh()
        self._drop_empty()
        return self.added

    def _refresh(self) -> None:
        """The identity of suppliers made from lists, from all their mentions."""
        members: dict[int, list[Row]] = {}
        for mention, supplier in self.home.items():
            if supplier is not None and self.origin.get(supplier, REGISTER) != REGISTER:
                members.setdefault(supplier, []).append(self.by_id[mention])
        rows = [
            {"id": s, **identity(sorted(m, key=lambda r: (r["source"], r["key"])))}
            for s, m in members.items()
        ]
        if rows:
            self.is_changed = True
            self.session.execute(update(Supplier), rows)

    def _drop_empty(self) -> None:
        """A supplier without siret that no mention holds any more was another's: it goes."""
        held = select(Mention.supplier_id).where(Mention.supplier_id.is_not(None))
        judged = select(Judgement.supplier_id).where(
            Judgement.author != "rules", Judgement.supplier_id.is_not(None)
        )
        empty = list(
            self.session.scalars(
                select(Supplier.id).where(
                    Supplier.siret.is_(None),
                    Supplier.origin != REGISTER,
                    Supplier.id.not_in(held),
                    Supplier.id.not_in(judged),
                )
            )
        )
        for chunk in db.chunks(empty, 500):
            self.session.execute(
                update(Judgement)
                .where(Judgement.supplier_id.in_(chunk))
                .values(supplier_id=None)
                .execution_options(synchronize_session=False)
            )
            self.session.execute(
                delete(Supplier)
                .where(Supplier.id.in_(chunk))
                .execution_options(synchronize_session=False)
            )


def digest(mention: Row, again: int = 0) -> str:
    """The uid of a supplier without siret: "x" and 12 digits of the mention that founds it."""
    text = f"{mention['source']}\n{mention['key']}" + (f"\n{again}" if again else "")
    return "x" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _uids(mention: Row) -> Sequence[str]:
    return [digest(mention, again) for again in range(100)]


def identity(mentions: Sequence[Row]) -> dict[str, Any]:
    """What mentions, in order, say of the supplier they make."""
    found: dict[str, Any] = {f: next((m[f] for m in mentions if m[f]), "") for f in COPIED}
    placed = next((m for m in mentions if m["lon"] is not None), mentions[0])
    found |= {f: placed[f] for f in POSITION}
    names = [n for m in mentions for n in (m["name"], *m["other_names"].split(SEPARATOR)) if n]
    found["other_names"] = SEPARATOR.join(n for n in dict.fromkeys(names) if n != found["name"])
    found["siren"] = next(
        (m["siren"] or m["siret"][:9] for m in mentions if m["siren"] or m["siret"]), ""
    )
    found["is_qpv"] = next((m["is_qpv"] for m in mentions if m["is_qpv"] is not None), None)
    found["origin"] = mentions[0]["source"]
    days: list[date] = [m["first_seen"] for m in mentions] + [m["last_seen"] for m in mentions]
    return found | {"first_seen": min(days), "last_seen": max(days)}


def _departements_differ(one: Row, other: Row) -> bool:
    left, right = (departement_of(r["commune_code"] or r["postcode"]) for r in (one, other))
    return bool(left and right and left != right)


def _names_meet(one: Row, other: Row) -> bool:
    left, right = _names(one), _names(other)
    if {w for n in left for w in words(n)} & {w for n in right for w in words(n)}:
        return True
    return any(fuzz.token_set_ratio(a, b) >= ALIKE for a in left for b in right)


def _names(row: Row) -> list[str]:
    names = [row["name"], *row["other_names"].split(SEPARATOR), row.get("legal_name", "")]
    return [n.lower() for n in names if n]
