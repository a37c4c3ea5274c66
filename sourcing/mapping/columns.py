"""FIELDS: what a column of an unknown list can hold, its usual headers, how its values look."""

import re
from collections.abc import Callable
from typing import NamedTuple

from sourcing.normalise import is_siren, siret
from sourcing.normalise.text import fold

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.I)
WEBSITE = re.compile(
    r"(https?://|www\.)\S+|[a-z0-9-]+(\.[a-z0-9-]+)*\.(fr|com|bzh|eu|org|net|io|coop)(/\S*)?", re.I
)
PHONE = re.compile(r"(\+33|0033|0)[\s.(0)-]*[1-9]([\s.-]*\d{2}){4}")
POSTCODE = re.compile(r"(0[1-9]|[1-8]\d|9[0-578])\s?\d{3}\b.*|[1-9]\d{3}")
NAF = re.compile(r"\d{2}\.?\d{2}[A-Z]")
PAIR = re.compile(r"\[?\s*(-?\d+\.\d+)\s*[,; ]\s*(-?\d+\.\d+)\s*\]?")
NUMBER = re.compile(r"-?\d+([.,]\d+)?")
STREET = re.compile(
    r"\b(rue|r|avenue|av|ave|boulevard|bd|bld|place|pl|chemin|che|chem|impasse|imp|all[ée]es?|quai|"
    r"route|rte|lieu|lieudit|z\.?a\.?|z\.?i\.?|zac|parc|cours|square|venelle|p[ôo]le|b\.?p\.?)\b",
    re.I,
)
LEGAL_WORD = re.compile(
    r"\b(SARL|SAS|SASU|SA|EURL|SCOP|SCIC|ASSOCIATION|ASSOC|SCI|GIE|EARL|GAEC)\b", re.I
)
_CITIES = """
PARIS MARSEILLE LYON TOULOUSE NICE NANTES MONTPELLIER STRASBOURG BORDEAUX LILLE RENNES REIMS TOULON
GRENOBLE DIJON ANGERS NIMES VILLEURBANNE BREST TOURS AMIENS LIMOGES ANNECY METZ NANCY
ORLEANS ROUEN MULHOUSE CAEN PERPIGNAN POITIERS PAU VANNES LORIENT QUIMPER LANESTER PLOEMEUR LANNION
HENNEBONT GUIDEL QUEVEN PLOUAY LAVAL VALENCE AVIGNON CANNES ANTIBES CHAMBERY NIORT BAYONNE COLMAR
"""
CITIES = frozenset(_CITIES.split())


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _is_siret(text: str) -> bool:
    """A SIRET, or fourteen digits: a wrong key is the row's problem, not the column's."""
    if len(text) == 14 and text.isdigit():
        return True
    try:
        return bool(siret(text))
    except ValueError:
        return False


def _is_siren(text: str) -> bool:
    return is_siren(text.replace(" ", "").zfill(9))


def _is_city(text: str) -> bool:
    return fold(text) in CITIES


def _is_degrees(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _is_name(text: str) -> bool:
    return LEGAL_WORD.search(text) is not None


class Field(NamedTuple):
    """One field: its name in Record, what people call it, its headers, and how its values look."""

    name: str
    label: str
    headers: tuple[str, ...]
    looks: Callable[[str], bool] | None = None
    # Values must look so, or the header lied.
    is_strict: bool = False
    # Share of values that must look so for the values alone to decide; over 1: never.
    alone: float = 2.0


def _field(name: str, label: str, headers: str, looks: Callable[[str], bool] | None = None,
           is_strict: bool = False, alone: float = 2.0) -> Field:  # fmt: skip
    return Field(name, label, tuple(h.strip() for h in headers.split("|")), looks, is_strict, alone)


# The first field wins a tie. Names starting with "-" are recognised in order to be left alone.
FIELDS: tuple[Field, ...] = (
    _field(
        "siret", "SIRET",
        "siret|numero siret|numero de siret|n siret|no siret|n de siret|code siret|"
        "siret etablissement|siret 2|siret du siege",
        _is_siret, True, 0.7,
    ),
    _field(
        "siren", "SIREN",
        "siren|numero siren|n siren|numero de siren|no siren|code siren|tva|"
        "tva intracommunautaire|numero de tva",
        _is_siren, True, 0.7,
    ),
    _field(
        "email", "Courriel",
        "email|e mail|mail|courriel|adresse e mail|adresse email|adresse mail|"
        "adresse electronique|contact mail|contact email|mel|email contact",
        _matches(EMAIL), True, 0.7,
    ),
    _field(
        "link", "Page chez la source",
        "lien vers le marche|lien source|lien fiche|fiche|lien vers la fiche|url fiche|page|"
        "permalink|lien de la fiche",
        _matches(WEBSITE), True,
    ),
    _field(
        "website", "Site internet",
        "site internet|site web|site|website|web|url|web site|www|contact website|"
        "adresse internet|homepage|page web|adresse du site|lien site",
        _matches(WEBSITE), True, 0.7,
    ),
    _field(
        "phone", "Téléphone",
        "telephone|tel|phone|tel public|numero de telephone|telephone 1|mobile|portable|"
        "tel fixe|telephone fixe|contact telephone|n telephone|phone number|standard",
        _matches(PHONE), True, 0.8,
    ),
    _field(
        "postcode", "Code postal",
        "code postal|cp|zip|post code|postcode|postal code|zip code|codepostal|code post|"
        "ligne acheminement|ligneacheminement|code postal ville|cp ville",
        _matches(POSTCODE), True, 0.95,
    ),
    _field(
        "commune_code", "Code commune INSEE",
        "code insee|insee|code commune|commune code|code insee commune|insee code|codgeo|"
        "depcom|code commune insee|codecommune|insee com|cog",
    ),
    _field(
        "commune", "Commune",
        "ville|commune|city|commune libelle|libelle commune|nom commune|localite|town|"
        "nom de la commune|commune officielle|commune brute|localisation|municipalite|"
        "ville siege|implantation|lieu d implantation|municipality|commune d implantation|"
        "commune du siege",
        _is_city, False, 0.3,
    ),
    _field(
        "position", "Position (latitude, longitude)",
        "geo point 2d|geo point|geopoint|coordonnees|geoloc|coordonnees gps|"
        "coordonnees geographiques|geolocalisation|lat lon|gps|position|latlng|latlon",
        _matches(PAIR), True, 0.9,
    ),
    _field(
        "y", "Latitude ou Y",
        "latitude|lat|y|coord y|coordonnee y|y lambert|coordonneelambertordonnee|y l93|y wgs84|"
        "coordonnee lambert ordonnee",
        _is_degrees, True,
    ),
    _field(
        "x", "Longitude ou X",
        "longitude|lon|lng|long|x|coord x|coordonnee x|x lambert|x l93|x wgs84|"
        "coordonneelambertabscisse|coordonnee lambert abscisse",
        _is_degrees, True,
    ),
    _field(
        "departement", "Département",
        "departement|dep|dept|department|departement code|code departement|departement libelle|"
        "libdepartement|libelle departement|nom departement",
    ),
    _field(
        "address", "Adresse",
        "adresse|address|rue|voie|adresse postale|adresse c|complement adresse|"
        "complement d adresse|adresse 1|adresse 2|address line 1|address line 2|lieudit bp|"
        "lieuditbp|lieu dit|bp|numvoie|typvoie|compvoie|compldistrib|numero voie|type voie|"
        "libelle voie|nom de la voie|street|adresse complete|adresse du siege|street address|"
        "localisation adresse|indice repetition|n voie|distribution speciale|numero de voie|"
        "adresse siege|siege social|adresse de l entreprise",
        lambda text: STREET.search(text) is not None, False, 0.6,
    ),
    _field(
        "is_qpv", "En quartier prioritaire (oui/non)",
        "qpv|is qpv|quartier prioritaire|en qpv|"
        "quartier prioritaire de la politique de la ville|quartier prioritaire de la ville",
    ),
    _field(
        "naf", "Code NAF",
        "naf|ape|code naf|code ape|codeape|activite principale|naf rev2|code naf ape|ape naf|"
        "activite principale etablissement|naf code",
        _matches(NAF), True, 0.8,
    ),
    _field(
        "legal_form", "Forme juridique",
        "forme juridique|form jur|statut juridique|categorie juridique|legal form|"
        "nature juridique|statut juridique code|statut juridique libelle|type de societe|fj",
    ),
    _field(
        "workers", "Effectif",
        "effectif|effectifs|nombre de salaries|nb salaries|salaries|workers|etp|"
        "nombre de travailleurs|nombre de travailleurs dans la structure|capacite|"
        "capacite d accueil|capacite autorisee|capacite autorisee agregee|nombre d employes|"
        "employees|nombre d operateurs|nombre de salaries en insertion|"
        "nombre de salaries permanents|combien de salaries en insertion|"
        "combien de salaries permanents|nb etp|nombre de collaborateurs|tranche effectif|"
        "effectif salarie|tranche d effectif",
    ),
    _field(
        "sectors", "Secteurs ou métiers",
        "secteurs d activite|secteur d activite|secteurs|secteur|sectors|sector|metiers|metier|"
        "metiers proposes|poles de competences|domaine|domaines|filiere|filieres|"
        "secteurs d act|domaine d activite|domaines d activite|competences|expertises|"
        "expertise|thematique|thematiques|savoir faire|secteurs secteur secteurnom activite|"
        "secteurs secteur secteurnom|secteurs secteur activite|mots cles|tags|industry|"
        "industries|technologies|technologie|marches vises",
    ),
    _field(
        "description", "Activité décrite",
        "description|activite|activites|presentation|descriptif|objet|activite detaillee|"
        "resume|about|produits|services|produits et services|pitch|description de l activite|"
        "presentation de l entreprise|innovation|projet|projet innovant",
    ),
    _field(
        "name", "Nom",
        "raison sociale|rais soc|denomination|denomination sociale|nom|name|company name|"
        "nom de l entreprise|nom entreprise|entreprise|societe|nom de la societe|company|"
        "structure|title|nom de la structure|nom structure|raison sociale du fournisseur|"
        "fournisseur|rs|nom du groupement|nom de votre groupement|titulaire|titulaire nom|"
        "denomination unite legale|organisation|start up|startup|nom etablissement|"
        "nom de l etablissement|nom societe|organisme|nom de l organisme|entite|"
        "nom raison sociale|nom complet|intitule|etablissement nom|laureat|beneficiaire|"
        "adherent|exposant",
        _is_name, False, 0.3,
    ),
    _field(
        "other_names", "Autre nom",
        "enseigne|nom commercial|brand|sigle|marque|nom entite|rslongue|complrs|nom d usage|"
        "denomination usuelle|acronyme|alias|nom usuel|trade name|nom public|"
        "enseigne etablissement|denomination usuelle etablissement|"
        "denomination usuelle unite legale|sigle unite legale",
    ),
    _field(
        "key", "Identifiant",
        "id|slug|identifiant|ref|reference|nofinesset|et n finess|n finess|finess|"
        "numero finess|numero rna|rna|code|uid|uuid|cle|et n finess et",
    ),
    # Known, and left alone.
    _field(
        "-person", "Personne (jamais repris)",
        "prenom|nom de famille|civilite|contact|nom du contact|dirigeant|dirigeants|prenom nom|"
        "nom prenom|gerant|responsable|president|interlocuteur|fonction|nom contact|admin name|"
        "admin email|prenom de l utilisateur principal|contact nom prenom|fondateur|fondateurs|"
        "founder|founders|ceo|nom unite legale|nom usage unite legale|prenom unite legale|"
        "sexe unite legale|prenom usuel unite legale|pseudonyme unite legale|nom du dirigeant|"
        "referent|contact principal|representant legal|nom du responsable|contact commercial",
    ),
    _field(
        "-date", "Date",
        "date|date de creation|date creation|an creat|annee de creation|annee|founded year|"
        "annee effectifs|annee effectifs etablissement|date maj|date de mise a jour|dateupdate|"
        "dateouv|dateautor|datemaj|date d ouverture|created at|updated at|derniere date de maj|"
        "latest round date|annee creation|year|date d adhesion|millesime",
    ),
    _field(
        "-area", "Zone trop large",
        "region|region code|region libelle|pays|country|epci|intercommunalite|arrondissement|"
        "canton|zrr|frr|perimetre d intervention|zone d intervention|perimetre|bassin",
    ),
    _field(
        "-amount", "Montant",
        "chiffre d affaires|chiffre d affaires annuel|ca|montant|depense achat|budget|"
        "total funding|capital|depense|funding|levee de fonds|montant leve|"
        "quel est le chiffre d affaires",
    ),
    _field(
        "-other", "Autre",
        "logo|logo url|reference client|references client|reseau social|fax|telecopie|cedex|"
        "categorie|type|type de structure|kind|nature|statut|etat|etablissement|inscrite|"
        "source|ligne|latest round type|contact social website|nic siege|siege|"
        "etablissement siege|nofinessej|ej n finess|entite acheteuse|categorie d achat|"
        "reponse aux questions|structure inclusive|taille|code siren siege|linkedin|twitter|"
        "facebook|instagram|liste des labels|liste des reseaux|labels|combien de structures|"
        "nic|marche|reseaux porteurs|categorie entreprise|titre du projet|type de prestation|"
        "presta type|certifications et labels|fournisseur local|horaires|horaires accueil|"
        "accessibilite lieu|convention|extra|a supprimer|adherent hosmoz|"
        "activite principale registre metiers|nomenclature activite principale|code cedex|"
        "libelle cedex|libelle commune etranger|code pays etranger|libelle pays etranger|"
        "tranche effectifs unite legale|activite principale unite legale|caractere employeur",
    ),
)  # fmt: skip
LABELS = {field.name: field.label for field in FIELDS if not field.name.startswith("-")}
