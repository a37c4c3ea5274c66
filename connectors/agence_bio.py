"""Organic operators: Agence Bio's API as JSON, or the flat file of certificates made from it."""

import json
from typing import Any

from connectors.readers import read
from sourcing.source import Download, Paging, Record, Row, Shape, Source, columns

ENGAGED = "ENGAGEE"
PRODUCTS = 12


def parse(row: Row) -> Record | None:
    """One operator, when one of its certificates is engaged; the rest is out of scope."""
    if "statut_bio" in row.values:
        if row.get("statut_bio") != "valide":
            return None
        return Record(siret=row.get("siret"), statuses=("label:Bio",))
    if not any(c.get("etatCertification") == ENGAGED for c in _items(row, "certificats")):
        return None
    where = _address(_items(row, "adressesOperateurs"))
    site = next((s["url"] for s in _items(row, "siteWebs") if s.get("url")), "")
    return Record(
        name=row.get("denominationcourante", "raisonSociale"),
        other_names=tuple(filter(None, [row.get("raisonSociale")])),
        siret=row.get("siret"),
        key=row.get("numeroBio"),
        statuses=("label:Bio",),
        address=str(where.get("lieu") or ""),
        postcode=str(where.get("codePostal") or ""),
        commune=str(where.get("ville") or ""),
        commune_code=str(where.get("codeCommune") or ""),
        x=str(where.get("long") or ""),
        y=str(where.get("lat") or ""),
        naf=row.get("codeNAF"),
        website=site,
        sectors=tuple(p["nom"] for p in _items(row, "productions") if p.get("nom"))[:PRODUCTS],
    )


def _items(row: Row, column: str) -> list[dict[str, Any]]:
    text = row.get(column)
    found = json.loads(text) if text.startswith("[") else []
    return [item for item in found if isinstance(item, dict)]


def _address(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The seat that is in use, else the first address."""
    used = [a for a in found if a.get("active") is not False] or found
    seats = [a for a in used if "Siège" in str(a.get("typeAdresseOperateurs"))]
    return next(iter([*seats, *used]), {})


SOURCE = Source(
    name="agence_bio",
    title="Opérateurs bio",
    publisher="Agence Bio",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/dataservices/api-professionnels-bio/",
    kind="list",
    shapes=(
        Shape(
            "API",
            columns("numeroBio|siret|certificats|adressesOperateurs"),
            # A manager's name, telephones and e-mails are known, and never read.
            columns(
                "id|raisonSociale|denominationcourante|telephone|email|codeNAF|gerant|dateMaj|"
                "telephoneCommerciale|reseau|categories|siteWebs|productions|activites|mixite"
            ),
        ),
        Shape("certificats", columns("siret|statut_bio"), columns("siren|liste_id_bio")),
    ),
    read=read,
    parse=parse,
    downloads={
        "operateurs.json": Download(
            "https://opendata.agencebio.org/api/gouv/operateurs/",
            params={"departements": "{departements}", "nb": "1000"},
            paging=Paging("items", offset="debut", total="nbTotal"),
            requests_per_second=2,
        )
    },
    is_fetched_whole=True,
    expects=(1, 400_000),
)
