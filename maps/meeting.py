"""The stops of the meeting: what each counts, names and shows on the map, ready to be drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from random import Random
from typing import NamedTuple

from sqlalchemy.orm import Session

from maps import ground as grounds
from maps.ground import Ground, View
from maps.layout import Dot, Name, Type, apart, names
from maps.marks import BY_STATUS, Mark, mark
from sourcing import purchases
from sourcing.arrivals import Arrival, arrivals
from sourcing.model import Purchase
from sourcing.search import Page, cells, search
from sourcing.search.query import Query
from sourcing.segments import Nomenclature

# The map is drawn for a box this wide and high, in hundredths of the screen's width.
BOX_WIDTH, BOX_HEIGHT = 40.0, 42.0
MARGIN = 0.06
SIZES = Type(2.45, 1.0)
# The counters of a stop: status, how one and several are called on the screen.
COUNTERS = (
    ("siae", "insertion", "insertion"),
    ("esat", "ESAT", "ESAT"),
    ("ea", "entreprise adaptée", "entreprises adaptées"),
    ("ess", "ESS", "ESS"),
    ("innovation", "innovation", "innovations"),
)
NAMED = ("siae", "esat", "ea", "innovation")
# Names shown at a stop, drawn from this many; purchases and arrivals on one screen.
NAMES, DRAWN = 3, 60
PURCHASES, ARRIVALS = 5, 6
# Between two stops that are no place and no family.
EVERY = 8
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stop:
    """One screen of the tour."""

    kind: str  # territoire, famille, commune, achats, arrivees or inscription
    label: str
    value: str = ""

    @property
    def query(self) -> Query:
        return Query.from_args({self.kind: [self.value]} if self.value else {})


@dataclass(frozen=True, slots=True)
class Counter:
    label: str
    count: int
    look: Mark


class Named(NamedTuple):
    name: str
    commune: str
    look: Mark


@dataclass(frozen=True, slots=True)
class Scene:
    """What a stop shows; the map's parts are in the plane of the ground."""

    stop: Stop
    view: View
    total: int = 0
    counters: Sequence[Counter] = ()
    named: Sequence[Named] = ()
    dots: Sequence[Dot] = ()
    names: Sequence[Name] = ()
    purchases: Sequence[Purchase] = ()
    arrivals: Sequence[Arrival] = ()

    @property
    def scale(self) -> float:
        """Of the plane, what a hundredth of the screen's width is."""
        return self.view.width / BOX_WIDTH


@dataclass(frozen=True, slots=True)
class Tour:
    """The stops in their order, and what makes each."""

    session: Session
    nomenclature: Nomenclature
    organisation: str
    ground: Ground
    coming: Sequence[Purchase]
    arrived: Sequence[Arrival]
    stops: list[Stop] = field(default_factory=list)

    def scene(self, place: int) -> Scene:
        """What the stop at this place shows."""
        stop = self.stops[place]
        box = next((d.box for d in self.ground.lands if d.code == stop.value), self.ground.box)
        view = grounds.framed(box, BOX_WIDTH / BOX_HEIGHT, MARGIN)
        if stop.kind == "achats":
            first = int(stop.value)
            page = self.coming[first : first + PURCHASES]
            return Scene(stop, view, len(self.coming), purchases=page)
        if stop.kind == "arrivees":
            return Scene(stop, view, len(self.arrived), arrivals=self.arrived[:ARRIVALS])
        if stop.kind == "inscription":
            return Scene(stop, view)
        return self._found(stop, view)

    def scenes(self) -> Iterator[Scene]:
        """Every stop's."""
        return map(self.scene, range(len(self.stops)))

    def _found(self, stop: Stop, view: View) -> Scene:
        page = search(self.session, self.nomenclature, replace(stop.query, per_page=1))
        sizes = SIZES.times(view.width / BOX_WIDTH)
        dots = apart(self._dots(stop, view), sizes)
        lands = [land for land in self.ground.lands if land.is_inside]
        inside = [land for land in lands if _is_in(land.at, view)]
        shown = inside if stop.kind != "commune" else [d for d in inside if d.code != stop.value]
        return Scene(stop, view, page.total, _counters(page), self._named(stop), dots,
                     names(shown, map(sizes.box, dots), sizes.size, view))  # fmt: skip

    def _dots(self, stop: Stop, view: View) -> Iterator[Dot]:
        box = self.ground.degrees(view)
        zoom = _zoom(box[2] - box[0])
        for cell in cells(self.session, self.nomenclature, stop.query, box, zoom):
            look = mark(cell.suppliers[0].statuses).name if cell.suppliers else "other"
            if _is_in(at := self.ground.at(cell.lon, cell.lat), view):
                yield Dot(*at, cell.count, look)

    def _named(self, stop: Stop) -> list[Named]:
        """A few suppliers of the stop, others in an hour; never a person's name."""
        asked = replace(stop.query, statuses=NAMED, per_page=DRAWN)
        hits = search(self.session, self.nomenclature, asked).hits
        firms = [hit for hit in hits if not hit.is_person]
        random = Random(f"{datetime.now():%Y-%m-%d %H} {stop.value}")
        drawn = random.sample(firms, min(NAMES, len(firms)))
        return [
            Named(hit.name, hit.commune, mark(hit.statuses))
            for hit in sorted(drawn, key=lambda hit: hit.name)
        ]


def tour(session: Session, nomenclature: Nomenclature, organisation: str) -> Tour:
    """The territory, then what is bought and where in turn; nothing empty."""
    page = search(session, nomenclature, replace(Query(), per_page=1))
    ground = grounds.ground(grounds.communes(session))
    made = Tour(session, nomenclature, organisation, ground, purchases.upcoming(session),
                arrivals(session, datetime.now() - RECENT))  # fmt: skip
    inside = {land.code for land in ground.lands if land.is_inside}
    communes = [stop for stop in _stops("commune", page) if stop.value in inside]
    pairs = zip_longest(_stops("famille", page), communes)
    places = [stop for pair in pairs for stop in pair if stop]
    made.stops.extend([Stop("territoire", organisation), *_broken(places, list(_others(made)))])
    return made


def _stops(kind: str, page: Page) -> Iterator[Stop]:
    options = next((facet.options for facet in page.facets if facet.name == kind), ())
    yield from (Stop(kind, option.label, option.value) for option in options if option.count)


def _others(made: Tour) -> Iterator[Stop]:
    """The screens that are no place and no family."""
    yield Stop("inscription", "Votre structure n’y est pas ?")
    if made.arrived:
        yield Stop("arrivees", "Ils viennent de nous rejoindre")
    for first in range(0, len(made.coming), PURCHASES):
        yield Stop("achats", "Ce que nous allons acheter", str(first))


def _broken(places: Sequence[Stop], others: Sequence[Stop]) -> Iterator[Stop]:
    """The places, with one of the others after every few of them; none is left out."""
    waiting = list(others)
    for number, stop in enumerate(places, 1):
        yield stop
        if number % EVERY == 0:
            yield waiting.pop(0) if waiting else others[(number // EVERY - 1) % len(others)]
    yield from waiting


def _counters(page: Page) -> list[Counter]:
    options = next((facet.options for facet in page.facets if facet.name == "statut"), ())
    counts = {option.value: option.count for option in options}
    return [
        Counter(many if (count := counts.get(code, 0)) > 1 else one, count, BY_STATUS[code])
        for code, one, many in COUNTERS
    ]


def _is_in(at: tuple[int, int], view: View) -> bool:
    return 0 <= at[0] - view.x <= view.width and 0 <= at[1] - view.y <= view.height


def _zoom(degrees: float) -> int:
    """The zoom of web maps at which this many degrees fill a thousand pixels."""
    zoom = 0
    while degrees * 2 ** (zoom + 1) * 256 / 360 < 1000 and zoom < 18:
        zoom += 1
    return zoom
