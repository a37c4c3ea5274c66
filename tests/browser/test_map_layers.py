"""The layers and tools of the search map, as a buyer uses them."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser
# A background that is not there, as the page would name it.
ABSENT = 'id="carte" data-tiles="/absent/{z}/{x}/{y}.png" data-credit="" '


def test_blank_zones_are_hatched_and_told_and_a_commune_is_searched_by_a_click(
    watched: Watched,
) -> None:
    page = watched.open("/fournisseurs?statut=esat")
    page.get_by_text("Calques", exact=True).click()
    page.get_by_label("Nombre par commune").check()
    expect(page.locator(".map-scale")).to_contain_text("Zone blanche")
    assert page.locator(".outline[data-step=blank]").count() > 0
    assert page.locator("#carte #hachures").count() == 1
    assert "calques=communes" in page.url
    expect(page.locator("#carte .cell")).to_have_count(0)
    page.keyboard.press("Escape")
    filled = page.locator(".outline[data-step]:not([data-step=blank])").first
    filled.click()
    page.wait_for_url("**commune=*")
    expect(page.locator(".outline[data-step]")).to_have_count(0)
    expect(page.locator("#carte .cell").first).to_be_visible()


def test_a_zone_is_drawn_by_clicks_and_keys_and_searched(watched: Watched) -> None:
    page = watched.open("/fournisseurs")
    everyone = page.locator("#resultats-titre").inner_text()
    page.get_by_role("button", name="Zone").click()
    page.get_by_role("button", name="Point au centre").press("Enter")
    box = page.locator("#carte").bounding_box()
    assert box is not None
    for right, down in ((0.3, 0.3), (0.7, 0.35)):
        page.mouse.click(box["x"] + right * box["width"], box["y"] + down * box["height"])
    page.get_by_role("button", name="Terminer").click()
    page.wait_for_url("**zone=*")
    expect(page.get_by_role("link", name="Dans la zone dessinée")).to_have_count(1)
    expect(page.locator("#carte .zone")).to_have_count(1)
    assert page.locator("#resultats-titre").inner_text() != everyone
    page.get_by_role("button", name="Zone").click()
    page.keyboard.press("Escape")
    expect(page.locator("#carte .zone")).to_have_count(1)
    page.get_by_role("button", name="Rayon").click()
    page.wait_for_url("**rayon=5*")
    expect(page.locator("#carte .around")).to_have_count(1)
    expect(page.locator("#carte .zone")).to_have_count(0)


def test_innovative_firms_are_stars_over_the_rest_and_layers_open_with_the_address(
    watched: Watched,
) -> None:
    page = watched.open("/fournisseurs?calques=innovation,sans-noms")
    expect(page.locator("#carte .cell.star").first).to_be_visible()
    assert page.locator("#carte .cell.group").count() > 0
    expect(page.locator("#carte .place")).to_have_count(0)


def test_a_background_that_fails_leaves_our_own_ground(watched: Watched) -> None:
    def changed(route: Route) -> None:
        answer = route.fetch()
        told = answer.text().replace('id="carte" ', ABSENT)
        # The script such a site is sent.
        told = told.replace("built/search.js", "built/search-tiled.js")
        route.fulfill(response=answer, body=told)

    watched.page.route("**/fournisseurs", changed)
    page = watched.open("/fournisseurs")
    expect(page.locator(".cell").first).to_be_visible()  # which has its own things to tell
    expect(page.locator(".map-told")).to_contain_text("Le fond de carte ne répond pas")
    expect(page.locator("#carte.with-tiles")).to_have_count(0)
    assert page.locator(".outline").count() > 0
