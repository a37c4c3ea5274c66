"""Who acts, for which organisation; and links that only we can have made."""

from flask import abort
from itsdangerous import BadSignature, URLSafeSerializer

from sourcing import people
from sourcing.model import Person
from webapp.account import account
from webapp.context import session, site


def person() -> Person:
    """The signed-in person, as the base knows her."""
    known = account()
    return (people.find(session(), known.id) if known else None) or abort(403)


def organisation() -> str:
    """Whose files she works on: hers, else the one that runs this site."""
    return person().organisation or site().settings.organisation


def token(secret: str, purpose: str, number: int) -> str:
    """A link's part that names this number, signed: it cannot be guessed nor changed."""
    return str(URLSafeSerializer(secret, salt=purpose).dumps(number))


def number(secret: str, purpose: str, signed: str) -> int | None:
    """The number of a signed link; None when it is not ours."""
    try:
        return int(URLSafeSerializer(secret, salt=purpose).loads(signed))
    except (BadSignature, ValueError, TypeError):
        return None
