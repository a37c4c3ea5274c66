"""Columns of an unknown list -> fields of a Record, proposed from headers and values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sourcing.mapping.columns import LABELS
from sourcing.mapping.guess import SAMPLE, Guess, guess
from sourcing.mapping.looks import CITIES
from sourcing.mapping.plan import Always, Mapping, has_place
from sourcing.mapping.tables import of_table
from sourcing.source import Row

__all__ = [
    "LABELS", "SAMPLE", "Always", "Guess", "Mapping", "Proposal", "of_table", "propose",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """One guess per column of a file, and the mapping they make."""

    guesses: tuple[Guess, ...]

    @property
    def mapping(self) -> Mapping:
        columns = {g.column: g.field for g in self.guesses if g.field}
        # A list of SIREN without any place speaks of firms.
        is_of_firms = "siren" in columns.values() and not has_place(columns.values())
        return Mapping(columns, always=Always(level="siren" if is_of_firms else "siret"))

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
