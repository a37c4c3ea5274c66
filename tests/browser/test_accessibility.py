"""axe-core finds nothing: any page and state, by day, by night, in strong contrast, on a phone."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy.orm import Session

from sourcing import purchases, registrations
from sourcing.model import Registration
from sourcing.registrations import Answers
from tests.browser.conftest import AXE
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from tests.webapp.test_dossiers import found as found_by
from tests.webapp.test_dossiers import open_file, pick, send_to_all
from tests.webapp.test_moderation import declare
from webapp import links

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run npm ci"),
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 320, "height": 844}
NARROW_RULES = ["target-size", "scrollable-region-focusable"]
SIRET = invented.siret(8)
# States that an address alone does not show, besides every page of the site.
STATES = (
    "/fournisseurs?q=jardins&statut=ess&autour=Lorient&rayon=10", "/fournisseurs?q=introuvable",
    f"/fournisseurs/{SIRET}", "/reunion?etape=2", "/inscription?siret=12",
    f"/inscription?siret={SIRET}", "/inconnue",
)  # fmt: skip
# In another look, the tenth line of a list is coloured as the first ones.
ALIKE = "li:nth-child(n+6), tr:nth-child(n+6), .option:nth-child(n+6), .panel:nth-child(n+6)"
TEAM_STATES = ("/sources", "/dossiers/1", f"/fournisseurs/{SIRET}", "/segments/EV-01")
FIND = """async ([only, alike]) => (await axe.run(
  alike && document.querySelector(alike) ? {exclude: [alike]} : document,
  {runOnly: only, resultTypes: ['violations']}
)).violations.flatMap(v => v.nodes.map(node => `${v.id}: ${node.html.slice(0, 160)}`))"""


def violations(page: Page, only: list[str] = TAGS) -> list[str]:
    """What these rules of axe find on the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(FIND, [only, "" if only is TAGS else ALIKE])
    return found


def every_look(page: Page) -> Iterator[str]:
    """The page once, then what its looks and sizes change: colours, targets, overflow."""
    if page.locator("#carte[data-cells]").count() and page.locator("#carte").is_visible():
        page.wait_for_selector("#carte .outline", state="attached")
    yield from violations(page)
    page.emulate_media(color_scheme="dark")
    yield from (f"dark, {fault}" for fault in violations(page, ["color-contrast"]))
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    rules = NARROW_RULES
    if page.locator("#contraste").count():  # a frame in another's page has no looks of its own
        page.evaluate("document.documentElement.dataset.theme = contraste.media = 'all'")
        rules = [*NARROW_RULES, "color-contrast-enhanced"]
    yield from (f"narrow, strong contrast, {fault}" for fault in violations(page, rules))
    if page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
        yield "narrow, the page scrolls sideways"
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")


def pages(visitor: Visitor, app: Flask) -> list[str]:
    """The addresses without a parameter that answer this visitor with a page of their own."""
    plain = {
        r.rule for r in app.url_map.iter_rules() if "GET" in (r.methods or ()) and not r.arguments
    }
    answers = ((path, visitor.get(path)) for path in sorted(plain))
    return [p for p, a in answers if a.status_code == 200 and "<html" in a.text[:300]]


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/connexion")
    page.fill("#email", invented.ADMIN[0])
    page.fill("#password", invented.ADMIN[1])
    page.get_by_role("button", name="Se connecter").click()


@pytest.fixture(scope="module", autouse=True)
def lived_in(served: Flask) -> list[str]:
    """The site as it is used; the addresses that only its letters give, the last being access.

    A declaration to decide, one to confirm, a purchase to come and who is interested, a sourcing
    file whose questions were sent and answered, a basket.
    """
    declared = declare(served)
    buyer = Visitor(served)
    buyer.sign_in(*invented.ADMIN)
    open_file(buyer)
    pick(buyer, *found_by(buyer)[:3])
    with Session(served.extensions["sourcing"].engine) as base:
        answer = send_to_all(buyer, base)[0]
        Visitor(served).send(answer, INNOVATION="Un robot de tonte")
        draft = purchases.Draft("Entretien des sentiers", "2999-T1", is_public=True)
        purchase = purchases.save(base, draft, "nolwenn")
        said = purchases.Said("atelier@exemple.fr", "Atelier", consent="1")
        interest = purchases.say_interest(base, purchase, said)
        new = registrations.receive(base, Answers("", "Atelier", "tonte", email="a@b.fr"), "key")
        base.commit()
        with served.test_request_context():
            access = links.holder("r", base.get_one(Registration, declared))
            confirm = links.signed("confirm", new.registration.id, new.version)
            return [
                answer, f"/achats-a-venir/{purchase.uid}",
                f"/inscription/confirmer/{confirm}",
                f"/achats-a-venir/interet/{links.signed('interest', *links.holder('i', interest))}",
                "/achats-a-venir/arreter/perime",
                f"/inscription/acces/{links.signed('access', *access)}",
            ]  # fmt: skip


@pytest.fixture
def calm(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=WIDE, reduced_motion="reduce")  # type: ignore[arg-type]
    yield context
    context.close()


def test_axe_finds_nothing_on_what_anyone_sees(
    calm: BrowserContext, served: Flask, address: str, lived_in: list[str]
) -> None:
    page, found = calm.new_page(), {}
    for path in (*pages(Visitor(served), served), *STATES, *lived_in):
        page.goto(address + path)
        found[path] = list(every_look(page))
    page.get_by_role("button", name="Ouvrir ma fiche").click()
    found["her sheet"] = list(every_look(page))
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_axe_finds_nothing_on_what_the_team_sees(
    calm: BrowserContext, served: Flask, address: str
) -> None:
    page, found = calm.new_page(), {}
    sign_in(page, address)
    visitor, team = Visitor(served), Visitor(served)
    team.sign_in(*invented.ADMIN)
    own = set(pages(team, served)) - set(pages(visitor, served))
    for path in (*sorted(own), *TEAM_STATES):
        page.goto(address + path)
        found[path] = list(every_look(page))
    assert {path: faults for path, faults in found.items() if faults} == {}
