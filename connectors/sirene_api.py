"""SIRENE by INSEE's API 3.11: a territory's open establishments at first, then what changed."""

from connectors.sirene import COLUMNS, SHAPES, flat, read
from sourcing.source import Download, Pages, Portions, Source

HERE = "(codeCommuneEtablissement:{communes})"
# In the period that has no end, today's.
OPEN = "periode(etatAdministratifEtablissement:A AND -dateFin:*)"
# A firm's new name does not touch its establishments; the last day is asked for again.
TOUCHED = (
    "(dateDernierTraitementEtablissement:[{since} TO *] "
    "OR dateDernierTraitementUniteLegale:[{since} TO *])"
)

SOURCE = Source(
    name="sirene_api",
    title="Répertoire SIRENE, par l'API",
    publisher="INSEE",
    licence="Licence Ouverte 2.0",
    url="https://portail-api.insee.fr/",
    kind="register",
    shapes=SHAPES,
    read=read,
    columns=COLUMNS,
    downloads={
        "etablissements.csv": Download(
            "{sirene_url}/siret",
            headers={"X-INSEE-Api-Key-Integration": "{sirene_key}"},
            form={"q": f"{HERE} AND {OPEN}", "nombre": "200000", "noLink": "true"},
            changes={"q": f"{HERE} AND {TOUCHED}"},
            portions=Portions(
                of="communes",
                between=" OR codeCommuneEtablissement:",
                counting={"nombre": "1", "champs": "siret"},
                total="header.total",
                most_lines=200_000,
                most_places=400,
                # An arrondissement of Paris.
                pages=Pages(
                    {"nombre": "1000", "curseur": "*"},
                    cursor="curseur",
                    next="header.curseurSuivant",
                    rows="etablissements",
                    line=flat,
                ),
            ),
            # 30 a minute.
            requests_per_second=0.5,
        )
    },
    brings_changes=True,
)
