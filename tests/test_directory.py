"""The public directory of firms: one answer, quickly, or none; masked units stay masked."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from sourcing.directory import Directory, fetcher
from sourcing.model import MASKED, Supplier
from tests.geo_api_server import Answer, running
from tests.public_services import FAILURES, Firms, firm
from tests.sirene_files import siret


@pytest.fixture
def server() -> Iterator[Firms]:
    with running(Firms()) as server:
        yield server


def found(server: Firms, *firms: dict[str, Any]) -> Supplier:
    server.firms = firms
    supplier = Directory(fetcher(server.url)).find(siret(1))
    assert supplier is not None
    return supplier


def test_an_establishment_is_found_by_its_siret(server: Firms) -> None:
    supplier = found(server, firm(siret(1), liste_enseignes=["AU JARDIN"]))
    assert (supplier.name, supplier.legal_name) == ("AU JARDIN", "LES JARDINS INVENTES")
    assert (supplier.address, supplier.postcode, supplier.commune_code, supplier.naf) == (
        "12 RUE DES ORMEAUX", "56100", "56121", "81.30Z",
    )  # fmt: skip


def test_managers_and_accounts_are_not_asked_for(server: Firms) -> None:
    found(server, firm(siret(1)))
    assert server.seen[0].query["minimal"] == "true"
    assert "dirigeants" not in server.seen[0].query["include"]


def test_another_establishment_of_the_firm_is_not_this_one(server: Firms) -> None:
    server.firms = (firm(siret(1, 2)) | {"nom_complet": siret(1)},)
    assert Directory(fetcher(server.url)).find(siret(1)) is None


def test_a_firm_is_found_by_its_name_in_a_commune(server: Firms) -> None:
    server.firms = (firm(siret(1)), firm(siret(2), commune="35238"))
    named = Directory(fetcher(server.url)).named("JARDINS", "56121")
    assert [supplier.siret for supplier in named] == [siret(1)]
    assert server.seen[0].query["code_commune"] == "56121"


def test_a_person_in_partial_diffusion_has_neither_name_nor_address(server: Firms) -> None:
    hidden = "[NON-DIFFUSIBLE]"
    supplier = found(server, firm(
        siret(1), statut_diffusion="P", nature_juridique="1000", nom_complet=hidden,
        nom_raison_sociale=None, adresse=hidden, statut_diffusion_etablissement="P",
    ))  # fmt: skip
    assert (supplier.name, supplier.legal_name, supplier.address, supplier.postcode) == (
        MASKED, "", "", "",
    )  # fmt: skip
    assert (supplier.diffusion, supplier.is_person) == ("P", True)


def test_a_mask_on_the_establishment_alone_is_enough(server: Firms) -> None:
    supplier = found(server, firm(siret(1), statut_diffusion_etablissement="P"))
    assert (supplier.diffusion, supplier.address) == ("P", "")


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_goes_wrong_is_no_answer_within_a_second(server: Firms, failure: str) -> None:
    server.on("/search", FAILURES[failure])
    start = time.monotonic()
    assert Directory(fetcher(server.url)).find(siret(1)) is None
    # Ten times what it takes: a machine that does much else is no failure.
    assert time.monotonic() - start < 10


def test_a_silent_service_is_left_alone_for_a_while(server: Firms) -> None:
    server.on("/search", Answer(b"{}", delay_s=1.0))
    ask = fetcher(server.url)
    ask.read_timeout_s, ask.retries = 0.1, 0
    directory = Directory(ask)
    assert directory.find(siret(1)) is None
    assert directory.find(siret(1)) is None
    assert len(server.seen) == 1


def test_the_quota_of_seven_requests_a_second_is_kept(server: Firms) -> None:
    server.firms = (firm(siret(1)),)
    directory = Directory(fetcher(server.url))
    start = time.monotonic()
    for _ in range(4):
        directory.find(siret(1))
    assert time.monotonic() - start >= 3 / 7
