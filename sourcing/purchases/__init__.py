"""Purchases to come: what the authority means to buy, told to everybody alike before the notice."""

from sourcing.purchases.board import (
    BANDS,
    PARTNERS,
    RESERVED,
    STATES,
    Draft,
    PurchaseError,
    check,
    family_of,
    find,
    remove,
    save,
    tell,
    told,
    upcoming,
)
from sourcing.purchases.following import (
    Said,
    ask_to_follow,
    confirm_interest,
    follow,
    followers,
    interested,
    leave,
    say_interest,
)
from sourcing.purchases.quarter import first_day, last_day, quarter_of, read_quarter

__all__ = [
    "BANDS", "PARTNERS", "RESERVED", "STATES", "Draft", "PurchaseError", "Said", "ask_to_follow",
    "check", "confirm_interest", "family_of", "find", "first_day", "follow", "followers",
    "interested", "last_day", "leave", "quarter_of", "read_quarter", "remove", "save",
    "say_interest", "tell", "told", "upcoming",
]  # fmt: skip
