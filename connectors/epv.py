"""EPV: living-heritage firms; a malformed SIRET is told with its line, never dropped unseen."""

from connectors.readers import read
from sourcing.source import Download, Fields, Shape, Source, first

NAMES = ("Raison sociale", "RAISON SOCIALE", "Nom de l'entreprise", "Entreprise", "NOM")
TOWNS = ("Commune", "COMMUNE", "Ville", "VILLE")
POSTCODES = ("Code postal", "Code Postal", "CODE POSTAL", "CP")

parse = Fields(
    name=first(*NAMES),
    siret=first("SIRET"),
    statuses=("label:EPV",),
    postcode=first(*POSTCODES),
    commune=first(*TOWNS),
)

SOURCE = Source(
    name="epv",
    title="Entreprises du patrimoine vivant (EPV)",
    publisher="Direction générale des entreprises",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/datasets/entreprises-du-patrimoine-vivant-epv/",
    kind="list",
    shapes=(
        Shape(
            "liste des labellisés",
            frozenset({"SIRET"}),
            frozenset((*NAMES, *TOWNS, *POSTCODES)),
        ),
    ),
    read=read,
    parse=parse,
    downloads={"epv.csv": Download("/api/1/datasets/r/9bca3cea-1659-422d-8c4d-40137b2a1ee8")},
    is_fetched_whole=True,
    expects=(1, 20_000),
)
