"""Bases already prepared, kept in memory and on disk until the suppliers change."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, get_origin, get_type_hints
from zipfile import BadZipFile

import duckdb
import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.linking import weights
from sourcing.linking.bases import Base
from sourcing.linking.index import Index
from sourcing.linking.normalised import WORDS, Normaliser, Text
from sourcing.linking.verdicts import Linker
from sourcing.model import REGISTER, Judgement, Mention, Run, Setting, Supplier

# Changes each time `link` wrote something: it makes suppliers without any run.
LINKED = "linking_done"
VERSIONS = (LINKED, "data_version")
# Smaller bases are read again each time: it takes less than asking whether they changed is worth.
WORTH_KEEPING = 2_000
# Of the file: another layout is read by nobody.
LAYOUT = 2
END = "\x00"
# After the name of an array of texts: how many there are.
COUNT = "#"
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
    state = _state(session, count) if everything else f"{register_state(session)}|{code_state()}"
    with _turn:
        known = _memory.get(place)
        if known is None or known[0] != state:
            _memory.pop(place, None)
            path = cache / f"linking_{'all' if everything else 'register'}.npz" if cache else None
            known = _memory[place] = (state, _from_disk(session, path, state, everything))
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


def register_state(session: Session) -> str:
    """Changes when the register may have, never for a list: only lists make mentions."""
    lists = select(Mention.source).distinct()
    run = session.execute(
        select(func.max(Run.id), func.max(Run.started_at)).where(Run.source.not_in(lists))
    ).one()
    known = session.execute(
        select(func.count(), func.max(Supplier.id)).where(Supplier.origin == REGISTER)
    ).one()
    return "|".join(map(str, (*run, *known)))


def code_state() -> str:
    """Changes with the engine, its vocabulary and its weights."""
    return f"{LAYOUT}|{duckdb.__version__}|{_digest(WORDS)}|{_digest(weights.WEIGHTS)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _from_disk(session: Session, path: Path | None, state: str, everything: bool) -> Base:
    """The base as the file has it; read from the database, and written there, when it is older."""
    if path is not None and path.exists():
        try:
            with np.load(path, allow_pickle=False) as arrays:
                if str(arrays["state"]) == state:
                    return _unpacked(arrays)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile):
            path.unlink(missing_ok=True)
    base = Base.read(session, everything)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        with draft.open("wb") as file:
            np.savez(file, state=np.array(state), **_packed(base))
        draft.replace(path)
    return base


def _packed(base: Base) -> Arrays:
    """Arrays of numbers only; texts as the bytes of all of them."""
    linker = base.linker
    towns = linker.normaliser.towns()
    return {
        **_flat("index", replace(linker.index, usual={})),
        **_flat("ids", base.ids),
        **_flat("closed", np.array(sorted(linker.closed), dtype=np.int64)),
        **_flat("town", np.array(list(towns), dtype=object)),
        **_flat("told", np.array(list(towns.values()), dtype=object)),
        **{k: v for name in SHOWN for k, v in _flat(name, getattr(base, name)).items()},
    }


def _flat(name: str, value: Any) -> Arrays:
    """One value and all it holds, as arrays: "index.lines.towns.code"."""
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return {name: value}
        text = END.join(value.tolist()).encode()
        return {name: np.frombuffer(text, dtype=np.uint8), name + COUNT: np.array(len(value))}
    if is_dataclass(value):
        inside = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, tuple):
        inside = value._asdict()  # type: ignore[attr-defined]
    elif isinstance(value, Mapping):
        inside = dict(value)
    else:
        return {name: np.array(value)}
    return {k: v for part, held in inside.items() for k, v in _flat(f"{name}.{part}", held).items()}


def _whole(arrays: Any, name: str, kind: Any) -> Any:
    """What `_flat` took apart; `kind` is its type."""
    if get_origin(kind) in (dict, Mapping):
        inside = {n.removeprefix(name + ".") for n in arrays.files if n.startswith(name + ".")}
        return {part: arrays[f"{name}.{part}"] for part in sorted(inside)}
    if kind is int:
        return int(arrays[name])
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        parts = get_type_hints(kind)
        return kind(**{part: _whole(arrays, f"{name}.{part}", of) for part, of in parts.items()})
    return _texts(arrays, name) if name + COUNT in arrays.files else arrays[name]


def _texts(arrays: Any, name: str) -> Text:
    count = int(arrays[name + COUNT])
    texts = np.empty(count, dtype=object)
    texts[:] = arrays[name].tobytes().decode().split(END) if count else []
    return texts


def _unpacked(arrays: Any) -> Base:
    index: Index = replace(_whole(arrays, "index", Index), usual=weights.read().usual)
    normaliser = Normaliser()
    places = (_texts(arrays, name).tolist() for name in ("town", "told"))
    normaliser.learn_towns(dict(zip(*places, strict=True)))
    linker = Linker(index, normaliser, arrays["closed"].tolist())
    uids, sirets, names = (_texts(arrays, name) for name in SHOWN)
    return Base(arrays["ids"], uids, sirets, names, linker)
