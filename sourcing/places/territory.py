"""Which communes make the territory asked for: from files, or from geo.api.gouv.fr."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sourcing.fetch import Fetcher, FetchError
from sourcing.normalise import (
    ARRONDISSEMENTS,
    DEPARTEMENT_NAMES,
    commune_code,
    departement_of,
    is_siren,
)
from sourcing.places.communes import Gathered, read_files, read_json
from sourcing.source import SourceError

# The largest EPCI has 158 communes: a longer list is not the list of one.
LARGEST_EPCI = 200
# Fewer communes than this is not a whole département (of the others, the smallest has 101).
FEWEST_COMMUNES = {"75": 1, "92": 36, "93": 39, "94": 47, "971": 32, "972": 34, "973": 22,
                   "974": 24, "975": 2, "976": 17, "977": 1, "978": 1}  # fmt: skip
FEWEST_ELSEWHERE = 100
FIELDS = "code,nom,codesPostaux,population,centre,codeDepartement,codeRegion,codeEpci"


def gather(
    codes: Sequence[str], files: Sequence[Path], fetch: Fetcher | None
) -> tuple[Gathered, set[str], str]:
    """Every commune known, the codes of those in the territory, and the territory's name."""
    wanted = [_scope(code) for code in ([codes] if isinstance(codes, str) else codes)]
    if not wanted:
        raise SourceError("Aucun territoire demandé : donner un code d'EPCI, de département "
                          "ou de commune.")  # fmt: skip
    if files:
        gathered = read_files(files)
    elif fetch is not None:
        gathered = _ask(fetch, wanted)
    else:
        raise SourceError("Ni fichier ni accès à geo.api.gouv.fr : donner --from-file.")
    members = {code for scope in wanted for code in _members(gathered, scope)}
    names = filter(None, (_scope_name(gathered, scope) for scope in wanted))
    return gathered, members, ", ".join(names)


def _scope(code: str) -> str:
    """A usable code of EPCI, département or commune, or one sentence saying why it is not."""
    code = code.strip().upper()
    if len(code) == 9 and is_siren(code) and code.startswith("2"):
        return code
    if code.zfill(2) in DEPARTEMENT_NAMES:
        return code.zfill(2)
    if len(code) in {4, 5} and code[:1].isdigit():
        try:
            return ARRONDISSEMENTS.get(commune_code(code), commune_code(code))
        except ValueError:
            pass
    raise SourceError(f"« {code[:40]} » n'est pas un code de territoire : donner un EPCI "
                      "(200042174), un département (56) ou des communes (56121).")  # fmt: skip


def _members(gathered: Gathered, scope: str) -> set[str]:
    if len(scope) == 9:
        return _epci_members(gathered, scope)
    if len(scope) == 5:
        if code := gathered.today(scope):
            return {code}
        raise SourceError(f"La commune {scope} n'est pas dans ces données : vérifier son code, "
                          "ou ajouter un fichier qui la contient.")  # fmt: skip
    found = {code for code, facts in gathered.facts.items() if facts.departement == scope}
    if len(found) < FEWEST_COMMUNES.get(scope, FEWEST_ELSEWHERE):
        raise SourceError(f"{len(found)} communes du département {scope} dans ces données : "
                          "donner un fichier qui les contient toutes.")  # fmt: skip
    return found


def _epci_members(gathered: Gathered, epci: str) -> set[str]:
    """Communes that say they are of this EPCI; else the one short list of communes given."""
    if found := {code for code, facts in gathered.facts.items() if facts.epci == epci}:
        return found
    lists = [codes for codes in gathered.lists if len(codes) <= LARGEST_EPCI]
    says_epci = any(facts.epci for facts in gathered.facts.values())
    other = gathered.outlines - {epci}
    if says_epci or not lists or (other and epci not in gathered.outlines):
        raise SourceError(f"Aucune commune de l'EPCI {epci} dans ces données : vérifier le code, "
                          "ou donner le fichier de ses communes.")  # fmt: skip
    members = {gathered.today(code) for code in lists[0]}
    seat = epci[2:4] if epci.startswith("24") else ""
    if seat and all(departement_of(code) != seat for code in members):
        raise SourceError(f"L'EPCI {epci} est du département {seat}, et aucune commune de ce "
                          "fichier n'y est : vérifier le code ou le fichier.")  # fmt: skip
    return members


def _scope_name(gathered: Gathered, scope: str) -> str:
    if len(scope) == 9:
        return gathered.epci_names.get(scope, "")
    if len(scope) == 5:
        return gathered.facts[gathered.today(scope)].name
    return DEPARTEMENT_NAMES[scope]


def _ask(fetch: Fetcher, scopes: Sequence[str]) -> Gathered:
    """Territory with contours, all of France with centres, and the old communes."""
    gathered = Gathered()
    read_json(gathered, _list(fetch, "communes_associees_deleguees", "code,nom,type,chefLieu"))
    for scope in scopes:
        if len(scope) == 9:
            epci = _get(fetch, f"epcis/{scope}", scope, "code,nom")
            gathered.epci_names[scope] = str(epci.get("nom") or "")
            found = _list(fetch, f"epcis/{scope}/communes", FIELDS + ",contour")
        elif len(scope) == 5:
            today = gathered.old.get(scope, (scope, ""))[0]
            found = [_get(fetch, f"communes/{today}", scope, FIELDS + ",contour")]
        else:
            found = _list(fetch, f"departements/{scope}/communes", FIELDS + ",contour")
        read_json(gathered, found)
    read_json(gathered, _list(fetch, "communes", FIELDS))
    return gathered


def _get(fetch: Fetcher, path: str, code: str, fields: str) -> dict[str, Any]:
    try:
        answer = fetch.json(path, {"fields": fields})
    except FetchError as error:
        if error.status != 404:
            raise
        raise SourceError(f"Le code {code} n'existe pas pour geo.api.gouv.fr : "
                          "vérifier le code du territoire.") from error  # fmt: skip
    if not isinstance(answer, dict):
        raise FetchError("geo.api.gouv.fr a répondu autre chose que ce qu'il annonce : réessayer.")
    return answer


def _list(fetch: Fetcher, path: str, fields: str) -> list[Any]:
    answer = fetch.json(path, {"fields": fields})
    if not isinstance(answer, list):
        raise FetchError("geo.api.gouv.fr a répondu autre chose qu'une liste : réessayer.")
    return answer
