"""Signed addresses: they say for whom they were made and for what, and end."""

import hmac
from typing import Any

from flask import current_app, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from sourcing.letters import Link
from sourcing.model import Follower, Interest, Registration
from webapp.context import session, site

HOUR, DAY = 3600, 24 * 3600
# Purpose -> how many seconds an address is good for.
LASTS = {
    "confirm": 3 * DAY,
    "access": HOUR,
    "answer": 30 * DAY,
    "still": 365 * DAY,
    "follow": 3 * DAY,
    "interest": 3 * DAY,
    # The questions of a sourcing file: its own launch closes them long before.
    "questions": 365 * DAY,
    # One click out works as long as letters are kept.
    "out": 5 * 365 * DAY,
}


# Whose rows a letter may be addressed to.
HOLDERS: dict[str, Any] = {"r": Registration, "i": Interest, "f": Follower}


def signed(purpose: str, *said: Any) -> str:
    """What an address carries; it serves this purpose alone."""
    return str(_signer(purpose).dumps(list(said)))


def read(purpose: str, token: str) -> list[Any] | None:
    """What was signed; None when it was not by us, for something else, or too long ago."""
    try:
        said: list[Any] = _signer(purpose).loads(token, max_age=LASTS[purpose])
    except BadSignature:
        return None
    return said


def holder(kind: str, row: Any) -> list[Any]:
    """Who a letter went to, without the address: its row, and a mark of the address.

    A row's number may serve again after it is erased: the mark tells them apart.
    """
    return [kind, row.id, _mark(row.email)]


def held(said: list[Any] | None) -> str:
    """The address a letter went to, from what `holder` signed; '' when it is forgotten."""
    if said is None or len(said) < 3 or said[0] not in HOLDERS:
        return ""
    row = session().get(HOLDERS[said[0]], said[1])
    return row.email if row is not None and _mark(row.email) == said[2] else ""


def _mark(email: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.new(key, email.encode(), "sha256").hexdigest()[:16]


def absolute(endpoint: str, **values: Any) -> Link:
    """The whole address of a page, for a letter or a printed sheet.

    From the settings: what a visitor's request says of the host is not to be written to others.
    """
    public = site().settings.public_url.rstrip("/")
    if public:
        path = url_for(endpoint, **values)
        return Link(public + path.removeprefix(request.script_root))
    return Link(url_for(endpoint, _external=True, **values))


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"letter {purpose}")
