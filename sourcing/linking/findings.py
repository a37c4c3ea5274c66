"""What the engine says of lines before anybody decides: against the register, and of each other.

Both are kept in the base. A line is asked again when its words changed or the register did; the
answers depend neither on the order of the files nor on what persons decided.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.linking import lines as of_lines
from sourcing.linking.bases import Base, of_mentions
from sourcing.linking.kept import code_state, prepared, register_state
from sourcing.linking.lines import Line
from sourcing.linking.verdicts import Candidate, Linker
from sourcing.linking.verdicts import Finding as Found
from sourcing.model import Finding, Likeness, Setting

# The register (and the engine) the findings were made with; the lines the likenesses compare.
ASKED, COMPARED = "linking_asked", "linking_compared"
# Lines asked at once: memory does not grow with the lists.
CHUNK = 5_000
Progress = Callable[[float, float], None]


def refresh(
    session: Session, lines: Sequence[Line], cache: Path | None, progress: Progress
) -> None:
    """Bring findings and likenesses up to these lines, which are all there are."""
    nameless = [line for line in lines if not line["published"]]
    _ask_register(session, nameless, cache, progress)
    _compare(session, lines, nameless, progress)


def _ask_register(
    session: Session, nameless: Sequence[Line], cache: Path | None, progress: Progress
) -> None:
    state = f"{register_state(session)}|{code_state()}"
    is_same = _setting(session, ASKED) == state
    digests = session.execute(select(Finding.mention_id, Finding.digest))
    known = {row.mention_id: row.digest for row in digests}
    ids = {line["id"] for line in nameless}
    _forget(session, [i for i in known if i not in ids])
    asked = [
        line for line in nameless if not is_same or known.get(line["id"]) != of_lines.digest(line)
    ]
    if asked:
        base = prepared(session, cache=cache)
        for done, chunk in enumerate(db.chunks(asked, CHUNK)):
            found = base.linker.ask(of_mentions(chunk))
            rows = [_row(line, base, one) for line, one in zip(chunk, found, strict=True)]
            db.upsert(session, Finding, rows, ("mention_id",))
            progress(done * CHUNK, 2 * len(asked))
    session.merge(Setting(key=ASKED, value=state))


def _forget(session: Session, ids: Sequence[int]) -> None:
    for chunk in db.chunks(ids, of_lines.CHUNK):
        session.execute(
            delete(Finding).where(Finding.mention_id.in_(chunk)),
            execution_options={"synchronize_session": False},
        )


def _row(line: Line, base: Base, found: Found) -> dict[str, Any]:
    return {
        "mention_id": line["id"],
        "digest": of_lines.digest(line),
        "verdict": found.verdict,
        "level": "siren" if found.is_firm_only else "siret",
        "candidates": [_candidate(base, each, found) for each in found.candidates],
    }


def _candidate(base: Base, one: Candidate, found: Found) -> dict[str, Any]:
    told = len(one.reasons) - one.against
    is_best = one is found.candidates[0]
    return {
        "supplier": int(base.ids[one.line]),
        "probability": round(one.probability, 4),
        "firm": round(found.firm_probability, 4) if is_best else 0.0,
        "speaks_for": list(one.reasons[:told]),
        "speaks_against": list(one.reasons[told:]),
    }


def _compare(
    session: Session, lines: Sequence[Line], nameless: Sequence[Line], progress: Progress
) -> None:
    """The lines without siret with every line of every list."""
    state = _digest(lines)
    if _setting(session, COMPARED) == state:
        return
    session.execute(delete(Likeness), execution_options={"synchronize_session": False})
    if nameless and len(lines) > 1:
        found = _alike(lines, nameless, progress)
        for rows in db.chunks(found, CHUNK):
            session.execute(insert(Likeness), rows)
    session.merge(Setting(key=COMPARED, value=state))


def _alike(
    lines: Sequence[Line], nameless: Sequence[Line], progress: Progress
) -> Iterator[dict[str, Any]]:
    """Each pair once, told from its line without siret; from the first of two such."""
    linker = Linker.of(of_mentions(lines))
    place = {line["id"]: number for number, line in enumerate(lines)}
    told = set[tuple[int, int]]()
    for done, chunk in enumerate(db.chunks(nameless, CHUNK)):
        own = [place[line["id"]] for line in chunk]
        for pair in linker.alike(of_mentions(chunk), own):
            if (pair.other, pair.one) in told:
                continue
            told.add((pair.one, pair.other))
            yield {
                "one_id": lines[pair.one]["id"],
                "other_id": lines[pair.other]["id"],
                "score": round(pair.score, 4),
                "is_sure": pair.is_sure,
                "reasons": list(pair.reasons),
            }
        progress(len(nameless) + done * CHUNK, 2 * len(nameless))


def _digest(lines: Sequence[Line]) -> str:
    """Of all that is compared, and of the engine."""
    whole = hashlib.blake2b(code_state().encode(), digest_size=16)
    for line in lines:
        whole.update(f"{line['id']}:{line['published']}:{of_lines.digest(line)}\n".encode())
    return whole.hexdigest()


def _setting(session: Session, key: str) -> str:
    known = session.get(Setting, key)
    return known.value if known else ""
