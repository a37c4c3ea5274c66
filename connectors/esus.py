"""ESUS: firms the State agrees as serving social utility, by SIREN, for two or five years."""

from connectors.readers import read
from sourcing.source import Fields, Shape, Source, first

ENDS = ("Date de fin d'agrément", "Date de fin de l'agrément", "Fin d'agrément", "date_fin")
NAMES = ("Dénomination", "Raison sociale", "Nom de la structure", "denomination")

parse = Fields(
    name=first(*NAMES),
    siren=first("SIREN", "numero_siren"),
    statuses=("label:ESUS", "ess:esus"),
    level="siren",
    ends_on=first(*ENDS),
)

SOURCE = Source(
    name="esus",
    title="Entreprises solidaires d’utilité sociale (ESUS)",
    publisher="Direction générale du Trésor",
    licence="Licence Ouverte 2.0",
    url="https://www.tresor.economie.gouv.fr/banque-assurance-finance/finance-sociale-et-solidaire/liste-nationale-agrements-esus",
    kind="list",
    shapes=(
        Shape("liste du Trésor", frozenset({"SIREN"}), frozenset((*ENDS, *NAMES))),
        Shape("agréments", frozenset({"numero_siren"}), frozenset((*ENDS, *NAMES))),
    ),
    read=read,
    parse=parse,
    expects=(1, 50_000),
)
