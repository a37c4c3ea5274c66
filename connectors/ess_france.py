"""ESS France: every firm of the social economy, by SIREN, with its family."""

from connectors.readers import read
from sourcing.source import Download, Fields, Shape, Source, columns, first

# How a family begins, folded or not -> the ESS family a tag says.
FAMILIES = {
    "assoc": "association",
    "coop": "cooperative",
    "mutu": "mutuelle",
    "fond": "fondation",
}


def family(text: str) -> tuple[str, ...]:
    """Its family; a commercial company of the ESS is none of the four others."""
    start = text.strip().lower()[:5]
    return (f"ess:{next((v for k, v in FAMILIES.items() if start.startswith(k)), 'company')}",)


parse = Fields(
    name=first("Nom ou raison sociale de l'entreprise"),
    siren=first("SIREN"),
    statuses=first("Famille juridique de l'entreprise", becomes=family),
    level="siren",
)

SOURCE = Source(
    name="ess_france",
    title="Entreprises de l’ESS (ESS France)",
    publisher="ESS France",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/datasets/liste-des-entreprises-de-less/",
    kind="list",
    shapes=(
        Shape(
            "liste nationale",
            columns("SIREN|Famille juridique de l'entreprise"),
            columns(
                "Nom ou raison sociale de l'entreprise|Code postal|"
                "Libellé de la commune de l'établissement|Code du département de l'établissement|"
                "Département de l'établissement|Région de l'établissement"
            ),
        ),
    ),
    read=read,
    parse=parse,
    downloads={
        "ess_france.csv": Download("/api/1/datasets/r/57bc99ca-0432-4b46-8fcc-e76a35c9efaf"),
    },
    is_fetched_whole=True,
    expects=(1, 3_000_000),
)
