"""From a typed need to a saved file with ten suppliers and its report, by keyboard alone."""

import io
from pathlib import Path

import pytest
from docx import Document
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sourcing.model import Panelist
from tests.browser.conftest import AXE, Watched
from tests.browser.test_accessibility import violations
from tests.webapp import invented

pytestmark = pytest.mark.browser
SUPPLIERS, MOST_PAGES = 10, 6


def reach(page: Page, selector: str) -> None:
    """Tab until this has the focus."""
    for _ in range(120):
        if page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def press(page: Page, selector: str, leads_to: str) -> None:
    reach(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_url(leads_to)


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/connexion?suite=/fournisseurs")
    reach(page, "#email")
    page.keyboard.type(invented.BUYER[0])
    reach(page, "#password")
    page.keyboard.type(invented.BUYER[1])
    press(page, "main .button", f"{address}/fournisseurs")


def test_ten_suppliers_become_a_file_and_its_report_by_keyboard(
    watched: Watched, address: str, served: Flask
) -> None:
    page = watched.page
    sign_in(page, address)
    pages: list[str] = []
    page.on("load", lambda shown: pages.append(shown.url))
    page.keyboard.press("/")
    page.keyboard.type("traiteur et nettoyage")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=traiteur*")
    for key in (*("Tab",) * 3, "j", *("x" * SUPPLIERS), "b"):
        page.keyboard.press(key)
    expect(page.get_by_text("ajoutés au panier")).to_be_visible()
    press(page, "#panier .open", f"{address}/panier")
    press(page, ".pour .button", f"{address}/dossiers/*")
    with page.expect_download() as report:
        reach(page, "a[href$='.docx']")
        page.keyboard.press("Enter")
    word = Document(io.BytesIO(Path(report.value.path()).read_bytes()))
    assert any("Les fournisseurs (10)" in line.text for line in word.paragraphs)
    panel = select(func.count()).where(Panelist.dossier_id == int(page.url.rsplit("/", 1)[1]))
    with Session(served.extensions["sourcing"].engine) as base:
        assert base.scalar(panel) == SUPPLIERS
    assert len(pages) <= MOST_PAGES
    if AXE.exists():
        assert violations(page) == []
