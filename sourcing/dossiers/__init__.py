"""Sourcing files: from a need to the trace of how its suppliers were sought (R2111-1)."""

from sourcing.dossiers.opening import DossierError, Need, find, forget, of_organisation, start

__all__ = ["DossierError", "Need", "find", "forget", "of_organisation", "start"]
