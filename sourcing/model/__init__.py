"""Every table. One row per thing a person can name; what was true is marked, never deleted."""

from sourcing.model.audit import AuditEntry
from sourcing.model.base import (
    CHECKED,
    CODE,
    MASKED,
    NATIONAL_KM,
    PARTIAL,
    PUBLIC,
    REGISTER,
    Base,
    Setting,
)
from sourcing.model.contract import Contract, ContractWinner
from sourcing.model.dossier import (
    Act,
    BasketItem,
    Document,
    Dossier,
    DossierQuery,
    DossierShare,
    Panelist,
)
from sourcing.model.law import LawRule
from sourcing.model.linking import Decision, Finding, Judgement, Likeness
from sourcing.model.mention import Alias, Awaited, Mention
from sourcing.model.message import Message
from sourcing.model.people import Person, SavedSearch
from sourcing.model.purchase import Follower, Interest, Purchase, PurchaseNote
from sourcing.model.registration import Campaign, Registration, Ruling
from sourcing.model.run import Reject, Run, SavedMapping
from sourcing.model.spending import IndicatorValue, Spending
from sourcing.model.supplier import DuplicateSiren, Succession, Supplier
from sourcing.model.tag import Listing, NafHint, Stale, Tag
from sourcing.model.territory import Geocode, OldPlace, Place, Qpv

__all__ = [
    "CHECKED",
    "CODE",
    "MASKED",
    "NATIONAL_KM",
    "PARTIAL",
    "PUBLIC",
    "REGISTER",
    "Act",
    "Alias",
    "AuditEntry",
    "Awaited",
    "Base",
    "BasketItem",
    "Campaign",
    "Contract",
    "ContractWinner",
    "Decision",
    "Document",
    "Dossier",
    "DossierQuery",
    "DossierShare",
    "DuplicateSiren",
    "Finding",
    "Follower",
    "Geocode",
    "IndicatorValue",
    "Interest",
    "Judgement",
    "LawRule",
    "Likeness",
    "Listing",
    "Mention",
    "Message",
    "NafHint",
    "OldPlace",
    "Panelist",
    "Person",
    "Place",
    "Purchase",
    "PurchaseNote",
    "Qpv",
    "Registration",
    "Reject",
    "Ruling",
    "Run",
    "SavedMapping",
    "SavedSearch",
    "Setting",
    "Spending",
    "Stale",
    "Succession",
    "Supplier",
    "Tag",
]
