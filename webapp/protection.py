"""Against abuse, without third parties: rates, a trap, a minimum time, and proof of work (ALTCHA).

Rates are counted in each process of the site: two of them let through twice as much at most.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from altcha import v1 as altcha
from flask import Blueprint, Flask, abort, current_app, jsonify, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.wrappers import Response

PAGES = Blueprint("protection", __name__)
KEY = "protection"
# A meeting's whole room may share one address: what it sends is bounded by work, not by number.
RATES: dict[str, RateLimitItem] = {
    # per address
    "send": parse("600/10 minutes"),
    "unproved": parse("20/hour"),
    "code": parse("200/10 minutes"),
    "look": parse("300/minute"),
    # per structure, per mailbox
    "siret": parse("6/hour"),
    "mailbox": parse("6/hour"),
    # wrong passwords, per address and account
    "password": parse("10/5 minutes"),
}
# Numbers to try before the right one, half of it on average: about a second on a phone.
HARDEST = 60_000
CHALLENGE_LASTS = timedelta(hours=2)
# Nobody reads and answers a form faster; a form left open longer is shown again.
FASTEST_S, FORM_LASTS_S = 3, 24 * 3600


def register(app: Flask) -> None:
    """Count for this site from zero."""
    app.extensions[KEY] = MovingWindowRateLimiter(MemoryStorage())


def slow_down(rate: str, of: str = "") -> None:
    """429 when this visitor, or what is named, comes more often than the rate allows."""
    if not _limiter().hit(RATES[rate], rate, of or request.remote_addr or ""):
        abort(429)


def require_patience(rate: str, of: str) -> None:
    """429 when what is named has failed as often as the rate allows; asking does not count."""
    if not _limiter().test(RATES[rate], rate, of):
        abort(429)


def failed(rate: str, of: str) -> None:
    """Count one failure of what is named."""
    _limiter().hit(RATES[rate], rate, of)


def forgive(rate: str, of: str) -> None:
    """What is named succeeded: its failures are forgotten."""
    _limiter().clear(RATES[rate], rate, of)


def _limiter() -> MovingWindowRateLimiter:
    limiter: MovingWindowRateLimiter = current_app.extensions[KEY]
    return limiter


@PAGES.get("/defi.json")
def challenge() -> Response:
    """Some work for the visitor's browser, before it sends a form."""
    asked = altcha.create_challenge(
        altcha.ChallengeOptions(
            max_number=HARDEST, hmac_key=_secret(), expires=datetime.now(UTC) + CHALLENGE_LASTS
        )
    )
    answer = jsonify(
        algorithm=asked.algorithm, challenge=asked.challenge, maxnumber=asked.max_number,
        salt=asked.salt, signature=asked.signature,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer


def proof() -> str:
    """What tells the work of this form from any other; '' when none was done.

    Without it (no JavaScript) the form is taken, at a lower rate.
    """
    payload = request.form.get("altcha", "")
    said = _payload(payload)
    if said is None:
        slow_down("unproved")
        return ""
    return str(said["signature"])


def _payload(text: str) -> dict[str, Any] | None:
    try:
        said = json.loads(base64.b64decode(text, validate=True))
        texts = all(
            isinstance(said[k], str) for k in ("algorithm", "challenge", "salt", "signature")
        )
        if not texts or type(said["number"]) is not int:
            return None
        is_good, _ = altcha.verify_solution(text, _secret(), check_expires=True)
    except (ValueError, KeyError, TypeError):
        return None
    return said if is_good else None


def opened() -> str:
    """When a form was shown, signed: it travels in the form."""
    return str(_clock().dumps(1))


def is_too_fast(token: str) -> bool:
    """Whether the form came back faster than anyone types, or long after it was shown."""
    try:
        _, shown = _clock().loads(token, max_age=FORM_LASTS_S, return_timestamp=True)
    except BadSignature:
        return True
    return bool((datetime.now(UTC) - shown).total_seconds() < FASTEST_S)


def _clock() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="opened")


def _secret() -> str:
    return "work " + str(current_app.secret_key)
