"""The form's answers, and what may be chosen in it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Place
from sourcing.places import distance_km


class Declared(NamedTuple):
    """A status a structure may say it has, and the proof the rules ask for."""

    label: str
    proof: str


_AGREED = "Date et numéro de la convention avec l’État"
# A mention's status -> how the form asks for it.
STATUSES = {
    "siae:EI": Declared("Entreprise d’insertion (EI)", _AGREED),
    "siae:ACI": Declared("Atelier et chantier d’insertion (ACI)", _AGREED),
    "siae:AI": Declared("Association intermédiaire (AI)", _AGREED),
    "siae:ETTI": Declared("Travail temporaire d’insertion (ETTI)", _AGREED),
    "handicap:EA": Declared("Entreprise adaptée (EA)", "Numéro et fin du contrat d’objectifs"),
    "handicap:ESAT": Declared("ESAT", "Numéro FINESS ou arrêté d’autorisation"),
    "ess:ess": Declared("Économie sociale et solidaire (ESS)", "Statuts, ou mention ESS au RCS"),
    "label:ESUS": Declared("Agrément ESUS", "Date et fin de l’agrément"),
}
COMMITMENTS = {
    "clauses": "embauche de personnes éloignées de l’emploi",
    "equality": "égalité entre les femmes et les hommes",
    "accessibility": "accessibilité et emploi de personnes handicapées",
    "carbon": "réduction mesurée des émissions de carbone",
    "waste": "réemploi, réduction et tri des déchets",
    "transport": "livraisons décarbonées ou groupées",
    "water": "biodiversité et économie d’eau",
}
GROUPINGS = {
    "": "non précisé",
    "alone": "seule",
    "grouped": "en groupement",
    "both": "seule ou en groupement",
    "sub": "en sous-traitance",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """The form, once valid.

    `zone` is "commune", "communes", "france" or a number of kilometres; `proofs` gives, by status,
    what proves it; `tih_consent` and `consent` are the version of the text the person agreed to.
    """

    siret: str
    name: str
    activity: str
    segments: tuple[str, ...] = ()
    zone: str = "30"
    communes: tuple[str, ...] = ()  # codes
    website: str = ""
    email: str = ""
    phone: str = ""
    consent: str = ""
    # Of a structure without SIRET: where it is being created.
    commune_code: str = ""
    size: str = ""
    statuses: tuple[str, ...] = ()
    proofs: Mapping[str, str] | None = None
    innovation: str = ""
    innovation_since: str = ""
    commitments: tuple[str, ...] = ()
    materials: str = ""
    references: str = ""
    grouping: str = ""
    tih_consent: str = ""


def answers_of(kept: Mapping[str, Any]) -> Answers:
    """The answers of a registration; those of an older form lack what it did not ask."""
    known = {field.name for field in fields(Answers)}
    said: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in kept.items()
        if key in known
    }
    return Answers(**said)


def zone_of(session: Session, answers: Answers) -> dict[str, Any] | None:
    """The zone as a mention keeps it; the address's commune says nothing more.

    Named communes are kept, with the distance that reaches the farthest from the nearest.
    """
    if answers.zone == "france":
        return {"france": True}
    if answers.zone == "communes" and answers.communes:
        codes = list(answers.communes)
        found = session.scalars(select(Place).where(Place.code.in_(codes))).all()
        spots = [(p.lon, p.lat) for p in found if p.lon is not None and p.lat is not None]
        far = max((distance_km(*a, *b) for a in spots for b in spots), default=0.0)
        return {"km": max(1, round(far)), "communes": codes}
    return {"km": int(answers.zone)} if answers.zone.isdigit() else None
