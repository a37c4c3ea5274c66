"""Texts that are not yet in their written form, told from the others many at a time.

Never a second rule: a cleaner gives the others back as they are, which a test checks on any text.
"""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sourcing.normalise.contact import PLAIN_EMAIL, PLAIN_SITE, email, website
from sourcing.normalise.identifiers import siret
from sourcing.normalise.text import ABSENT, present, readable, tidy
from sourcing.source.texts import Texts

# Words with one sign or one space between them.
_PLAIN = re.compile(r"\w+(?:[ '’.,/°+()-]\w+)*")
# Of texts put end to end, one a line.
_SITES = re.compile(rf"(?:(?:{PLAIN_SITE.pattern})?\n)*+")
_EMAILS = re.compile(rf"(?:(?:{PLAIN_EMAIL.pattern})?\n)*+")
_PATH = f"{string.ascii_letters}{string.digits}/_-\n".encode()
_WEIGHTS = np.array([2, 1] * 7, dtype=np.uint8)


def are_texts(texts: Texts) -> bool:
    """All on one line, single spaces, no markup, and not a way to say nothing."""
    joined = texts.joined
    has_markup = any(sign in joined for sign in "&<[")
    return texts.is_tidy and not has_markup and ABSENT.isdisjoint(joined.lower().split("\n"))


def odd_texts(texts: set[str]) -> set[str]:
    is_plain = _PLAIN.fullmatch
    return {t for t in texts if (t and not is_plain(t)) or t.lower() in ABSENT}


def are_sites(texts: Texts) -> bool:
    return _are_pages(texts) or _SITES.fullmatch(f"{texts.joined}\n") is not None


def _are_pages(texts: Texts) -> bool:
    """Whether all are pages of one site, as when a source gives one to each of its lines."""
    joined = texts.joined
    site = joined[: joined.find("/", len("https://")) + 1]
    lines = f"\n{joined}\n"
    is_once = joined.count(site) == lines.count(f"\n{site}") == len(texts)
    if not is_once or f"\n{site}\n" in lines or not PLAIN_SITE.fullmatch(f"{site}-"):
        return False
    return not joined.replace(site, "").encode().translate(None, _PATH)


def odd_sites(texts: set[str]) -> set[str]:
    """Any: the cleaner begins by what would tell them."""
    return texts - {""}


def are_emails(texts: Texts) -> bool:
    return ".." not in texts.joined and _EMAILS.fullmatch(f"{texts.joined}\n") is not None


def odd_emails(texts: set[str]) -> set[str]:
    is_plain = PLAIN_EMAIL.fullmatch
    return {text for text in texts if text and (not is_plain(text) or ".." in text)}


def are_sirets(texts: Texts) -> bool:
    """All fourteen digits with a right key."""
    joined = texts.joined
    if joined[14::15] != "\n" * (len(texts) - 1) or len(joined) != 15 * len(texts) - 1:
        return False
    numbers = joined.replace("\n", "")
    return numbers.isascii() and numbers.isdigit() and not _are_wrong(numbers).any()


def odd_sirets(texts: set[str]) -> set[str]:
    numbers = [t for t in texts if len(t) == 14 and t.isascii() and t.isdigit()]
    return texts.difference(numbers).union(compress(numbers, _are_wrong("".join(numbers)).tolist()))


def _are_wrong(numbers: str) -> NDArray[np.bool_]:
    """Which of these numbers of fourteen digits, end to end, have a wrong key."""
    digits = np.frombuffer(numbers.encode(), dtype=np.uint8).reshape(-1, 14) - 48
    weighed = digits * _WEIGHTS
    sums = (weighed - 9 * (weighed > 9)).sum(axis=1)
    is_wrong: NDArray[np.bool_] = (sums % 10 != 0) | ~digits[:, :9].any(axis=1)
    return is_wrong


def sirens_of(sirets: Sequence[str]) -> Sequence[str]:
    """The firm of each of these sirets, all in their written form."""
    if not isinstance(sirets, Texts):
        return [number[:9] for number in sirets]
    lines = np.frombuffer(f"{sirets.joined}\n".encode(), dtype=np.uint8).reshape(-1, 15)
    firms = np.delete(lines, range(9, 14), axis=1)
    return Texts(firms.tobytes().decode()[:-1], len(sirets))


class Form(NamedTuple):
    """How to see that a cleaner changes none of many texts, and which of them it may."""

    are_plain: Callable[[Texts], bool]
    odd_ones: Callable[[set[str]], set[str]]


TEXT = Form(are_texts, odd_texts)
FORMS: Mapping[Callable[[str], str], Form] = {
    readable: TEXT,
    present: TEXT,
    tidy: TEXT,
    email: Form(are_emails, odd_emails),
    website: Form(are_sites, odd_sites),
    siret: Form(are_sirets, odd_sirets),
}


def odd_ones(cleaner: Callable[[str], str], texts: Sequence[str]) -> set[str]:
    """Those of the texts that the cleaner may change."""
    if cleaner not in FORMS:
        return set(texts)
    form = FORMS[cleaner]
    if isinstance(stuck := Texts.of(texts), Texts) and form.are_plain(stuck):
        return set()
    return form.odd_ones(set(texts))
