"""Invented public contracts, in the consolidated table's columns and in the three JSON schemas."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from connectors.decp import NEEDED, READ
from tests.sirene_files import siret, write_csv

# A commune of the territory (its SIREN holds its code), and one far away.
LORIENT, FAR = "21560121200016", "21350096000017"
COLUMNS = [column for column in f"{NEEDED} {READ}".split() if column != "_line"]


def line(number: int = 1, **values: str) -> dict[str, str]:
    """A line of the table: what the commune of Lorient bought from the number-th firm."""
    usual = {
        "id": f"2024M{number:02d}",
        "acheteur_id": LORIENT,
        "acheteur_nom": "COMMUNE DE LORIENT",
        "titulaire_id": siret(number),
        "titulaire_typeIdentifiant": "SIRET",
        "titulaire_nom": f"TITULAIRE {number}",
        "montant": "50000.0",
        "dateNotification": "2024-05-15",
        "datePublicationDonnees": "2024-06-01",
        "codeCPV": "77310000-6",
        "objet": "Entretien des espaces verts communaux",
        "nature": "Marché",
        "modification_id": "0",
        "donneesActuelles": "true",
    }
    return dict.fromkeys(COLUMNS, "") | usual | values


def table(folder: Path, *lines: Mapping[str, str], name: str = "decp.csv") -> Path:
    """The consolidated table as CSV."""
    return write_csv(folder / name, COLUMNS, lines)


def parquet(folder: Path, *lines: Mapping[str, str]) -> Path:
    """The consolidated table as parquet, in its own types."""
    source, target = table(folder, *lines), folder / "decp.parquet"
    typed = {"montant": "DOUBLE", "dateNotification": "DATE", "datePublicationDonnees": "DATE",
             "modification_id": "SMALLINT", "donneesActuelles": "BOOLEAN"}  # fmt: skip
    listed = ", ".join(f'CAST("{c}" AS {typed.get(c, "VARCHAR")}) AS "{c}"' for c in COLUMNS)
    duckdb.sql(
        f"COPY (SELECT {listed} FROM read_csv('{source}', all_varchar=true)) TO '{target}' "
        "(FORMAT parquet)"
    )
    return target


def as_json(folder: Path, content: Any, name: str = "decp.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def contract_2019(number: int = 1, **members: Any) -> dict[str, Any]:
    """As the schema of 2019 has it: flat winners with their name, flat modifications."""
    return {
        "_type": "Marché",
        "id": f"2019M{number:02d}",
        "source": "invente",
        "acheteur": {"id": LORIENT, "nom": "Commune de Lorient"},
        "nature": "Marché",
        "objet": "Nettoyage des écoles",
        "codeCPV": "90910000",
        "procedure": "Procédure adaptée",
        "lieuExecution": {"code": "56100", "typeCode": "Code postal", "nom": "Lorient"},
        "dureeMois": 12,
        "dateNotification": "2019-02-01",
        "datePublicationDonnees": "2019-02-10",
        "montant": 30000,
        "formePrix": "Ferme",
        "titulaires": [
            {"id": siret(number), "typeIdentifiant": "SIRET", "denominationSociale": "ALPHA"}
        ],
        "modifications": [],
    } | members


def contract_2022(number: int = 1, **members: Any) -> dict[str, Any]:
    """As the schemas of 2022 and 2024 have it: everything wrapped, no supplier's name."""
    return {
        "id": f"2024M{number:02d}",
        "acheteur": {"id": LORIENT},
        "nature": "Marché",
        "objet": "Entretien des espaces verts",
        "codeCPV": "77310000-6",
        "procedure": "Procédure adaptée",
        "techniques": {"technique": ["Accord-cadre"]},
        "lieuExecution": {"code": "56100", "typeCode": "Code postal"},
        "dureeMois": 12,
        "dateNotification": "2024-02-01",
        "datePublicationDonnees": "2024-02-10",
        "montant": 60000.0,
        "offresRecues": 3,
        "marcheInnovant": False,
        "titulaires": [{"titulaire": {"typeIdentifiant": "SIRET", "id": siret(number)}}],
        "considerationsSociales": {"considerationSociale": ["Clause sociale"]},
        "considerationsEnvironnementales": {
            "considerationEnvironnementale": ["Pas de considération environnementale"]
        },
        "modifications": [],
    } | members
