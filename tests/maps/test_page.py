"""The map in one file: whole, harmless, and opened in a real browser without any network."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from maps.assets import AssetsMissing
from maps.page import write_map
from sourcing.export import About, SourceNote
from sourcing.search.hits import Hit
from tests.maps.test_layers import SQUARE, commune
from tests.test_export import HIT

ASSETS = Path(__file__).resolve().parents[2] / "webapp" / "static" / "vendor"
HOSTILE = "</script><img src=x onerror='window.pwned=1'>{{ 7*7 }}{% x %}\u2028"
needs_assets = pytest.mark.skipif(
    not (ASSETS / "leaflet" / "leaflet.js").exists(), reason="browser files absent: make install"
)
pytestmark = needs_assets


def drawn(folder: Path, hits: list[Hit], title: str = "« tonte »", demo: bool = False) -> Path:
    out = folder / "carte.html"
    note = SourceNote("Répertoire Sirene", "Insee", "Licence Ouverte 2.0", date(2026, 11, 1))
    about = About(title, date(2026, 11, 28), "Lorient Agglomération", (note,), demo)
    write_map(hits, out, about=about, contours=[commune("Bubry", SQUARE)], assets=ASSETS)
    return out


def suppliers_of(page: str) -> dict[str, list[object]]:
    found = re.search(r'id="donnees">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, list[object]] = json.loads(found[1])["suppliers"]
    return data


def test_the_page_is_french_titled_zoomable_and_needs_nothing_else(tmp_path: Path) -> None:
    page = drawn(tmp_path, [HIT]).read_text(encoding="utf-8")
    assert '<html lang="fr">' in page
    assert "<title>«\u00a0tonte\u00a0»</title>" in page
    assert "user-scalable" not in page
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=", page)
    assert not re.search(r"url\((?!data:)", page.split("<script>")[0])


def test_a_hostile_name_is_only_a_name(tmp_path: Path) -> None:
    page = drawn(tmp_path, [replace(HIT, name=HOSTILE)], title=HOSTILE).read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert suppliers_of(page)["name"] == [HOSTILE]


def test_the_file_says_where_its_data_come_from_and_of_when(tmp_path: Path) -> None:
    page = drawn(tmp_path, [HIT]).read_text(encoding="utf-8")
    assert "Répertoire Sirene – Insee, Licence Ouverte 2.0, données du 01/11/2026" in page
    assert "28/11/2026" in page


def test_a_demonstration_says_so(tmp_path: Path) -> None:
    assert "noms sont fictifs" in drawn(tmp_path, [HIT], demo=True).read_text(encoding="utf-8")
    assert "noms sont fictifs" not in drawn(tmp_path, [HIT]).read_text(encoding="utf-8")


def test_missing_browser_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match="make install"):
        about = About("", date(2026, 11, 28))
        write_map([], tmp_path / "c.html", about=about, contours=[], assets=tmp_path)
    assert not list(tmp_path.glob("c.html*"))


# --- in Chromium, from a file ---


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 800})
    yield context.new_page()
    context.close()


def opened(page: Page, file: Path) -> list[str]:
    """Open the file; returns what went wrong or was asked of the network."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda request: (
            wrong.append(request.url)
            if not request.url.startswith(("data:", file.as_uri()))
            else None
        ),
    )
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    return wrong


@pytest.mark.browser
def test_it_opens_offline_and_filters_by_status_and_segment(
    tmp_path: Path, browser_page: Page
) -> None:
    other = replace(HIT, name="Autre", statuses=("siae",), lon=-3.2, segments=(("X", "Traiteur"),))
    assert opened(browser_page, drawn(tmp_path, [HIT, other])) == []
    assert browser_page.inner_text(".compte") == "2 fournisseurs"
    browser_page.get_by_label("Insertion", exact=False).first.check()
    assert browser_page.inner_text(".compte") == "1 fournisseur"
    browser_page.get_by_role("button", name="Tout effacer").click()
    browser_page.get_by_label("Segment d’achat").select_option(label="Entretien (1)")
    assert browser_page.inner_text(".compte") == "1 fournisseur"


@pytest.mark.browser
def test_a_hostile_name_shows_as_text(tmp_path: Path, browser_page: Page) -> None:
    assert (
        opened(browser_page, drawn(tmp_path, [replace(HIT, name=HOSTILE, lon=0.5, lat=0.5)])) == []
    )
    browser_page.locator(".liste button").click()
    assert "<img src=x" in browser_page.inner_text(".popup h3")
    assert browser_page.evaluate("window.pwned") is None


@pytest.mark.browser
def test_one_address_opens_as_a_list(tmp_path: Path, browser_page: Page) -> None:
    hits = [replace(HIT, name=f"Voisin {i}", lon=0.5, lat=0.5) for i in range(3)]
    opened(browser_page, drawn(tmp_path, hits))
    browser_page.locator(".amas").click()
    assert browser_page.inner_text(".popup h3") == "3 fournisseurs à cette adresse"


@pytest.mark.browser
def test_an_empty_map_opens(tmp_path: Path, browser_page: Page) -> None:
    assert opened(browser_page, drawn(tmp_path, [])) == []
    assert browser_page.inner_text(".compte") == "0 fournisseur"
