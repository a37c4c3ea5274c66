"""Public contracts as the consolidated table has them: invented buyers, the cast as winners."""

import csv
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from demo.cast import Member, keyed_siret
from demo.names import DATA

FILE = "decp.csv"
_COLUMNS = """
uid id nature acheteur_id acheteur_nom titulaire_id titulaire_typeIdentifiant titulaire_nom objet
montant type codeCPV procedure techniques dureeMois dureeRestanteMois formePrix typesPrix
attributionAvance tauxAvance modalitesExecution ccag offresRecues marcheInnovant
sousTraitanceDeclaree typeGroupementOperateurs considerationsSociales
considerationsEnvironnementales origineUE origineFrance lieuExecution_code
lieuExecution_typeCode lieuExecution_nom idAccordCadre dateNotification
datePublicationDonnees acheteur_commune_code modification_id donneesActuelles sourceDataset
"""
COLUMNS = tuple(_COLUMNS.split())
# Name, first eight digits of its SIREN, commune.
BUYERS = (
    ("VILLE FICTIVE DU SCORFF", "21990010", "56121"),
    ("SYNDICAT FICTIF DE LA RADE", "25990020", "56098"),
    ("OFFICE FICTIF DE L'HABITAT", "27990030", "56083"),
)
SOCIAL = ("Clause sociale", "Critère social", "Marché réservé")
GREEN = ("Clause environnementale", "Critère environnemental")
NONE = ("Pas de considération sociale", "Pas de considération environnementale")
SINCE, DAYS = date(2024, 1, 15), 900


def write_contracts(folder: Path, cast: Sequence[Member], seed: int) -> Path:
    """A contract or two for two members of the cast in three; a fifth modified once."""
    path = folder / FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(_contracts(cast, random.Random(f"contracts {seed}")))
    return path


def _contracts(cast: Sequence[Member], chance: random.Random) -> Iterator[dict[str, str]]:
    with (DATA / "contracts.csv").open(encoding="utf-8", newline="") as file:
        bought = {row["naf"]: row for row in csv.DictReader(file)}
    for rank, member in enumerate(cast):
        what = bought.get(member.structure.naf[:2])
        for place in range(chance.randrange(3) if what and member.is_listed else 0):
            yield from _versions(member, what or {}, f"2025F{rank:04}{place}", chance)


def _versions(
    member: Member, what: dict[str, str], number: str, chance: random.Random
) -> Iterator[dict[str, str]]:
    """The contract as signed, and as modified."""
    name, start, commune = chance.choice(BUYERS)
    buyer, day = keyed_siret(start), SINCE + timedelta(chance.randrange(DAYS))
    amount = round(chance.uniform(float(what["least"]), float(what["most"])), -2)
    is_inclusive = member.structure.list in ("siae", "handicap")
    social = chance.choice(SOCIAL) if is_inclusive or chance.random() < 0.3 else NONE[0]
    signed = {
        "uid": buyer + number, "id": number, "nature": "Marché", "type": "Marché",
        "acheteur_id": buyer, "acheteur_nom": name, "acheteur_commune_code": commune,
        "titulaire_id": member.siret, "titulaire_typeIdentifiant": "SIRET",
        "titulaire_nom": member.registered, "objet": what["object"], "codeCPV": what["cpv"],
        "procedure": "Procédure adaptée", "dureeMois": what["months"],
        "offresRecues": str(chance.randint(1, 7)), "considerationsSociales": social,
        "considerationsEnvironnementales": chance.choice((*GREEN, NONE[1])),
        "marcheInnovant": str(member.structure.list == "innovation" and rare(chance)).lower(),
        "lieuExecution_code": commune, "lieuExecution_typeCode": "Code commune",
        "sourceDataset": "donnees_fictives",
    }  # fmt: skip
    versions = 2 if rare(chance) else 1
    for version in range(versions):
        shown = (day + timedelta(120 * version)).isoformat()
        yield signed | {
            "montant": str(amount * (1 + version / 10)), "dateNotification": shown,
            "datePublicationDonnees": shown, "modification_id": str(version),
            "donneesActuelles": str(version == versions - 1).lower(),
        }  # fmt: skip


def rare(chance: random.Random) -> bool:
    """One time in five."""
    return chance.random() < 0.2
