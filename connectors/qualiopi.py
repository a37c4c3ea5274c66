"""Training bodies: those certified Qualiopi, by SIREN; being one is not being certified."""

from connectors.readers import read
from sourcing.source import Download, Fields, Shape, Source, columns, first, joined

# What a certificate covers, as the export labels it and as its API names it.
SCOPES = (
    "Certifications",
    "Actions de formations",
    "Bilans de compétences",
    "VAE",
    "Actions de formations par apprentissage",
    "certifications_actionsdeformation",
    "certifications_bilansdecompetences",
    "certifications_vae",
    "certifications_actionsdeformationparapprentissage",
)
_NOTHING = frozenset(("false", "non", "0", "faux", "nan"))


def is_certified(text: str) -> bool:
    """At least one scope says something else than no."""
    return any(word not in _NOTHING for word in text.lower().split())


# A body is often one person: its name is not read, its SIREN says who it is.
parse = Fields(
    keeps=joined(*SCOPES, becomes=is_certified),
    siren=first("Code SIREN", "siren", "Siret Etablissement Déclarant"),
    statuses=("label:Qualiopi",),
    level="siren",
)


_LABELLED = columns(
    "Numéro Déclaration Activité|Numéro Déclaration Activité Précédent|denomination|"
    "Siret Etablissement Déclarant|Adresse Organisme de Formation|"
    "Code Postal Organisme de Formation|Ville Organisme de Formation|"
    "Code Région Organisme de Formation|geocodageban|Dénomination Organisme Etranger Représenté|"
    "Adresse Organisme Etranger Représenté|Code Postal Organisme Etranger Représenté|"
    "Ville Organisme Etranger Représenté|Pays Organisme Etranger Représenté|"
    "Date dernière déclaration|Début d'exercice|Fin d'exercice|Code Spécialité 1|"
    "Libellé Spécialité 1|Code Spécialité 2|Libellé Spécialité 2|Code Spécialité 3|"
    "Libellé Spécialité 3|Nombre de stagiaires|"
    "Nombre de stagiaires confiés par un autre Organisme de formation|Effectifs de formateurs|"
    "Code Commune|Nom Officiel Commune / Arrondissement Municipal|Code Officiel EPCI|"
    "Nom Officiel EPCI|Code Officiel Département|Nom Officiel Département|Nom Officiel Région|"
    "Code Officiel Région|Toutes spécialités de l'organisme de formation|"
    "Organisme Formation Géocodé|random_id"
)
_ADDRESS = "adressephysiqueorganismeformation_"
_ABROAD = "organismeetrangerrepresente_"
_DECLARED = "informationsdeclarees_"
_NAMED = columns(
    "numerodeclarationactivite|numerosdeclarationactiviteprecedent|denomination|"
    "siretetablissementdeclarant|geocodageban|com_arm_code|com_arm_name|epci_code|epci_name|"
    "dep_code|dep_name|reg_code|reg_name|toutes_specialites|organisme_formation_geocode|random_id"
) | {
    *(_ADDRESS + part for part in ("voie", "codepostal", "ville", "coderegion")),
    *(_ABROAD + part for part in ("denomination", "voie", "codepostal", "ville", "pays")),
    *(_DECLARED + p for p in ("datedernieredeclaration", "debutexercice", "finexercice")),
    *(_DECLARED + p for p in ("nbstagiaires", "nbstagiairesconfiesparunautreof")),
    _DECLARED + "effectifformateurs",
    *(
        f"{_DECLARED}specialitesdeformation_{kind}specialite{number}"
        for kind in ("code", "libelle")
        for number in (1, 2, 3)
    ),
}

SOURCE = Source(
    name="qualiopi",
    title="Organismes de formation certifiés Qualiopi",
    publisher="Délégation générale à l’emploi et à la formation professionnelle",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/datasets/liste-publique-des-organismes-de-formation-l-6351-7-1-du-code-du-travail/",
    kind="list",
    shapes=(
        Shape("export libellé", frozenset({"Code SIREN"}), _LABELLED | set(SCOPES)),
        Shape(
            "export de l’API",
            frozenset({"siren", "certifications_actionsdeformation"}),
            _NAMED | set(SCOPES),
        ),
    ),
    read=read,
    parse=parse,
    downloads={
        "qualiopi.csv": Download(
            "https://dgefp.opendatasoft.com/api/explore/v2.1/catalog/datasets/"
            "liste-publique-des-of-v2/exports/csv",
            params={"lang": "fr", "use_labels": "true", "delimiter": ";"},
        )
    },
    is_fetched_whole=True,
    expects=(1, 500_000),
)
