"""Texts that are not yet in their written form, told from the others many at a time.

Never a second rule: a cleaner gives the others back as they are, which a test checks on any text.
"""

import re
import string
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
_SITES = re.compile(rf"(?:(?:{PLAIN_SITE.pattern})?\n)*+")
_PATH = f"{string.ascii_letters}{string.digits}/_-".encode()
_WEIGHTS = np.array([2, 1] * 7, dtype=np.uint8)


def odd_texts(texts: set[str]) -> set[str]:
    """All but one line, single spaces, no markup, and not a way to say nothing."""
    # Put end to end they are seen at once, and read in the order of memory.
    joined = "\n".join(("", *texts, ""))
    if any(sign in joined for sign in _UNTIDY) or not "".join(texts).isprintable():
        is_plain = _PLAIN.fullmatch
        return {t for t in texts if (t and not is_plain(t)) or t.lower() in ABSENT}
    if ABSENT.isdisjoint(joined.lower().split("\n")):
        return set()
    return {t for t in texts if t.lower() in ABSENT}


def odd_sites(texts: set[str]) -> set[str]:
    if not texts or _are_pages(texts) or _SITES.fullmatch("\n".join((*texts, ""))):
        return set()
    is_plain = PLAIN_SITE.fullmatch
    return {text for text in texts if text and not is_plain(text)}


def _are_pages(texts: Collection[str]) -> bool:
    """Whether all are pages of one site, as when a source gives one to each of its lines."""
    least, most = min(texts), max(texts)
    site = least[: least.find("/", len("https://")) + 1]
    if least == site or not (most.startswith(site) and PLAIN_SITE.fullmatch(f"{site}-")):
        return False
    joined = "".join(texts)
    paths = joined.replace(site, "")
    is_once = len(joined) - len(paths) == len(site) * len(texts)
    return is_once and paths.isascii() and not paths.encode().translate(None, _PATH)


def odd_emails(texts: set[str]) -> set[str]:
    is_plain = PLAIN_EMAIL.fullmatch
    return {text for text in texts if text and (not is_plain(text) or ".." in text)}


def odd_sirets(texts: set[str]) -> set[str]:
    """All but fourteen digits with a right key."""
    numbers = list(texts)
    joined = "".join(numbers)
    odd = set[str]()
    if set(map(len, numbers)) != {14} or not (joined.isascii() and joined.isdigit()):
        numbers = [t for t in texts if len(t) == 14 and t.isascii() and t.isdigit()]
        odd, joined = texts.difference(numbers), "".join(numbers)
    digits = np.frombuffer(joined.encode(), dtype=np.uint8).reshape(-1, 14) - 48
    weighed = digits * _WEIGHTS
    sums = (weighed - 9 * (weighed > 9)).sum(axis=1)
    is_wrong = (sums % 10 != 0) | ~digits[:, :9].any(axis=1)
    return odd.union(compress(numbers, is_wrong.tolist()))


# The texts that each cleaner may change.
ODD_ONES: Mapping[Callable[[str], str], Callable[[set[str]], set[str]]] = {
    readable: odd_texts,
    present: odd_texts,
    tidy: odd_texts,
    email: odd_emails,
    website: odd_sites,
    siret: odd_sirets,
}
