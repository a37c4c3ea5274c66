"""Lines that speak of firms the base does not have: put aside until the register brings them.

A national list speaks of a million firms, of which the base has a few thousand: the others are kept
many at a time, compressed, with the sirens beside to look them up.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from sourcing.ingest.firms import Firms
from sourcing.model import Awaited
from sourcing.normalise.columns import Columns

# What is kept of a line, beside its firm: what tags are made of.
SAID = ("key", "statuses", "ends_on", "sectors", "link")
TUPLES = ("statuses", "sectors")
TOGETHER = 20_000
# File, line, siren, and the values of SAID.
Line = tuple[str, int, str, Sequence[Any]]


def keep(session: Session, source: str, lines: Iterator[Line], is_whole: bool) -> None:
    """Put these lines aside; those of a former reading of the whole source go."""
    if is_whole:
        forget(session, source)
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == TOGETHER:
            _put(session, source, batch)
            batch = []
    if batch:
        _put(session, source, batch)


def forget(session: Session, source: str) -> None:
    """Nothing of this source is awaited any more."""
    session.execute(delete(Awaited).where(Awaited.source == source))


def _put(session: Session, source: str, lines: Sequence[Line]) -> None:
    sirens = np.array([int(siren) for _, _, siren, _ in lines], dtype=np.int32)
    packed = zlib.compress(json.dumps(lines, ensure_ascii=False).encode(), 1)
    session.execute(insert(Awaited), [
        {"source": source, "sirens": sirens.tobytes(), "lines": packed}
    ])  # fmt: skip


def arrived(session: Session) -> Mapping[str, list[Line]]:
    """Source -> the lines whose firm the base has now; they are no longer put aside."""
    firms, found = Firms(session), defaultdict[str, list[Line]](list)
    for row in session.scalars(select(Awaited).order_by(Awaited.id)):
        sirens = np.frombuffer(row.sirens, dtype=np.int32)
        if not (here := firms.known(sirens)).any():
            continue
        lines = json.loads(zlib.decompress(row.lines))
        found[row.source] += [lines[place] for place in np.flatnonzero(here)]
        # A number nobody has: found once.
        row.sirens = np.where(here, 0, sirens).astype(np.int32).tobytes()
    return found


def columns_of(lines: Sequence[Line]) -> Columns:
    """These lines as records in columns."""
    values = list(zip(*(said for *_, said in lines), strict=True))
    found: Columns = {name: list(each) for name, each in zip(SAID, values, strict=True)}
    found |= {name: list(map(tuple, found[name])) for name in TUPLES}
    return found | {"siren": [line[2] for line in lines], "level": ["siren"] * len(lines)}
