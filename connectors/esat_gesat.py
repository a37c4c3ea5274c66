"""ESAT, adapted companies, prison workshops: GESAT, Hosmoz, Handeco, ASP, SEP, FINESS lists."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from connectors import readers
from sourcing.source import Download, Layout, Record, Row, Shape, Source, columns

_FINESS = """
typeet nofinesset nofinessej rs rslongue complrs compldistrib numvoie typvoie voie compvoie
lieuditbp commune departement libdepartement ligneacheminement telephone telecopie categetab
libcategetab categagretab libcategagretab siret codeape codemft libmft codesph libsph dateouv
dateautor datemaj numuai
"""
FINESS = tuple(_FINESS.split())
# How the lines that give a position begin.
POSITION = "geolocalisation"
DOMAINS = tuple(f"Domaine {i}" for i in range(1, 14))
SEP_SECTORS = tuple(f"Secteurs d'act {i}" for i in range(1, 10))
# FINESS categories that sell; the other 100,000 establishments are out of scope.
FINESS_STATUSES = {"246": "handicap:ESAT", "247": "handicap:EA"}
# "Espaces vertsBlanchisserie": labels glued together, each starting with its only capital.
_GLUED = re.compile(r"(?<=[^\W\d_A-ZÀ-Ý)])\s*(?=[A-ZÀ-Ý][a-zà-ÿ])|(?<=[)])\s*(?=[A-ZÀ-Ý])|[|;\n]")
_ONE_STRING = re.compile(
    r"^(?P<address>.*?)[\s,;-]*\b(?P<postcode>\d{2} ?\d{3})\s+(?P<commune>\D.*)$", re.DOTALL
)
_TYPES = (
    (re.compile(r"\bEATT\b|travail temporaire", re.I), "handicap:EATT"),
    (re.compile(r"\bEA\b|entreprise adapt", re.I), "handicap:EA"),
    (re.compile(r"\bSEP\b|prison|p[ée]nitentiaire", re.I), "insertion:SEP"),
)


def read(path: Path) -> Iterator[Row]:
    """The rows of any of the lists. FINESS' open data has no header row, and gives positions in
    lines of their own, after the establishments': they are looked for first.
    """

    def rows() -> Iterator[Row]:
        return readers.read(path, Layout(headerless={"finess": FINESS}))

    start = next(rows(), None)
    if start is None or "typeet" not in start.values:
        return rows()
    places = {r.values["nofinesset"]: r for r in rows() if r.values["typeet"] == POSITION}
    return (_placed(row, places) for row in rows() if row.values["typeet"] != POSITION)


def _placed(row: Row, places: Mapping[str, Row]) -> Row:
    """The establishment with its position; the third and fourth cells of a position's line."""
    place = places.get(row.values["nofinesset"])
    x, y = (place.values["nofinessej"], place.values["rs"]) if place else ("", "")
    return row._replace(values={**row.values, "_x": x, "_y": y})


def status(kind: str) -> tuple[str, ...]:
    """The status a declared type stands for; an unnamed one in these lists is an ESAT."""
    return (next((s for pattern, s in _TYPES if pattern.search(kind)), "handicap:ESAT"),)


def labels(text: str) -> tuple[str, ...]:
    """Glued or separated labels, one by one."""
    return tuple(part.strip(" ,") for part in _GLUED.split(text) if part.strip(" ,"))


def cut_address(text: str) -> tuple[str, str, str]:
    """ "3 rue du Port 56100 LORIENT" -> address, postcode, commune."""
    found = _ONE_STRING.match(" ".join(text.split()))
    return (found["address"], found["postcode"], found["commune"]) if found else (text, "", "")


def _joined(row: Row, *columns: str) -> str:
    return " ".join(" ".join(row.values.get(c, "") for c in columns).split())


def _number(text: str) -> str:
    """A count of workers; "#N/D" and the like are nothing."""
    found = re.match(r"\d+(?:[.,]\d+)?$", text)
    return text if found else ""


def _gesat(row: Row) -> Record:
    """GESAT 2021 and 2024, Hosmoz 2025: three generations of one export."""
    get = row.get
    trades = labels(get("Pôles de compétences", "Métiers proposés"))
    domains = tuple(filter(None, map(get, DOMAINS)))
    return Record(
        name=get("Raison Sociale", "Raison sociale"),
        siret=get("Siret", "Siret 2"),
        siren=get("Siren"),
        key=_gesat_key(row),
        statuses=status(get("Catégorie", "Type de structure")),
        address=_joined(row, "Adresse", "Lieudit/BP"),
        postcode=get("Code Postal"),
        commune=get("Ville"),
        phone=get("Tel", "Tel public", "Téléphone"),
        email=get("Email", "Adresse e-mail"),
        website=get("URL"),
        sectors=tuple(dict.fromkeys((*trades, *domains))),
        workers=_number(
            get(
                "Nombre de travailleurs dans la structure (en ETP)",
                "Capacité d'accueil (nombre de TH total)",
            )
        ),
    )


def _gesat_key(row: Row) -> str:
    return f"hosmoz-{row.get('Id')}" if row.get("Id").isdigit() else ""


def _handeco(row: Row) -> Record:
    get = row.get
    found = [*_split(get("secteurs.secteur.secteurnom")), *_split(get("secteurs.secteur.activite"))]
    return Record(
        name=get("title"),
        siret=get("siret"),
        statuses=status(get("type")),
        address=get("address", "adresse"),
        postcode=get("zip"),
        commune=get("city"),
        phone=get("phone"),
        email=get("mail"),
        workers=_number(get("effectif")),
        sectors=tuple(dict.fromkeys(found)),
    )


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split("|") if part.strip()]


def _asp(row: Row) -> Record:
    address, postcode, commune = cut_address(row.get("Adresse"))
    return Record(
        name=row.get("Dénomination"),
        siret=row.get("N° de Siret"),
        statuses=("handicap:ESAT",),
        address=address,
        postcode=postcode,
        commune=commune,
        departement=row.get("Département"),
    )


def _finess_directory(row: Row) -> Record:
    """FINESS as its directory exports it: spreadsheets ate the leading zeros."""
    get = row.get
    return Record(
        name=get("ET-Raison sociale"),
        other_names=tuple(filter(None, [get("EJ-Raison sociale")])),
        siret=get("ET-SIRET"),
        key=get("ET-N°FINESS").zfill(9),
        statuses=("handicap:ESAT",),
        address=_joined(row, "ET-Adresse"),
        postcode=get("ET-Code Postal"),
        commune=get("ET-Commune Libellé"),
        commune_code=get("ET-Commune Code").zfill(5),
        departement=get("ET-Département Code").zfill(2),
        phone=get("ET-Téléphone 1"),
        workers=_number(get("Capacité autorisée agrégée")),
    )


def _finess(row: Row) -> Record | None:
    """FINESS' open data: every health and social establishment of France."""
    get = row.get
    if get("categetab") not in FINESS_STATUSES:
        return None
    postcode, _, commune = get("ligneacheminement").partition(" ")
    return Record(
        name=get("rslongue", "rs"),
        other_names=tuple(filter(None, [get("rs")])),
        siret=get("siret"),
        key=get("nofinesset").zfill(9),
        statuses=(FINESS_STATUSES[get("categetab")],),
        address=_joined(row, "numvoie", "typvoie", "voie", "compvoie", "lieuditbp"),
        postcode=postcode,
        commune=commune,
        commune_code=_finess_commune(row),
        x=get("_x"),
        y=get("_y"),
        phone=get("telephone"),
        naf=get("codeape"),
    )


def _finess_commune(row: Row) -> str:
    """FINESS writes overseas départements 9A to 9F; the commune's own digits say which is meant."""
    departement, commune = row.get("departement").zfill(2), row.get("commune").zfill(3)
    return ("97" if re.match(r"9[A-F]", departement) else departement) + commune[-3:]


def _sep(row: Row) -> Record | None:
    get = row.get
    if get("A Supprimer"):
        return None
    return Record(
        name=get("Raison sociale"),
        other_names=tuple(filter(None, [get("Enseigne")])),
        siret=get("Siret"),
        statuses=("insertion:SEP",),
        address=get("Adresse"),
        postcode=get("Code Postal"),
        commune=get("Ville"),
        departement=get("Département"),
        phone=get("Téléphone"),
        website=get("Site internet"),
        sectors=tuple(filter(None, map(get, SEP_SECTORS))),
        workers=_number(get("nombre d'opérateurs")),
    )


# The column only this family has -> how its rows are read; first found wins.
FAMILIES: tuple[tuple[str, Callable[[Row], Record | None]], ...] = (
    ("ET-N°FINESS", _finess_directory),
    ("nofinesset", _finess),
    ("title", _handeco),
    ("N° de Siret", _asp),
    ("Secteurs d'act 1", _sep),
    ("Siret", _gesat),
)


def parse(row: Row) -> Record | None:
    """One establishment, read as its family of lists writes it."""
    return next(read_row for column, read_row in FAMILIES if column in row.values)(row)


SHAPES = (
    Shape(
        "FINESS annuaire",
        columns("ET-N°FINESS|ET-Raison sociale|ET-SIRET|ET-Commune Code"),
        columns(
            "EJ-N°FINESS|EJ-Raison sociale|EJ-Statut juridique Code|EJ-Statut juridique Libellé|"
            "ET-Adresse|ET-Code Postal|ET-Type|ET-Région Code|ET-Région Libellé|"
            "ET-Département Code|ET-Département Libellé|ET-Commune Libellé|ET-Téléphone 1|"
            "Capacité autorisée agrégée"
        ),
    ),
    Shape(
        "FINESS données ouvertes",
        columns("nofinesset|rs|categetab|siret|commune|departement"),
        frozenset(FINESS),
    ),
    Shape(
        "Hosmoz 2025",
        columns("Raison Sociale|Siret|Siret 2|Code Postal|Ville"),
        columns(
            "Id|Siren|Catégorie|Adresse|Lieudit/BP|Tel public|Email|URL|Pôles de compétences|"
            "Nombre de travailleurs dans la structure (en ETP)|Adhérent Hosmoz"
        ),
    ),
    Shape(
        "GESAT 2021",
        columns("Raison Sociale|Siret|Code Postal|Ville|Pôles de compétences"),
        columns(
            "Adresse|Lieudit/BP|Région|Tel|Email|Date d'ouverture|Denière date de MAJ|"
            "Dernière date de MAJ|Capacité d'accueil (nombre de TH total)"
        )
        | frozenset(DOMAINS),
    ),
    Shape(
        "GESAT-Handeco 2024",
        columns("Raison sociale|Siret|Métiers proposés|Code Postal|Ville"),
        columns(
            "Type de structure|Adresse|Téléphone|Adresse e-mail|"
            "Nombre de travailleurs dans la structure (en ETP)"
        ),
    ),
    Shape(
        "Handeco XML",
        columns("title|siret|zip|city"),
        columns(
            "region|phone|mail|effectif|type|dateupdate|address|adresse|structure|secteurs|"
            "secteurs.secteur|secteurs.secteur.secteurnom|secteurs.secteur.activite"
        ),
    ),
    Shape("ASP", columns("Dénomination|N° de Siret|Adresse"), columns("Département")),
    Shape(
        "SEP",
        columns("Raison sociale|Siret|Code Postal|Ville|Secteurs d'act 1"),
        columns(
            "Enseigne|Type de structure|Type de prestation|Type de prestation 1|"
            "Type de prestation 2|Prénom 1|Prénom 2|Prénom 3|Nom 1|Nom 2|Nom 3|Email 1|Email 2|"
            "Email 3|Prénom de l'utilisateur principal|Site internet|Téléphone|Adresse|"
            "Département|Région|Périmètre d'intervention|Logo|nombre de salariés|"
            "nombre d'opérateurs|Date de création|Ouvert à la co-traitance ?|Liste des labels|"
            "Liste des réseaux|A Supprimer"
        )
        | frozenset(SEP_SECTORS),
    ),
)

SOURCE = Source(
    name="esat_gesat",
    title="ESAT et entreprises adaptées (FINESS, GESAT, Hosmoz, Handeco)",
    publisher="DREES (FINESS), Réseau Hosmoz (ex-GESAT), Handeco, ASP, ATIGIP",
    licence="Licence Ouverte 2.0 (FINESS) ; selon la liste pour les annuaires de réseaux",
    url="https://www.data.gouv.fr/datasets/finess-extraction-du-fichier-des-etablissements/",
    kind="list",
    shapes=SHAPES,
    read=read,
    parse=parse,
    # One of the lists: what the others say is not gone because this one does not say it.
    downloads={"finess.csv": Download("/api/1/datasets/r/98f3161f-79ff-4f16-8f6a-6d571a80fea2")},
    expects=(1, 300_000),
)
