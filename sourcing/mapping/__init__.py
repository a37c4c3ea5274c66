"""Columns of an unknown list -> fields of a Record, proposed from headers and values, saved."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from sourcing.mapping.columns import LABELS
from sourcing.mapping.guess import SAMPLE, Guess, guess
from sourcing.mapping.looks import CITIES
from sourcing.mapping.plan import Always, Mapping
from sourcing.model import SavedMapping
from sourcing.source import Row

__all__ = ["LABELS", "SAMPLE", "Always", "Guess", "Mapping", "Proposal", "load", "propose", "save"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One guess per column of a file, and the mapping they make."""

    guesses: tuple[Guess, ...]

    @property
    def mapping(self) -> Mapping:
        return Mapping({g.column: g.field for g in self.guesses if g.field})

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(g.column for g in self.guesses)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should check before the list is taken, one sentence per column."""
        return tuple(f"Colonne « {g.column} » : {LABELS[g.field]} sous réserve, à vérifier."
                     for g in self.guesses if g.field and g.confidence == "check")  # fmt: skip


def propose(rows: Sequence[Row], communes: Collection[str] = ()) -> Proposal:
    """The likely field of each column; `communes`: names the base knows, as place_key folds."""
    return Proposal(tuple(guess(rows, CITIES | frozenset(communes))))


def save(session: Session, name: str, mapping: Mapping) -> None:
    """Keep a mapping under a name, replacing the one it had."""
    session.merge(
        SavedMapping(name=name, columns=dict(mapping.columns), saved_at=datetime.now(UTC))
    )


def load(session: Session, name: str) -> Mapping | None:
    """The mapping saved under this name, or None."""
    saved = session.get(SavedMapping, name)
    return Mapping(dict(saved.columns)) if saved else None
