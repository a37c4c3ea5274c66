"""Bases already prepared, kept in memory and on disk until the suppliers change."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any
from zipfile import BadZipFile

import duckdb
import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.linking import weights
from sourcing.linking.bases import Base
from sourcing.linking.candidates import Index, Words
from sourcing.linking.normalised import WORDS, Lines, Normaliser, Text
from sourcing.linking.verdicts import Linker
from sourcing.model import REGISTER, Judgement, Mention, Run, Setting, Supplier

# Changes each time `link` wrote something: it makes suppliers without any run.
LINKED = "linking_done"
VERSIONS = (LINKED, "data_version")
# Smaller bases are read again each time: it takes less than asking whether they changed is worth.
WORTH_KEEPING = 2_000
# Of the file: another layout is read by nobody.
LAYOUT = 1
END = "\x00"

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
    index, lines = base.linker.index, base.linker.index.lines
    towns = base.linker.normaliser.towns()
    texts = {
        **{f"supplier_{name}": getattr(base, name) for name in ("uids", "sirets", "names")},
        **{f"fact_{name}": values for name, values in lines.facts.items()},
        "alias_text": lines.alias_text,
        "vocabulary": lines.vocabulary,
        "town": list(towns),
        "departement": list(towns.values()),
    }
    arrays = {
        "ids": base.ids,
        "closed": np.array(sorted(base.linker.closed), dtype=np.int64),
        **{name: getattr(lines, name) for name in ("kinds", "alias_line", "word_alias", "word")},
        **{name: getattr(index, name) for name in ("key", "start", "line", "bits", "alias_start")},
        **{name: getattr(index, name) for name in ("at_door", "of_kind_in_town")},
        "line_start": index.of_line.start,
        "line_word": index.of_line.word,
        "name_start": index.of_name.start,
    }
    return arrays | {f"text_{name}": _bytes(values) for name, values in texts.items()}


def _bytes(values: Sequence[str] | Text) -> Any:
    return np.frombuffer(END.join(values).encode(), dtype=np.uint8)


def _texts(arrays: Mapping[str, Any], name: str, count: int) -> Text:
    said = arrays[f"text_{name}"].tobytes().decode().split(END) if count else []
    texts = np.empty(count, dtype=object)
    texts[:] = said
    return texts


def _unpacked(arrays: Any) -> Base:
    ids = arrays["ids"]
    count, names = len(ids), len(arrays["alias_line"])
    prefix = "text_fact_"
    facts = [name.removeprefix(prefix) for name in arrays.files if name.startswith(prefix)]
    lines = Lines(
        count,
        {name: _texts(arrays, f"fact_{name}", count) for name in facts},
        arrays["kinds"],
        arrays["alias_line"],
        _texts(arrays, "alias_text", names),
        arrays["word_alias"],
        arrays["word"],
        _texts(arrays, "vocabulary", len(arrays["bits"])),
        np.zeros(0, np.uint64),
        np.zeros(0, np.uint8),
    )
    index = Index(
        lines,
        arrays["key"],
        arrays["start"],
        arrays["line"],
        arrays["at_door"],
        arrays["of_kind_in_town"],
        Words(arrays["name_start"], lines.word),
        Words(arrays["line_start"], arrays["line_word"]),
        arrays["alias_start"],
        arrays["bits"],
        dict(zip(lines.vocabulary.tolist(), range(len(lines.vocabulary)), strict=True)),
        weights.read().usual,
    )
    uids, sirets, shown = (
        _texts(arrays, f"supplier_{name}", count) for name in ("uids", "sirets", "names")
    )
    linker = Linker(index, _normaliser(arrays), arrays["closed"].tolist())
    return Base(ids, uids, sirets, shown, linker)


def _normaliser(arrays: Any) -> Normaliser:
    towns = arrays["text_town"].tobytes().decode().split(END)
    departements = arrays["text_departement"].tobytes().decode().split(END)
    normaliser = Normaliser()
    normaliser.learn_towns(dict(zip(towns, departements, strict=True)))
    return normaliser
