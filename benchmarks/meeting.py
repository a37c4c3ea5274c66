"""A day of meeting: hours of the tour under a fast clock, and what the browser still holds.

python benchmarks/meeting.py [--hours 8] [--address http://127.0.0.1:8000]   (else a demonstration)
"""

import argparse
import shutil
import tempfile
from typing import NamedTuple

from _site import served
from playwright.sync_api import Page, sync_playwright

STOP_SECONDS = 12
# What is made once (fonts, compiled code, a first answer) is held from the first lap on.
WARM_STOPS = 20


class Held(NamedTuple):
    """What a page holds: bytes of the heap, nodes of the document, listeners."""

    heap: float
    nodes: float
    listeners: float


def soak(page: Page, address: str, stops: int) -> tuple[Held, Held]:
    """The page's holdings once warm, and after this many stops more."""
    page.clock.install()
    page.goto(f"{address}/reunion")
    page.wait_for_selector(".stage[data-ready]")
    _run(page, WARM_STOPS)
    before = held(page)
    _run(page, stops)
    return before, held(page)


def held(page: Page) -> Held:
    """After the garbage is collected."""
    chrome = page.context.new_cdp_session(page)
    chrome.send("HeapProfiler.collectGarbage")
    heap = chrome.send("Runtime.getHeapUsage")["usedSize"]
    counted = chrome.send("Memory.getDOMCounters")
    chrome.detach()
    return Held(heap, counted["nodes"], counted["jsEventListeners"])


def _run(page: Page, stops: int) -> None:
    for _ in range(stops):
        page.clock.run_for(STOP_SECONDS * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="")
    parser.add_argument("--hours", type=float, default=8)
    options = parser.parse_args()
    if options.address:
        measure(options.address.rstrip("/"), options.hours)
        return
    command = ("demo", "--establishments", "5000")
    with tempfile.TemporaryDirectory() as folder, served(folder, *command) as site:
        measure(site.address, options.hours)


def measure(address: str, hours: float) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        stops = round(hours * 3600 / STOP_SECONDS)
        before, after = soak(page, address, stops)
        browser.close()
    print(f"{hours:g} h, {stops} stops")
    for name, was, now in zip(Held._fields, before, after, strict=True):
        print(f"{name:10} {was:>12,.0f} -> {now:>12,.0f}  ({now / was - 1:+.1%})")


if __name__ == "__main__":
    main()
