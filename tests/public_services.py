"""The public services as they answer: API Recherche d'entreprises and the Géoplateforme.

Both are LocalServers: scripted answers (failures, pages, delays) come before their own.
"""

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from tests.geo_api_server import Answer, LocalServer, Seen, as_json

PAGE = Answer(b"<!DOCTYPE html><p>Maintenance</p>", headers={"Content-Type": "text/html"})
LIMITED = Answer(status=429, headers={"Retry-After": "600"})
LOOP = Answer(status=302, headers={"Location": "/search"})
# What may go wrong on the way, and what is answered then.
FAILURES: dict[str, Answer] = {
    "limited": LIMITED,
    "down": Answer(status=503),
    "web page": PAGE,
    "redirect loop": LOOP,
    "truncated": Answer(b'{"results": [{"siren"'),
    "refused": Answer(status=400),
    "another shape": as_json({"erreur": "Veuillez indiquer au moins un paramètre"}),
    "nonsense": as_json({"results": [None, {"siege": "?", "matching_etablissements": [3]}]}),
}


class Firms(LocalServer):
    """Answers /search like the API Recherche d'entreprises, from these firms."""

    def __init__(self, *firms: Mapping[str, Any]) -> None:
        super().__init__()
        self.firms = firms

    def answer(self, seen: Seen) -> Answer:
        if seen.path in self._script:
            return super().answer(seen)
        asked = seen.query.get("q", "")
        found = [firm for firm in self.firms if asked in str(firm)]
        return as_json({"results": found, "total_results": len(found), "page": 1, "per_page": 10,
                        "total_pages": 1})  # fmt: skip


def firm(siret: str, **values: Any) -> dict[str, Any]:
    """A firm of one establishment, in the API's members."""
    here = {
        "siret": siret, "adresse": "12 RUE DES ORMEAUX 56100 LORIENT", "code_postal": "56100",
        "commune": "56121", "libelle_commune": "LORIENT", "est_siege": True,
        "etat_administratif": "A", "activite_principale": "81.30Z", "liste_enseignes": None,
        "tranche_effectif_salarie": "03", "statut_diffusion_etablissement": "O",
        "latitude": "47.75", "longitude": "-3.37",
    }  # fmt: skip
    here |= {key: values.pop(key) for key in list(values) if key in here}
    return {
        "siren": siret[:9], "nom_complet": "LES JARDINS INVENTES", "nature_juridique": "5710",
        "nom_raison_sociale": "LES JARDINS INVENTES", "statut_diffusion": "O",
        "etat_administratif": "A", "siege": here, "matching_etablissements": [here],
    } | values  # fmt: skip


class Geocoder(LocalServer):
    """Answers /search/csv like the Géoplateforme: the lines sent, with what is known of each."""

    def __init__(self, **known: tuple[float, float, float, str]) -> None:
        """`known`: a word of the address -> (lon, lat, score, type)."""
        super().__init__()
        self.known = known

    @property
    def lines(self) -> list[dict[str, str]]:
        """Every line ever sent, as understood."""
        return [row for seen in self.seen for row in _lines(seen.body)]

    def answer(self, seen: Seen) -> Answer:
        if self._script.get(seen.path):
            return super().answer(seen)
        rows = _lines(seen.body)
        out = io.StringIO(newline="")
        columns = [*rows[0], "longitude", "latitude", "result_score", "result_type",
                   "result_status"]  # fmt: skip
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        for row in rows:
            found = next((v for word, v in self.known.items() if word in row["address"]), None)
            writer.writerow(row | _result(found))
        return Answer(out.getvalue().encode(), headers={"Content-Type": "text/csv; charset=utf-8"})


def _result(found: tuple[float, float, float, str] | None) -> dict[str, Any]:
    if found is None:
        return {"result_status": "not-found"}
    lon, lat, score, kind = found
    return {"longitude": lon, "latitude": lat, "result_score": score, "result_type": kind,
            "result_status": "ok"}  # fmt: skip


def _lines(body: bytes) -> list[dict[str, str]]:
    """The CSV inside a multipart body."""
    part = re.search(rb'name="data".*?\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
    return list(csv.DictReader(io.StringIO(part[1].decode() if part else "")))
