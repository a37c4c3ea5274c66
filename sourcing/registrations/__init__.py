"""What structures say of themselves: received, confirmed by e-mail, then decided by a person."""

from sourcing.registrations.answers import (
    COMMITMENTS,
    GROUPINGS,
    STATUSES,
    Answers,
    Declared,
    answers_of,
    zone_of,
)
from sourcing.registrations.deciding import accept, ask, claims, declared, refuse, rulings
from sourcing.registrations.mine import erase, everything_of, latest, sheet_of
from sourcing.registrations.receiving import (
    CODE_TRIES,
    SOURCE,
    Received,
    RegistrationError,
    confirm,
    known,
    pending,
    receive,
    try_code,
)
from sourcing.registrations.term import erase_forgotten, still_true, to_ask_again

__all__ = [
    "CODE_TRIES", "COMMITMENTS", "GROUPINGS", "SOURCE", "STATUSES", "Answers", "Declared",
    "Received", "RegistrationError", "accept", "answers_of", "ask", "claims", "confirm",
    "declared", "erase", "erase_forgotten", "everything_of", "known", "latest",
    "pending", "receive", "refuse", "rulings", "sheet_of", "still_true", "to_ask_again",
    "try_code", "zone_of",
]  # fmt: skip
