"""Which supplier a line is: what the rules found, what persons decided."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from sourcing.model.base import Base


class Decision(Base):
    """What a person decided in one gesture: all its judgements; withdrawn whole, never erased."""

    __tablename__ = "decision"
    id: Mapped[int] = mapped_column(primary_key=True)
    # same, different, new, unsure, move, merge, bulk
    kind: Mapped[str]
    author: Mapped[str]  # a person's e-mail
    decided_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(default="")


class Judgement(Base):
    """A verdict on "is this mention that supplier?", with its reasons and author; never erased.

    A person may also say it of another mention, where no siret names the supplier.
    """

    __tablename__ = "judgement"
    __table_args__ = (Index("ix_judgement_standing", "author", "verdict", "withdrawn_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id"), index=True)
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"), index=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("mention.id"), index=True)
    verdict: Mapped[str]  # same, review, different; unsure from a person
    # siret: that site; siren: the firm it belongs to; duplicate: another SIREN of the same firm
    level: Mapped[str] = mapped_column(default="siret")
    score: Mapped[float]  # 0..1
    reasons: Mapped[list[Any]]  # French clauses, strongest first
    author: Mapped[str]  # "rules" or a person's e-mail
    decided_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    # A person's: the gesture it is part of, and what both lines said when she saw them.
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    seen: Mapped[dict[str, Any] | None]


class Finding(Base):
    """What the register answers to one line without siret, before anybody decides."""

    __tablename__ = "finding"
    mention_id: Mapped[int] = mapped_column(
        ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # Of what the line says: another digest must be asked again.
    digest: Mapped[str]
    verdict: Mapped[str]
    level: Mapped[str]
    # Best first: {"supplier", "probability", "firm", "speaks_for": [], "speaks_against": []}
    candidates: Mapped[list[Any]]


class Likeness(Base):
    """Two lines of lists that are like enough to name one structure; `one_id` has no siret."""

    __tablename__ = "likeness"
    one_id: Mapped[int] = mapped_column(
        ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    other_id: Mapped[int] = mapped_column(
        ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    score: Mapped[float]  # 0..1, of this pair alone
    # Nothing holds it back: the rules join the two.
    is_sure: Mapped[bool]
    reasons: Mapped[list[Any]]
