"""Charts drawn by the server: numbers become places in an SVG, which a printer knows too."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, TOP, FOOT = 360, 170, 24, 22
# To the right of the bars, where the target is told.
MARGIN = 74
LEAST_BARS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One year: where its bar stands, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: float
    is_given: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars by year, and where the target stands."""

    bars: tuple[Bar, ...]
    target_y: float | None
    target: float | None
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = HEIGHT - FOOT
    end: int = WIDTH - MARGIN


def by_year(values: Sequence[tuple[int, float, bool]], target: float | None) -> Chart | None:
    """(year, value, is given rather than worked out) -> a chart; None without values."""
    if not values:
        return None
    highest = max([value for _, value, _ in values] + [target or 0.0]) or 1.0
    room = HEIGHT - TOP - FOOT
    step = (WIDTH - MARGIN) / max(LEAST_BARS, len(values))
    bars = tuple(
        Bar(
            round(place * step + step * 0.18, 1), round(HEIGHT - FOOT - room * value / highest, 1),
            round(step * 0.64, 1), round(room * value / highest, 1), str(year), value, is_given,
        )
        for place, (year, value, is_given) in enumerate(values)
    )  # fmt: skip
    at = round(HEIGHT - FOOT - room * target / highest, 1) if target else None
    return Chart(bars, at, target)
