"""The meeting runs by itself, stops at a touch, and survives a reload and a lost network."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WATCH, Watched

pytestmark = pytest.mark.browser


def place(page: Page) -> str:
    return page.locator("[data-where]").inner_text()


def test_the_tour_advances_by_itself_and_the_space_bar_stops_it(
    chromium: Browser, address: str
) -> None:
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="fr-FR")
    context.add_init_script(WATCH)
    watched = Watched(context.new_page(), address)
    page = watched.page
    page.clock.install()
    page.goto(f"{address}/reunion")
    page.wait_for_selector("#carte[data-ready]", state="attached")
    page.clock.fast_forward(13_000)
    expect(page.locator("[data-where]")).to_contain_text("2 /")
    page.keyboard.press(" ")
    expect(page.locator("[data-pause]")).to_contain_text("Reprendre")
    page.clock.fast_forward(60_000)
    assert place(page).startswith("2 /")
    watched.breaches()
    assert watched.faults == []
    context.close()


def test_arrows_change_the_stop_and_a_reload_keeps_it(watched: Watched) -> None:
    page = watched.open("/reunion")
    page.wait_for_selector("#carte[data-ready]", state="attached")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**etape=2")
    title = page.locator("h1").inner_text()
    page.reload()
    expect(page.locator("h1")).to_have_text(title)


def test_who_asked_for_calm_starts_paused(watched: Watched) -> None:
    page = watched.open("/reunion")
    page.wait_for_selector("#carte[data-ready]", state="attached")
    expect(page.locator("[data-pause]")).to_have_attribute("aria-pressed", "true")


def test_a_lost_network_is_said_and_the_tour_goes_on(watched: Watched) -> None:
    page = watched.open("/reunion")
    page.wait_for_selector("#carte[data-ready]", state="attached")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**etape=2")
    page.context.set_offline(True)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-state]")).to_contain_text("Hors ligne")
    expect(page.locator("h1")).to_have_text("Lorient Agglomération")
    page.context.set_offline(False)
