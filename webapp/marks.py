"""How a status looks: one colour and one shape per mark, on badges, pins and in the legend."""

from collections.abc import Iterable
from typing import NamedTuple

from sourcing.tagging.statuses import STATUSES, Status


class Mark(NamedTuple):
    """A look, and the statuses that give it; the first mark of a supplier is its pin's."""

    name: str
    shape: str
    label: str
    statuses: tuple[str, ...]


class Badge(NamedTuple):
    """A status as shown: its short label and its look."""

    code: str
    label: str
    mark: str
    shape: str
    rule: str


MARKS = (
    Mark("handicap", "triangle", "ESAT et EA", ("esat", "ea")),
    Mark("insertion", "square", "Insertion", ("siae", "insertion")),
    Mark("innovation", "star", "Innovation", ("innovation",)),
    Mark("ess", "diamond", "ESS", ("ess",)),
    Mark("other", "circle", "Autres", ()),
)
OTHER = MARKS[-1]
BY_STATUS = {code: mark for mark in MARKS for code in mark.statuses}
# Sizes are written out in the line of facts: a badge would repeat them.
SIZE_CODES = frozenset(("tpe", "pme", "eti", "ge"))
SHORT = {"ess": "ESS", "insertion": "GEIQ ou prison"}


def badges(statuses: Iterable[Status]) -> list[Badge]:
    """What to show of these statuses, sizes apart."""
    return [_badge(status) for status in statuses if status.code not in SIZE_CODES]


def mark(codes: Iterable[str]) -> Mark:
    """The look of a supplier with these statuses."""
    known = set(codes)
    return next((each for each in MARKS if known.intersection(each.statuses)), OTHER)


def of_bits(bits: int) -> list[Status]:
    """The statuses of a listing's bits, in their order."""
    return [status for status in STATUSES if bits & status.bit]


def _badge(status: Status) -> Badge:
    look = BY_STATUS.get(status.code, OTHER)
    label = SHORT.get(status.code) or status.label.partition(" (")[0]
    return Badge(status.code, label, look.name, look.shape, status.rule)
