"""The lists' files in their exact formats: Marché de l'inclusion (two periods), Hosmoz, Audélor."""

import csv
import random
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
from openpyxl.styles import Font

from demo.cast import Member
from demo.names import WORDS, as_registered, brands

FORMER_MARCHE_FILE = "liste_structures_2026-06-15.csv"
MARCHE_FILE = "liste_structures_2026-09-01.csv"
HOSMOZ_FILE = "export_hosmoz_2025.csv"
INNOVATION_FILE = "entreprises_innovantes_audelor.xlsx"
SHEET = "Données fictives"
NOTICE = "Entreprises innovantes du pays de Lorient (DONNÉES FICTIVES, noms inventés)"

FORMER_MARCHE = WORDS["former_marche_header"]
MARCHE = WORDS["marche_header"]
HOSMOZ = WORDS["hosmoz_header"]
INNOVATION = WORDS["innovation_header"]

# Kind -> its name in full, its family, what it sells (the Marché's words).
KINDS = {
    "ACI": ("Atelier chantier d'insertion", "Insertion", "Prestation de service"),
    "EI": ("Entreprise d'insertion", "Insertion", "Prestation de service"),
    "AI": ("Association intermédiaire", "Insertion", "Mise à disposition du personnel"),
    "ETTI": ("Entreprise de travail temporaire d'insertion", "Insertion", "Intérim"),
    "EITI": (
        "Entreprise d'insertion par le travail indépendant",
        "Insertion",
        "Prestation de service",
    ),
    "GEIQ": (
        "Groupement d'employeurs pour l'insertion et la qualification",
        "Insertion",
        "Mise à disposition du personnel",
    ),
    "EA": (
        "Entreprise adaptée",
        "Handicap",
        "Fabrication et commercialisation de biens, Prestation de service",
    ),
    "EATT": ("Entreprise adaptée de travail temporaire", "Handicap", "Intérim"),
    "ESAT": ("Etablissement et service d'aide par le travail", "Handicap", "Prestation de service"),
}
STREET_WORDS = {
    "RUE": "rue",
    "AV": "avenue",
    "BD": "boulevard",
    "PL": "place",
    "ALL": "allée",
    "IMP": "impasse",
    "CHE": "chemin",
    "RTE": "route",
    "QUAI": "quai",
    "PORT": "port",
    "PARC": "parc",
    "ZA": "ZA",
    "ZI": "ZI",
    "LIEU-DIT": "",
}
CLIENTS = (
    "Collectivité fictive n° 1",
    "Bailleur fictif du Ponant",
    "Hôpital fictif de la Rade",
    "Entreprise fictive",
)


def _typo(name: str, chance: random.Random) -> str:
    """Two letters exchanged, away from the first of a word."""
    inside = [i for i in range(2, len(name) - 1) if name[i - 1 : i + 2].isalpha()]
    i = chance.choice(inside) if inside else 0
    return f"{name[:i]}{name[i + 1]}{name[i]}{name[i + 2 :]}" if inside else name


# How a list writes a name the register knows in capitals; the first ones are the usual ones.
SPELLINGS: tuple[tuple[int, Callable[[str, random.Random], str]], ...] = (
    (40, lambda name, chance: name),
    (25, lambda name, chance: as_registered(name)),
    (9, lambda name, chance: name.upper()),
    (7, lambda name, chance: name.title()),
    (5, lambda name, chance: f"{name} (Bretagne)"),
    (5, lambda name, chance: re.sub(r"^(Les|La|Le|L') ?", "", name)),
    (5, lambda name, chance: name.replace("é", "e").replace("-", " ")),
    (4, _typo),
)


def spelled(name: str, chance: random.Random) -> str:
    """The name as one more person typed it."""
    spelling = chance.choices([way for _, way in SPELLINGS], [weight for weight, _ in SPELLINGS])[0]
    return spelling(name, chance)


def slug(text: str) -> str:
    """'Les Jardins du Scorff' -> 'les-jardins-du-scorff'."""
    return re.sub(r"[^a-z0-9]+", "-", as_registered(text).lower()).strip("-")


def street_line(member: Member) -> str:
    """'12 rue de la Mairie' as people write it."""
    address, kind = member.address, member.address.street.kind
    number = "" if kind == "LIEU-DIT" else str(address.number)
    return " ".join(filter(None, (number, STREET_WORDS[kind], address.street.label)))


def write_lists(folder: Path, cast: Sequence[Member], seed: int) -> dict[str, list[Path]]:
    """Source name -> its files."""
    listed = [member for member in cast if member.is_listed]
    inclusive = [m for m in listed if m.structure.list in ("siae", "handicap")]
    former = former_marche(inclusive, random.Random(f"former {seed}"))
    return {
        "marche_inclusion": [
            _write_csv(folder / FORMER_MARCHE_FILE, FORMER_MARCHE, former),
            _write_csv(
                folder / MARCHE_FILE, MARCHE, marche(inclusive, random.Random(f"today {seed}"))
            ),
        ],
        "esat_gesat": [
            _write_csv(
                folder / HOSMOZ_FILE,
                HOSMOZ,
                hosmoz(
                    [m for m in listed if m.structure.list == "handicap"],
                    random.Random(f"hosmoz {seed}"),
                ),
            )
        ],
        "innovation": [
            _write_workbook(
                folder / INNOVATION_FILE,
                innovation(
                    [m for m in listed if m.structure.list == "innovation"],
                    random.Random(f"inno {seed}"),
                ),
            )
        ],
    }


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _write_workbook(path: Path, rows: Iterable[Sequence[str | int]]) -> Path:
    """A title, an empty row, then the header: lists made by hand seldom begin with it."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(SHEET)
    sheet.append([NOTICE])
    sheet.append([])
    sheet.append(INNOVATION)
    for row in rows:
        sheet.append(list(row))
    for cell in (sheet["A1"], *sheet[3]):
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDEFGH", (30, 60, 16, 34, 26, 36, 18, 18), strict=True):
        sheet.column_dimensions[letter].width = width
    book.properties.creator = "Données fictives"
    book.properties.created = book.properties.modified = datetime(2026, 9, 1)
    book.save(path)
    return path


def former_marche(cast: Sequence[Member], chance: random.Random) -> list[list[str]]:
    """The export until July 2026, with SIRET; a structure of two kinds has two lines."""
    rows: list[list[str]] = []
    for rank, member in enumerate(cast):
        if member.structure.kind == "ESAT" and rank % 2:
            continue
        rows += [
            _former_row(member, kind, f"{rank}", chance)
            for kind in (member.structure.kind, member.second_kind)
            if kind
        ]
    return rows


def _former_row(member: Member, kind: str, rank: str, chance: random.Random) -> list[str]:
    name, address = spelled(member.name, chance), member.address
    _, family, sells = KINDS[kind]
    page = slug(f"fictif {member.name} {rank} {kind if kind != member.structure.kind else ''} 56")
    sectors = [s for s in member.structure.sectors if chance.random() < 0.95]
    site = f"https://{slug(member.name)}.example/" if chance.random() < 0.4 else ""
    return [
        name,
        member.name if name.isupper() and chance.random() < 0.3 else "",
        page,
        member.siret,
        "Conventionné par la DREETS" if member.is_head else "Rattaché à un autre conventionnement",
        kind,
        family,
        sells,
        site,
        street_line(member),
        address.commune.name,
        address.postcode,
        address.commune.code[:2],
        "Bretagne",
        "Oui" if chance.random() < 0.1 else "Non",
        ", ".join(sectors),
        "Oui" if chance.random() < 0.5 else "Non",
        f"https://example.com/prestataires/{page}/?cmp=export-excel",
    ]


def marche(cast: Sequence[Member], chance: random.Random) -> list[list[str]]:
    """Today's export: no SIRET, no sector; most structures of the former one, and a few more."""
    rows = []
    for rank, member in enumerate(cast):
        for kind in (member.structure.kind, member.second_kind):
            if not kind or rank % 5 == 3:
                continue
            name, address = spelled(member.name, chance), member.address
            clients = chance.sample(CLIENTS, chance.choice((0, 0, 1, 2)))
            rows.append(
                [
                    name,
                    "",
                    f"{KINDS[kind][0]} ({kind})",
                    street_line(member),
                    address.postcode,
                    address.commune.name.upper() if chance.random() < 0.2 else address.commune.name,
                    *clients,
                    *[""] * (3 - len(clients)),
                ]
            )
    return rows


def hosmoz(cast: Sequence[Member], chance: random.Random) -> list[list[str]]:
    """Hosmoz 2025: SIRET with spaces, without its leading zero, in the second column, or absent."""
    rows = []
    for rank, member in enumerate(cast):
        siret, address = _typed_siret(member.siret, rank), member.address
        is_cedex = rank % 7 == 5
        rows.append(
            [
                str(4100 + rank),
                spelled(member.name, chance),
                member.siren if rank % 2 else "",
                "" if rank % 9 == 4 else siret,
                siret if rank % 9 == 4 else "",
                member.structure.kind,
                street_line(member),
                f"BP {10 + rank}" if is_cedex else "",
                address.postcode,
                address.commune.name.upper() + (" CEDEX" if is_cedex else ""),
                _phone(rank),
                f"contact@{slug(member.name)}.example",
                str(chance.randint(12, 90)),
                # The export glues the labels together, each beginning with its only capital.
                member.structure.activity.replace(", ", ""),
                "Oui" if chance.random() < 0.7 else "Non",
                f"https://{slug(member.name)}.example/" if rank % 3 == 0 else "",
            ]
        )
    return rows


def _typed_siret(siret: str, rank: int) -> str:
    if siret.startswith("0"):
        return siret.lstrip("0")
    if rank % 11 == 7:
        return ""
    return f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}" if rank % 2 == 0 else siret


def _phone(rank: int) -> str:
    """In the block the regulator keeps for fiction."""
    return f"02 61 91 {rank // 100 % 100:02d} {rank % 100:02d}"


def innovation(cast: Sequence[Member], chance: random.Random) -> list[list[str | int]]:
    """An Audélor-like list: brands, seldom a SIRET, one firm in nine not registered yet."""
    rows: list[list[str | int]] = []
    for rank, member in enumerate(cast):
        is_new = rank % 9 == 8
        name = chance.choice(brands()) if is_new else spelled(member.name, chance)
        place = f"{member.address.postcode} {member.address.commune.name}"
        rows.append(
            [
                name,
                member.structure.activity,
                member.structure.kind,
                "" if is_new or rank % 6 == 2 else street_line(member),
                place.upper() if rank % 4 == 1 else place,
                f"https://www.{slug(name)}.example" if chance.random() < 0.85 else "",
                chance.randint(2022, 2026) if is_new else member.created.year,
                member.siret if rank % 7 == 3 and not is_new else "",
            ]
        )
    return rows
