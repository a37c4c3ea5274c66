"""Le Marché de l'inclusion: its API's JSON, and the search exports of every period since 2022."""

import json
import re
from typing import Any

from connectors.readers import read
from sourcing.source import Download, Fields, Paging, Shape, Source, alone, columns, first
from sourcing.source.texts import Around

PAGES = "https://lemarche.inclusion.gouv.fr/prestataires"
# Kind -> the family it belongs to. A GEIQ and a SEP are no SIAE in the sense of L. 5132-4.
STATUSES = {
    **dict.fromkeys(("ACI", "EI", "AI", "ETTI", "EITI"), "siae"),
    **dict.fromkeys(("GEIQ", "SEP"), "insertion"),
    **dict.fromkeys(("EA", "EATT", "ESAT"), "handicap"),
}
# Group names joined by ", " in the exports; these hold commas themselves.
GROUPS_WITH_COMMAS = (
    "Ameublement, déco, textile & Artisanat",
    "Communication, Marketing",
    "Culture, Divertissement et Tourisme",
    "Déménagements, Livraisons & Transports",
    "Recyclage, économie circulaire",
)
_GROUP = re.compile("|".join([*map(re.escape, GROUPS_WITH_COMMAS), r"[^,\s][^,]*"]))
_CODE = re.compile(r"\(([A-Z]{2,4})\)\s*$")


# Columns of persons and their addresses are known, and never read.
_CONTACT = columns("Prénom|Nom|E-mail|Téléphone|Réseau social")
SHAPES = (
    Shape(
        "api",
        columns("name|slug|siret|kind|city|post_code"),
        columns(
            "id|brand|nature|kind_parent|contact_website|contact_social_website|logo_url|address|"
            "department|region|is_qpv|is_active|sectors|presta_types|networks|offers|"
            "client_references|labels_old|created_at|updated_at"
        ),
    ),
    Shape(
        "export 2022-06 à 2026-07",
        columns(
            "Raison sociale|Slug|Siret|Type de structure|Adresse|Ville|Code Postal|Département"
        ),
        columns(
            "Nom commercial|Enseigne|Établissement|kind_parent|presta_type|Type de prestation|"
            "Site internet|Région|Quartier prioritaire de la politique de la ville (API QPV)|"
            "sectors|Secteurs d'activité|Inscrite|Lien vers le marché"
        )
        | _CONTACT,
    ),
    Shape(
        "export depuis 2026-07",
        columns("Raison sociale|Type de structure|Adresse|Code postal|Ville"),
        columns("Enseigne|Référence client 1|Référence client 2|Référence client 3") | _CONTACT,
    ),
    Shape(
        "liste d'une consultation",
        columns("Raison sociale|Siret"),
        columns(
            "Type de structure|Adresse|Ville|Code Postal|Région|Département|Chiffre d'affaires|"
            "Références client|Certifications et labels|Nombre de salariés en insertion|"
            "Nombre de salariés permanents|Fournisseur local"
        )
        | _CONTACT,
    ),
)


def status(kind: str) -> tuple[str, ...]:
    """ "ETTI" or "Entreprise de travail temporaire d'insertion (ETTI)" -> ("siae:ETTI",)."""
    if not kind:
        return ()
    found = _CODE.search(kind)
    code = found.group(1) if found else kind
    if code not in STATUSES:
        raise ValueError(f"type de structure inconnu : « {kind} »")
    return (f"{STATUSES[code]}:{code}",)


def sectors(text: str) -> tuple[str, ...]:
    """Sector names of the API (JSON), or group names of an export."""
    if text.startswith("["):
        return tuple(str(item["name"]) for item in _items(text) if item.get("name"))
    return tuple(name.strip() for name in _GROUP.findall(text))


def offers(text: str) -> str:
    """What the structure says it offers, in its words."""
    told = ([o.get("name"), o.get("description")] for o in _items(text))
    return " ; ".join(filter(None, (": ".join(map(str, filter(None, each))) for each in told)))


def is_qpv(text: str) -> bool | None:
    return {"oui": True, "true": True, "non": False, "false": False}.get(text.lower())


def _items(text: str) -> list[dict[str, Any]]:
    """The objects of a JSON list; a cell that only begins like one holds none."""
    try:
        found = json.loads(text) if text.startswith("[") else []
    except (json.JSONDecodeError, RecursionError):
        return []
    return [item for item in found if isinstance(item, dict)]


# The page of a slug.
page = Around(f"{PAGES}/", "/")
# Those whose agreement has ended are out of scope.
parse = Fields(
    keeps=first("is_active", becomes=lambda text: text != "false"),
    name=first("Raison sociale", "name"),
    other_names=first("Nom commercial", "Enseigne", "brand", becomes=alone),
    siret=first("Siret", "siret"),
    key=first("slug", "Slug"),
    statuses=first("Type de structure", "kind", becomes=status, refuses=True),
    address=first("Adresse", "address"),
    postcode=first("Code Postal", "Code postal", "post_code"),
    commune=first("Ville", "city"),
    departement=first("Département", "department"),
    website=first("Site internet", "contact_website"),
    sectors=first("sectors", "Secteurs d'activité", becomes=sectors),
    description=first("offers", becomes=offers),
    workers=first("Nombre de salariés en insertion"),
    is_qpv=first(
        "Quartier prioritaire de la politique de la ville (API QPV)", "is_qpv", becomes=is_qpv
    ),
    link=first("slug", "Slug", becomes=page),
)

SOURCE = Source(
    name="marche_inclusion",
    title="Le Marché de l'inclusion",
    publisher="Plateforme de l'inclusion (GIP)",
    licence="Licence Ouverte 2.0",
    url="https://lemarche.inclusion.gouv.fr",
    kind="list",
    shapes=SHAPES,
    read=read,
    parse=parse,
    # Always all of it: a date filter would lose what never was in step with Les emplois.
    downloads={
        "siae.json": Download(
            "https://lemarche.inclusion.gouv.fr/api/siae/",
            params={"limit": "1000"},
            headers={"Authorization": "Bearer {marche_inclusion_token}"},
            paging=Paging("results", next="next", total="count"),
            requests_per_second=2,
        )
    },
    is_fetched_whole=True,
    expects=(1, 60_000),
)
