"""i-Lab laureates: firms of the national contest of innovative technologies, since 1999."""

from connectors.readers import read
from sourcing.source import Download, Fields, Shape, Source, columns, first


def level(siren: str) -> str:
    """The firm is the laureate; without its SIREN, its name is all there is to link by."""
    return "siren" if siren else "siret"


parse = Fields(
    name=first("libelle_entreprise", "Libellé entreprise", "Entreprise"),
    siret=first("ndeg_siret", "N° SIRET"),
    siren=first("ndeg_siren", "N° SIREN"),
    statuses=("innovation:i-Lab",),
    level=first("ndeg_siren", "N° SIREN", becomes=level),
    website=first("site_web_entreprise", "Site web entreprise"),
)

SOURCE = Source(
    name="i_lab",
    title="Lauréats du concours i-Lab",
    publisher="Ministère de l’enseignement supérieur et de la recherche",
    licence="Licence Ouverte 2.0",
    url="https://data.enseignementsup-recherche.gouv.fr/explore/dataset/fr-esr-laureats-concours-national-i-lab/",
    kind="list",
    shapes=(
        Shape(
            "export",
            columns("libelle_entreprise|ndeg_siren"),
            columns(
                "annee_de_concours|identifiant|moto|resume|domaine_technologique|domainetechnoid|"
                "grand_prix|nom_du_laureat|prenom_du_candidat|prenom_du_laureat|ndeg_siret|"
                "site_web_entreprise|region|code_region|unite_de_recherche_liee_au_projet|projet|"
                "structure_liee_au_projet|type_de_candidature|type_de_candidatura|phase|"
                "lien_fiche|genre|sexe"
            ),
        ),
        Shape(
            "export libellé",
            columns("N° SIREN"),
            columns(
                "Année de concours|Identifiant|Moto|Résumé|Domaine technologique|Grand Prix|"
                "Libellé entreprise|Entreprise|N° SIRET|Site web entreprise|Région|"
                "Nom du lauréat|Prénom du candidat|Structure liée au projet|"
                "Unité de recherche liée au projet|Type de candidature|Projet"
            ),
        ),
    ),
    read=read,
    parse=parse,
    downloads={
        "laureats.csv": Download(
            "https://data.enseignementsup-recherche.gouv.fr/api/explore/v2.1/catalog/datasets/"
            "fr-esr-laureats-concours-national-i-lab/exports/csv",
            params={"delimiter": ";"},
        )
    },
    is_fetched_whole=True,
    expects=(1, 30_000),
)
