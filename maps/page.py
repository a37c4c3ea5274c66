"""A map in one file, made with folium, that opens with no network: all it needs is inside."""

import html
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import folium
from branca.element import Figure, MacroElement
from jinja2 import Template

from maps.assets import asset
from maps.geojson import Feature
from maps.layers import LAYERS, View
from sourcing.export import About
from sourcing.search.hits import Hit

HERE = Path(__file__).parent
SCRIPTS = ("leaflet/leaflet.js",)
STYLES = ("leaflet/leaflet.css",)
OWN_SCRIPT, OWN_STYLE, OWN_BODY = HERE / "offline.js", HERE / "offline.css", HERE / "offline.html"
FARTHEST_ZOOM = 18
ASSETS_HERE, BODY_HERE = "<!-- assets -->", "<!-- suppliers -->"
DEMO = "Démonstration : les noms sont fictifs."
# Said at the top of the page already.
ABOVE = ("Attention", "Recherche")


def write_map(
    hits: Iterable[Hit], out: Path, *, about: About, contours: Sequence[Feature], assets: Path
) -> None:
    """Write the map of these suppliers into one file, whole or not at all."""
    page = document(hits, about=about, contours=contours, assets=assets)
    unfinished = out.with_name(out.name + ".part")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(out)


def document(
    hits: Iterable[Hit], *, about: About, contours: Sequence[Feature], assets: Path
) -> str:
    """The page: suppliers, filters by status and segment, outlines, where all this comes from."""
    view = View(list(hits), contours)
    layers = {name: layer(view) for name, layer in LAYERS.items()}
    board = folium.Map(location=(46.6, 2.4), zoom_start=6, tiles=None, zoom_control=False)
    # Without tiles nobody else says it, and clusters need to know.
    board.options |= {"maxZoom": FARTHEST_ZOOM, "zoomSnap": 0.5}
    # Leaflet comes from our own files and nothing else is needed: no jQuery, no Bootstrap, no CDN.
    board.default_js, board.default_css = [], []
    _Places().add_to(board)
    figure = Figure(title=None)
    figure.add_child(board)
    return _filled(figure.render(), about, assets, layers)


class _Places(MacroElement):
    """Where our own parts go in folium's page.

    branca renders the text of an element as a template once more: data must come in after it.
    """

    _template = Template(
        f"{{% macro header(this, kwargs) %}}{ASSETS_HERE}{{% endmacro %}}"
        f"{{% macro html(this, kwargs) %}}{BODY_HERE}{{% endmacro %}}"
        "{% macro script(this, kwargs) %}"
        "drawSuppliers({{ this._parent.get_name() }}, document);"
        "{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Suppliers"


def _filled(page: str, about: About, assets: Path, layers: dict[str, Any]) -> str:
    """Our parts in their places, and what folium leaves out: language, title, the right to zoom."""
    # Guillemets keep their word on the line.
    title = html.escape(about.sentence.replace("« ", "«\u00a0").replace(" »", "\u00a0»"))
    page = page.replace("<html>", '<html lang="fr">', 1)
    page = page.replace("</head>", f"<title>{title}</title></head>", 1)
    page = re.sub(r",\s*maximum-scale=1\.0,\s*user-scalable=no", "", page)
    body = OWN_BODY.read_text(encoding="utf-8").replace("{demo}", DEMO if about.is_demo else "")
    body = body.replace("{about}", _told(about)).replace("{title}", title)
    data = f'<script type="application/json" id="donnees">{_embedded(layers)}</script>'
    return page.replace(ASSETS_HERE, _inlined(assets), 1).replace(BODY_HERE, body + data, 1)


def _told(about: About) -> str:
    """Sources, day and limits of the data, as a list of definitions."""
    said = [line for line in about.lines() if line[0] not in ABOVE]
    return "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in said
    )


def _inlined(assets: Path) -> str:
    """Libraries and styles as text inside the page."""
    styles = [asset(assets, name) for name in STYLES]
    # Pictures of controls we do not use: the page must not look for any file beside it.
    styles = [re.sub(r"url\([^)]*\)", "none", style) for style in styles]
    scripts = [re.sub(r"//# sourceMappingURL=.*", "", asset(assets, name)) for name in SCRIPTS]
    scripts.append(OWN_SCRIPT.read_text(encoding="utf-8"))
    styles.append(OWN_STYLE.read_text(encoding="utf-8"))
    return "".join(
        [f"<style>{style}</style>" for style in styles]
        + [f"<script>{script}</script>" for script in scripts]
    )


def _embedded(data: Any) -> str:
    """JSON that cannot close the element it is in, whatever a name holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
