"""The meeting as one file: styles, script, typeface and every stop inside, for a USB stick."""

import base64
import re
from datetime import date
from pathlib import Path

from flask import Flask, render_template
from markupsafe import Markup

from maps.meeting import tour
from webapp.context import KEY, Site, session
from webapp.meeting import parts

STATIC = Path(__file__).parent / "static"
STYLES = ("css/base.css", "css/meeting.css")
SCRIPT, ICONS = "js/meeting.js", "img/icons.svg"
FONT = "vendor/fonts/atkinson-hyperlegible-next.woff2"


def one_file(app: Flask, address: str) -> str:
    """The whole page; `address` is where its code leads. Opens from a disk, asks nothing."""
    at: Site = app.extensions[KEY]
    with app.test_request_context("/reunion"):
        made = tour(session(), at.nomenclature, at.settings.organisation)
        page = render_template(
            "meeting/file.html",
            number=1,
            scene=made.scene(0),
            scenes=made.scenes(),
            today=date.today(),
            style=Markup("".join(map(_style, STYLES))),  # noqa: S704  # our own files
            script=Markup(_text(SCRIPT)),  # noqa: S704
            icons=Markup(_text(ICONS)),  # noqa: S704
            **parts(made, address),
        )
    return page.replace(f"{app.static_url_path}/{ICONS}#", "#")


def _text(path: str) -> str:
    return (STATIC / path).read_text(encoding="utf-8")


def _style(path: str) -> str:
    font = base64.b64encode((STATIC / FONT).read_bytes()).decode()
    return re.sub(r'url\("[^"]*\.woff2"\)', f"url(data:font/woff2;base64,{font})", _text(path))
