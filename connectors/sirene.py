"""SIRENE: every establishment of France, from INSEE's stock files, exports and API 3.11."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sourcing.source import Download, Row, Shape, Source, SourceError

# --- what its files look like ---


def _named(suffix: str, stems: str) -> frozenset[str]:
    return frozenset(stem + suffix for stem in stems.split())


ADDRESS = """complementAdresse numeroVoie indiceRepetition typeVoie libelleVoie codePostal
    libelleCommune libelleCommuneEtranger distributionSpeciale codeCommune codeCedex libelleCedex
    codePaysEtranger libellePaysEtranger"""
ESTABLISHMENT = _named("", "siren siret") | _named(
    "Etablissement",
    """statutDiffusion dateCreation trancheEffectifs numeroVoie indiceRepetition typeVoie
    libelleVoie codePostal libelleCommune codeCommune etatAdministratif enseigne1
    denominationUsuelle activitePrincipale nomenclatureActivitePrincipale""",
)
ESTABLISHMENT_TOO = (
    _named("", "nic etablissementSiege dateDebut")
    | _named("Etablissement", ADDRESS)
    | _named("2Etablissement", ADDRESS)
    | _named(
        "Etablissement",
        """anneeEffectifs activitePrincipaleRegistreMetiers dateDernierTraitement nombrePeriodes
        dernierNumeroVoie indiceRepetitionDernierNumeroVoie identifiantAdresse
        coordonneeLambertAbscisse coordonneeLambertOrdonnee enseigne2 enseigne3 caractereEmployeur
        activitePrincipaleNAF25""",
    )
)
LEGAL_UNIT = _named("", "categorieEntreprise") | _named(
    "UniteLegale",
    """statutDiffusion etatAdministratif categorieJuridique denomination sigle nom nomUsage prenom1
    prenomUsuel""",
)
LEGAL_UNIT_TOO = _named("", "anneeCategorieEntreprise dateDebut") | _named(
    "UniteLegale",
    """unitePurgee dateCreation sexe prenom2 prenom3 prenom4 pseudonyme identifiantAssociation
    trancheEffectifs anneeEffectifs dateDernierTraitement nombrePeriodes denominationUsuelle1
    denominationUsuelle2 denominationUsuelle3 activitePrincipale nomenclatureActivitePrincipale
    nicSiege economieSocialeSolidaire societeMission caractereEmployeur activitePrincipaleNAF25""",
)
POSITION = _named("", "siret qualite_xy y_latitude x_longitude")
POSITION_TOO = _named(
    "",
    """x y epsg plg_qp24 plg_qp15 plg_qp plg_iris plg_zus plg_qva plg_code_commune
    distance_precision qualite_qp24 qualite_qp15 qualite_qp qualite_iris qualite_zus qualite_qva""",
)
JOINED = Shape(
    "Établissements avec leur unité légale",
    ESTABLISHMENT | LEGAL_UNIT,
    ESTABLISHMENT_TOO | LEGAL_UNIT_TOO,
    role="joined",
)
SUCCESSION = _named(
    "", "siretEtablissementPredecesseur siretEtablissementSuccesseur dateLienSuccession"
)
SUCCESSION_TOO = _named(
    "", "transfertSiege continuiteEconomique dateDernierTraitementLienSuccession"
)
DUPLICATES = _named("", "siren sirenDoublon")
SHAPES = (
    Shape("StockEtablissement", ESTABLISHMENT, ESTABLISHMENT_TOO, role="establishment"),
    Shape("StockUniteLegale", LEGAL_UNIT | {"siren"}, LEGAL_UNIT_TOO, role="legal_unit"),
    Shape("GeolocalisationEtablissement", POSITION, POSITION_TOO, role="geolocation"),
    JOINED,
    Shape("StockEtablissementLiensSuccession", SUCCESSION, SUCCESSION_TOO, role="succession"),
    Shape("StockDoublons", DUPLICATES, frozenset({"dateDernierTraitementDoublon"}), "duplicates"),
)

# --- how a supplier's columns are read (sourcing/register says what the SQL may use) ---

ND = "'[ND]'"
PUBLIC_NAMES = (
    "enseigne1Etablissement",
    "denominationUsuelleEtablissement",
    "denominationUniteLegale",
    "sigleUniteLegale",
    "denominationUsuelle1UniteLegale",
)
MORE_NAMES = (
    "enseigne2Etablissement",
    "enseigne3Etablissement",
    "denominationUsuelle2UniteLegale",
    "denominationUsuelle3UniteLegale",
    "pseudonymeUniteLegale",
)
NAF = "activitePrincipaleEtablissement"
NOMENCLATURE = "coalesce(nomenclatureActivitePrincipaleEtablissement, 'NAFRev2')"
LAMBERT = "coordonneeLambertAbscisseEtablissement", "coordonneeLambertOrdonneeEtablissement"
# Overseas, the stock's "Lambert" columns are in the local UTM zone.
LOCAL_EPSG = """CASE left(codeCommuneEtablissement, 3)
    WHEN '971' THEN 5490 WHEN '972' THEN 5490 WHEN '977' THEN 5490 WHEN '978' THEN 5490
    WHEN '973' THEN 2972 WHEN '974' THEN 2975 WHEN '976' THEN 4471 ELSE 2154 END"""


def _shown(*columns: str) -> str:
    """SQL: these columns, NULL where masked, separated by commas."""
    return ", ".join(f"nullif({column}, {ND})" for column in columns)


def _count(*columns: str) -> str:
    """SQL: how many of these columns say something."""
    return "(" + " + ".join(f"({column} IS NOT NULL)::TINYINT" for column in columns) + ")"


def _flag(column: str) -> str:
    return f"CASE {column} WHEN 'O' THEN true WHEN 'N' THEN false END"


def _known_date(column: str) -> str:
    """SQL: a date; 1900-01-01 means unknown, and years 0001 and 2925 are seen."""
    day = f"TRY_CAST(left({column}, 10) AS DATE)"
    return f"CASE WHEN {day} BETWEEN '1900-01-02' AND current_date + 366 THEN {day} END"


def _position(condition: str, xy: tuple[str, str], epsg: str, precision: str) -> str:
    x, y = (f"TRY_CAST({column} AS DOUBLE)" for column in xy)
    return f"""CASE WHEN diffusion = 'O' AND {condition}
        THEN {{'x': {x}, 'y': {y}, 'epsg': {epsg}, 'precision': {precision}}} END"""


GEOLOCATION = ("x_longitude", "y_latitude"), "4326"

COLUMNS = {
    "siren": "left(siret, 9)",
    "commune_code": "codeCommuneEtablissement",
    "commune": "coalesce(libelleCommuneEtablissement, libelleCommuneEtrangerEtablissement, '')",
    # A mask of either table, or on a single value, masks the whole.
    "diffusion": f"""CASE WHEN coalesce(statutDiffusionEtablissement, 'O') <> 'O'
        OR coalesce(statutDiffusionUniteLegale, 'O') <> 'O'
        OR {ND} IN (numeroVoieEtablissement, typeVoieEtablissement, libelleVoieEtablissement,
            codePostalEtablissement, nomUniteLegale, prenomUsuelUniteLegale,
            {", ".join(PUBLIC_NAMES)}) THEN 'P' ELSE 'O' END""",
    "is_person": """coalesce(categorieJuridiqueUniteLegale = '1000',
        denominationUniteLegale IS NULL AND nomUniteLegale IS NOT NULL)""",
    # A masked unit whose legal unit gives no name may be a person: hidden as well.
    "is_hidden": f"""diffusion = 'P'
        AND (is_person OR {_shown("denominationUniteLegale")} IS NULL)""",
    "person": f"""CASE WHEN is_person AND diffusion = 'O' THEN nullif(concat_ws(' ',
        coalesce({_shown("prenomUsuelUniteLegale", "prenom1UniteLegale")}),
        coalesce({_shown("nomUsageUniteLegale", "nomUniteLegale")})), '') END""",
    "name": f"""CASE WHEN is_hidden THEN '[Non diffusible]'
        ELSE coalesce({_shown(*PUBLIC_NAMES)}, person,
            'Nom inconnu (SIREN ' || left(siret, 9) || ')') END""",
    "legal_name": f"""CASE WHEN is_hidden THEN ''
        ELSE coalesce({_shown("denominationUniteLegale")}, person, '') END""",
    # Nine in ten have one name at most: the list of the others is made for the rest only.
    "names": f"""CASE WHEN NOT is_hidden AND ({_count(*PUBLIC_NAMES)} > 1
        OR {_count(*MORE_NAMES)} > 0) THEN [{_shown(*PUBLIC_NAMES, *MORE_NAMES)}] END""",
    "other_names": """CASE WHEN names IS NULL THEN '' ELSE array_to_string(list_filter(names,
        lambda x, i: x IS NOT NULL AND x <> name AND x <> legal_name
            AND list_position(names, x) = i), ' | ') END""",
    "is_head_office": "coalesce(lower(etablissementSiege) IN ('true', 'o', 'oui', '1'), false)",
    # The day INSEE last touched it: the register is known until the latest of them.
    "treated_on": "TRY_CAST(left(dateDernierTraitementEtablissement, 10) AS DATE)",
    "state": """CASE WHEN etatAdministratifEtablissement = 'F'
        OR etatAdministratifUniteLegale = 'C' THEN 'F' ELSE 'A' END""",
    "created_on": _known_date("dateCreationEtablissement"),
    "closed_on": f"""CASE
        WHEN etatAdministratifEtablissement = 'F' THEN {_known_date("dateDebut")}
        WHEN etatAdministratifUniteLegale = 'C' THEN {_known_date("legal_unit_dateDebut")} END""",
    "address": """CASE WHEN diffusion <> 'O' THEN ''
        WHEN libelleVoieEtablissement IS NULL THEN coalesce(complementAdresseEtablissement, '')
        ELSE concat_ws(' ', numeroVoieEtablissement, indiceRepetitionEtablissement,
            typeVoieEtablissement, libelleVoieEtablissement) END""",
    "postcode": "CASE WHEN diffusion = 'O' THEN coalesce(codePostalEtablissement, '') ELSE '' END",
    # Closed units may keep a code of NAF rev. 1, 1993 or NAP; 00.00Z means not started yet.
    "naf": f"CASE WHEN {NOMENCLATURE} = 'NAFRev2' AND {NAF} <> '00.00Z' THEN {NAF} ELSE '' END",
    # From 2027 the main column holds NAF 2025, and says so in its nomenclature.
    "naf25": f"""coalesce(activitePrincipaleNAF25Etablissement,
        CASE WHEN {NOMENCLATURE} LIKE 'NAF%25' THEN {NAF} END, '')""",
    "legal_form": "coalesce(regexp_extract(categorieJuridiqueUniteLegale, '^[0-9]{4}$'), '')",
    "size_code": "coalesce(trancheEffectifsEtablissement, '')",
    "category": "coalesce(categorieEntreprise, '')",
    "is_ess": _flag("economieSocialeSolidaireUniteLegale"),
    "is_mission": _flag("societeMissionUniteLegale"),
    # The district of a masked unit would place it more precisely than its commune.
    "is_qpv": """CASE WHEN diffusion <> 'O' OR qualite_xy = '33' THEN NULL
        WHEN coalesce(plg_qp24, plg_qp) LIKE 'Q%' THEN true
        WHEN coalesce(plg_qp24, plg_qp) = 'HZ' THEN false END""",
    # INSEE's quality 33 is a random point of the commune: not read.
    "position_1": _position(
        "qualite_xy IN ('11', '12')",
        *GEOLOCATION,
        "CASE qualite_xy WHEN '11' THEN 'exact' ELSE 'street' END",
    ),
    "position_2": _position(f"{LAMBERT[0]} IS NOT NULL", LAMBERT, LOCAL_EPSG, "'exact'"),
    "position_3": _position("qualite_xy IN ('21', '22')", *GEOLOCATION, "'street'"),
}

# --- API Sirene 3.11: one establishment is nested; flattened, its columns are the joined ones ---

NESTED = ("uniteLegale", "adresseEtablissement", "adresse2Etablissement")
# An answer holds 1,000 establishments at most; this is a hundred of them put together.
LARGEST_ANSWER = 500_000_000


def read(path: Path) -> Iterator[Row]:
    """Rows of an API Sirene answer; their line is the establishment's rank."""
    answer = _answer(path)
    one = answer.get("etablissement")
    many = answer.get("etablissements", [one] if isinstance(one, dict) else None)
    if not isinstance(many, list):
        header = answer.get("header")
        said = header.get("message") if isinstance(header, dict) else None
        raise SourceError(
            f"{path.name} : l'API Sirene a répondu par une erreur, « {said} »."
            if said
            else f"{path.name} : ce JSON n'est pas une réponse de l'API Sirene."
        )
    for line, item in enumerate(many, 1):
        yield Row(path.name, line, flat(item if isinstance(item, dict) else {}))


def _answer(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST_ANSWER:
        raise SourceError(f"{path.name} : JSON de plus de 500 Mo ; demander l'extrait en CSV.")
    try:
        answer = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise SourceError(f"{path.name} : JSON illisible ou tronqué.") from None
    return answer if isinstance(answer, dict) else {"etablissements": answer}


def flat(item: dict[str, Any]) -> dict[str, str]:
    """Every joined column: with masquerValeursNulles the API leaves out what is null."""
    values = dict.fromkeys(sorted(JOINED.columns | JOINED.optional), "")
    for part in (*(item.get(key) for key in NESTED), _current_period(item), item):
        if isinstance(part, dict):
            values.update({key: _text(v) for key, v in part.items() if _is_fact(key, v)})
    return values


def _current_period(item: dict[str, Any]) -> dict[str, Any] | None:
    periods = item.get("periodesEtablissement")
    periods = periods if isinstance(periods, list) else []
    return next((p for p in periods if isinstance(p, dict) and p.get("dateFin") is None), None)


def _is_fact(key: str, value: object) -> bool:
    """Neither a nested part nor the API's own book-keeping of periods."""
    return not isinstance(value, dict | list) and key != "dateFin" and "changement" not in key


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


SOURCE = Source(
    name="sirene",
    title="Répertoire SIRENE",
    publisher="INSEE",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/fr/datasets/5b7ffc618b4c4169d30727e0/",
    kind="register",
    shapes=SHAPES,
    read=read,
    columns=COLUMNS,
    downloads={
        "StockEtablissement_utf8.parquet": Download(
            "/api/1/datasets/r/a29c1297-1f92-4e2a-8f6b-8c902ce96c5f"
        ),
        "StockUniteLegale_utf8.parquet": Download(
            "/api/1/datasets/r/350182c9-148a-46e0-8389-76c2ec1374a3"
        ),
        "GeolocalisationEtablissement_Sirene.parquet": Download(
            "/api/1/datasets/r/672007af-0146-491f-835c-8314d63fa44e"
        ),
        "StockEtablissementLiensSuccession_utf8.parquet": Download(
            "/api/1/datasets/r/6ea8c0d2-a4b9-4ea2-ba63-7ec89c2dd4f4"
        ),
        "StockDoublons_utf8.parquet": Download(
            "/api/1/datasets/r/ec0a0d5f-5d52-4603-a712-b6821076abf0"
        ),
    },
)
