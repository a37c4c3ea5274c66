"""Suppliers as contact cards (vCard 3.0), which every mail program takes."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from sourcing.export import harmless_text
from sourcing.search.hits import Hit

LONGEST_LINE = 75


def write(hits: Iterable[Hit], out: BinaryIO) -> int:
    """One card per supplier that has a phone, an address or a site; how many."""
    count = 0
    for hit in hits:
        if hit.phone or hit.email or hit.website:
            out.write("".join(_folded(line) for line in _card(hit)).encode())
            count += 1
    return count


def _card(hit: Hit) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    yield f"FN:{_text(hit.name)}"
    yield "N:;;;;"
    yield f"ORG:{_text(hit.legal_name or hit.name)}"
    if hit.phone:
        yield f"TEL;TYPE=WORK,VOICE:{_text(hit.phone)}"
    if hit.email:
        yield f"EMAIL;TYPE=INTERNET:{_text(hit.email)}"
    if hit.website:
        yield f"URL:{_text(hit.website)}"
    place = map(_text, (hit.address, hit.commune, "", hit.postcode, "France"))
    yield f"ADR;TYPE=WORK:;;{';'.join(place)}"
    said = ", ".join(filter(None, (f"SIRET {hit.siret}" if hit.siret else "", *hit.status_labels)))
    yield f"NOTE:{_text(said)}"
    yield "END:VCARD"


def _text(value: str) -> str:
    """Without what separates or ends a line of a card."""
    bare = harmless_text(value).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(bare.split())


def _folded(line: str) -> str:
    """Long lines go on after a space, cut between letters."""
    pieces = [""]
    for letter in line:
        if len((pieces[-1] + letter).encode()) > LONGEST_LINE - 1:
            pieces.append("")
        pieces[-1] += letter
    return "\r\n ".join(pieces) + "\r\n"
