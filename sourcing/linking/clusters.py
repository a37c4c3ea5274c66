"""Which lines name one structure: what is surest joins first, and nothing joins two firms."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Home(NamedTuple):
    """A supplier: by its siret, else by the line that founds it, else by its number."""

    siret: str = ""
    line: int = 0
    supplier: int = 0


class Edge(NamedTuple):
    """Two lines that may be one structure, and why."""

    one: int
    other: int
    score: float
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Group:
    """Lines that name one structure, and what may not join them."""

    members: list[int]
    # Where a siret or a person puts them.
    home: Home | None = None
    firms: set[str] = field(default_factory=set)
    # Lines a person told apart from one of the members; homes that are not theirs.
    apart: set[int] = field(default_factory=set)
    refused: set[Home] = field(default_factory=set)
    # A person looked at one of them: the rules give it no siret any more.
    is_cautious: bool = False

    def may_join(self, other: "Group") -> bool:
        """One home, one firm, and nobody against it."""
        for one, two in ((self, other), (other, self)):
            if one.home and (two.is_cautious or one.home in two.refused):
                return False
            if not one.apart.isdisjoint(two.members):
                return False
        return self.agrees(other)

    def agrees(self, other: "Group") -> bool:
        """Neither two sirets nor two firms."""
        return not (self.home and other.home and self.home != other.home) and (
            len(self.firms | other.firms) < 2
        )

    def take(self, other: "Group") -> None:
        self.members += other.members
        self.home = self.home or other.home
        self.firms |= other.firms
        self.apart |= other.apart
        self.refused |= other.refused
        # Put somewhere by a siret or a person: no longer a question.
        self.is_cautious = (self.is_cautious or other.is_cautious) and not self.home


Groups = dict[int, Group]
Rank = Callable[[int], tuple[str, str]]


def gather(groups: Iterable[Group], ties: Iterable[tuple[int, int]]) -> Groups:
    """member -> its group, those that persons tied being one; two sirets are never tied."""
    group = {member: one for one in groups for member in one.members}
    for one, other in ties:
        if one in group and other in group and group[one].agrees(group[other]):
            _merge(group, group[one], group[other])
    return group


def join(group: Groups, edges: Sequence[Edge], rank: Rank) -> list[Edge]:
    """Join along the edges, surest first; what would not hold is cut at its weakest edge.

    Returns the edges cut. `rank` orders lines whatever their number, so that the answer depends
    on no order of files.
    """
    cut = []
    for edge in sorted(edges, key=lambda e: (-e.score, *sorted((rank(e.one), rank(e.other))))):
        one, other = group[edge.one], group[edge.other]
        if one is other:
            continue
        if one.may_join(other):
            _merge(group, one, other)
        else:
            cut.append(edge)
    return cut


def _merge(group: Groups, one: Group, other: Group) -> None:
    if one is other:
        return
    if len(one.members) < len(other.members):
        one, other = other, one
    one.take(other)
    group.update(dict.fromkeys(other.members, one))


def firsts(group: Groups, rank: Rank) -> dict[int, int]:
    """member -> the line of its group that comes first."""
    first = {id(one): min(one.members, key=rank) for one in group.values()}
    return {member: first[id(one)] for member, one in group.items()}
