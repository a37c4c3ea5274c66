"""axe-core finds nothing on any page, by day and by night, wide and narrow."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import AXE
from tests.webapp import invented

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIRET = invented.siret(8)
PUBLIC = (
    "/fournisseurs", "/fournisseurs?q=jardins&statut=ess&autour=Lorient&rayon=10",
    "/fournisseurs?q=introuvable", f"/fournisseurs/{SIRET}", "/reunion?etape=2", "/inscription",
    "/inscription?siret=12", f"/inscription?siret={SIRET}", "/connexion", "/sources",
    "/donnees-personnelles", "/mentions-legales", "/accessibilite", "/inconnue",
)  # fmt: skip
PRIVATE = ("/moderation", "/sources", f"/fournisseurs/{SIRET}")
SCREENS = [(1440, 900, "light"), (390, 844, "dark")]


def show(page: Page, url: str) -> None:
    """The page, its map drawn when it has one in view."""
    page.goto(url)
    if page.locator("#carte").is_visible():
        page.wait_for_selector("#carte .outline", state="attached")


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)["violations"]
    return [f"{v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"]]


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/connexion")
    page.fill("#email", invented.ADMIN[0])
    page.fill("#password", invented.ADMIN[1])
    page.get_by_role("button", name="Se connecter").click()


def declare(page: Page, address: str) -> None:
    page.goto(f"{address}/inscription?siret={SIRET}")
    page.fill("#activity", "tonte et taille de haies")
    page.locator("[data-choices] label").first.click()
    page.get_by_role("button", name="Envoyer").click()
    page.wait_for_url("**/merci")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run npm ci")
@pytest.mark.parametrize(("width", "height", "scheme"), SCREENS)
def test_axe_finds_nothing(
    chromium: Browser, address: str, width: int, height: int, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )  # type: ignore[arg-type]
    page = context.new_page()
    found = {}
    for path in PUBLIC:
        show(page, address + path)
        found[path] = violations(page)
    declare(page, address)
    found["merci"] = violations(page)
    sign_in(page, address)
    for path in PRIVATE:
        show(page, address + path)
        found[f"{path} (admin)"] = violations(page)
    context.close()
    assert {path: faults for path, faults in found.items() if faults} == {}
