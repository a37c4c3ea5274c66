"""Texts that are already in their written form, recognised many at a time.

Never a second rule: a cleaner gives these back as they are, which a test checks on any text.
"""

import re
from collections.abc import Callable, Collection, Mapping

import numpy as np

from sourcing.normalise.contact import PLAIN_SITE, website
from sourcing.normalise.identifiers import siret
from sourcing.normalise.text import ABSENT, present, readable, tidy

# Words with one sign or one space between them.
_PLAIN = re.compile(r"\w+(?:[ '’.,/°+()-]\w+)*")
_WEIGHTS = np.array([2, 1] * 7, dtype=np.uint8)


def plain_texts(texts: Collection[str]) -> set[str]:
    """One line, single spaces, no markup, and not a way to say nothing."""
    plain = _PLAIN.fullmatch
    return {text for text in texts if plain(text) and text.lower() not in ABSENT}


def plain_sites(texts: Collection[str]) -> set[str]:
    return {text for text in texts if PLAIN_SITE.fullmatch(text)}


def plain_sirets(texts: Collection[str]) -> set[str]:
    """Fourteen digits with a right key."""
    numbers = [t for t in texts if len(t) == 14 and t.isascii() and t.isdigit()]
    if not numbers:
        return set()
    digits = np.frombuffer("".join(numbers).encode(), dtype=np.uint8).reshape(-1, 14) - 48
    weighed = digits * _WEIGHTS
    sums = (weighed - 9 * (weighed > 9)).sum(axis=1)
    is_right = (sums % 10 == 0) & digits[:, :9].any(axis=1)
    return {number for number, right in zip(numbers, is_right.tolist(), strict=True) if right}


OWN_FORMS: Mapping[Callable[[str], str], Callable[[Collection[str]], set[str]]] = {
    readable: plain_texts,
    present: plain_texts,
    tidy: plain_texts,
    website: plain_sites,
    siret: plain_sirets,
}
