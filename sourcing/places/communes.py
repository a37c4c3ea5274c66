"""What files and geo.api.gouv.fr say of communes, gathered in one shape whatever their layout."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sourcing.normalise import commune_code, departement_of, place_key
from sourcing.normalise.coordinates import in_france
from sourcing.source import SourceError

# Our fields and the headers that hold them, lower case; the first one present in a file is read.
COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("code_insee", "insee_code", "codgeo", "code_commune", "com", "insee", "code"),
    "name": ("nom", "name", "libgeo", "libelle", "nom_commune", "nom_standard", "commune"),
    "postcodes": ("codes_postaux", "post_codes", "code_postal", "postcodes", "codespostaux"),
    "population": ("population", "pop", "pmun"),
    "departement": ("departement", "department_code", "dep", "dep_code", "codedepartement"),
    "region": ("region", "region_code", "reg", "reg_code", "coderegion"),
    "epci": ("epci", "code_epci", "epci_code", "siren_epci", "codeepci"),
    "epci_name": ("libepci", "nom_epci", "epci_nom"),
    "lon": ("lon", "longitude", "longitude_centre"),
    "lat": ("lat", "latitude", "latitude_centre"),
}
# INSEE's modifications of communes after which a code is another one's (v_mvt_commune, column MOD).
MERGERS = frozenset({"30", "31", "32", "33", "34", "41", "50"})
RENAMED = "10"
MAX_BYTES = 600_000_000


@dataclass(slots=True)
class Facts:
    """What is known of one commune; empty where no file says."""

    name: str = ""
    postcodes: tuple[str, ...] = ()
    population: int | None = None
    departement: str = ""
    region: str = ""
    epci: str = ""
    lon: float | None = None
    lat: float | None = None
    contour: str = ""


@dataclass
class Gathered:
    """Everything the files or the API say together."""

    facts: dict[str, Facts] = field(default_factory=dict)
    # old code -> (today's code or another old one, its name)
    old: dict[str, tuple[str, str]] = field(default_factory=dict)
    # Today's codes according to INSEE's own list, when it is among the files
    current: set[str] = field(default_factory=set)
    # EPCI code -> name, where a file or the API names it
    epci_names: dict[str, str] = field(default_factory=dict)
    # EPCI whose outline a file draws
    outlines: set[str] = field(default_factory=set)
    # The communes of each file that names no EPCI: perhaps the list of the territory.
    lists: list[frozenset[str]] = field(default_factory=list)

    def add(self, code: str, facts: Facts) -> None:
        """Keep what was known, fill what was not; postcodes add up."""
        known = self.facts.get(code)
        if known is None:
            self.facts[code] = facts
            return
        if facts.postcodes != known.postcodes:
            known.postcodes = tuple(dict.fromkeys((*known.postcodes, *facts.postcodes)))
        # "Faouët" in one file, "Le Faouët" in another: some lists lose the article.
        if known.name and facts.name.endswith(known.name):
            known.name = facts.name
        if known.lon is None and facts.lon is not None:
            known.lon, known.lat = facts.lon, facts.lat
        for name in ("name", "departement", "region", "epci", "contour"):
            if not getattr(known, name):
                setattr(known, name, getattr(facts, name))
        if known.population is None:
            known.population = facts.population

    def today(self, code: str) -> str:
        """The code of today's commune behind any code, '' when unknown."""
        for _ in range(12):
            if code in self.facts:
                return code
            if code not in self.old:
                return ""
            code = self.old[code][0]
        return ""

    def settle(self) -> None:
        """Give to today's communes what an older list says of the ones they absorbed."""
        for code in [code for code in self.facts if self.current and code not in self.current]:
            facts = self.facts.pop(code)
            if today := self.today(code):
                self.add(today, Facts(postcodes=facts.postcodes, epci=facts.epci))
            else:
                self.facts[code] = facts


Reader = Callable[[Gathered, Path, Iterator[dict[str, str]]], None]


def read_files(paths: Iterable[Path]) -> Gathered:
    """Every file, in any combination; SourceError when one is none of the known layouts."""
    gathered = Gathered()
    for path in paths:
        text = _text(path)
        if text.lstrip()[:1] in {"[", "{"}:
            if not read_json(gathered, _json(path, text)):
                raise SourceError(f"{path.name} : aucune commune reconnue dans ce fichier JSON.")
        else:
            _read_csv(gathered, path, text)
    gathered.settle()
    return gathered


def read_json(gathered: Gathered, content: Any) -> int:
    """A GeoJSON collection or an answer of geo.api.gouv.fr; how many entries were recognised."""
    if isinstance(content, dict) and isinstance(content.get("features"), list):
        content = content["features"]
    found = [_commune(entry) for entry in (content if isinstance(content, list) else [content])]
    entries = [entry for entry in found if entry]
    codes = set()
    for entry in entries:
        code = str(entry["code"])
        if len(code) == 9:
            gathered.outlines.add(code)
            gathered.epci_names.setdefault(code, str(entry.get("nom") or ""))
        elif entry.get("chefLieu"):
            gathered.old[code] = (str(entry["chefLieu"]), str(entry.get("nom") or ""))
        else:
            gathered.add(code, _facts_of_json(code, entry))
            codes.add(code)
    if codes and not any(gathered.facts[code].epci for code in codes):
        gathered.lists.append(frozenset(codes))
    return len(entries)


def _commune(entry: Any) -> dict[str, Any]:
    """The properties of a feature and its geometry, or the object itself; {} without a code."""
    if not isinstance(entry, dict):
        return {}
    values = dict(entry.get("properties") or entry)
    geometry = entry.get("geometry") or {}
    if geometry.get("type") == "Point":
        values.setdefault("centre", geometry)
    elif geometry:
        values["contour"] = geometry
    keys = ("code", "code_insee", "insee", "codgeo", "INSEE_COM", "insee_com", "code_geo", "com")
    code = next((str(values[key]) for key in keys if values.get(key)), "")
    name = next(
        (values[k] for k in ("nom", "name", "NOM", "libgeo", "nom_geo") if values.get(k)), ""
    )
    if len(code) != 9:
        try:
            code = commune_code(code)
        except ValueError:
            code = ""
    return {**values, "code": code, "nom": name} if code else {}


def _facts_of_json(code: str, entry: Mapping[str, Any]) -> Facts:
    lon, lat = (entry.get("centre") or {}).get("coordinates") or (None, None)
    contour = entry.get("contour")
    population = entry.get("population")
    return _placed(code, Facts(
        name=str(entry["nom"]),
        postcodes=tuple(entry.get("codesPostaux") or ()),
        population=int(population) if population is not None else None,
        departement=str(entry.get("codeDepartement") or ""),
        region=str(entry.get("codeRegion") or ""),
        epci=str(entry.get("codeEpci") or ""),
        lon=lon,
        lat=lat,
        contour=json.dumps(contour, separators=(",", ":")) if contour else "",
    ))  # fmt: skip


def _placed(code: str, facts: Facts) -> Facts:
    """Département from the code when missing; a centre outside its part of France is dropped."""
    facts.departement = departement_of(code) if len(code) == 5 else facts.departement
    lon, lat = facts.lon, facts.lat
    if lon is None or lat is None or not in_france(lon, lat, facts.departement):
        facts.lon = facts.lat = None
    return facts


def _read_csv(gathered: Gathered, path: Path, text: str) -> None:
    header = {name.strip().strip('"').lower() for name in _split(text)}
    readers: tuple[tuple[set[str], Reader], ...] = (
        ({"typecom_av", "com_av", "com_ap"}, _read_changes),
        ({"typecom", "com", "comparent"}, _read_cog),
        (set(), _read_list),
    )
    for needed, reader in readers:
        if needed <= header:
            reader(gathered, path, _rows(path, text))
            return


def _read_list(gathered: Gathered, path: Path, rows: Iterator[dict[str, str]]) -> None:
    """Any list of communes: one row each, under the headers of COLUMNS."""
    codes: set[str] = set()
    columns: dict[str, str] = {}
    names_epci = False
    for row in rows:
        columns = columns or _columns(path, row)
        values = {name: row.get(header, "") for name, header in columns.items()}
        try:
            code = commune_code(values["code"])
        except ValueError as error:
            raise SourceError(f"{path.name} : {error}.") from None
        if not code:
            continue
        gathered.add(code, _facts_of_row(code, values))
        if epci := values.get("epci", ""):
            names_epci = True
            gathered.epci_names.setdefault(epci, values.get("epci_name", ""))
        codes.add(code)
    if not codes:
        raise SourceError(f"{path.name} ne contient aucune commune : vérifier le fichier.")
    if not names_epci:
        gathered.lists.append(frozenset(codes))


def _columns(path: Path, row: Mapping[str, str]) -> dict[str, str]:
    """Our field -> this file's header; SourceError when there is no code or no name."""
    found = {}
    for name, headers in COLUMNS.items():
        if header := next((h for h in headers if h in row), None):
            found[name] = header
    if "code" not in found or "name" not in found:
        seen = ", ".join(list(row)[:6])
        raise SourceError(
            f"{path.name} n'est pas une liste de communes (colonnes lues : {seen}) : "
            "il faut au moins un code INSEE et un nom, par exemple code_insee et nom."
        )
    return found


def _facts_of_row(code: str, values: Mapping[str, str]) -> Facts:
    inhabitants = "".join(filter(str.isdigit, values.get("population", "").removesuffix(".0")))
    lon, lat = (values.get(axis, "").replace(",", ".") for axis in ("lon", "lat"))
    postcodes = values.get("postcodes", "").replace("|", " ").replace("/", " ").replace(",", " ")
    try:
        centre = (float(lon), float(lat)) if lon and lat else (None, None)
    except ValueError:
        centre = (None, None)
    return _placed(code, Facts(
        name=values["name"],
        postcodes=tuple(p.zfill(5) for p in postcodes.split()),
        population=int(inhabitants) if inhabitants else None,
        departement=values.get("departement", ""),
        region=values.get("region", ""),
        epci=values.get("epci", ""),
        lon=centre[0],
        lat=centre[1],
    ))  # fmt: skip


def _read_cog(gathered: Gathered, _path: Path, rows: Iterator[dict[str, str]]) -> None:
    """INSEE's v_commune: the communes of today; associated and delegated ones as old codes."""
    for row in rows:
        code, name = row["com"], row.get("libelle", "")
        if row["typecom"] == "COM":
            gathered.add(code, _placed(code, Facts(name=name, region=row.get("reg", ""))))
            gathered.current.add(code)
        elif row["comparent"]:
            gathered.old.setdefault(code, (row["comparent"], name))


def _read_changes(gathered: Gathered, _path: Path, rows: Iterator[dict[str, str]]) -> None:
    """INSEE's v_mvt_commune: the latest change of a code wins; a split is nobody's."""
    latest: dict[str, tuple[str, set[str], str]] = {}
    for row in rows:
        if row["typecom_av"] != "COM" or row.get("typecom_ap", "COM") != "COM":
            continue
        before, after, when = row["com_av"], row["com_ap"], row.get("date_eff", "")
        name, moved = row.get("libelle_av", ""), before != after
        renamed = not moved and place_key(name) != place_key(row.get("libelle_ap", ""))
        if not (moved and row["mod"] in MERGERS) and not (renamed and row["mod"] == RENAMED):
            continue
        known = latest.get(before)
        if known is None or when > known[0]:
            latest[before] = (when, {after}, name)
        elif when == known[0]:
            known[1].add(after)
    for code, (_, targets, name) in latest.items():
        if len(targets) == 1:
            gathered.old.setdefault(code, (targets.pop(), name))


def _text(path: Path) -> str:
    if not path.exists():
        raise SourceError(f"{path} n'existe pas : vérifier le chemin du fichier.")
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f"{path.name} est trop gros pour un fichier de communes.")
    content = path.read_bytes()
    if not content.strip():
        raise SourceError(f"{path.name} est vide.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content[:4096]:
        raise SourceError(f"{path.name} n'est pas un fichier texte : donner un CSV ou un GeoJSON.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError(
            f"{path.name} est un JSON tronqué ou abîmé : le télécharger à nouveau."
        ) from None


def _split(text: str) -> list[str]:
    line = text[:10_000].lstrip().split("\n", 1)[0].strip("\r")
    return line.split(_delimiter(line))


def _delimiter(line: str) -> str:
    return max(",;\t|", key=line.count)


def _rows(path: Path, text: str) -> Iterator[dict[str, str]]:
    """Rows under lower-case headers, values stripped."""
    line = text[:10_000].lstrip().split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=_delimiter(line))
    try:
        header = [name.strip().lower() for name in next(reader)]
        missing = dict.fromkeys(header, "")
        for values in reader:
            yield missing | dict(zip(header, map(str.strip, values), strict=False))
    except csv.Error as error:
        raise SourceError(f"{path.name}, ligne {reader.line_num} : ligne illisible.") from error
