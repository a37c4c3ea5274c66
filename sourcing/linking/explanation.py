"""The waterfall: how each answer moves the chance that a line is a supplier, in bits."""

from collections.abc import Mapping
from math import log, log2
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.linking import weights
from sourcing.linking.bases import Base, of_mentions
from sourcing.linking.evidence import EVIDENCE
from sourcing.linking.kept import prepared
from sourcing.linking.verdicts import Linker, Scored
from sourcing.model import REGISTER, Mention, Supplier

# Weights are natural logarithms; one bit doubles the odds.
BIT = log(2)
# Steps smaller than this are told together, last but one.
TOLD = 0.1


class Step(NamedTuple):
    """One reason, what it adds in bits (+1 doubles the odds), and the sum so far."""

    label: str
    bits: float
    running: float


def waterfall(
    session: Session, mention_id: int, supplier_id: int, cache: Path | None = None
) -> list[Step]:
    """From the odds before any evidence to those of the link against its rivals, in French.

    The last `running` is log2(p / (1 - p)) of the probability shown; [] when either is unknown.
    """
    said = session.execute(
        select(*Mention.__table__.columns).where(Mention.id == mention_id)
    ).one_or_none()
    origin = session.scalar(select(Supplier.origin).where(Supplier.id == supplier_id))
    # `link` asked the register, and prepared it; list-made suppliers are few.
    is_known = origin == REGISTER
    base = prepared(session, cache=cache) if is_known else Base.of_lists(session)
    line = np.flatnonzero(base.ids == supplier_id)
    if said is None or not len(line):
        return []
    return steps(base, dict(said._mapping), int(line[0]))


def steps(base: Base, said: Mapping[str, Any], line: int) -> list[Step]:
    """The waterfall of one line of a list against one line of the base."""
    linker = base.linker
    probes = linker.normaliser.lines(of_mentions([said]))
    scored = Scored.of(linker.index, probes, linker.weights, wanted=[(0, line)])
    at = int(np.flatnonzero(scored.pairs.line == line)[0])
    return _running(_reasons(linker, scored, at))


def _reasons(linker: Linker, scored: Scored, at: int) -> list[tuple[str, float]]:
    """(label, bits), the heaviest first between the start and the rivals."""
    scale = 1 / (linker.weights.temperature * BIT)
    answers = zip(EVIDENCE, linker.weights.table(), scored.levels[at].tolist(), strict=True)
    parts = [(e.label(level), float(worth[level]) * scale) for e, worth, level in answers]
    told = sorted((p for p in parts if abs(p[1]) >= TOLD), key=lambda p: (-abs(p[1]), p[0]))
    rest = sum(bits for _, bits in parts if abs(bits) < TOLD)
    start = linker.weights.start * scale
    alone, chance = start + sum(bits for _, bits in parts), scored.probability[at]
    (held,) = scored.held_back(np.array([at]), linker.closed)
    shown = chance
    if chance >= scored.probability.max():
        every = scored.probability.sum()
        shown = weights.settled(chance, every, np.array(bool(held)), linker.weights)
    why = "retenu : " + " ; ".join(held) if held else "rien ne retient ce lien"
    return [
        ("départ : une ligne prise au hasard", start),
        *told,
        ("autres indices, chacun négligeable", rest),
        ("les autres candidats se partagent la probabilité", _odds(float(chance)) - alone),
        (why, _odds(float(shown)) - _odds(float(chance))),
    ]


def _odds(chance: float) -> float:
    chance = min(max(chance, 1e-9), 1 - 1e-9)
    return log2(chance / (1 - chance))


def _running(parts: list[tuple[str, float]]) -> list[Step]:
    running, told = 0.0, []
    for label, bits in parts:
        running += bits
        told.append(Step(label, round(bits, 2), round(running, 2)))
    return told
