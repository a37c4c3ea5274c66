"""data·inclusion: insertion and adapted structures, with their position and no key to ask for."""

import re

from connectors.readers import read
from sourcing.source import Cell, Download, Fields, Shape, Source, columns, first, joined

# Networks that sell; the other structures of the file help people, they are no suppliers.
STATUSES = {
    **{code: f"siae:{code.upper()}" for code in ("aci", "ei", "ai", "etti", "eiti")},
    **{code: f"handicap:{code.upper()}" for code in ("ea", "eatt", "esat")},
    "geiq": "insertion:GEIQ",
}
# A list is written as JSON, as Python or as an array, by the format of the file.
_NETWORK = re.compile(r"[a-z][a-z-]*")
NETWORKS = ("reseaux_porteurs",)


def networks(text: str) -> tuple[str, ...]:
    """ "['aci', 'ei']" -> ("siae:ACI", "siae:EI")."""
    return tuple(STATUSES[code] for code in _NETWORK.findall(text.lower()) if code in STATUSES)


parse = Fields(
    keeps=Cell(NETWORKS, becomes=networks),
    name=first("nom"),
    siret=first("siret"),
    key=first("id"),
    statuses=Cell(NETWORKS, becomes=networks),
    address=joined("adresse", "complement_adresse"),
    postcode=first("code_postal"),
    commune=first("commune"),
    commune_code=first("code_insee"),
    x=first("_lon", "longitude"),
    y=first("_lat", "latitude"),
    phone=first("telephone"),
    email=first("courriel"),
    website=first("site_web"),
    description=first("description"),
    link=first("lien_source"),
)

SOURCE = Source(
    name="data_inclusion",
    title="Structures d’insertion et du handicap (data·inclusion)",
    publisher="Plateforme de l’inclusion (GIP)",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/datasets/referentiel-de-loffre-dinsertion-liste-des-structures-et-services-dinsertion/",
    kind="list",
    shapes=(
        Shape(
            "structures, schéma 1",
            columns("id|source|nom|siret|reseaux_porteurs"),
            # A spreadsheet's first column numbers its rows.
            columns(
                "accessibilite_lieu|adresse|code_insee|code_postal|commune|complement_adresse|"
                "courriel|date_maj|description|horaires_accueil|latitude|lien_source|longitude|"
                "site_web|telephone|adresse_certifiee|score_qualite|doublons|Colonne 1"
            ),
        ),
    ),
    read=read,
    parse=parse,
    downloads={
        "structures.csv": Download("/api/1/datasets/r/fd4cb3ef-5c31-4c99-92fe-2cd8016c0ca5"),
    },
    is_fetched_whole=True,
    expects=(1, 500_000),
)
