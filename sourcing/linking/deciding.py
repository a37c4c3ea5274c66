"""What persons decide of lines: each gesture is kept whole, holds for ever, and can be undone."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from sourcing.linking import lines as of_lines
from sourcing.linking.decisions import RULES, SITE, UNSURE, last_mention
from sourcing.linking.lines import Line
from sourcing.linking.store import relink
from sourcing.linking.verdicts import DIFFERENT, REVIEW, SAME
from sourcing.model import Decision, Finding, Judgement, Mention, Supplier


class DecisionError(ValueError):
    """This cannot be decided; the message is one French sentence."""


class Desk:
    """One person deciding. `changed` gathers the suppliers whose tags are to be redone."""

    def __init__(self, session: Session, author: str) -> None:
        self.session, self.author = session, author
        self.changed: set[int] = set()

    # --- one line ---

    def same(self, mention: int, supplier: int, level: str = SITE) -> Decision:
        """The line is this supplier, or one of the sites of its firm."""
        return self._decide("same", self._same([mention], supplier, level))

    def different(self, mention: int, supplier: int) -> Decision:
        """The line is not this supplier; whatever else it may be is asked next."""
        return self._decide("different", self._different(mention, supplier))

    def neither(self, mention: int) -> Decision:
        """The line is none of those proposed: a supplier of its own."""
        proposed = dict.fromkeys(self._proposed(mention))
        said = [row for supplier in proposed for row in self._different(mention, supplier)]
        return self._decide("new", said)

    def unsure(self, mention: int) -> Decision:
        """She does not know: asked again later, and to others."""
        self._line(mention)
        return self._decide("unsure", [_said(mention, UNSURE)])

    def move(self, mention: int, supplier: int | None = None) -> Decision:
        """The line is not where it is, but there; or, when nobody is named, on its own."""
        home = self._line(mention)["supplier_id"]
        if home is None or home == supplier:
            raise DecisionError("Cette ligne est déjà rattachée à ce fournisseur.")
        said = self._different(mention, home)
        if supplier is not None:
            said += self._same([mention], supplier, SITE)
        return self._decide("move", said)

    # --- several lines ---

    def merge(self, supplier: int, into: int) -> Decision:
        """Every line of a supplier that only lists know is this other one."""
        one = self._supplier(supplier)
        if one.siret:
            raise DecisionError(
                "Un fournisseur qui a un SIRET ne se fusionne pas : deux SIRET restent deux "
                "établissements. Rattacher plutôt ses lignes une à une."
            )
        if supplier == into:
            raise DecisionError("Choisir un autre fournisseur que lui-même.")
        return self._decide("merge", self._same(self._lines_at(supplier), into, SITE))

    def accept(self, pairs: Iterable[tuple[int, int]]) -> Decision:
        """Each of these lines is the supplier beside it."""
        said = [row for mention, at in pairs for row in self._same([mention], at, SITE)]
        return self._decide("bulk", said)

    def undo(self, decision: int) -> Decision:
        """Take a decision back, whatever was decided since: all is as if it had never been."""
        kept = self.session.get(Decision, decision)
        if kept is None or kept.withdrawn_at is not None:
            raise DecisionError("Cette décision a déjà été annulée.")
        kept.withdrawn_at, kept.withdrawn_by = datetime.now(), self.author
        of_it = Judgement.decision_id == decision
        ends = self.session.execute(select(Judgement.mention_id, Judgement.other_id).where(of_it))
        touched = {number for row in ends for number in row if number}
        self.session.execute(
            update(Judgement)
            .where(of_it, Judgement.withdrawn_at.is_(None))
            .values(withdrawn_at=kept.withdrawn_at)
            .execution_options(synchronize_session=False)
        )
        self.changed |= relink(self.session, touched)
        return kept

    # --- what is said ---

    def _same(self, mentions: Collection[int], supplier: int, level: str) -> list[dict[str, Any]]:
        """Of lines, that they are this supplier: by its number, else by the line that founds it."""
        if self._supplier(supplier).siret:
            return [_said(mention, SAME, supplier, level=level) for mention in mentions]
        other = self._founder(supplier)
        for mention in mentions:
            self._check(self._line(mention), self._line(other))
        return [_said(mention, SAME, other=other) for mention in mentions if mention != other]

    def _check(self, line: Line, other: Line) -> None:
        if line["published"] and other["published"] not in ("", line["published"]):
            raise DecisionError(
                f"« {line['name']} » et « {other['name']} » publient deux SIRET différents : ce "
                "sont deux établissements. Vérifier lequel est faux à la source."
            )

    def _different(self, mention: int, supplier: int) -> list[dict[str, Any]]:
        """Of a line, that it is not this supplier, or not the structure of its other lines."""
        self._line(mention)
        if self._supplier(supplier).siret:
            return [_said(mention, DIFFERENT, supplier)]
        others = [other for other in self._lines_at(supplier) if other != mention]
        return [_said(mention, DIFFERENT, other=other) for other in others]

    def _proposed(self, mention: int) -> Iterator[int]:
        """The suppliers that were proposed for a line, and the one a rule gave it."""
        asked = select(Judgement.supplier_id).where(
            Judgement.mention_id == mention, Judgement.author == RULES,
            Judgement.verdict == REVIEW, Judgement.withdrawn_at.is_(None),
        )  # fmt: skip
        yield from (supplier for supplier in self.session.scalars(asked) if supplier)
        finding = self.session.get(Finding, mention)
        yield from (each["supplier"] for each in (finding.candidates if finding else ()))

    def _founder(self, supplier: int) -> int:
        """The line a supplier without siret is made of."""
        at = of_lines.read(self.session, self._lines_at(supplier))
        uid = self._supplier(supplier).uid
        if not at:
            raise DecisionError("Ce fournisseur n'a plus aucune ligne : en choisir un autre.")
        number: int = next((line for line in at if of_lines.uid(line) == uid), at[0])["id"]
        return number

    def _lines_at(self, supplier: int) -> Sequence[int]:
        here = select(Mention.id).where(Mention.supplier_id == supplier).order_by(Mention.id)
        return self.session.scalars(here).all()

    def _line(self, mention: int) -> Line:
        found = of_lines.read(self.session, [mention])
        if not found:
            raise DecisionError("Cette ligne n'existe pas.")
        return found[0]

    def _supplier(self, supplier: int) -> Supplier:
        found = self.session.get(Supplier, supplier)
        if found is None or found.merged_into is not None:
            raise DecisionError("Ce fournisseur n'existe plus : le chercher de nouveau.")
        return found

    # --- kept ---

    def _decide(self, kind: str, said: Sequence[dict[str, Any]]) -> Decision:
        if not said:
            raise DecisionError("C'est déjà le cas : il n'y a rien à décider.")
        now = datetime.now()
        decision = Decision(kind=kind, author=self.author, decided_at=now, withdrawn_by="")
        self.session.add(decision)
        self.session.flush()
        ends = {row[end] for row in said for end in ("mention_id", "other_id")} - {None}
        lines = {line["id"]: of_lines.seen(line) for line in of_lines.read(self.session, ends)}
        last = last_mention(self.session)
        common = {"score": 1.0, "reasons": [], "author": self.author, "decided_at": now}
        rows = [
            row | common | {"decision_id": decision.id, "seen": _seen(row, lines, last)}
            for row in said
        ]
        self.session.execute(insert(Judgement), rows)
        self.changed |= relink(self.session, ends)
        return decision


def _said(
    mention: int, verdict: str, supplier: int | None = None, other: int | None = None,
    level: str = SITE,
) -> dict[str, Any]:  # fmt: skip
    return {
        "mention_id": mention, "supplier_id": supplier, "other_id": other, "verdict": verdict,
        "level": level,
    }  # fmt: skip


def _seen(row: dict[str, Any], lines: dict[int, dict[str, str]], last: int) -> dict[str, Any]:
    seen: dict[str, Any] = {"line": lines[row["mention_id"]], "last": last}
    return seen | ({"other": lines[row["other_id"]]} if row["other_id"] else {})
