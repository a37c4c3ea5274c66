"""How a status looks: one colour and one shape per mark, on badges, pins, legends and in files."""

from collections.abc import Container, Iterable
from typing import NamedTuple

from sourcing.tagging.statuses import STATUSES, Status


class Mark(NamedTuple):
    """A look, and the statuses that give it; the first mark of a supplier is its pin's."""

    name: str
    shape: str  # its symbol in icons.svg
    label: str
    colour: str
    path: str  # the same shape as SVG, in a square of 16
    statuses: tuple[str, ...]


class Badge(NamedTuple):
    """A status as shown: its short label and its look."""

    code: str
    label: str
    mark: str
    shape: str
    rule: str


MARKS = (
    Mark("handicap", "triangle", "ESAT et EA", "#7a3fa0", "M8 .7l7.7 13.8H.3z", ("esat", "ea")),
    Mark(
        "insertion",
        "square",
        "Insertion",
        "#b34a0c",
        "M1.5 1.5h13v13h-13z",
        ("siae", "insertion"),
    ),
    Mark(
        "innovation",
        "star",
        "Innovation",
        "#1d5fb4",
        "M8 0l2.4 5.2 5.6.6-4.2 3.9 1.2 5.7-5-2.9-5 2.9 1.2-5.7L0 5.8l5.6-.6z",
        ("innovation",),
    ),
    Mark("ess", "diamond", "ESS", "#22763c", "M8 0l8 8-8 8-8-8z", ("ess",)),
    Mark("other", "circle", "Autres", "#4b5d66", "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z", ()),
)
OTHER = MARKS[-1]
BY_STATUS = {code: mark for mark in MARKS for code in mark.statuses}
# Sizes are written out in the line of facts: a badge would repeat them.
SIZE_CODES = frozenset(("tpe", "pme", "eti", "ge"))
SHORT = {"ess": "ESS", "insertion": "GEIQ ou prison", "epv": "EPV", "rfar": "RFAR", "bio": "Bio"}
OF_FIRM = "entreprise"


def badges(statuses: Iterable[Status], of_firm: Container[str] = ()) -> list[Badge]:
    """What to show of these statuses, sizes apart; codes `of_firm` say so: the site has nothing."""
    return [_badge(status, of_firm) for status in statuses if status.code not in SIZE_CODES]


def mark(codes: Iterable[str]) -> Mark:
    """The look of a supplier with these statuses."""
    known = set(codes)
    return next((each for each in MARKS if known.intersection(each.statuses)), OTHER)


def of_bits(bits: int) -> list[Status]:
    """The statuses of a listing's bits, in their order."""
    return [status for status in STATUSES if bits & status.bit]


def _badge(status: Status, of_firm: Container[str]) -> Badge:
    label = SHORT.get(status.code) or status.label.partition(" (")[0]
    if status.is_label:
        note = f" ({OF_FIRM})" if status.code in of_firm else ""
        return Badge(status.code, label + note, "label", "seal", status.rule)
    look = BY_STATUS.get(status.code, OTHER)
    return Badge(status.code, label, look.name, look.shape, status.rule)
