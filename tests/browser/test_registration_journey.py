"""A structure presents itself, proves its address, an administrator accepts, it is on the map."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Message
from tests.browser.conftest import Watched
from tests.webapp import invented
from webapp import protection

pytestmark = pytest.mark.browser
SIRET = invented.siret(2)
# A person's: five letters a word, forty words a minute.
KEY_MS = 60_000 / (40 * 5)
# What moving to the next field, reading it and choosing takes.
FIELD_MS = 4_000
SAID = "location de vélos à assistance électrique"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test types faster than anyone."""
    monkeypatch.setattr(protection, "FASTEST_S", 0)


def test_from_the_form_to_the_map(watched: Watched, served: Flask) -> None:
    page = watched.open("/inscription")
    typed: list[str] = []

    def fill(field: str, text: str) -> None:
        typed.append(text)
        page.fill(field, text)

    fill("#siret", f"{SIRET[:9]} {SIRET[9:]}")
    expect(page.locator(".found")).to_contain_text("C’est bien vous")
    page.get_by_role("button", name="Continuer").click()
    fill("#activity", SAID)
    proposal = page.locator("[data-choices] label").first
    expect(proposal).to_contain_text("Vélos")
    proposal.click()
    fill("#email", "contact")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#email-error")).to_be_visible()
    assert page.input_value("#activity") == SAID
    fill("#email", "contact@exemple.fr")
    page.locator("#consent").check()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_contain_text("Merci")
    fill("#code", _code(served))
    page.get_by_role("button", name="Confirmer").click()
    expect(page.locator(".note.good")).to_contain_text("adresse est confirmée")
    # The fields above, and two boxes ticked.
    fields = len(typed) + 2
    spent_ms = sum(map(len, typed)) * KEY_MS + fields * FIELD_MS
    assert fields <= 12 and spent_ms < 180_000

    _accept(watched, page)
    watched.open("/fournisseurs?q=location+de+vélos+à+assistance+électrique")
    expect(page.locator(f"#f-{SIRET}")).to_have_count(1)
    expect(page.locator(".cell").first).to_be_visible()


def test_a_draft_waits_on_the_device_and_leaves_it_once_the_site_answers(
    watched: Watched,
) -> None:
    page = watched.open(f"/inscription?siret={invented.siret(4)}")
    page.fill("#activity", "dépannage informatique à domicile")
    page.fill("#email", "moi@exemple.fr")
    expect(page.locator("[data-choices] input").first).to_be_visible()
    watched.until("JSON.stringify(localStorage).includes('dépannage')")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "dépannage" in kept and "moi@exemple.fr" not in kept
    page.reload()
    expect(page.locator("#activity")).to_have_value("dépannage informatique à domicile")
    expect(page.locator("[data-draft-said]")).to_be_visible()
    page.locator("[data-choices] input").first.check()
    page.fill("#email", "moi@exemple.fr")
    page.route("**/defi.json", lambda route: route.abort())
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("[data-send-said]")).to_contain_text("Le site ne répond pas")
    page.unroute("**/defi.json")
    expect(page.locator("h1")).to_contain_text("Merci")  # its proof is worked out
    watched.until("localStorage.length === 0")


def _accept(watched: Watched, page: Page) -> None:
    watched.open("/connexion")
    page.fill("#email", invented.ADMIN[0])
    page.fill("#password", invented.ADMIN[1])
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("link", name="Inscriptions à vérifier").click()
    page.get_by_role("button", name="Accepter", exact=False).click()
    expect(page.locator(".note.good").first).to_contain_text("visible dans la recherche")


def _code(served: Flask) -> str:
    """The six digits of the last letter."""
    with Session(served.extensions["sourcing"].engine) as session:
        text = session.scalars(select(Message.text).order_by(Message.id.desc())).first()
    found = re.search(r"une heure : (\d{6})", text or "")
    assert found
    return found[1]
