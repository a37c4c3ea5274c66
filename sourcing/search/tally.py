"""The listing as columns in memory, read once per version of the data: who fits is counted here."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import cos, pi, radians, sin
from operator import ne
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Executable, Select, select, text, true
from sqlalchemy.orm import Session

from sourcing.model import MASKED, PARTIAL, Listing, Supplier, Tag
from sourcing.normalise.text import fold
from sourcing.places import EARTH_RADIUS_KM, KM_PER_DEGREE
from sourcing.search.common import common, numbers, positions
from sourcing.search.ground import Ground, ground
from sourcing.search.holders import Holders, holders
from sourcing.search.query import BBox
from sourcing.search.squares import numbered
from sourcing.search.words import Vocabulary, vocabulary
from sourcing.tagging.statuses import NOISE

Array = NDArray[Any]
Mask = NDArray[np.bool_]
FETCHED = 50_000
# Half the side of a box in a circle, for a radius of 1, the globe's roundness allowed for.
SURELY_WITHIN = 0.7
NOTHING: Mapping[str, object] = {}
# The place of each reason in `noise`; 0 shows, the last is hidden for a reason nobody gave.
REASONS = (*NOISE, "")


@dataclass(frozen=True, slots=True)
class Bits:
    """Sets of bits: one index per supplier into the few distinct values."""

    index: Array
    values: Array

    def any_of(self, mask: int) -> Mask:
        found: Mask = (self.values & mask != 0)[self.index]
        return found

    def by_bit(self, bits: Mapping[str, int], kept: Mask) -> dict[str, int]:
        held = np.bincount(self.index[kept], minlength=len(self.values))
        return {code: int(held[self.values & bit != 0].sum()) for code, bit in bits.items()}


@dataclass(frozen=True, slots=True)
class Texts:
    """Many short texts as one block of bytes: a tenth of the memory of as many strings."""

    block: Any  # bytes, or a view of a mapped file
    ends: Array

    def at(self, place: int) -> str:
        start = int(self.ends[place - 1]) if place else 0
        return bytes(self.block[start : int(self.ends[place])]).decode()

    def array(self) -> Array:
        """All of them as bytes, as long as the longest."""
        starts = chain([0], self.ends[:-1].tolist())
        pairs = zip(starts, self.ends.tolist(), strict=False)
        return np.asarray([bytes(self.block[start:end]) for start, end in pairs], dtype="S")


@dataclass(frozen=True, slots=True)
class Columns:
    """One position per supplier in every array; ids ascend."""

    places: Array  # positions in the whole
    ids: Array
    rank: Array  # place in the order of names, then of identifiers
    statuses: Bits
    families: Bits
    sizes: Array
    communes: Array  # index into codes
    segments: Array  # index into sets
    is_inside: Mask
    noise: Array  # 0, else 1 + place in REASONS
    lon: Array
    lat: Array
    reach_km: Array  # NaN: its address only
    # Of the whole, whatever was taken of it:
    # Positions of who has a place, in the order of their squares, and the squares.
    order: Array
    squares: Array
    codes: tuple[str, ...]  # ascending
    # The distinct sets of segments: one line per set, one column per segment of `holders`.
    sets: Mask
    holders: Mapping[str, Holders]
    uids: Texts
    names: Texts
    vocabulary: Vocabulary
    # Who has the commonest words, by position (see `common`).
    common: Mapping[str, Array]
    ground: Ground

    def take(self, kept: Array) -> "Columns":
        """Only these positions."""
        return replace(
            self,
            places=self.places[kept],
            ids=self.ids[kept],
            rank=self.rank[kept],
            statuses=replace(self.statuses, index=self.statuses.index[kept]),
            families=replace(self.families, index=self.families.index[kept]),
            sizes=self.sizes[kept],
            communes=self.communes[kept],
            segments=self.segments[kept],
            is_inside=self.is_inside[kept],
            noise=self.noise[kept],
            lon=self.lon[kept],
            lat=self.lat[kept],
            reach_km=self.reach_km[kept],
        )

    def key(self, place: int) -> str:
        """The name a position is ranked by."""
        return fold(self.names.at(place))

    def find(self, ids: Array) -> Array:
        """The positions of these ids; those that are not listed are passed over."""
        return positions(self.ids, ids)

    def in_communes(self, codes: Sequence[str]) -> Mask:
        """In one of these communes; a short code is a département, a long one an EPCI."""
        exact = set(codes).union(*(self.ground.epcis.get(code, ()) for code in codes))
        wanted = np.zeros(len(self.codes), dtype=bool)
        for code in exact:
            last = f"{code}~" if is_departement(code) else code
            wanted[bisect_left(self.codes, code) : bisect_right(self.codes, last)] = True
        found: Mask = wanted[self.communes]
        return found

    def in_segments(self, codes: Sequence[str]) -> Mask:
        wanted = [place for place, code in enumerate(self.holders) if code in codes]
        per_set: Any = self.sets[:, wanted].any(axis=1)
        found: Mask = per_set[self.segments]
        return found

    def in_box(self, bbox: BBox) -> Mask:
        west, south, east, north = bbox
        box: Mask = (self.lat >= south) & (self.lat <= north)
        box &= (self.lon >= west) & (self.lon <= east)
        return box

    def within(self, point: tuple[float, float], radius_km: float) -> Mask:
        """At most this far: a box, then the exact circle for those near its corners."""
        lon, lat = point
        high = radius_km / KM_PER_DEGREE
        wide = high / max(0.01, cos(radians(min(89.0, abs(lat) + high))))
        found = self.in_box((lon - wide, lat - high, lon + wide, lat + high))
        # A box that the circle holds for sure, at the latitude where degrees are widest.
        high *= SURELY_WITHIN
        wide = high / max(0.01, cos(radians(max(0.0, abs(lat) - high))))
        surely = self.in_box((lon - wide, lat - high, lon + wide, lat + high))
        near = np.flatnonzero(found & ~surely)
        limit = sin(min(pi / 2, radius_km / (2 * EARTH_RADIUS_KM))) ** 2
        found[near] = self.half_chords(near, point) <= limit
        return found

    def half_chords(self, places: Array, point: tuple[float, float]) -> Array:
        """sin²(d/2R) from the point, NaN for who has no place: sorts as the distance does."""
        lon0, lat0 = np.radians(point)
        lon, lat = np.radians(self.lon[places]), np.radians(self.lat[places])
        east = np.cos(lat0) * np.cos(lat) * np.sin((lon - lon0) / 2) ** 2
        found: Array = np.sin((lat - lat0) / 2) ** 2 + east
        return found

    def by_segment(self, kept: Mask) -> dict[str, int]:
        """How many of the kept suppliers have each segment."""
        per_set = np.bincount(self.segments[kept], minlength=len(self.sets))
        return dict(zip(self.holders, map(int, per_set @ self.sets), strict=True))

    def by_commune(self, kept: Mask) -> dict[str, int]:
        counts = np.bincount(self.communes[kept], minlength=len(self.codes))
        held = (
            (self.codes[place], int(counts[place])) for place in np.flatnonzero(counts).tolist()
        )
        return {code: number for code, number in held if code}

    def by_noise(self, kept: Mask) -> dict[str, int]:
        """How many of the kept suppliers are hidden, by reason."""
        counts = np.bincount(self.noise[kept], minlength=len(REASONS) + 1)[1:]
        return {reason: int(n) for reason, n in zip(REASONS, counts, strict=True) if n}


def is_departement(code: str) -> bool:
    return 2 <= len(code) <= 3


# --- reading ---


def read(session: Session, only: Sequence[int] | None = None) -> Columns:
    """Every column from the base, of all suppliers or of these."""
    ids, communes, inside, statuses, families, sizes, is_noise, lon, lat, reach = _table(
        session,
        select(
            Listing.supplier_id,
            Listing.commune_code,
            Listing.in_territory,
            Listing.statuses,
            Listing.families,
            Listing.size,
            Listing.is_noise,
            Listing.lon,
            Listing.lat,
            Listing.reach_km,
        )
        .where(among(Listing.supplier_id, only))
        .order_by(Listing.supplier_id),
        ("i8", "U", "?", "i8", "i8", "i1", "?", "f8", "f8", "f8"),
    )
    codes, index = np.unique(communes, return_inverse=True)
    uids, names, nafs = _names(session, only)
    held = holders(session, ids, nafs, among(Tag.supplier_id, only))
    segments, sets = _sets(held, len(ids))
    order, squares = numbered(lon, lat)
    words = vocabulary(session)
    return Columns(
        places=np.arange(len(ids), dtype=np.int32),
        ids=ids,
        rank=_rank(session, ids, uids, only),
        statuses=_bits(statuses),
        families=_bits(families),
        sizes=sizes,
        communes=index.astype(np.int32),
        segments=segments,
        is_inside=inside,
        noise=_noise(session, ids, is_noise, only),
        lon=lon,
        lat=lat,
        reach_km=reach,
        order=order,
        squares=squares,
        codes=tuple(map(str, codes)),
        sets=sets,
        holders=held,
        uids=uids,
        names=names,
        vocabulary=words,
        common=common(session, ids, words.counts) if only is None else {},
        ground=ground(session),
    )


def among(column: Any, only: Sequence[int] | None) -> ColumnElement[bool]:
    """That a column holds one of these; anything for None."""
    if only is None:
        return true()
    # Written out: so many parameters would take longer to bind than the answer to come.
    named: ColumnElement[bool] = column.in_(text(", ".join(map(str, only)) or "NULL"))
    return named


def fetch(
    session: Session, statement: Executable, values: Mapping[str, object] = NOTHING
) -> Iterator[Sequence[Any]]:
    """The rows in large lists, as the driver gives them."""
    result = session.connection().execute(statement, values)
    cursor: Any = result.cursor
    while rows := cursor.fetchmany(FETCHED):
        yield rows
    result.close()


def _table(
    session: Session, statement: Select[*tuple[Any, ...]], kinds: Sequence[str]
) -> list[Array]:
    """One array per column; a missing number is NaN."""
    parts: list[list[Array]] = [[] for _ in kinds]
    for rows in fetch(session, statement):
        for part, kind, values in zip(parts, kinds, zip(*rows, strict=True), strict=True):
            part.append(np.asarray(values, dtype=kind))
    return [
        np.concatenate(part) if part else np.empty(0, dtype="U1" if kind == "U" else kind)
        for part, kind in zip(parts, kinds, strict=True)
    ]


def _bits(column: Array) -> Bits:
    values, index = np.unique(column, return_inverse=True)
    return Bits(index.astype(np.int32), values)


def _rank(session: Session, ids: Array, uids: Texts, only: Sequence[int] | None) -> Array:
    """The place of each supplier in the order of names, then of identifiers."""
    keyed = select(Listing.supplier_id, Listing.name_key).where(among(Listing.supplier_id, only))
    ordered = keyed.order_by(Listing.name_key)
    found, is_new, last = [], [], ""
    for rows in fetch(session, ordered):
        keys = [row[1] for row in rows]
        found.append(np.fromiter((row[0] for row in rows), np.int64, len(rows)))
        is_new.append(np.fromiter(map(ne, keys, chain([last], keys)), bool, len(rows)))
        last = keys[-1]
    if not found:
        return np.empty(0, dtype=np.int32)
    places = np.searchsorted(ids, np.concatenate(found))
    # Whoever has the same name follows by identifier, byte by byte on any database.
    order = np.lexsort((uids.array()[places], np.cumsum(np.concatenate(is_new))))
    rank = np.empty(len(ids), dtype=np.int32)
    rank[places[order]] = np.arange(len(ids), dtype=np.int32)
    return rank


def _names(session: Session, only: Sequence[int] | None) -> tuple[Texts, Texts, Array]:
    """Identifiers, names as anyone may read them, and NAF codes, in the order of ids."""
    shown = (
        select(Supplier.uid, Supplier.name, Supplier.diffusion, Supplier.is_person, Supplier.naf)
        .join(Listing, Listing.supplier_id == Supplier.id)
        .where(among(Listing.supplier_id, only))
        .order_by(Listing.supplier_id)
    )
    uids, names, nafs = _Writer(), _Writer(), [np.empty(0, dtype="S8")]
    for rows in fetch(session, shown):
        uids.add([row[0] for row in rows])
        names.add([MASKED if row[2] == PARTIAL and row[3] else row[1] for row in rows])
        nafs.append(np.asarray([row[4] for row in rows], dtype="S8"))
    return uids.texts(), names.texts(), np.concatenate(nafs)


class _Writer:
    """Gathers texts into one block."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.sizes: list[Array] = []

    def add(self, texts: Sequence[str]) -> None:
        encoded = [text.encode() for text in texts]
        self.blocks.append(b"".join(encoded))
        self.sizes.append(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)))

    def texts(self) -> Texts:
        sizes = np.concatenate(self.sizes) if self.sizes else np.empty(0, dtype=np.int64)
        return Texts(b"".join(self.blocks), np.cumsum(sizes))


def _noise(session: Session, ids: Array, is_noise: Mask, only: Sequence[int] | None) -> Array:
    """The first reason each hidden supplier is hidden for."""
    noise = np.where(is_noise, len(REASONS), 0).astype(np.int8)
    for place, reason in reversed(list(enumerate(NOISE, start=1))):
        tagged = select(Tag.supplier_id).where(Tag.kind == "noise", Tag.value == reason)
        found = numbers(session, tagged.where(among(Tag.supplier_id, only)))
        noise[positions(ids, found)] = place
    noise[~is_noise] = 0
    return noise


def _sets(holders: Mapping[str, Holders], count: int) -> tuple[Array, Mask]:
    """The index of each supplier's set of segments, and the distinct sets."""
    has = np.zeros((count, max(1, len(holders))), dtype=bool)
    for place, held in enumerate(holders.values()):
        has[held.places, place] = True
    return distinct_sets(has, len(holders))


def distinct_sets(has: Mask, count: int) -> tuple[Array, Mask]:
    """The number of each row among the distinct ones, and those, of so many columns."""
    packed = np.packbits(has, axis=1)
    key = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    return index.astype(np.int32), has[first][:, :count]
