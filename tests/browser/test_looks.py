"""The site's look is chosen on the device, and its menus open from the keyboard, script or not."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser
PAPER = "getComputedStyle(document.body).backgroundColor"


def test_a_look_chosen_with_the_keyboard_is_kept_on_the_device(watched: Watched) -> None:
    page = watched.open("/accessibilite")
    by_system = page.evaluate(PAPER)
    page.get_by_role("button", name="Affichage").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Comme le système").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Sombre")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Sombre")).not_to_be_visible()
    dark = page.evaluate(PAPER)
    assert dark != by_system
    watched.open("/sources")
    assert page.evaluate(PAPER) == dark
    page.emulate_media(contrast="more")
    assert page.evaluate(PAPER) == dark
    page.evaluate("localStorage.clear()")
    watched.open("/sources")
    assert page.evaluate("matchMedia(contraste.media).matches")


def test_the_map_is_one_stop_of_the_tab_key_and_can_be_skipped(watched: Watched) -> None:
    page = watched.open("/fournisseurs?statut=siae")
    page.wait_for_selector("#carte .cell")
    page.locator("a[href='#pied']").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "pied"
    page.locator("#carte").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('.cell')")


def test_a_phone_opens_the_menu_without_script(chromium: Browser, address: str) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="fr-FR"
    )
    page = context.new_page()
    page.goto(f"{address}/accessibilite")
    sources = page.get_by_label("Navigation principale").get_by_role("link", name="Sources")
    expect(sources).not_to_be_visible()
    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    sources.click()
    expect(page.locator("h1")).to_have_text("Sources des données")
    page.goto(f"{address}/reunion?etape=2")
    assert page.locator(".layer .dot").count() and page.locator(".board .total").count()
    context.close()
