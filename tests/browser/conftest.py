"""A real server, a real Chromium, and a page that reports every breach of the content policy."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import waitress
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from waitress.server import TcpWSGIServer

from sourcing import db
from tests.webapp.conftest import filled_sqlite, site

__all__ = ["filled_sqlite"]
# What a busy machine may take; a state that comes is not waited for any longer.
expect.set_options(timeout=20_000)
ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
"""


class Watched:
    """A page and what must stay empty: errors, breaches, requests to anyone but us."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.faults: list[str] = []
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", lambda request: self._ask(request.url))

    def _ask(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.faults.append(f"request to {url}")

    def open(self, path: str) -> Page:
        """The page at this path, its map ready when it has one."""
        self.breaches()
        self.page.goto(self.address + path)
        if self.page.locator("#carte[data-cells]").count():
            self.page.wait_for_selector("#carte[data-drawn]", state="attached")
        return self.page

    def until(self, expression: str) -> None:
        """Wait until it is true; wait_for_function asks by eval, which our policy forbids."""
        for _ in range(200):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never true: {expression}")

    def breaches(self) -> None:
        """Collect the policy's violations of the page at hand."""
        self.faults += self.page.evaluate("window.violations || []")


@pytest.fixture(scope="module")
def served(filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site of its own for each file of tests, on a base it may change."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(filled_sqlite, folder / "base.sqlite")
    engine = db.connect(f"sqlite:///{folder / 'base.sqlite'}")
    yield site(engine, folder)
    engine.dispose()


@pytest.fixture(scope="module")
def address(served: Flask) -> Iterator[str]:
    """Where that site listens, on a free port."""
    server = waitress.create_server(served, host="127.0.0.1", port=0, threads=4)
    assert isinstance(server, TcpWSGIServer)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


@pytest.fixture
def desktop(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale="fr-FR", reduced_motion="reduce"
    )
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture
def watched(desktop: BrowserContext, address: str) -> Iterator[Watched]:
    """A wide screen; any error, breach or foreign request fails the test."""
    page = Watched(desktop.new_page(), address)
    yield page
    page.breaches()
    assert page.faults == []
