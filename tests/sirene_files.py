"""Tiny SIRENE files in INSEE's exact layouts, with invented firms."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb


def named(stems: str, suffix: str = "") -> list[str]:
    """Column names, from their stems and the suffix INSEE gives them."""
    return [stem + suffix for stem in stems.split()]


E, U = "Etablissement", "UniteLegale"
PLACE = """typeVoie libelleVoie codePostal libelleCommune libelleCommuneEtranger
    distributionSpeciale codeCommune codeCedex libelleCedex codePaysEtranger libellePaysEtranger"""
ESTABLISHMENT_54 = (
    *named("siren nic siret"),
    *named("statutDiffusion dateCreation trancheEffectifs anneeEffectifs", E),
    *named("activitePrincipaleRegistreMetiers dateDernierTraitement", E),
    "etablissementSiege",
    *named("nombrePeriodes complementAdresse numeroVoie indiceRepetition dernierNumeroVoie", E),
    *named(f"indiceRepetitionDernierNumeroVoie {PLACE} identifiantAdresse", E),
    *named("coordonneeLambertAbscisse coordonneeLambertOrdonnee", E),
    *named(f"complementAdresse numeroVoie indiceRepetition {PLACE}", "2" + E),
    "dateDebut",
    *named("etatAdministratif enseigne1 enseigne2 enseigne3 denominationUsuelle", E),
    *named("activitePrincipale nomenclatureActivitePrincipale caractereEmployeur", E),
    "activitePrincipaleNAF25Etablissement",
)
SINCE_2024 = named(
    """dernierNumeroVoie indiceRepetitionDernierNumeroVoie identifiantAdresse
    coordonneeLambertAbscisse coordonneeLambertOrdonnee activitePrincipaleNAF25""",
    E,
)
ESTABLISHMENT_48 = tuple(column for column in ESTABLISHMENT_54 if column not in SINCE_2024)
LEGAL_UNIT_35 = (
    "siren",
    *named("statutDiffusion unitePurgee dateCreation sigle sexe prenom1 prenom2 prenom3", U),
    *named("prenom4 prenomUsuel pseudonyme identifiantAssociation trancheEffectifs", U),
    *named("anneeEffectifs dateDernierTraitement nombrePeriodes", U),
    *named("categorieEntreprise anneeCategorieEntreprise dateDebut"),
    *named("etatAdministratif nom nomUsage denomination denominationUsuelle1", U),
    *named("denominationUsuelle2 denominationUsuelle3 categorieJuridique activitePrincipale", U),
    *named("nomenclatureActivitePrincipale nicSiege economieSocialeSolidaire societeMission", U),
    *named("caractereEmployeur activitePrincipaleNAF25", U),
)
# What the API answers as CSV, and the Annuaire des entreprises exports.
JOINED_61 = (
    *named("siren nic siret"),
    *named("statutDiffusion dateCreation trancheEffectifs anneeEffectifs", E),
    *named("activitePrincipaleRegistreMetiers dateDernierTraitement", E),
    "etablissementSiege",
    *named("etatAdministratif statutDiffusion unitePurgee dateCreation categorieJuridique", U),
    *named("denomination sigle sexe nom nomUsage prenom1 prenom2 prenom3 prenom4", U),
    *named("prenomUsuel pseudonyme activitePrincipale nomenclatureActivitePrincipale", U),
    *named("identifiantAssociation economieSocialeSolidaire societeMission", U),
    *named("trancheEffectifs anneeEffectifs nicSiege dateDernierTraitement", U),
    *named("categorieEntreprise anneeCategorieEntreprise"),
    *named("complementAdresse numeroVoie indiceRepetition typeVoie libelleVoie codePostal", E),
    *named("libelleCommune libelleCommuneEtranger codeCommune codePaysEtranger", E),
    *named("libellePaysEtranger etatAdministratif enseigne1 enseigne2 enseigne3", E),
    *named("denominationUsuelle activitePrincipale activitePrincipaleNAF25", E),
    *named("nomenclatureActivitePrincipale caractereEmployeur coordonneeLambertAbscisse", E),
    *named("coordonneeLambertOrdonnee identifiantAdresse dernierNumeroVoie", E),
)
GEOLOCATION_19 = tuple(
    named(
        """siret x y qualite_xy epsg plg_qp24 plg_iris plg_zus plg_qp15 plg_qva plg_code_commune
        distance_precision qualite_qp24 qualite_iris qualite_zus qualite_qp15 qualite_qva
        y_latitude x_longitude"""
    )
)
GEOLOCATION_17 = tuple(
    named(
        """siret x y qualite_xy epsg plg_qp plg_iris plg_zus plg_qva plg_code_commune
        distance_precision qualite_qp qualite_iris qualite_zus qualite_qva y_latitude x_longitude"""
    )
)


def siret(number: int, nic: int = 1) -> str:
    """An invented SIRET with true keys: the number-th firm, its nic-th establishment."""
    return _with_key(f"{_with_key(f'{90_000_000 + number}')}{nic:04}")


def _with_key(digits: str) -> str:
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return digits + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def establishment(number: int, nic: int = 1, **values: str) -> dict[str, str]:
    """An open establishment in Lorient; `values` are given by stem: enseigne1="AU BON COIN"."""
    row = {
        "siren": siret(number)[:9], "nic": siret(number, nic)[9:], "siret": siret(number, nic),
        "etablissementSiege": "true", "dateDebut": "2015-04-01",
        "statutDiffusionEtablissement": "O", "dateCreationEtablissement": "2010-03-02",
        "trancheEffectifsEtablissement": "03", "numeroVoieEtablissement": "12",
        "typeVoieEtablissement": "RUE", "libelleVoieEtablissement": "DU PORT",
        "codePostalEtablissement": "56100", "libelleCommuneEtablissement": "LORIENT",
        "codeCommuneEtablissement": "56121", "etatAdministratifEtablissement": "A",
        "activitePrincipaleEtablissement": "81.30Z",
        "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
    }  # fmt: skip
    return row | _stemmed(values, row, E)


def legal_unit(number: int, **values: str) -> dict[str, str]:
    """A company; `values` are given by stem: denomination="JARDINS DU BLAVET"."""
    row = {
        "siren": siret(number)[:9], "statutDiffusionUniteLegale": "O", "dateDebut": "2012-01-01",
        "categorieEntreprise": "PME", "etatAdministratifUniteLegale": "A",
        "denominationUniteLegale": f"FIRME {number}", "categorieJuridiqueUniteLegale": "5499",
        "economieSocialeSolidaireUniteLegale": "N",
    }  # fmt: skip
    return row | _stemmed(values, row, U)


def person(number: int, **values: str) -> dict[str, str]:
    """A sole trader of invented name."""
    hers = {"denomination": "", "categorieJuridique": "1000", "nom": "KERFICTIF",
             "prenom1": "ANNE", "prenomUsuel": "ANNE"}  # fmt: skip
    return legal_unit(number, **(hers | values))


def masked(row: Mapping[str, str]) -> dict[str, str]:
    """An establishment as INSEE publishes it under partial diffusion of a natural person."""
    hidden = named(
        """numeroVoie typeVoie libelleVoie codePostal enseigne1 denominationUsuelle
        coordonneeLambertAbscisse coordonneeLambertOrdonnee""",
        E,
    )
    return dict(row) | {"statutDiffusionEtablissement": "P"} | dict.fromkeys(hidden, "[ND]")


def _stemmed(values: Mapping[str, str], row: Mapping[str, str], suffix: str) -> dict[str, str]:
    plain = {*row, "dateDebut"}
    return {key if key in plain else key + suffix: value for key, value in values.items()}


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]],
              delimiter: str = ",", encoding: str = "utf-8") -> Path:  # fmt: skip
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore",
                                delimiter=delimiter, lineterminator="\n")  # fmt: skip
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Path:
    """With the stock's types: head office is a boolean, dates are dates, the rest is text."""
    types = {
        "etablissementSiege": "BOOLEAN",
        "dateDebut": "DATE",
        "dateCreationEtablissement": "DATE",
    }
    source = write_csv(path.with_suffix(".tmp"), columns, rows)
    listed = ", ".join(
        f"CAST(nullif({c}, '') AS {types.get(c, 'VARCHAR')}) AS {c}" for c in columns
    )
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT {listed} FROM read_csv('{source}', all_varchar=true, header=true)) "
            f"TO '{path}' (FORMAT parquet)"
        )
    source.unlink()
    return path


def stock(folder: Path, rows: Iterable[Mapping[str, str]],
          units: Iterable[Mapping[str, str]]) -> list[Path]:  # fmt: skip
    """StockEtablissement and StockUniteLegale of today, as CSV."""
    return [write_csv(folder / "StockEtablissement_utf8.csv", ESTABLISHMENT_54, rows),
            write_csv(folder / "StockUniteLegale_utf8.csv", LEGAL_UNIT_35, units)]  # fmt: skip


def write_answer(path: Path, pairs: Iterable[tuple[Mapping[str, str], Mapping[str, str]]]) -> Path:
    """An API Sirene 3.11 answer: nested, states and names in the current period."""
    items = [_nested(row, unit) for row, unit in pairs]
    path.write_text(
        json.dumps({"header": {"statut": 200}, "etablissements": items}), encoding="utf-8"
    )
    return path


def _nested(row: Mapping[str, str], unit: Mapping[str, str]) -> dict[str, object]:
    dated = ("dateDebut", "etatAdministratif", "enseigne", "denominationUsuelle",
             "activitePrincipale", "nomenclature")  # fmt: skip
    placed = named(
        """numeroVoie typeVoie libelleVoie codePostal libelleCommune codeCommune
        coordonneeLambertAbscisse coordonneeLambertOrdonnee""",
        E,
    )
    now = {k: v or None for k, v in row.items() if k.startswith(dated)}
    past = dict.fromkeys(now) | {"dateFin": "2015-03-31", "etatAdministratifEtablissement": "F"}
    return {
        **{k: v for k, v in row.items() if k not in placed and not k.startswith(dated)},
        "etablissementSiege": row["etablissementSiege"] == "true",
        "uniteLegale": {k: v or None for k, v in unit.items() if k not in ("siren", "dateDebut")},
        "adresseEtablissement": {k: v for k, v in row.items() if k in placed},
        "periodesEtablissement": [past, now | {"dateFin": None}],
    }
