"""From a need to a supplier's sheet, as a buyer does it."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WATCH, Watched

pytestmark = pytest.mark.browser


def total(watched: Watched) -> int:
    return int(watched.page.locator("#resultats-titre").inner_text().split()[0])


def test_a_need_then_a_facet_narrow_list_map_and_address(watched: Watched) -> None:
    page = watched.open("/fournisseurs")
    everyone = total(watched)
    page.fill("[name=q]", "entretien espaces verts")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=entretien*")
    found = total(watched)
    page.locator("[name=statut][value=ess]").check()
    page.wait_for_url("**statut=ess*")
    expect(page.locator("#annonce")).to_contain_text("fournisseur")
    assert everyone > found > total(watched) > 0
    assert page.evaluate("document.activeElement.value") == "ess"
    page.go_back()
    expect(page.locator("#resultats-titre")).to_contain_text(str(found))


def test_the_list_shows_its_suppliers_on_the_map(watched: Watched) -> None:
    page = watched.open("/fournisseurs?statut=siae")
    page.locator(".card[data-lon]").first.hover()
    expect(page.locator(".spot")).to_have_count(1)
    page.mouse.move(5, 5)


def test_the_map_leads_to_the_list_and_the_list_to_the_sheet(watched: Watched) -> None:
    page = watched.open("/fournisseurs?statut=esat")
    single = page.locator(".cell.one").first
    single.hover()
    expect(page.locator(".card.active")).to_have_count(1)
    single.click()
    name = page.locator(".card.active h2").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector(".sheet")
    assert page.locator("h1").inner_text() == name
    expect(page.locator("#carte .spot")).to_have_count(1)


def test_a_group_opens_closer_and_its_zone_can_be_searched(watched: Watched) -> None:
    page = watched.open("/fournisseurs")
    everyone = total(watched)
    page.locator(".cell.group").first.click()
    page.get_by_role("button", name="Chercher dans cette zone").click()
    page.wait_for_url("**zone=*")
    assert 0 < total(watched) < everyone
    page.get_by_role("link", name="Dans la zone de la carte").click()
    expect(page.locator("#resultats .chip")).to_have_count(0)


def test_the_legend_filters(watched: Watched) -> None:
    page = watched.open("/fournisseurs")
    page.locator(".legend").get_by_role("link", name="Innovation").click()
    page.wait_for_url("**statut=innovation*")
    expect(page.locator(".legend [aria-current]")).to_have_text("Innovation")


def test_the_result_is_taken_away_as_a_file(watched: Watched) -> None:
    page = watched.open("/fournisseurs?statut=siae")
    page.get_by_text("Exporter", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Texte (CSV)").click()
    assert download.value.suggested_filename.endswith(".csv")


def test_a_hostile_name_stays_text_on_the_map(watched: Watched) -> None:
    page = watched.open("/fournisseurs?q=img")
    page.locator(".cell.one").first.hover()
    assert "<img src=x" in (page.locator(".cell.one").first.get_attribute("aria-label") or "")
    assert page.locator("img[src=x]").count() == 0


def test_everything_is_reached_from_the_keyboard(watched: Watched) -> None:
    page = watched.open("/fournisseurs?statut=siae")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "resultats"
    page.locator("#carte").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.matches('#carte, .cell')")
    page.keyboard.press("Escape")
    stops = page.evaluate("document.querySelectorAll('#carte .cell[tabindex=\"0\"]').length")
    assert stops == 0


def test_whoever_is_on_a_cell_that_leaves_goes_on_from_the_map(watched: Watched) -> None:
    page = watched.open("/fournisseurs")
    page.evaluate("""() => {
      const cell = document.querySelector('#carte .cell.group');
      cell.id = 'left';
      cell.focus();
    }""")
    page.keyboard.press("+")
    watched.until("!document.getElementById('left')")
    assert page.evaluate("document.activeElement.id") == "carte"


def test_it_works_without_javascript(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{address}/fournisseurs")
    page.fill("[name=q]", "traiteur")
    page.locator("[name=statut][value=ess]").check()
    page.get_by_role("button", name="Appliquer les filtres").click()
    assert "statut=ess" in page.url
    assert page.locator(".card").count() > 0
    context.close()


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_has_list_map_and_filters_and_never_scrolls_sideways(
    chromium: Browser, address: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844}, locale="fr-FR")
    context.add_init_script(WATCH)
    watched = Watched(context.new_page(), address)
    watched.page.goto(f"{address}/fournisseurs")
    page = watched.page
    page.wait_for_selector("html[data-map=ready]", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Carte").click()
    expect(page.locator(".cell").first).to_be_visible()
    page.get_by_role("button", name="Liste").click()
    page.locator(".facets-open").click()
    page.locator("[name=statut][value=ess]").check()
    page.wait_for_url("**statut=ess*")
    page.locator(".facets-close").click()
    expect(page.locator(".card").first).to_be_visible()
    watched.breaches()
    assert watched.faults == []
    context.close()
