"""The public directory of firms (API Recherche d'entreprises): one establishment, when asked.

It answers with suppliers that are not of the base: never added to a session.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sourcing.fetch import Fetcher, FetchError
from sourcing.model import MASKED, PARTIAL, PUBLIC, Supplier

# The service's quota, per address.
REQUESTS_PER_SECOND = 7.0
# A form waits for it: short times, one more try, and none at all for a while once it has failed.
CONNECT_S, READ_S, RETRIES, LONGEST_WAIT_S = 1.5, 2.5, 1, 1.0
REST_S = 60.0
# Neither managers nor accounts: what is not asked for is not received.
ASKED = {"minimal": "true", "include": "siege,matching_etablissements"}
PERSON = "1000"
_TOWN = re.compile(r",?\s*\d{5}\s+\D*$")


def fetcher(url: str) -> Fetcher:
    """How the directory at this address is asked."""
    return Fetcher(
        url, connect_timeout_s=CONNECT_S, read_timeout_s=READ_S, retries=RETRIES, backoff_s=0.2,
        longest_wait_s=LONGEST_WAIT_S, requests_per_second=REQUESTS_PER_SECOND,
    )  # fmt: skip


@dataclass(slots=True)
class Directory:
    """Asks the service, and leaves it alone for a minute after a failure."""

    fetcher: Fetcher
    _rests_until: float = field(default=0.0)

    def find(self, siret: str) -> Supplier | None:
        """The establishment of this SIRET; None when it is unknown or nobody answers in time."""
        found = (s for s in self._ask({"q": siret, "per_page": "1"}) if s.siret == siret)
        return next(found, None)

    def named(self, name: str, commune_code: str) -> list[Supplier]:
        """The establishments of a commune whose firm has this name, best first."""
        asked = {"q": name, "code_commune": commune_code, "per_page": "5"}
        return [s for s in self._ask(asked) if s.commune_code == commune_code]

    def _ask(self, params: Mapping[str, str]) -> Iterator[Supplier]:
        if time.monotonic() < self._rests_until:
            return
        try:
            answer = self.fetcher.json("search", {**ASKED, **params})
        except FetchError:
            self._rests_until = time.monotonic() + REST_S
            return
        for firm in _objects(answer, "results"):
            yield from _establishments(firm)


def _establishments(firm: Mapping[str, Any]) -> Iterator[Supplier]:
    """The establishments that answer, the head office last: it may be there twice."""
    seen: set[str] = set()
    head = firm.get("siege")
    several = _objects(firm, "matching_etablissements")
    for each in [*several, head] if isinstance(head, dict) else several:
        siret = _said(each, "siret")
        if siret and siret not in seen:
            seen.add(siret)
            yield _supplier(firm, each)


def _supplier(firm: Mapping[str, Any], here: Mapping[str, Any]) -> Supplier:
    """What the directory says of it; nothing of what its unit asked not to be shown."""
    is_partial = PARTIAL in (_said(firm, "statut_diffusion"),
                             _said(here, "statut_diffusion_etablissement"))  # fmt: skip
    form = _said(firm, "nature_juridique")
    legal_name = _said(firm, "nom_raison_sociale") or _said(firm, "nom_complet")
    signs = here.get("liste_enseignes")
    sign = next((s for s in signs if isinstance(s, str)), "") if isinstance(signs, list) else ""
    is_hidden = is_partial and (form == PERSON or not legal_name)
    today = date.today()
    return Supplier(
        uid=_said(here, "siret"), siret=_said(here, "siret"), siren=_said(firm, "siren"),
        origin="directory", name=MASKED if is_hidden else sign or legal_name,
        legal_name="" if is_hidden else legal_name, other_names="", is_person=form == PERSON,
        is_head_office=here.get("est_siege") is True, diffusion=PARTIAL if is_partial else PUBLIC,
        state="F" if _said(here, "etat_administratif") == "F" else "A",
        address="" if is_partial else _TOWN.sub("", _said(here, "adresse")),
        postcode="" if is_partial else _said(here, "code_postal"),
        commune_code=_said(here, "commune"), commune=_said(here, "libelle_commune"),
        naf=_said(here, "activite_principale"), legal_form=form, website="",
        naf25=_said(here, "activite_principale_naf25"),
        size_code=_said(here, "tranche_effectif_salarie"), first_seen=today, last_seen=today,
    )  # fmt: skip


def _said(item: Mapping[str, Any], key: str) -> str:
    """A text; '' when absent or masked ("[NON-DIFFUSIBLE]")."""
    value = item.get(key)
    return "" if not isinstance(value, str) or value.startswith("[") else value.strip()


def _objects(item: Any, key: str) -> list[dict[str, Any]]:
    found = item.get(key) if isinstance(item, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
