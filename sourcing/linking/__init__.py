"""Linking: which supplier a line is, how sure we are, and why."""

from sourcing.linking.matching import Match, match
from sourcing.linking.review import audit
from sourcing.linking.store import Counts, link

__all__ = ["Counts", "Match", "audit", "link", "match"]
