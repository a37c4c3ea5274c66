"""Forms as robots and attackers fill them: random, hostile, of the wrong shape."""

import random
from collections.abc import Iterator
from typing import Any

FIELDS = (
    "siret", "commune", "name", "activity", "segments", "zone", "communes", "website", "email",
    "phone", "consent", "size", "statuses", "innovation", "innovation_since", "commitments",
    "materials", "references", "grouping", "tih", "tih_consent", "proposed", "opened", "altcha",
    "via", "proof:siae:EI",
)  # fmt: skip
MARK = "zz-marked-zz"
HOSTILE = (
    f"<script>{MARK}</script>", f'"><img src=x onerror={MARK}>', f"javascript:{MARK}",
    "' OR 1=1 --", "{{7*7}}", "${7*7}", "=cmd|' /C calc'!A0", "\x00\x01\x02", "😀" * 50,
    "é" * 5000, "", "\u202egnp.exe", "a@b", f"x@{MARK}.fr\r\nBcc: y@z.fr", "../../etc/passwd",
    "%00%0a", "-1", "1e309", "73282932000074", "0" * 14, "９" * 14, "[[clic|http://mal.fr]]",
    "W10=", "e30=", "bnVsbA==", "http://[::1", "https://" + "a" * 300, "\n" * 40, "{", "[]",
    "null", "NaN", "ﷺ" * 200,
)  # fmt: skip


def submissions(number: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """So many forms; a third of them good but for one field."""
    chance = random.Random(seed)
    for _ in range(number):
        form = {field: _value(chance) for field in FIELDS if chance.random() < 0.7}
        if chance.random() < 0.35:
            form = _nearly_good(chance) | {chance.choice(FIELDS): _value(chance)}
        yield form


def _nearly_good(chance: random.Random) -> dict[str, Any]:
    return {
        "siret": "73282932000074", "name": chance.choice(("Atelier", HOSTILE[0], "{{7*7}}")),
        "activity": chance.choice(("tonte", HOSTILE[1], "=1+1 taille de haies")),
        "segments": ["EV-01"], "zone": "30", "email": f"a{chance.randrange(40)}@exemple.fr",
        "consent": "y", "proposed": "1", "references": chance.choice(HOSTILE),
    }  # fmt: skip


def _value(chance: random.Random) -> Any:
    one = chance.choice(HOSTILE)
    if chance.random() < 0.2:
        letters = (chr(chance.randrange(1, 0xD7FF)) for _ in range(chance.randrange(300)))
        one = "".join(letters)
    return [one, chance.choice(HOSTILE)] if chance.random() < 0.15 else one
