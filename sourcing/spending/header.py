"""Which column of a ledger says what: real exports share no header."""

from collections.abc import Mapping, Sequence

from sourcing.normalise.text import fold
from sourcing.source import SourceChanged

# field -> what its header may be, folded, the surest first; a header that starts so counts too.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "amount": ("MONTANT HT", "MONTANT MANDATE", "MONTANT TTC", "MONTANT", "DEPENSE ACHAT",
               "DEPENSE", "MANDATE", "TOTAL HT", "TOTAL", "SOMME"),
    "siret": ("SIRET", "N SIRET", "NUMERO SIRET", "SIRET TIERS", "SIRET FOURNISSEUR", "CODE SIRET"),
    "name": ("RAISON SOCIALE DU FOURNISSEUR", "RAISON SOCIALE", "NOM DU FOURNISSEUR",
             "NOM FOURNISSEUR", "FOURNISSEUR", "LIBELLE TIERS", "NOM TIERS", "TIERS",
             "BENEFICIAIRE", "CREANCIER", "NOM"),
    "year": ("EXERCICE", "ANNEE", "MILLESIME"),
    "date": ("DATE MANDAT", "DATE DE MANDATEMENT", "DATE DE PAIEMENT", "DATE PAIEMENT",
             "DATE FACTURE", "DATE"),
    "contract": ("NUMERO DE MARCHE", "NUMERO MARCHE", "N DE MARCHE", "N MARCHE", "MARCHE",
                 "CODE MARCHE", "REFERENCE MARCHE", "CONTRAT"),
    "directorate": ("DIRECTION", "SERVICE GESTIONNAIRE", "SERVICE", "GESTIONNAIRE",
                    "ENTITE ACHETEUSE", "CENTRE DE RESPONSABILITE", "POLE"),
    "label": ("OBJET", "LIBELLE MANDAT", "LIBELLE", "DESIGNATION", "CATEGORIE D ACHAT",
              "CATEGORIE"),
    "segment": ("SEGMENT", "SOUS SEGMENT", "CODE SEGMENT", "FAMILLE D ACHAT"),
    "account": ("COMPTE", "NATURE", "IMPUTATION", "ARTICLE"),
    "document": ("NUMERO MANDAT", "N MANDAT", "NUMERO DE MANDAT", "N DE MANDAT", "MANDAT",
                 "NUMERO FACTURE", "N FACTURE", "FACTURE", "NUMERO PIECE", "PIECE"),
    "postcode": ("CODE POSTAL", "CP"),
    "commune": ("VILLE", "COMMUNE"),
}  # fmt: skip


def recognise(headers: Sequence[str], file: str) -> dict[str, str]:
    """field -> column; SourceChanged when no column holds an amount, or who was paid."""
    folded = {header: " ".join(fold(header).replace("'", " ").split()) for header in headers}
    found: dict[str, str] = {}
    for field, names in HEADERS.items():
        column = next((c for name in names for c in folded if _is(folded[c], name)
                       and c not in found.values()), None)  # fmt: skip
        if column is not None:
            found[field] = column
    if "amount" not in found or not {"siret", "name"} & found.keys():
        lacking = "de montant" if "amount" not in found else "de SIRET ni de fournisseur"
        raise SourceChanged(
            f"{file} : aucune colonne {lacking} n’est reconnue. Nommer la colonne « Montant HT », "
            "« SIRET » ou « Fournisseur », puis recommencer."
        )
    return found


def _is(header: str, name: str) -> bool:
    return header == name or header.startswith(name + " ")
