"""A structure presents itself, an administrator accepts, it is on the map."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.webapp import invented

pytestmark = pytest.mark.browser
SIRET = invented.siret(2)


def test_from_the_form_to_the_map(watched: Watched) -> None:
    page = watched.open("/inscription")
    page.fill("#siret", f"{SIRET[:9]} {SIRET[9:]}")
    expect(page.locator(".found")).to_contain_text("C’est bien vous")
    page.get_by_role("button", name="Continuer").click()
    page.fill("#activity", "location de vélos à assistance électrique")
    proposal = page.locator("[data-choices] label").first
    expect(proposal).to_contain_text("Vélos")
    proposal.click()
    page.fill("#email", "contact@exemple.fr")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#consent-error")).to_be_visible()
    assert page.input_value("#activity").startswith("location de vélos")
    page.locator("#consent").check()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_contain_text("Merci")

    watched.open("/connexion")
    page.fill("#email", invented.ADMIN[0])
    page.fill("#password", invented.ADMIN[1])
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("link", name="Inscriptions à vérifier").click()
    page.get_by_role("button", name="Accepter").click()
    expect(page.locator(".note.good")).to_contain_text("visible dans la recherche")

    watched.open("/fournisseurs?q=location+de+vélos+à+assistance+électrique")
    expect(page.locator(f"#f-{SIRET}")).to_have_count(1)
    expect(page.locator(".cell").first).to_be_visible()
