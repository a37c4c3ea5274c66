"""The real communes of the demonstration: where suppliers may stand, and in which streets."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from demo.names import DATA, WORDS, places

LORIENT_EPCI = "200042174"
# Kept out of the territory file: too far to matter, they show what "out of scope" counts.
FAR = "loin"
HEADER = (
    "code_insee",
    "nom",
    "codes_postaux",
    "population",
    "lon",
    "lat",
    "departement",
    "region",
    "epci",
)
TERRITORY_FILE = "communes_demonstration.csv"


class Spot(NamedTuple):
    """A disc of dry land inside the commune, and the share of its addresses there."""

    x: float
    y: float
    radius_m: float
    share: float


class Street(NamedTuple):
    """A street as the register names it: 'RUE', 'de la Mairie'."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Commune:
    """One real commune; `weight` is its part of the suppliers (its population where we know it)."""

    code: str
    name: str
    postcodes: tuple[str, ...]
    weight: float
    epci: str
    spots: tuple[Spot, ...]
    zones: tuple[Street, ...]

    @property
    def is_local(self) -> bool:
        """In Lorient Agglomération."""
        return self.epci == LORIENT_EPCI


def _rows() -> list[dict[str, str]]:
    with (DATA / "communes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def communes() -> list[Commune]:
    """Territory first, then the neighbours, then the far ones."""
    return [
        Commune(
            code=row["code_insee"],
            name=row["nom"],
            postcodes=tuple(row["codes_postaux"].split("|")),
            weight=float(row["weight"]),
            epci=row["epci"],
            spots=_spots(row["spots"]),
            zones=tuple(Street(*zone.split(":")) for zone in row["zones"].split("|") if zone),
        )
        for row in _rows()
    ]


def _spots(text: str) -> tuple[Spot, ...]:
    spots = [[float(number) for number in spot.split()] for spot in text.split("|")]
    return tuple(Spot(*lambert_93(lon, lat), radius, share) for lon, lat, radius, share in spots)


def lambert_93(lon: float, lat: float) -> tuple[float, float]:
    """Degrees to metres of EPSG:2154 (IGN's constants)."""
    e, n, c, x_pole, y_pole = (
        0.0818191910428,
        0.7256077650532670,
        11754255.426096,
        700000.0,
        12655612.049876,
    )
    sine = math.sin(math.radians(lat))
    isometric = math.atanh(sine) - e * math.atanh(e * sine)
    radius, angle = c * math.exp(-n * isometric), n * math.radians(lon - 3)
    return x_pole + radius * math.sin(angle), y_pole - radius * math.cos(angle)


def streets(commune: Commune) -> list[Street]:
    """Business parks first, the usual streets, then coined ones: more where more people live."""
    usual = [Street(*street.split(":")) for street in WORDS["usual_streets"]]
    coined_places = places()
    count = min(int(commune.weight / 90), 600)
    start, kinds = (
        int(commune.code[-3:]) * 41,
        ("RUE", "RUE", "LIEU-DIT", "ALL", "IMP", "CHE", "RTE"),
    )
    coined = []
    for i in range(count):
        kind, place = kinds[i % len(kinds)], coined_places[(start + i * 7) % len(coined_places)]
        coined.append(Street(kind, place if kind == "LIEU-DIT" else f"de {place}"))
    return [*commune.zones, *usual, *coined]


def territory_files(folder: Path) -> list[Path]:
    """Lorient Agglomération's communes and their neighbours, for `territory --from-file`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / TERRITORY_FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in _rows() if row["epci"] != FAR)
    return [path]


def polar(distance_m: float, turn: float) -> tuple[float, float]:
    """A distance and a direction (radians) as metres eastward and northward."""
    return distance_m * math.cos(turn), distance_m * math.sin(turn)
