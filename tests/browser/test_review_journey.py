"""A buyer goes through the links to check with her keyboard, on a wide screen and on a phone."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import waitress
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session
from waitress.server import TcpWSGIServer

from sourcing import db
from tests.browser.conftest import AXE, Watched
from tests.browser.test_accessibility import every_look
from tests.webapp import invented
from tests.webapp.conftest import site
from tests.webapp.test_review import ONE, doubt

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site, with two lines that may be either of two suppliers."""
    folder = tmp_path_factory.mktemp("review")
    shutil.copy(filled_sqlite, folder / "base.sqlite")
    engine = db.connect(f"sqlite:///{folder / 'base.sqlite'}")
    with Session(engine) as session:
        doubt(session)
    server = waitress.create_server(site(engine, folder), host="127.0.0.1", port=0, threads=4)
    assert isinstance(server, TcpWSGIServer)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    engine.dispose()


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/connexion?suite=/liens")
    page.fill("#email", invented.BUYER[0])
    page.fill("#password", invented.BUYER[1])
    page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("#ligne")).to_be_visible()
    page.wait_for_selector("#carte[data-ready]", state="attached")


def test_the_keys_decide_undo_and_turn_the_pages(watched: Watched) -> None:
    page = watched.page
    sign_in(page, watched.address)
    first = page.url
    for key, where, told in (
        ("j", ".where", "2 sur 2"),
        ("k", ".where", "1 sur 2"),
        ("n", ".flash", "n’est pas"),
        ("u", ".flash", "annulée"),
    ):
        page.wait_for_load_state()
        page.keyboard.press(key)
        expect(page.locator(where)).to_contain_text(told)
    page.fill("#chercher", "o n u j")
    assert page.url != first
    page.locator(".curious summary").click()
    expect(page.locator(".curious table")).to_contain_text("même commune")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run npm ci")
def test_axe_finds_nothing_and_a_phone_never_scrolls_sideways(
    desktop: BrowserContext, address: str
) -> None:
    page = desktop.new_page()
    sign_in(page, address)
    case, found = page.url, {}
    for path in (case, f"{case}?chercher={ONE}", f"{address}/liens/historique",
                 f"{address}/liens/lot?seuil=50", f"{address}/liens?etat=de-cote"):  # fmt: skip
        page.goto(path)
        found[path] = list(every_look(page))
        assert page.evaluate("window.violations") == []
    assert {path: faults for path, faults in found.items() if faults} == {}
