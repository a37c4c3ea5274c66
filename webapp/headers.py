"""What every answer carries: the content policy, the other security headers, and compression."""

import gzip
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from sourcing.settings import Settings

# Raster backgrounds, by the setting that asks for one; only the chosen host enters the policy.
BASEMAPS = {
    "ign": (
        "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
        "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png"
        "&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
        "Fond de carte : IGN-F / Géoplateforme",
    ),
    "osm": (
        "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        "Fond de carte : © les contributeurs d’OpenStreetMap",
    ),
}
BRIEF = {"X-Content-Type-Options": "nosniff"}
COMPRESSIBLE = ("text/", "application/json", "application/geo+json", "image/svg+xml")
SMALLEST = 600
LEVEL = 6


def content_policy(basemap: str) -> str:
    """The content policy: nothing but our own files, and the tiles of the chosen background."""
    tiles = ""
    if basemap in BASEMAPS:
        tiles = " https://" + urlsplit(BASEMAPS[basemap][0]).netloc
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data:{tiles}",
            "connect-src 'self'",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def register(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer, and compress the ones worth it."""
    headers = {
        "Content-Security-Policy": content_policy(settings.basemap),
        **BRIEF,
        "X-Frame-Options": "DENY",
        # Not no-referrer: OpenStreetMap's tiles ask for one.
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    embeddable = headers["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors *"
    )
    if settings.https:
        headers["Strict-Transport-Security"] = "max-age=31536000"

    @app.after_request
    def add(response: Response) -> Response:
        # Of our own files only the kind matters, and a page asks for twenty of them.
        is_file = request.endpoint == "static" and response.mimetype != "image/svg+xml"
        response.headers.update(BRIEF if is_file else headers)
        if g.get("embeddable"):
            # Public data without cookie nor form: any site may frame it.
            del response.headers["X-Frame-Options"]
            response.headers["Content-Security-Policy"] = embeddable
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return _compress(response)


def _compress(response: Response) -> Response:
    if not _is_worth_compressing(response):
        return response
    response.vary.update(("Accept-Encoding", "Cookie"))
    if "gzip" not in request.headers.get("Accept-Encoding", "").lower():
        return response
    if response.direct_passthrough:
        path = Path(getattr(response.response, "file", None).name)  # type: ignore[union-attr]
        takes_brotli = request.accept_encodings.quality("br") > 0
        body, coding = _compressed_file(path, path.stat().st_mtime_ns, takes_brotli)
        response.direct_passthrough = False
    else:
        body, coding = gzip.compress(response.get_data(), LEVEL), "gzip"
    response.set_data(body)
    response.headers["Content-Encoding"] = coding
    return response


def _is_worth_compressing(response: Response) -> bool:
    # Not a page with an anti-forgery token: its compressed length would help to guess it, unless
    # nothing a stranger chooses can stand beside it.
    is_telling = "csrf_token" in g and not g.get("reflects_nothing")
    if request.method != "GET" or response.status_code != 200 or is_telling:
        return False
    kind = response.mimetype or ""
    if not kind.startswith(COMPRESSIBLE) or "Content-Encoding" in response.headers:
        return False
    if response.direct_passthrough:
        return request.endpoint == "static"
    return not response.is_streamed and (response.content_length or 0) >= SMALLEST


@lru_cache(maxsize=128)
def _compressed_file(path: Path, _changed: int, takes_brotli: bool) -> tuple[bytes, str]:
    """A file's bytes and their coding; what is built has its brotli beside it."""
    beside = path.with_name(f"{path.name}.br")
    if takes_brotli and beside.exists():
        return beside.read_bytes(), "br"
    return gzip.compress(path.read_bytes(), 9), "gzip"
