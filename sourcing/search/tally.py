"""The listing as columns in memory, for counting: loaded once per version of the data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Listing, Setting, Tag

Array = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """One position per supplier in every array; ids ascend."""

    ids: Array
    statuses: Array
    families: Array
    sizes: Array
    communes: Array  # index into codes
    segments: Array  # index into sets
    is_inside: Mask
    is_noise: Mask
    lon: Array
    lat: Array
    codes: tuple[str, ...]
    # The distinct sets of segments: one line per set, one column per segment of `segment_codes`.
    sets: Mask
    segment_codes: tuple[str, ...]

    def take(self, wanted: Array) -> "Columns":
        """Only these suppliers; ids that are not listed are passed over."""
        wanted = np.unique(wanted)
        places = np.searchsorted(self.ids, wanted)
        is_listed = places < len(self.ids)
        is_listed[is_listed] = self.ids[places[is_listed]] == wanted[is_listed]
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        shared = {"codes", "sets", "segment_codes"}
        return Columns(
            **{
                name: each if name in shared else each[places[is_listed]]
                for name, each in kept.items()
            }
        )

    def in_communes(self, codes: Iterable[str]) -> Mask:
        wanted = [self.codes.index(code) for code in codes if code in self.codes]
        return np.isin(self.communes, wanted)

    def in_segments(self, codes: Iterable[str]) -> Mask:
        wanted = [self.segment_codes.index(code) for code in codes if code in self.segment_codes]
        per_set: Any = self.sets[:, wanted].any(axis=1)
        found: Mask = per_set[self.segments]
        return found

    def by_segment(self, kept: Mask) -> dict[str, int]:
        """How many of the kept suppliers have each segment."""
        per_set = np.bincount(self.segments[kept], minlength=len(self.sets))
        return dict(zip(self.segment_codes, map(int, per_set @ self.sets), strict=True))

    def by_commune(self, kept: Mask) -> dict[str, int]:
        counts = np.bincount(self.communes[kept], minlength=len(self.codes))
        return {code: int(n) for code, n in zip(self.codes, counts, strict=True) if code and n}

    def by_bit(self, column: Array, bits: Mapping[str, int], kept: Mask) -> dict[str, int]:
        held, counts = np.unique(column[kept], return_counts=True)
        return {code: int(counts[held & bit != 0].sum()) for code, bit in bits.items()}


_memory: dict[str, tuple[str, Columns]] = {}
_lock = Lock()


def columns(session: Session) -> Columns:
    """The listing's columns; read again when the tags have changed since."""
    version = session.scalar(select(Setting.value).where(Setting.key == "data_version"))
    if not version:
        return read(session)
    base = str(session.get_bind().engine.url)
    with _lock:
        held = _memory.get(base)
        if not held or held[0] != version:
            held = _memory[base] = (version, read(session))
    return held[1]


def forget() -> None:
    """Drop what is remembered: another base took this one's place under the same address."""
    with _lock:
        _memory.clear()


def read(session: Session) -> Columns:
    """Every column from the base."""
    listed = select(
        Listing.supplier_id,
        Listing.statuses,
        Listing.families,
        Listing.size,
        Listing.commune_code,
        Listing.in_territory,
        Listing.is_noise,
        Listing.lon,
        Listing.lat,
    ).order_by(Listing.supplier_id)
    rows = session.execute(listed).all()
    ids, statuses, families, sizes, communes, inside, noise, lon, lat = (
        zip(*rows, strict=True) if rows else [()] * 9
    )
    codes, places = np.unique(np.asarray(communes, dtype=str), return_inverse=True)
    identities = np.asarray(ids, dtype=np.int64)
    segment_codes, sets, segments = _segments(session, identities)
    return Columns(
        ids=identities,
        statuses=np.asarray(statuses, dtype=np.int64),
        families=np.asarray(families, dtype=np.int64),
        sizes=np.asarray(sizes, dtype=np.int16),
        communes=places.astype(np.int32),
        segments=segments,
        is_inside=np.asarray(inside, dtype=bool),
        is_noise=np.asarray(noise, dtype=bool),
        lon=np.asarray(lon, dtype=float),
        lat=np.asarray(lat, dtype=float),
        codes=tuple(map(str, codes)),
        sets=sets,
        segment_codes=segment_codes,
    )


def _segments(session: Session, ids: Array) -> tuple[tuple[str, ...], Mask, Array]:
    """Segment codes, the distinct sets of them, and the index of each supplier's set."""
    kind = Tag.kind == "segment"
    codes = tuple(session.scalars(select(Tag.value).where(kind).distinct().order_by(Tag.value)))
    has = np.zeros((len(ids), max(1, len(codes))), dtype=bool)
    for place, code in enumerate(codes):
        holders = session.scalars(select(Tag.supplier_id).where(kind, Tag.value == code)).all()
        positions = np.searchsorted(ids, np.asarray(holders, dtype=np.int64))
        has[positions[positions < len(ids)], place] = True
    packed = np.packbits(has, axis=1)
    key = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    return codes, has[first][:, : len(codes)], index.astype(np.int32)
