"""RGE: one line per qualification of an establishment, with its last day."""

from connectors.readers import read
from sourcing.source import Download, Fields, Paging, Shape, Source, alone, columns, first, joined

parse = Fields(
    name=first("nom_entreprise"),
    siret=first("siret"),
    # A renewed qualification is another line than the one that ended.
    key=joined("siret", "code_qualification", "lien_date_fin"),
    statuses=("label:RGE",),
    ends_on=first("lien_date_fin"),
    address=first("adresse"),
    postcode=first("code_postal"),
    commune=first("commune"),
    x=first("longitude"),
    y=first("latitude"),
    phone=first("telephone"),
    email=first("email"),
    website=first("site_internet"),
    sectors=first("domaine", becomes=alone),
)

SOURCE = Source(
    name="rge",
    title="Entreprises RGE (reconnu garant de l’environnement)",
    publisher="ADEME",
    licence="Licence Ouverte 2.0",
    url="https://data.ademe.fr/datasets/liste-des-entreprises-rge-2",
    kind="list",
    shapes=(
        Shape(
            "qualifications",
            columns("siret|nom_entreprise|code_qualification|lien_date_fin"),
            columns(
                "adresse|code_postal|commune|latitude|longitude|telephone|email|site_internet|"
                "nom_qualification|url_qualification|nom_certificat|domaine|meta_domaine|"
                "organisme|particulier|lien_date_debut"
            ),
        ),
    ),
    read=read,
    parse=parse,
    downloads={
        "rge.json": Download(
            "https://data.ademe.fr/data-fair/api/v1/datasets/liste-des-entreprises-rge-2/lines",
            params={"size": "10000"},
            paging=Paging("results", next="next", total="total"),
            requests_per_second=1,
        )
    },
    is_fetched_whole=True,
    expects=(1, 1_000_000),
)
