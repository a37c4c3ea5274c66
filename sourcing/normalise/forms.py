"""Texts that are already in their written form, recognised many at a time.

Never a second rule: a cleaner gives these back as they are, which a test checks on any text.
"""

import re
from collections.abc import Callable, Collection, Mapping
from itertools import compress

import numpy as np

from sourcing.normalise.contact import PLAIN_EMAIL, PLAIN_SITE, email, website
from sourcing.normalise.identifiers import siret
from sourcing.normalise.text import ABSENT, present, readable, tidy

# Words with one sign or one space between them.
_PLAIN = re.compile(r"\w+(?:[ '’.,/°+()-]\w+)*")
# In texts put end to end, one a line.
_UNTIDY = ("  ", " \n", "\n ", "&", "<", "[")
_LONGEST = max(map(len, ABSENT))
_WEIGHTS = np.array([2, 1] * 7, dtype=np.uint8)


def plain_texts(texts: Collection[str]) -> set[str]:
    """One line, single spaces, no markup, and not a way to say nothing."""
    plain = texts if _are_tidy(texts) else filter(_PLAIN.fullmatch, texts)
    return {t for t in plain if t and (len(t) > _LONGEST or t.lower() not in ABSENT)}


def _are_tidy(texts: Collection[str]) -> bool:
    """Whether all of them are, seen at once: nothing to trim, to read, to drop or to unmask."""
    joined = "\n".join(("", *texts, ""))
    return not any(sign in joined for sign in _UNTIDY) and "".join(texts).isprintable()


def plain_sites(texts: Collection[str]) -> set[str]:
    return {text for text in texts if PLAIN_SITE.fullmatch(text)}


def plain_emails(texts: Collection[str]) -> set[str]:
    return {text for text in texts if PLAIN_EMAIL.fullmatch(text) and ".." not in text}


def plain_sirets(texts: Collection[str]) -> set[str]:
    """Fourteen digits with a right key."""
    numbers = list(texts)
    joined = "".join(numbers)
    if set(map(len, numbers)) != {14} or not (joined.isascii() and joined.isdigit()):
        numbers = [t for t in texts if len(t) == 14 and t.isascii() and t.isdigit()]
        joined = "".join(numbers)
    digits = np.frombuffer(joined.encode(), dtype=np.uint8).reshape(-1, 14) - 48
    weighed = digits * _WEIGHTS
    sums = (weighed - 9 * (weighed > 9)).sum(axis=1)
    is_right = (sums % 10 == 0) & digits[:, :9].any(axis=1)
    return set(compress(numbers, is_right.tolist()))


OWN_FORMS: Mapping[Callable[[str], str], Callable[[Collection[str]], set[str]]] = {
    readable: plain_texts,
    present: plain_texts,
    tidy: plain_texts,
    email: plain_emails,
    website: plain_sites,
    siret: plain_sirets,
}
