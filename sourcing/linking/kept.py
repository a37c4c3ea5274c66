"""Bases already prepared, kept in memory and on disk until the suppliers change.

What is on disk is mapped, not read: a process that asks about one line reads little of it.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, get_origin, get_type_hints

import duckdb
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.linking import patching, weights
from sourcing.linking.bases import Base
from sourcing.linking.index import Index
from sourcing.linking.normalised import WORDS, Drafts, Normaliser, Text
from sourcing.linking.verdicts import Linker
from sourcing.model import REGISTER, Judgement, Mention, Run, Setting, Supplier

# Changes each time `link` wrote something: it makes suppliers without any run.
LINKED = "linking_done"
VERSIONS = (LINKED, "data_version")
# Smaller bases are read again each time: it takes less than asking whether they changed is worth.
WORTH_KEEPING = 2_000
# Of the folder: another layout is read by nobody.
LAYOUT = 6
END = "\x00"
# An array of texts: the bytes of all of them.
TEXTS = ".texts"
# What the folder was made with.
MADE = "made_with"
# Of suppliers, what is shown.
SHOWN = ("uids", "sirets", "names")

Arrays = dict[str, Any]
_memory: dict[tuple[str, bool], tuple[str, Base]] = {}
_turn = Lock()


def prepared(session: Session, everything: bool = False, cache: Path | None = None) -> Base:
    """What `Base.read` gives, from memory or from a file of `cache` when nothing changed."""
    count = session.scalar(select(func.count()).select_from(Supplier)) or 0
    if count < WORTH_KEEPING:
        return Base.read(session, everything)
    place = (str(session.get_bind().engine.url), everything)
    state = _state(session, count) if everything else _register(session)
    with _turn:
        known = _memory.get(place)
        if known is None or known[0] != state:
            _memory.pop(place, None)
            folder = cache / _folder(state, everything) if cache else None
            known = _memory[place] = (state, _from_disk(session, folder, everything))
        return known[1]


def forget() -> None:
    """Empty the memory: for tests whose bases follow one another at one address."""
    with _turn:
        _memory.clear()


def _state(session: Session, count: int) -> str:
    """Changes whenever a supplier may have: a run, a link, another number of suppliers."""
    run = session.execute(select(func.max(Run.id), func.max(Run.started_at))).one()
    newest = session.scalar(select(func.max(Supplier.id)))
    judged = session.scalar(select(func.max(Judgement.id)))
    settings = session.execute(
        select(Setting.key, Setting.value).where(Setting.key.in_(VERSIONS)).order_by(Setting.key)
    )
    said = (*run, newest, judged, count, *(tuple(row) for row in settings))
    return "|".join((*map(str, said), code_state()))


def _register(session: Session) -> str:
    return f"{register_state(session)}|{code_state()}"


def register_state(session: Session) -> str:
    """Changes when the register may have, never for a list: only lists make mentions."""
    lists = select(Mention.source).distinct()
    run = session.execute(
        select(func.max(Run.id), func.max(Run.started_at)).where(Run.source.not_in(lists))
    ).one()
    # From the end: it never forgets an establishment, and counting them reads the whole table.
    ours = select(Supplier.id).where(Supplier.origin == REGISTER)
    newest = session.scalar(ours.order_by(Supplier.id.desc()).limit(1))
    return "|".join(map(str, (*run, newest)))


def code_state() -> str:
    """Changes with the engine, its vocabulary and its weights."""
    return f"{LAYOUT}|{duckdb.__version__}|{_digest(WORDS)}|{_digest(weights.WEIGHTS)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _folder(state: str, everything: bool) -> str:
    """One folder per state, so that none is ever rewritten under a process that reads it."""
    kind = "all" if everything else "register"
    return f"linking_{kind}-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


def _from_disk(session: Session, folder: Path | None, everything: bool) -> Base:
    """The base as the folder has it; read from the database, and written there, when it has not."""
    if folder is None:
        return Base.read(session, everything)
    try:
        return _unpacked(folder)
    except (OSError, EOFError, ValueError):
        made = _with_lists if everything else _brought_up
        base = made(session, folder) or Base.read(session, everything)
    try:
        _write(base, folder, _made_with(session, base))
    except OSError:
        # A full or read-only disk costs a slower start, no link.
        return base
    return base


def _with_lists(session: Session, folder: Path) -> Base | None:
    """From the register's base, which `link` has prepared."""
    register = folder.parent / _folder(_register(session), everything=False)
    return patching.with_lists(session, _from_disk(session, register, everything=False))


def _brought_up(session: Session, folder: Path) -> Base | None:
    """From the folder of a former state of this very base, by this very engine."""
    for other in sorted(folder.parent.glob(f"{folder.name.split('-')[0]}-*")):
        try:
            former = _unpacked(other)
            if str(_array(other, MADE)) == _made_with(session, former):
                return patching.brought_up(session, former)
        except (OSError, EOFError, ValueError):
            continue
    return None


def _made_with(session: Session, base: Base) -> str:
    """The engine, and the last run the base knows, which no other base has."""
    started = session.scalar(select(Run.started_at).where(Run.id == base.run))
    return f"{code_state()}|{started}"


def _write(base: Base, folder: Path, made_with: str) -> None:
    """Beside, then renamed: a folder is there whole or not at all; former states go."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for name, array in (_packed(base) | {MADE: np.array(made_with)}).items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for other in folder.parent.glob(f"{folder.name.split('-')[0]}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _packed(base: Base) -> Arrays:
    """Arrays of numbers only; texts as the bytes of all of them."""
    linker = base.linker
    pairs = {"town": linker.normaliser.towns(), "firm": base.firms}
    return {
        **_flat("index", replace(linker.index, usual={})),
        **_flat("ids", base.ids),
        **_flat("run", base.run),
        **_flat("drafts", linker.normaliser.drafts),
        **_flat("closed", np.array(sorted(linker.closed), dtype=np.int64)),
        **{k: v for name, said in pairs.items() for k, v in _flat_pairs(name, said).items()},
        **{k: v for name in SHOWN for k, v in _flat(name, getattr(base, name)).items()},
    }


def _flat_pairs(name: str, said: Mapping[str, str]) -> Arrays:
    ends = (("of", list(said)), ("is", list(said.values())))
    return {
        k: v
        for end, texts in ends
        for k, v in _flat(f"{name}.{end}", np.array(texts, dtype=object)).items()
    }


def _flat(name: str, value: Any) -> Arrays:
    """One value and all it holds, as arrays: "index.lines.towns.code"."""
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return {name: value}
        # The end of the last one too: no text and one empty text are not the same.
        text = END.join((*value.tolist(), ""))
        return {name + TEXTS: np.frombuffer(text.encode(), dtype=np.uint8)}
    if is_dataclass(value):
        inside = {field.name: getattr(value, field.name) for field in fields(value)}
    elif hasattr(value, "_asdict"):  # a NamedTuple
        inside = value._asdict()
    elif isinstance(value, Mapping):
        inside = dict(value)
    else:
        return {name: np.array(value)}
    return {k: v for part, held in inside.items() for k, v in _flat(f"{name}.{part}", held).items()}


def _whole(folder: Path, name: str, kind: Any) -> Any:
    """What `_flat` took apart; `kind` is its type."""
    if get_origin(kind) in (dict, Mapping):
        parts = {path.name.removeprefix(f"{name}.") for path in folder.glob(f"{name}.*.npy")}
        return {part[:-4]: _array(folder, f"{name}.{part[:-4]}") for part in sorted(parts)}
    if kind is int:
        return int(_array(folder, name))
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        held = get_type_hints(kind)
        return kind(**{part: _whole(folder, f"{name}.{part}", of) for part, of in held.items()})
    is_text = (folder / f"{name}{TEXTS}.npy").exists()
    return _texts(folder, name) if is_text else _array(folder, name)


def _array(folder: Path, name: str) -> NDArray[Any]:
    # An empty file cannot be mapped.
    path = folder / f"{name}.npy"
    found: NDArray[Any] = np.load(path, mmap_mode=None if path.stat().st_size <= 128 else "r")
    return found


def _texts(folder: Path, name: str) -> Text:
    said = _array(folder, name + TEXTS).tobytes().decode().split(END)[:-1]
    texts = np.empty(len(said), dtype=object)
    texts[:] = said
    return texts


def _unpacked(folder: Path) -> Base:
    """OSError when there is no such folder, or not all of it."""
    index: Index = replace(_whole(folder, "index", Index), usual=weights.read().usual)
    normaliser = Normaliser()
    normaliser.learn_towns(_pairs(folder, "town"))
    normaliser.drafts = _whole(folder, "drafts", Drafts)
    linker = Linker(index, normaliser, _array(folder, "closed").tolist())
    uids, sirets, names = (_whole(folder, name, NDArray[Any]) for name in SHOWN)
    firms, run = _pairs(folder, "firm"), int(_array(folder, "run"))
    return Base(_array(folder, "ids"), uids, sirets, names, linker, firms, run)


def _pairs(folder: Path, name: str) -> dict[str, str]:
    ends = (_texts(folder, f"{name}.{end}").tolist() for end in ("of", "is"))
    return dict(zip(*ends, strict=True))
