"""Every mention to its supplier: persons' decisions first, then sirets, then names and places."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing import normalise
from sourcing.linking.bases import Base, of_mentions
from sourcing.linking.clusters import clusters
from sourcing.linking.decisions import Decision, Journal
from sourcing.linking.founding import Founder
from sourcing.linking.kept import LINKED, prepared
from sourcing.linking.verdicts import DIFFERENT, REVIEW, SAME, Finding
from sourcing.model import Mention, Setting, Supplier

Progress = Callable[[float, float], None]
Row = Mapping[str, Any]
# What the base was when names were last compared; a change means that lines must be asked again.
STATE = "linking_state"
READ = (
    "id",
    "source",
    "key",
    "supplier_id",
    "siret",
    "siren",
    "name",
    "other_names",
    "address",
    "postcode",
    "commune",
    "commune_code",
    "lon",
    "lat",
    "precision",
    "phone",
    "email",
    "website",
    "naf",
    "legal_form",
    "is_qpv",
    "description",
    "first_seen",
    "last_seen",
)
NO_MATCH = "aucun fournisseur de la base ne correspond"
NEW_SIRET = "SIRET publié par la liste, inconnu de la base : fournisseur ajouté"
SHARED_SIRET = "un SIRET partagé n'est jamais séparé sans vérification"


class Counts(NamedTuple):
    """Lines that had no supplier: linked, to be looked at; and suppliers added."""

    same: int = 0
    review: int = 0
    new: int = 0


def link(session: Session, progress: Progress | None = None, cache: Path | None = None) -> Counts:
    """Give every mention its supplier and write down why; safe to run again."""
    session.flush()
    counts = _Linking(session, progress or (lambda done, total: None), cache).run()
    # Rows were written under the ORM's feet: what the caller holds is read again.
    session.expire_all()
    return counts


@dataclass
class _Linking:
    """One run: the mentions as read, and where each goes."""

    session: Session
    progress: Progress
    cache: Path | None

    def run(self) -> Counts:
        self.journal = Journal.read(self.session)
        self.mentions = _mentions(self.session)
        self.pending = {m["id"] for m in self.mentions if self._is_pending(m)}
        if not self.pending and self._state() == self._known_state():
            return Counts()
        self.founder = Founder(self.session, self.mentions)
        self.progress(0, 4)
        pinned = self._replay()
        self.progress(1, 4)
        rest = [m for m in self.mentions if m["id"] not in pinned]
        self._link_sirets([m for m in rest if self._published(m)])
        self.progress(2, 4)
        self._link_names([m for m in rest if not self._published(m)], set(pinned.values()))
        self.progress(3, 4)
        new = self.founder.finish()
        self.journal.write(self.session)
        self.session.merge(Setting(key=STATE, value=self._state()))
        if new or self.founder.is_changed:
            self.session.merge(Setting(key=LINKED, value=datetime.now().isoformat()))
        self.session.flush()
        self.progress(4, 4)
        return self._counts(new)

    def _is_pending(self, mention: Row) -> bool:
        return mention["supplier_id"] is None

    def _published(self, mention: Row) -> bool:
        """Has a valid siret that no person has said is not its own."""
        siret = mention["siret"]
        return bool(normalise.is_siret(siret)) and siret not in self._refused_sirets(mention)

    def _refused_sirets(self, mention: Row) -> set[str]:
        return {
            self.founder.sirets[s]
            for s in self.journal.refusals.of(mention["id"])
            if s in self.founder.sirets
        }

    def _replay(self) -> dict[int, int]:
        """What persons decided, applied again: mention -> supplier."""
        pinned = {m: s for m, s in self.journal.pinned.items() if m in self.founder.by_id}
        for mention, supplier in pinned.items():
            self.founder.attach(mention, supplier)
        return pinned

    def _link_sirets(self, mentions: Sequence[Row]) -> None:
        """Each published siret to its supplier, made from the lists when it is unknown."""
        groups: dict[str, list[Row]] = {}
        for mention in mentions:
            groups.setdefault(mention["siret"], []).append(mention)
        touched = {
            s: g
            for s, g in groups.items()
            if any(m["id"] in self.pending for m in g) or self.founder.is_from_list(s)
        }
        for siret, group in touched.items():
            known = self.founder.with_siret(siret)
            supplier = known or self.founder.found(group, siret)
            for mention in group:
                doubt = self.founder.disagreement(mention, group, siret)
                self.founder.attach(mention["id"], supplier)
                reasons = (
                    ("même SIRET", *doubt, SHARED_SIRET)
                    if doubt
                    else ("même SIRET",)
                    if self.founder.is_register(siret)
                    else (NEW_SIRET,)
                )
                self.journal.decide(
                    Decision(
                        mention["id"],
                        supplier,
                        REVIEW if doubt else SAME,
                        0.5 if doubt else 1.0,
                        reasons,
                    )
                )

    def _link_names(self, mentions: Sequence[Row], made_by_persons: set[int]) -> None:
        """Lines without a usable siret: to a supplier of the base, else to one another."""
        if not mentions:
            return
        base = prepared(self.session, self._made(made_by_persons), cache=self.cache)
        line_of = self._lines_refused(base)
        refused = {
            (i, line_of[s])
            for i, m in enumerate(mentions)
            for s in self.journal.refusals.of(m["id"])
            if s in line_of
        }
        findings = base.linker.ask(of_mentions(mentions), refused)
        left = []
        for mention, finding in zip(mentions, findings, strict=True):
            if finding.verdict == SAME and finding.best:
                self._attach(mention, finding, base)
            else:
                left.append((mention, finding))
        self._found_clusters(left, base)

    def _made(self, suppliers: set[int]) -> list[int]:
        """Those of these suppliers that have no siret: persons made them."""
        return sorted(s for s in suppliers if s not in self.founder.sirets)

    def _lines_refused(self, base: Base) -> dict[int, int]:
        """Supplier -> its line in the base, for those somebody refused."""
        refused = set[int]().union(*self.journal.refusals.suppliers.values())
        at = np.flatnonzero(np.isin(base.ids, list(refused)))
        return {int(base.ids[line]): int(line) for line in at}

    def _attach(self, mention: Row, finding: Finding, base: Base) -> None:
        if finding.best is None:
            return
        supplier = int(base.ids[finding.best.line])
        self.founder.attach(mention["id"], supplier)
        self.journal.decide(
            Decision(mention["id"], supplier, SAME, finding.best.probability, finding.best.reasons)
        )

    def _found_clusters(self, left: Sequence[tuple[Row, Finding]], base: Base) -> None:
        """Lines nobody in the base is: those that name one structure make one supplier."""
        mentions = [mention for mention, _ in left]
        found = clusters(mentions, of_mentions(mentions), self.journal.refusals)
        for members in found:
            supplier = self.founder.found([mentions[i] for i in members], "")
            for i in members:
                mention, finding = left[i]
                self.founder.attach(mention["id"], supplier)
                self.journal.decide(_own_decision(mention, finding, base, supplier, len(members)))

    def _state(self) -> str:
        """Changes when suppliers with a siret come, go or are read again."""
        row = self.session.execute(
            select(func.count(), func.max(Supplier.id), func.max(Supplier.last_seen)).where(
                Supplier.siret.is_not(None)
            )
        ).one()
        return f"{row[0]}:{row[1]}:{row[2]}:{self.journal.state()}"

    def _known_state(self) -> str:
        known = self.session.get(Setting, STATE)
        return known.value if known else ""

    def _counts(self, new: int) -> Counts:
        verdicts = [self.journal.verdict(m) for m in self.pending]
        return Counts(sum(v == SAME for v in verdicts), sum(v == REVIEW for v in verdicts), new)


def _own_decision(mention: Row, finding: Finding, base: Base, supplier: int, size: int) -> Decision:
    """Why this line has a supplier of its own: a doubt to settle, or nobody like it."""
    best = finding.best
    if best is not None and finding.verdict == REVIEW:
        return Decision(
            mention["id"], int(base.ids[best.line]), REVIEW, best.probability, best.reasons
        )
    others = (f"{size} lignes de listes nomment la même structure",) if size > 1 else ()
    score = 1 - (best.probability if best else 0.0)
    return Decision(
        mention["id"], supplier, SAME if size > 1 else DIFFERENT, score, (NO_MATCH, *others)
    )


def _mentions(session: Session) -> list[Row]:
    """Every mention still published, in an order no file decides."""
    statement = (
        select(*(getattr(Mention, name) for name in READ))
        .where(Mention.gone_on.is_(None))
        .order_by(Mention.source, Mention.key)
    )
    return [dict(row._mapping) for row in session.execute(statement)]
