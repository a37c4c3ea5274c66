"""The search map and the map in one file in Chromium, beside folium's own on the same points.

python benchmarks/map.py [--suppliers 130000] [--file 30000] [--plain 10000] [--rounds 3]
                         [--base FOLDER] [--alone]

Ready: data drawn and two frames painted, nothing cached. Computing: the page's main thread, which
a busy machine changes less than the clock. `--base`: a data folder to serve, instead of an
invented one.
"""

import argparse
import gzip
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import NamedTuple

import folium
from _site import served
from folium.plugins import FastMarkerCluster, MarkerCluster
from playwright.sync_api import Browser, Page, sync_playwright
from search import fill
from sqlalchemy import select
from sqlalchemy.orm import Session

from maps.page import write_map
from sourcing import db, segments
from sourcing.export import About
from sourcing.model import Supplier
from sourcing.search.hits import Hit
from sourcing.tagging.statuses import STATUSES

ASSETS = Path(__file__).resolve().parents[1] / "webapp" / "static" / "vendor"
CENTRE = (-3.37, 47.75)
SCREEN = {"width": 1440, "height": 900}
CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update"]  # fmt: skip
# Tells when the page is ready: IS_READY once true, then two frames.
WATCH = """
(function look() {
  if (IS_READY) {
    const tell = () => { document.documentElement.dataset.readyAt = performance.now(); };
    requestAnimationFrame(() => requestAnimationFrame(tell));
  } else setTimeout(look, 5);
})();
"""
SITE_READY = "document.documentElement?.dataset.map === 'ready'"
FILE_READY = "document.documentElement?.dataset.ready === '1'"
FOLIUM_READY = (
    "document.readyState === 'complete' && document.querySelector('.leaflet-marker-icon')"
)
EMPTY_READY = "document.readyState === 'complete'"
FRAMES = (
    "let n = 0; window.frames_ = () => n; (function f() { n += 1; requestAnimationFrame(f); })()"
)
DRAGS, WHEELS = 16, 6


class Seen(NamedTuple):
    """Of one cold opening: seconds to ready, seconds of main thread, kilobytes received."""

    ready: float
    computing: float
    kilobytes: float


# --- points ---


def made(count: int) -> list[Hit]:
    """Invented suppliers with names, addresses and segments as long as real ones."""
    chance = random.Random(1)
    labels = [(s.code, s.label) for s in segments.load().segments]
    trades = (
        "ESPACES VERTS",
        "NETTOYAGE",
        "MENUISERIE",
        "ATELIER",
        "GARAGE",
        "CONSEIL",
        "TRAITEUR",
    )
    return [hit(i, chance, chance.choice(trades), labels) for i in range(count)]


def hit(index: int, chance: random.Random, trade: str, labels: list[tuple[str, str]]) -> Hit:
    lon, lat = CENTRE[0] + chance.gauss(0, 0.12), CENTRE[1] + chance.gauss(0, 0.08)
    return Hit(
        id=index, uid=f"{index:014}", siret=f"{index:014}", siren=f"{index:09}",
        name=f"SARL {trade} KERVAN {index}", legal_name="", other_names="", is_person=False,
        state="A", address=f"{index % 90} rue des Lilas", postcode="56100", commune="Lorient",
        commune_code="56121", lon=lon, lat=lat, precision="exact", naf="81.30Z", size="", phone="",
        email="", website="", description="",
        statuses=tuple(chance.sample([s.code for s in STATUSES], chance.randrange(3))),
        segments=tuple(chance.sample(labels, chance.randrange(1, 4))), sources=("sirene",),
        reasons=(), distance_km=None, score=0.0, labels=(),
    )  # fmt: skip


Points = list[tuple[float, float, str]]


def points_of(folder: Path) -> Points:
    """Latitude, longitude and name of every supplier of a base."""
    engine = db.connect(f"sqlite:///{folder / 'sourcing.sqlite'}")
    placed = select(Supplier.lat, Supplier.lon, Supplier.name).where(Supplier.lon.is_not(None))
    with Session(engine) as session:
        found = [(float(lat), float(lon), name) for lat, lon, name in session.execute(placed)]
    engine.dispose()
    return found


# --- folium's own ---


def board() -> folium.Map:
    """folium's map with our copies of its libraries: the same bytes for all, no network."""
    made = folium.Map(location=CENTRE[::-1], zoom_start=10, tiles=None, max_zoom=18)
    made.default_js, made.default_css = (
        [("leaflet", "leaflet/leaflet.js")],
        [("leaflet_css", "leaflet/leaflet.css")],
    )
    made.options["maxZoom"] = 18
    return made


def clustered(kind: type[MarkerCluster], points: Points, out: Path) -> float:
    """Write folium's clusters of these points, with their names where it can; seconds it took."""
    start = time.perf_counter()
    whole = board()
    kind.default_js = [("mc_js", "leaflet.markercluster/leaflet.markercluster.js")]
    kind.default_css = [("mc", "leaflet.markercluster/MarkerCluster.css"),
                        ("mcd", "leaflet.markercluster/MarkerCluster.Default.css")]  # fmt: skip
    if kind is FastMarkerCluster:
        # The usual callback draws pictures of a library more: plain markers do it no harm.
        plain = "function (row) { return L.marker(new L.LatLng(row[0], row[1])); }"
        FastMarkerCluster([[lat, lon] for lat, lon, _ in points], callback=plain).add_to(whole)
    else:
        group = MarkerCluster().add_to(whole)
        for lat, lon, name in points:
            # A popup asks for jQuery; a tooltip says the name without it.
            folium.Marker((lat, lon), tooltip=name).add_to(group)
    whole.save(str(out))
    return time.perf_counter() - start


# --- serving ---


class Compressed(SimpleHTTPRequestHandler):
    """Files gzipped as our site would, so that only their content differs."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def files(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressed, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


# --- looking ---


@contextmanager
def opened(browser: Browser, url: str, is_ready: str) -> Iterator[tuple[Page, Seen]]:
    """A page of its own context, once ready."""
    context = browser.new_context(viewport=SCREEN, locale="fr-FR")
    context.add_init_script(WATCH.replace("IS_READY", is_ready))
    page = context.new_page()
    page.set_default_timeout(300_000)
    wire = context.new_cdp_session(page)
    received: list[float] = []
    wire.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    wire.send("Network.enable")
    wire.send("Performance.enable")
    page.goto(url, wait_until="commit")
    page.wait_for_selector("html[data-ready-at]", state="attached")
    ready = page.evaluate("+document.documentElement.dataset.readyAt") / 1000
    metrics = {m["name"]: m["value"] for m in wire.send("Performance.getMetrics")["metrics"]}
    page.wait_for_timeout(300)
    yield page, Seen(ready, metrics["TaskDuration"], sum(received) / 1000)
    context.close()


def cold(browser: Browser, url: str, is_ready: str, rounds: int) -> Seen:
    """The median of some openings."""
    seen = []
    for _ in range(rounds):
        with opened(browser, url, is_ready) as (_, each):
            seen.append(each)
    return Seen(*(median(values) for values in zip(*seen, strict=True)))


def moved(page: Page, map_selector: str) -> float:
    """Frames per second while the map is dragged and zoomed by hand."""
    box = page.locator(map_selector).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(FRAMES)
    start, before = time.perf_counter(), page.evaluate("window.frames_()")
    for turn in range(DRAGS):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (120 if turn % 2 else -120), y + 20, steps=12)
        page.mouse.up()
    for turn in range(WHEELS):
        page.mouse.wheel(0, -240 if turn % 2 else 240)
        page.wait_for_timeout(400)
    return float((page.evaluate("window.frames_()") - before) / (time.perf_counter() - start))


def fluidity(browser: Browser, url: str, is_ready: str, selector: str) -> float:
    with opened(browser, url, is_ready) as (page, _):
        return moved(page, selector)


# --- reports ---


def line(title: str, seen: Seen, more: str = "") -> None:
    print(
        f"{title:44} ready {seen.ready:6.2f} s   computing {seen.computing:6.2f} s   "
        f"{seen.kilobytes:8.0f} kB  {more}", flush=True,
    )  # fmt: skip


def search_map(browser: Browser, folder: Path, scratch: Path, options: argparse.Namespace) -> None:
    with served(folder) as site, files(scratch) as rivals:
        url = f"{site.address}/fournisseurs"
        with opened(browser, url, SITE_READY) as (page, _):
            total = page.inner_text("#resultats-titre")
        line(f"search map, {total}", cold(browser, url, SITE_READY, options.rounds))
        (scratch / "empty.html").write_text(empty())
        ours = fluidity(browser, url, SITE_READY, "#carte")
        bare = fluidity(browser, f"{rivals}/empty.html", EMPTY_READY, "#map")
        print(
            f"frames per second: ours {ours:.0f}, empty Leaflet {bare:.0f}: {ours / bare:.2f} of it"
        )
        if options.alone:
            return
        points = points_of(folder)
        seconds = clustered(FastMarkerCluster, points, scratch / "fast.html")
        fast = cold(browser, f"{rivals}/fast.html", FOLIUM_READY, 1)
        line(f"FastMarkerCluster, {len(points)} points only", fast, f"made in {seconds:.1f} s")
        some = points[: options.plain]
        seconds = clustered(MarkerCluster, some, scratch / "plain.html")
        plain = cold(browser, f"{rivals}/plain.html", FOLIUM_READY, 1)
        line(f"MarkerCluster, {len(some)} with names", plain, f"made in {seconds:.1f} s")


def empty() -> str:
    return (
        '<!doctype html><link rel="stylesheet" href="leaflet/leaflet.css">'
        '<style>html,body,#map{height:100%;margin:0}</style><div id="map"></div>'
        '<script src="leaflet/leaflet.js"></script>'
        "<script>L.map('map', {zoomSnap: .5}).setView([47.75, -3.37], 10)</script>"
    )


def one_file(browser: Browser, scratch: Path, options: argparse.Namespace) -> None:
    hits = made(options.file)
    out, start = scratch / "carte.html", time.perf_counter()
    used = time.process_time()
    write_map(hits, out, about=About("Essai", date.today()), contours=[], assets=ASSETS)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    size = len(gzip.compress(out.read_bytes())) / 1e6
    told = f"made in {seconds:.2f} s ({used:.2f} computing), {size:.2f} MB gzip"
    line(
        f"one file, {len(hits)} suppliers",
        cold(browser, out.as_uri(), FILE_READY, options.rounds),
        told,
    )
    if options.alone:
        return
    points = [(each.lat or 0, each.lon or 0, each.name) for each in hits]
    with files(scratch) as rivals:
        kinds: list[tuple[str, Callable[[Path], float]]] = [
            ("FastMarkerCluster", partial(clustered, FastMarkerCluster, points)),
            ("MarkerCluster", partial(clustered, MarkerCluster, points)),
        ]
        for name, write in kinds:
            page = scratch / f"{name}.html"
            took = write(page)
            seen = cold(browser, f"{rivals}/{page.name}", FOLIUM_READY, 1)
            line(f"{name}, the same points", seen, f"made in {took:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suppliers", type=int, default=130_000)
    parser.add_argument("--file", type=int, default=30_000)
    parser.add_argument("--plain", type=int, default=10_000, help="points of MarkerCluster")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without folium's own")
    parser.add_argument("--base", type=Path, help="data folder to serve")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as where, sync_playwright() as playwright:
        scratch, folder = Path(where) / "files", options.base or Path(where) / "base"
        shutil.copytree(ASSETS, scratch)
        if options.suppliers and not options.base:
            folder.mkdir()
            engine = db.connect(f"sqlite:///{folder / 'sourcing.sqlite'}")
            db.migrate(engine)
            with Session(engine) as session:
                fill(session, options.suppliers)
            engine.dispose()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        if options.suppliers:
            search_map(browser, folder, scratch, options)
        if options.file:
            one_file(browser, scratch, options)
        browser.close()


if __name__ == "__main__":
    main()
