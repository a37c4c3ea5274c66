"""The letters the site writes: one French text each, sent as text and as HTML.

A template's first line is the subject; blank lines part paragraphs; a line "[[label|address]]" is a
link to press. Whatever a person typed is disarmed: it stays on one line and nothing in it can be
pressed, by any mail reader.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent / "fr"
_ADDRESS = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://|\bwww\.|(?<=\w)\.(?=[a-z]{2,}\b)|(?<=\w)@(?=\w)")
_LINK = re.compile(r"\[\[([^|\]]+)\|(\S+?)\]\]")
_DISARMED = {"@": "[@]", ".": "[.]"}


class Link(str):
    """An address of ours: the only thing a letter lets anyone press."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be sent."""

    kind: str
    subject: str
    text: str
    html: str


class Part(NamedTuple):
    """A paragraph, or a link to press when it has an address."""

    text: str
    address: str = ""


def disarm(said: str) -> str:
    """What a person typed, on one line, nothing of it being an address any more.

    "voir https://exemple.fr" -> "voir [lien]exemple[.]fr".
    """
    line = " ".join(said.replace("[[", "[").replace("]]", "]").split())
    return _ADDRESS.sub(lambda found: _DISARMED.get(found[0], "[lien]"), line)


def _told(value: Any) -> Any:
    return value if isinstance(value, Link) else disarm(str(value))


def _environment(**options: Any) -> Environment:
    return Environment(  # noqa: S701 - each says below whether it writes HTML
        loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, **options,
    )  # fmt: skip


_TEXTS = _environment(finalize=_told, autoescape=False)
_PAGES = _environment(autoescape=True)


def write(kind: str, organisation: str, **facts: Any) -> Letter:
    """The letter of this kind; `facts` are what its template names, addresses being `Link`s."""
    whole = _TEXTS.get_template(f"{kind}.txt").render(organisation=organisation, **facts)
    subject, _, body = whole.strip().partition("\n")
    parts = [_part(each) for each in re.split(r"\n\s*\n", body.strip())]
    text = "\n\n".join(f"{p.text} :\n{p.address}" if p.address else p.text for p in parts)
    html = _PAGES.get_template("letter.html").render(
        subject=subject, parts=parts, organisation=organisation
    )
    return Letter(kind, subject, text + "\n", html)


def _part(paragraph: str) -> Part:
    found = _LINK.fullmatch(paragraph.strip())
    return Part(found[1], found[2]) if found else Part(paragraph.strip())
