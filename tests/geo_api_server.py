"""Real sockets for the tests: a server that answers, or misbehaves, like the public services.

`LocalServer` plays scripted answers; `GeoApi` answers like geo.api.gouv.fr for a few communes.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer. `cut` sends only so many bytes of its body; `etag` makes it resumable."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay_s: float = 0.0
    etag: str = ""


def as_json(content: Any, status: int = 200) -> Answer:
    body = json.dumps(content).encode()
    return Answer(body, status, {"Content-Type": "application/json; charset=utf-8"})


@dataclass(frozen=True)
class Seen:
    """A request as received."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class LocalServer(ThreadingHTTPServer):
    """Answers each path with its script, in turn; the last answer repeats. Unknown paths: 404."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[Seen] = []
        self._script: dict[str, list[Answer]] = defaultdict(list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def on(self, path: str, *answers: Answer) -> str:
        """Script a path; returns its address."""
        self._script[path] = list(answers)
        return self.url + path

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""

    def answer(self, seen: Seen) -> Answer:
        script = self._script.get(seen.path)
        if not script:
            return Answer(b"Not Found", 404)
        return script.pop(0) if len(script) > 1 else script[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LocalServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, parts.path, query, dict(self.headers.items()), body)
        self.server.seen.append(seen)
        self._send(self.server.answer(seen), seen)

    do_POST = do_GET

    def _send(self, answer: Answer, seen: Seen) -> None:
        time.sleep(answer.delay_s)
        status, body, headers = answer.status, answer.body, dict(answer.headers)
        if answer.etag:
            headers |= {"ETag": answer.etag, "Accept-Ranges": "bytes"}
            wanted = seen.headers.get("Range", "")
            if wanted and seen.headers.get("If-Range") == answer.etag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
                status, body = (206, body[start:]) if start < len(body) else (416, b"")
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if answer.cut is None else body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Silence."""


class GeoApi(LocalServer):
    """The few answers of geo.api.gouv.fr that a territory needs; scripted answers come first."""

    def __init__(
        self,
        communes: Sequence[Mapping[str, Any]],
        epcis: Mapping[str, str],
        associated: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__()
        self.communes, self.epcis, self.associated = communes, epcis, associated

    def answer(self, seen: Seen) -> Answer:
        if seen.path in self._script:
            return super().answer(seen)
        found = self._find(seen.path.strip("/").split("/"))
        if found is None:
            return Answer(b"Not Found", 404, {"Content-Type": "text/plain; charset=utf-8"})
        wanted = seen.query.get("fields", "code,nom").split(",")
        if isinstance(found, list):
            return as_json([{k: c[k] for k in wanted if k in c} for c in found])
        return as_json({k: found[k] for k in wanted if k in found})

    def _find(self, parts: Sequence[str]) -> Any:
        match parts:
            case ["communes"]:
                return list(self.communes)
            case ["communes", code]:
                return next((c for c in self.communes if c["code"] == code), None)
            case ["epcis", code] if code in self.epcis:
                return {"code": code, "nom": self.epcis[code]}
            case ["epcis", code, "communes"] if code in self.epcis:
                return [c for c in self.communes if c["codeEpci"] == code]
            case ["departements", code, "communes"]:
                return [c for c in self.communes if c["codeDepartement"] == code] or None
            case ["communes_associees_deleguees"]:
                return list(self.associated)
        return None


@contextmanager
def running(server: LocalServer) -> Iterator[LocalServer]:
    """The server answering in a thread until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def commune(
    code: str, name: str, postcode: str, lon: float, lat: float, epci: str = ""
) -> dict[str, Any]:
    """A commune as the API gives it, with a square contour three kilometres wide."""
    x, y = 0.02, 0.0135
    ring = [
        [lon - x, lat - y],
        [lon + x, lat - y],
        [lon + x, lat + y],
        [lon - x, lat + y],
        [lon - x, lat - y],
    ]
    return {
        "code": code, "nom": name, "codesPostaux": [postcode], "population": 1000,
        "codeDepartement": code[:2], "codeRegion": "53", "codeEpci": epci,
        "centre": {"type": "Point", "coordinates": [lon, lat]},
        "contour": {"type": "Polygon", "coordinates": [ring]},
    }  # fmt: skip
