"""Purchases to come: what the authority means to buy, told to everybody alike before the notice."""

from sourcing.purchases.board import (
    BANDS,
    PARTNERS,
    RESERVED,
    STATES,
    Draft,
    PurchaseError,
    check,
    find,
    remove,
    save,
    tell,
    told,
    upcoming,
)
from sourcing.purchases.quarter import first_day, last_day, quarter_of, read_quarter

__all__ = [
    "BANDS", "PARTNERS", "RESERVED", "STATES", "Draft", "PurchaseError", "check", "find",
    "first_day", "last_day", "quarter_of", "read_quarter", "remove", "save", "tell", "told",
    "upcoming",
]  # fmt: skip
