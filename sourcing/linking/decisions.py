"""The journal of judgements: persons' are replayed, the rules' withdrawn when they change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Judgement

RULES = "rules"


class Decision(NamedTuple):
    """The rules' verdict on one mention."""

    mention: int
    supplier: int | None
    verdict: str
    score: float
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Refusals:
    """ "Not that one": the suppliers persons refused for a mention."""

    suppliers: dict[int, set[int]] = field(default_factory=dict)

    def of(self, mention: int) -> set[int]:
        return self.suppliers.get(mention, set())


@dataclass
class Journal:
    """What holds today, and what this run decides."""

    # mention -> supplier, by a person
    pinned: dict[int, int]
    refusals: Refusals
    # mention -> the rules' judgement that holds
    standing: dict[int, Mapping[str, Any]]
    last: int
    decided: dict[int, Decision] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session) -> "Journal":
        """Judgements in force; a person's latest word on a mention counts."""
        rows = session.execute(
            select(
                Judgement.id,
                Judgement.mention_id,
                Judgement.supplier_id,
                Judgement.verdict,
                Judgement.author,
            )
            .where(Judgement.withdrawn_at.is_(None))
            .order_by(Judgement.id)
        )
        journal = cls({}, Refusals(), {}, 0)
        for row in rows:
            journal._take(dict(row._mapping))
        return journal

    def _take(self, row: Mapping[str, Any]) -> None:
        mention, supplier = row["mention_id"], row["supplier_id"]
        if row["author"] == RULES:
            self.standing[mention] = row
            return
        self.last = row["id"]
        if supplier is None:
            return
        refused = self.refusals.suppliers.setdefault(mention, set())
        if row["verdict"] == "same":
            self.pinned[mention] = supplier
            refused.discard(supplier)
        elif row["verdict"] == "different":
            refused.add(supplier)
            if self.pinned.get(mention) == supplier:
                del self.pinned[mention]

    def state(self) -> str:
        """Changes with every decision a person takes or takes back."""
        return f"{self.last}:{len(self.pinned)}:{sum(map(len, self.refusals.suppliers.values()))}"

    def decide(self, decision: Decision) -> None:
        self.decided[decision.mention] = decision

    def verdict(self, mention: int) -> str:
        """What was decided for a mention in this run; persons' links count as same."""
        if mention in self.decided:
            return self.decided[mention].verdict
        return "same" if mention in self.pinned else ""

    def write(self, session: Session) -> None:
        """Withdraw the rules' judgements that changed, add the new ones."""
        changed = [d for d in self.decided.values() if self._is_news(d)]
        stale = [self.standing[d.mention]["id"] for d in changed if d.mention in self.standing]
        stale += [row["id"] for mention, row in self.standing.items() if mention in self.pinned]
        now = datetime.now()
        for chunk in db.chunks(stale, 500):
            session.execute(
                update(Judgement)
                .where(Judgement.id.in_(chunk))
                .values(withdrawn_at=now)
                .execution_options(synchronize_session=False)
            )
        rows = [
            {
                "mention_id": d.mention,
                "supplier_id": d.supplier,
                "verdict": d.verdict,
                "score": round(d.score, 4),
                "reasons": list(d.reasons),
                "author": RULES,
                "decided_at": now,
            }
            for d in changed
        ]
        if rows:
            session.execute(insert(Judgement), rows)

    def _is_news(self, decision: Decision) -> bool:
        known = self.standing.get(decision.mention)
        return known is None or (known["verdict"], known["supplier_id"]) != (
            decision.verdict,
            decision.supplier,
        )
