"""The columns kept: in memory per version of the data, and on disk for the next process.

What is on disk is mapped, not read: processes share it, and a restart costs no reading of the base.
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from sourcing import stale
from sourcing.search import patching
from sourcing.search.ground import restored
from sourcing.search.holders import Holders
from sourcing.search.tally import Array, Bits, Columns, Texts, read
from sourcing.search.words import of_counts
from sourcing.stale import State

PLAIN = (
    "places", "ids", "rank", "sizes", "communes", "segments", "is_inside", "noise", "lon", "lat",
    "reach_km", "sets", "order", "squares",
)  # fmt: skip
BITS, TEXTS = ("statuses", "families"), ("uids", "names")
# Raise it when what is written changes.
LAYOUT = 5
# What a folder that is not there, or not whole, raises.
UNREADABLE = (OSError, ValueError, KeyError)


@dataclass(slots=True)
class Shelf:
    """Columns by base, each with its version; `folder`: where they are kept for other processes."""

    held: dict[str, tuple[State, Columns]]
    folder: Path | None
    lock: Any


_shelf = Shelf({}, None, Lock())


def keep_in(folder: Path) -> None:
    """Where to keep what was read, for this installation's other processes."""
    _shelf.folder = folder


def forget() -> None:
    """Drop what is remembered: another base took this one's place under the same address."""
    with _shelf.lock:
        _shelf.held.clear()
        _shelf.folder = None


def columns(session: Session) -> Columns:
    """The listing's columns; read again when the tags have changed since."""
    state = stale.state(session)
    if not state.version:
        return read(session)
    base = str(session.get_bind().engine.url)
    with _shelf.lock:
        held = _shelf.held.get(base)
        if not held or held[0] != state:
            held = _shelf.held[base] = (state, _brought(session, state))
    return held[1]


def _brought(session: Session, state: State) -> Columns:
    """From the disk when another process wrote them, else from the base."""
    # Without its lot a version's number may come again in another base.
    if _shelf.folder is None or not state.lot:
        return read(session)
    folder = _shelf.folder / _named(state)
    try:
        return from_disk(folder)
    except UNREADABLE:
        found = _patched(session, _shelf.folder) or read(session)
    try:
        to_disk(found, folder)
    except OSError:
        # A full or read-only disk costs a slower start, no search.
        return found
    return from_disk(folder)


def _patched(session: Session, shelf: Path) -> Columns | None:
    """From those of the tagging before, when they are there and few suppliers changed since."""
    changed = stale.changed(session)
    if changed is None:
        return None
    since, suppliers = changed
    try:
        former = from_disk(shelf / _named(since))
    except UNREADABLE:
        return None
    return patching.brought_up(session, former, suppliers)


def _named(state: State) -> str:
    return f"{LAYOUT}-{state.version}-{state.lot}"


# --- on disk ---


def to_disk(data: Columns, folder: Path) -> None:
    """Write beside and rename, so that a folder is there whole; former versions go."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        _write(data, draft)
        if not folder.exists():
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for other in folder.parent.iterdir():
        if other != folder and other.name.startswith(f"{LAYOUT}-"):
            shutil.rmtree(other, ignore_errors=True)


def _write(data: Columns, draft: Path) -> None:
    arrays: dict[str, Array] = {name: getattr(data, name) for name in PLAIN}
    for name in BITS:
        bits: Bits = getattr(data, name)
        arrays |= {f"{name}.index": bits.index, f"{name}.values": bits.values}
    for name in TEXTS:
        texts: Texts = getattr(data, name)
        block = np.frombuffer(texts.block, dtype=np.uint8)
        arrays |= {f"{name}.block": block, f"{name}.ends": texts.ends}
    held = list(data.holders.values())
    arrays |= _joined("holders.places", [each.places for each in held])
    arrays |= _joined("holders.weights", [each.weights for each in held])
    arrays |= _joined("common", list(data.common.values()))
    for name, array in arrays.items():
        np.save(draft / f"{name}.npy", array)
    rest = {
        "codes": data.codes,
        "segments": list(data.holders),
        "ground": asdict(data.ground),
        "words": data.vocabulary.counts,
        "common": list(data.common),
    }
    (draft / "rest.json").write_text(json.dumps(rest, ensure_ascii=False), "utf-8")


def _joined(name: str, parts: Sequence[Array]) -> dict[str, Array]:
    """Arrays in one file, and where each ends in it."""
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return {name: np.concatenate(parts) if parts else np.empty(0), f"{name}.ends": ends}


def from_disk(folder: Path) -> Columns:
    """Arrays mapped from their files; OSError when there are none."""

    def array(name: str) -> Array:
        # As plain arrays: numpy's own of a mapped file takes ten times longer to give one value.
        return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))

    rest = json.loads((folder / "rest.json").read_text("utf-8"))

    def parts(name: str) -> list[Array]:
        ends, whole = array(f"{name}.ends").tolist(), array(name)
        return [whole[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    return Columns(
        **{name: array(name) for name in PLAIN},
        statuses=Bits(array("statuses.index"), array("statuses.values")),
        families=Bits(array("families.index"), array("families.values")),
        uids=Texts(array("uids.block").data, array("uids.ends")),
        names=Texts(array("names.block").data, array("names.ends")),
        holders={
            code: Holders(*held)
            for code, *held in zip(
                rest["segments"], parts("holders.places"), parts("holders.weights"), strict=True
            )
        },
        codes=tuple(rest["codes"]),
        vocabulary=of_counts(rest["words"]),
        common=dict(zip(rest["common"], parts("common"), strict=True)),
        ground=restored(rest["ground"]),
    )
