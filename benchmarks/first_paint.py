"""When the form a supplier opens is first painted in Chromium, beside a blank page.

python benchmarks/first_paint.py [--rounds 15] [--base FOLDER]

Nothing is cached, each opening in a context of its own, the two pages by turns, on a phone's
screen. What the blank page takes is the browser's and the machine's own.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from statistics import median, quantiles

from _site import served
from map import CHROMIUM, files
from playwright.sync_api import Browser, sync_playwright

from sourcing import db

PHONE = {"width": 390, "height": 844}
FORM = "/inscription?creation=1"
# One line, without style, in the system's typeface.
BLANK = "<!doctype html><html lang='fr'><title>Vide</title><p>Vide"
PAINTED = """new Promise((tell) => new PerformanceObserver((list) => {
  const seen = list.getEntriesByName("first-contentful-paint")[0];
  if (seen) tell([seen.startTime, performance.getEntriesByType("navigation")[0].responseEnd]);
}).observe({ type: "paint", buffered: true }))"""


def painted(browser: Browser, url: str) -> tuple[float, float]:
    """Milliseconds from the navigation to the first paint, and to the answer's last byte."""
    context = browser.new_context(viewport=PHONE, locale="fr-FR")
    page = context.new_page()
    page.goto(url)
    paint, answered = page.evaluate(PAINTED)
    context.close()
    return float(paint), float(answered)


def told(name: str, seen: list[tuple[float, float]]) -> str:
    paints = [paint for paint, _ in seen]
    return (
        f"{name:10} first paint p50 {median(paints):.0f} ms, p75 {quantiles(paints, n=4)[-1]:.0f}, "
        f"least {min(paints):.0f}; answered {median(answered for _, answered in seen):.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--base", type=Path, help="data folder to serve; an empty one without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty, sync_playwright() as playwright:
        folder = options.base or Path(empty)
        if not options.base:
            db.migrate(db.connect(f"sqlite:///{folder / 'sourcing.sqlite'}"))
        (blank := Path(empty) / "blank").mkdir()
        (blank / "index.html").write_text(BLANK)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        with served(folder) as site, files(blank) as other:
            urls = {"form": site.address + FORM, "blank page": f"{other}/index.html"}
            seen: dict[str, list[tuple[float, float]]] = {name: [] for name in urls}
            for turn in range(options.rounds + 1):
                for name, url in urls.items():
                    found = painted(browser, url)
                    # The first opening is the browser's own start.
                    seen[name] += [found] if turn else []
        for name, each in seen.items():
            print(told(name, each))
        browser.close()


if __name__ == "__main__":
    main()
