"""Where each value of a supplier's sheet comes from: who is heard first, and its trace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import REGISTER, Mention, Run, Supplier

SIRENE = "sirene"
NO_LIST = "Les listes ne le changent jamais."
IF_UNKNOWN = "Une liste n'est crue que si le répertoire ne connaît pas le fournisseur."


@dataclass(frozen=True, slots=True)
class Rule:
    """One field of a sheet: in words, who is heard first; `told_by` is a mention's column."""

    field: str
    label: str
    order: tuple[str, ...]
    lists: str
    told_by: str = ""


PRECEDENCE = (
    Rule("name", "Nom", (
        "enseigne", "dénomination usuelle de l'établissement", "dénomination de l'entreprise",
        "sigle", "prénom et nom d'un entrepreneur en diffusion publique",
    ), IF_UNKNOWN, "name"),
    Rule("siret", "SIRET", ("SIRENE", "SIRET publié par une liste, si sa clé est juste"),
         "Une ligne sans SIRET est rapprochée par son nom et son lieu.", "siret"),
    Rule("address", "Adresse", ("adresse de SIRENE",), IF_UNKNOWN, "address"),
    Rule("commune", "Commune", ("code commune de SIRENE, ramené à la commune d'aujourd'hui",),
         IF_UNKNOWN, "commune"),
    Rule("position", "Position", (
        "géolocalisation INSEE de qualité 11 ou 12", "coordonnées Lambert de SIRENE",
        "géolocalisation de qualité 21 ou 22", "adresse reconnue par la Géoplateforme",
        "centre de la commune",
    ), IF_UNKNOWN, "lon"),
    Rule("naf", "Activité (NAF)", ("SIRENE, nomenclature NAF rév. 2",), IF_UNKNOWN, "naf"),
    Rule("size_code", "Effectif", ("tranche d'effectif de SIRENE",), NO_LIST),
    Rule("legal_form", "Forme juridique", ("SIRENE",), IF_UNKNOWN, "legal_form"),
    Rule("state", "Ouvert ou fermé", (
        "SIRENE : fermeture de l'établissement ou cessation de l'entreprise",
    ), NO_LIST),
    Rule("created_on", "Date de création", ("SIRENE",), NO_LIST),
    Rule("description", "Description", ("la plus longue que disent les listes et la structure",),
         "SIRENE n'en donne pas.", "description"),
    Rule("contact", "Téléphone, courriel, site", ("chaque liste, avec son nom",),
         "SIRENE n'en donne pas.", "phone"),
    Rule("statuses", "Statuts et labels", (
        "listes officielles, avec leur date de fin", "forme juridique et champs de SIRENE",
    ), "Chaque statut dit sa source et s'il vaut pour l'établissement ou l'entreprise."),
    Rule("segments", "Catégories d'achat", (
        "secteur déclaré", "description lue par le classement des besoins", "code NAF, plus faible",
    ), "Toutes sont gardées, chacune avec son poids."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a value was read: `line` is 0 in the register, whose rows are found by SIRET."""

    source: str
    files: tuple[str, ...]
    line: int
    seen: date


def traces(
    session: Session, supplier: Supplier, mentions: Sequence[Mention]
) -> Mapping[str, tuple[Trace, ...]]:
    """Field of PRECEDENCE -> where its value on the sheet was read; fields nobody gave are absent.

    `mentions` are the supplier's, in the order in which they are heard.
    """
    told = [mention for mention in mentions if mention.gone_on is None]
    register = _of_register(session, supplier) if supplier.origin == REGISTER else ()
    found: dict[str, tuple[Trace, ...]] = {}
    for rule in PRECEDENCE:
        said = tuple(_of_mention(m) for m in told if rule.told_by and _says(m, rule))
        is_registers = register and "SIRENE n'en" not in rule.lists
        if where := register if is_registers else said:
            found[rule.field] = where
    return found


def _says(mention: Mention, rule: Rule) -> bool:
    if rule.field == "contact":
        return bool(mention.phone or mention.email or mention.website)
    return getattr(mention, rule.told_by) not in ("", None)


def _of_mention(mention: Mention) -> Trace:
    return Trace(mention.source, (mention.file,), mention.line, mention.last_seen)


def _of_register(session: Session, supplier: Supplier) -> tuple[Trace, ...]:
    """The run that wrote the facts; for a base older than its runs, the last one."""
    run = session.get(Run, supplier.run_id) if supplier.run_id else None
    if run is None:
        done = select(Run).where(Run.source == SIRENE, Run.outcome == "done")
        run = session.scalar(done.order_by(Run.id.desc()).limit(1))
    files = tuple(str(file["name"]) for file in run.files) if run else ()
    day = run.started_at.date() if run else supplier.last_seen
    return (Trace(run.source if run else SIRENE, files, 0, day),)
