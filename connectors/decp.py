"""DECP: public contracts awarded, from the JSON of three schemas and the consolidated table."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from connectors.readers import read as read_file
from sourcing.source import Download, Row, Shape, Source

# --- the consolidated table: a row per contract, version and winner; JSON is brought to it ---

NEEDED = "id acheteur_id titulaire_id montant dateNotification codeCPV"
READ = """uid acheteur_nom acheteur_commune_code objet nature procedure techniques dureeMois
    lieuExecution_code datePublicationDonnees montant_anomalie offresRecues marcheInnovant
    considerationsSociales considerationsEnvironnementales titulaire_typeIdentifiant titulaire_nom
    modification_id donneesActuelles _line"""
# Known, and not read: what the register says better, and what no page shows.
LEFT = """type dureeRestanteMois formePrix typesPrix attributionAvance tauxAvance modalitesExecution
    ccag sousTraitanceDeclaree typeGroupementOperateurs origineUE origineFrance
    lieuExecution_typeCode lieuExecution_nom idAccordCadre titulaire_distance titulaire_categorie
    titulaire_labels titulaire_activite_code titulaire_activite_libelle
    titulaire_activite_nomenclature titulaire_commune_code titulaire_commune_nom
    titulaire_departement_code titulaire_departement_nom titulaire_region_code
    titulaire_region_nom titulaire_latitude titulaire_longitude acheteur_categorie acheteur_labels
    acheteur_commune_nom acheteur_departement_code acheteur_departement_nom acheteur_region_code
    acheteur_region_nom acheteur_latitude acheteur_longitude montant_rationalise
    montant_anomalie_raisons sourceDataset sourceFile source"""
SHAPES = (
    Shape(
        "DECP consolidées",
        frozenset(NEEDED.split()),
        frozenset((READ + " " + LEFT).split()),
        role="contract",
    ),
)
COLUMNS = {
    "line": "_line",
    "number": "id",
    "buyer": "acheteur_id",
    "buyer_name": "acheteur_nom",
    "buyer_commune": "acheteur_commune_code",
    "object": "objet",
    "cpv": "codeCPV",
    "nature": "nature",
    "procedure": "procedure",
    "techniques": "techniques",
    "place_code": "lieuExecution_code",
    "months": "dureeMois",
    "notified_on": "dateNotification",
    "published_on": "datePublicationDonnees",
    "amount": "montant",
    "is_absurd": "montant_anomalie = 'aberrant'",
    "offers": "offresRecues",
    "is_innovative": "marcheInnovant",
    "social": "considerationsSociales",
    "environmental": "considerationsEnvironnementales",
    "winner_kind": "titulaire_typeIdentifiant",
    "winner": "titulaire_id",
    "winner_name": "titulaire_nom",
    "version": "modification_id",
    "is_current": "donneesActuelles",
}

# --- JSON: an element per contract, its modifications inside; the three schemas at once ---

# Table column -> where the JSON keeps it: the first that is filled.
MEMBERS = {
    "id": ("id",),
    "acheteur_id": ("acheteur.id", "autoriteConcedante.id"),
    "acheteur_nom": ("acheteur.nom", "autoriteConcedante.nom"),
    "objet": ("objet",),
    "codeCPV": ("codeCPV",),
    "nature": ("nature", "_type"),
    "procedure": ("procedure",),
    "techniques": ("techniques.technique", "techniques"),
    "lieuExecution_code": ("lieuExecution.code",),
    "offresRecues": ("offresRecues",),
    "marcheInnovant": ("marcheInnovant",),
    "considerationsSociales": (
        "considerationsSociales.considerationSociale",
        "considerationsSociales",
    ),
    "considerationsEnvironnementales": (
        "considerationsEnvironnementales.considerationEnvironnementale",
        "considerationsEnvironnementales",
    ),
}
# What a modification may change: table column -> its members, as signed and as modified.
CHANGING = {
    "montant": ("montant", "valeurGlobale"),
    "dureeMois": ("dureeMois",),
    "dateNotification": (
        "dateNotificationModification",
        "dateSignatureModification",
        "dateNotification",
        "dateSignature",
    ),
    "datePublicationDonnees": ("datePublicationDonneesModification", "datePublicationDonnees"),
}
WINNERS = ("titulaires", "concessionnaires")
WRAPPERS = frozenset(("titulaire", "concessionnaire", "modification"))


def read(path: Path) -> Iterator[Row]:
    """Rows of the table from a JSON file; `_line` is the contract's rank in the file."""
    for row in read_file(path):
        for values in _versions(row):
            yield Row(row.file, row.line, values | {"_line": str(row.line)})


def _versions(row: Row) -> Iterator[dict[str, str]]:
    """The contract as signed, then after each modification, once per winner."""
    fixed = {column: row.get(*members) for column, members in MEMBERS.items()}
    state = {column: row.get(*members) for column, members in CHANGING.items()}
    winners = _items(_parsed(row.get(*WINNERS)))
    changes = sorted(_items(_parsed(row.get("modifications"))), key=_changed_on)
    for version, change in enumerate(({}, *changes)):
        state |= {c: value for c, members in CHANGING.items() if (value := _said(change, members))}
        winners = _items([change.get(name) for name in WINNERS]) or winners
        now = fixed | state | {"modification_id": str(version)}
        now["donneesActuelles"] = "true" if version == len(changes) else "false"
        yield from (now | _winner(winner) for winner in winners or ({},))


def _winner(winner: Mapping[str, Any]) -> dict[str, str]:
    return {
        "titulaire_typeIdentifiant": _said(winner, ("typeIdentifiant",)),
        "titulaire_id": _said(winner, ("id",)),
        "titulaire_nom": _said(winner, ("denominationSociale",)),
    }


def _said(item: Mapping[str, Any], members: tuple[str, ...]) -> str:
    """The first member that is filled, as text."""
    return next((str(item[m]) for m in members if item.get(m) not in (None, "")), "")


def _changed_on(change: Mapping[str, Any]) -> str:
    return _said(change, CHANGING["dateNotification"])


def _parsed(text: str) -> Any:
    """A member kept as JSON; what only looks like it is nothing."""
    try:
        return json.loads(text) if text.startswith(("[", "{")) else None
    except json.JSONDecodeError:
        return None


def _items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, whatever wraps them: [{"titulaire": {…}}], [[{…}]], {…}."""
    if isinstance(value, list):
        return [item for part in value for item in _items(part)]
    if not isinstance(value, dict):
        return []
    if value.keys() <= WRAPPERS:
        return [item for part in value.values() for item in _items(part)]
    return [value]


SOURCE = Source(
    name="decp",
    title="Marchés publics attribués (DECP)",
    publisher="Acheteurs publics ; consolidation DAE et decp.info",
    licence="Licence Ouverte 2.0",
    url="https://www.data.gouv.fr/datasets/donnees-essentielles-de-la-commande-publique-consolidees-format-tabulaire/",
    kind="contracts",
    shapes=SHAPES,
    read=read,
    columns=COLUMNS,
    downloads={"decp.parquet": Download("/api/1/datasets/r/11cea8e8-df3e-4ed1-932b-781e2635e432")},
    expects=(1, 30_000_000),
)
