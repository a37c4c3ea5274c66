"""What the organisation spends: its ledger read, led to suppliers, and the shares it makes."""

from sourcing.spending.intake import LEVELS, Ledger, Report, forget, reports, take
from sourcing.spending.shares import DEFINITIONS, Part, Spent, spent

__all__ = [
    "DEFINITIONS",
    "LEVELS",
    "Ledger",
    "Part",
    "Report",
    "Spent",
    "forget",
    "reports",
    "spent",
    "take",
]
