"""Where things go on a drawn map: dots that would overlap are joined, names slide or go."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import NamedTuple

from maps.ground import Land, View

# Discs nearer than this share of their radii together are joined.
TOUCHING = 0.9
# A letter's mean width and a line's height, in parts of the type's size.
LETTER, LINE = 0.56, 1.2


@dataclass(frozen=True, slots=True)
class Dot:
    """So many suppliers at a place of the plane; the look of the one when it is alone."""

    x: float
    y: float
    count: int
    mark: str


@dataclass(frozen=True, slots=True)
class Type:
    """Sizes in the plane: of the type of names, of a lone mark, and of a count's disc."""

    size: float
    mark: float

    def times(self, scale: float) -> "Type":
        """The same sizes where the plane is this much larger."""
        return Type(self.size * scale, self.mark * scale)

    def radius(self, dot: Dot) -> float:
        """Half the room a dot takes; its count is written inside."""
        if dot.count == 1:
            return self.mark
        return self.size * (0.35 + 0.32 * max(2, len(str(dot.count))))

    def box(self, dot: Dot) -> "Box":
        """The room a dot takes."""
        return around(dot.x, dot.y, self.radius(dot), self.radius(dot))


class Name(NamedTuple):
    """A commune's name and the middle of where it is written."""

    text: str
    x: float
    y: float


class Box(NamedTuple):
    """A rectangle by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        return (self.left < other.right and self.right > other.left
                and self.top < other.bottom and self.bottom > other.top)  # fmt: skip

    def moved_into(self, view: View) -> tuple[float, float]:
        """Its middle once it is brought inside the view."""
        x, y = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        wide, high = x - self.left, y - self.top
        return (
            min(max(x, view.x + wide), view.x + view.width - wide),
            min(max(y, view.y + high), view.y + view.height - high),
        )

    def holds(self, other: "Box") -> bool:
        return (self.left <= other.left and self.right >= other.right
                and self.top <= other.top and self.bottom >= other.bottom)  # fmt: skip


def apart(dots: Iterable[Dot], type_: Type) -> list[Dot]:
    """The dots, those that would overlap joined into the largest of them."""
    kept: list[Dot] = []
    for dot in sorted(dots, key=lambda d: (-d.count, d.x, d.y)):
        for place, other in enumerate(kept):
            room = TOUCHING * (type_.radius(dot) + type_.radius(other))
            if hypot(dot.x - other.x, dot.y - other.y) < room:
                kept[place] = replace(other, count=other.count + dot.count)
                break
        else:
            kept.append(dot)
    return kept


def names(
    lands: Sequence[Land],
    taken: Iterable[Box],
    size: float,
    view: View,
    width: Callable[[str], float] | None = None,
) -> list[Name]:
    """The names, of this size, that cover nothing taken, no larger commune's, and no edge.

    `width`: of a text in the plane, where its typeface is known; else by its letters' mean.
    """
    covered = list(taken)
    inside = Box(view.x, view.y, view.x + view.width, view.y + view.height)
    found = []
    for land in lands:
        long = width(land.name) if width else len(land.name) * LETTER * size
        wide, high = long / 2, size * LINE / 2
        for right, down in _nudges(wide, size):
            x, y = land.at[0] + right, land.at[1] + down
            box = around(x, y, wide, high)
            if inside.holds(box) and not any(box.meets(other) for other in covered):
                covered.append(box)
                found.append(Name(land.name, x, y))
                break
    return found


def _nudges(wide: float, size: float) -> Iterable[tuple[float, float]]:
    yield from ((0, down * size) for down in (0, -1, 1, -1.8, 1.8, -2.6, 2.6))
    yield from ((side * (wide + 1.6 * size), 0) for side in (1, -1))


def around(x: float, y: float, wide: float, high: float) -> Box:
    """The box of this half width and half height around a point."""
    return Box(x - wide, y - high, x + wide, y + high)
