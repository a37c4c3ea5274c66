"""The only network: JSON and files over HTTP, with quotas, retries, resume and checks."""

import contextlib
import email.utils
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

from sourcing.source import SourceError

USER_AGENT = "sourcing-territorial/0.1 (outil de sourcing des acheteurs publics)"
BLOCK = 256 * 1024
# Larger than any answer we ask for; what is larger is not an answer.
MAX_JSON_BYTES = 300_000_000
MAX_REDIRECTS = 8

# done bytes, total bytes (0 when the server does not say)
Progress = Callable[[int, int], None]
Answer = TypeVar("Answer")

# What to do about the answers that no retry will change.
REFUSALS = {
    400: "la demande a été refusée comme incorrecte : vérifier les codes demandés",
    401: "la clé d'accès manque ou n'est pas reconnue : la vérifier dans les réglages",
    403: "l'accès est refusé : vérifier la clé et les droits qu'elle ouvre",
    404: "rien n'existe à cette adresse : vérifier le code ou l'identifiant demandé",
    410: "la ressource a été retirée : chercher sa nouvelle adresse chez le producteur",
    414: "la demande est trop longue : demander moins de communes à la fois",
}
WEB_PAGE = (
    "{host} a répondu une page web au lieu {wanted} : réessayer plus tard, "
    "ou vérifier l'adresse et le proxy."
)
CUT = "{host} a coupé la réponse en route : réessayer, ce qui est arrivé sera repris."
# How to ask for a file that changed, by what tells its versions apart: a date, or a tag.
_IF_CHANGED = ("If-Modified-Since", "If-None-Match")
# Answers worth another try.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchError(SourceError):
    """The network or the server failed for good: one French sentence, host and remedy.

    `status` is the HTTP status of the last answer, 0 when there was none.
    """

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class _Passing(Exception):
    """This try failed; another may succeed, after `wait_s` when the server asked for it."""

    def __init__(self, error: FetchError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


@dataclass
class Fetcher:
    """Talks to one service: its base address, its quota, its patience."""

    base_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    retries: int = 4
    # Waits backoff_s, then twice that, then four times…
    backoff_s: float = 1.0
    # A server asking for a longer wait than this is reported, not waited for.
    longest_wait_s: float = 120.0
    # The service's quota; 0 = none.
    requests_per_second: float = 0.0
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self.session.headers["User-Agent"] = USER_AGENT
        self.session.headers.update(self.headers)
        self.session.max_redirects = MAX_REDIRECTS
        self._turn = threading.Lock()
        self._next_turn = 0.0

    def json(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        form: Mapping[str, str] | None = None,
    ) -> Any:
        """The decoded answer of a GET, or of a POST when there is a form."""
        address = urljoin(self.base_url + "/", url) if self.base_url else url

        def ask() -> Any:
            with self._open(address, params=params, form=form) as answer:
                return _decoded(answer)

        return self._insist(ask)

    def upload(
        self, url: str, content: bytes, form: Mapping[str, str], name: str = "data.csv"
    ) -> str:
        """The text answered to a file sent as the member `data` of a form."""
        address = urljoin(self.base_url + "/", url) if self.base_url else url

        def ask() -> str:
            files = {"data": (name, content, "text/csv")}
            with self._open(address, form=form, files=files) as answer:
                return _text_of(answer)

        return self._insist(ask)

    def download(
        self,
        url: str,
        target: Path,
        progress: Progress | None = None,
        sha256: str = "",
        params: Mapping[str, str] | None = None,
    ) -> Path:
        """The file at `target`, whole and checked, or what was there; a part is resumed later.

        What is there already is not sent again while the server says it is the same.
        """
        address = urljoin(self.base_url + "/", url) if self.base_url else url
        if params:
            address = requests.Request("GET", address, params=params).prepare().url or address
        if sha256 and target.exists() and _sha256(target) == sha256.lower():
            return target
        part = _Part(target, address)

        def receive() -> None:
            try:
                with self._open(address, headers=part.request_headers()) as answer:
                    part.receive(answer, progress)
            except FetchError as error:
                if error.status != 416:
                    raise
                part.forget()
                raise _Passing(error, wait_s=0) from error

        try:
            self._insist(receive)
            part.finish(sha256)
        except OSError as error:
            raise FetchError(
                f"Impossible d'écrire {target.name} dans {target.parent} ({error.strerror}) : "
                "vérifier la place et les droits sur ce dossier."
            ) from error
        return target

    def _insist(self, action: Callable[[], Answer]) -> Answer:
        wait_s = self.backoff_s
        for left in range(self.retries, -1, -1):
            try:
                return action()
            except _Passing as failure:
                asked_s = wait_s if failure.wait_s is None else failure.wait_s
                if not left or asked_s > self.longest_wait_s:
                    raise failure.error from failure.__cause__
                time.sleep(asked_s)
                wait_s *= 2
        raise AssertionError("unreachable")

    @contextlib.contextmanager
    def _open(
        self,
        address: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Iterator[requests.Response]:
        """A checked answer, its body not read yet; failures as FetchError or _Passing."""
        self._wait_for_turn()
        try:
            answer = self.session.request(
                "POST" if form is not None else "GET",
                address,
                params=params,
                data=form,
                files=files,
                headers=headers,
                stream=True,
                timeout=(self.connect_timeout_s, self.read_timeout_s),
            )
            with answer:
                _check(answer)
                yield answer
        except requests.RequestException as error:
            _explain(error, address)

    def _wait_for_turn(self) -> None:
        if not self.requests_per_second:
            return
        with self._turn:
            now = time.monotonic()
            turn = max(now, self._next_turn)
            self._next_turn = turn + 1 / self.requests_per_second
        time.sleep(turn - now)


@dataclass
class _Part:
    """What has arrived of a file, beside its target, with the version it belongs to."""

    target: Path
    address: str

    @property
    def path(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def note(self) -> Path:
        return self.target.with_name(self.target.name + ".part.json")

    @property
    def origin(self) -> Path:
        """The note of the file that is whole."""
        return self.target.with_name(f".{self.target.name}.origin.json")

    def request_headers(self) -> dict[str, str]:
        """Ask for the rest only when the server can say that it is the rest of the same file; for
        the whole only when it is not the file we have.
        """
        headers = {"Accept-Encoding": "identity"}
        version = self._version(self.note)
        if version and self.path.exists() and (size := self.path.stat().st_size):
            return headers | {"Range": f"bytes={size}-", "If-Range": version}
        if self.target.exists() and (version := self._version(self.origin)):
            headers |= {_IF_CHANGED[version.startswith('"')]: version}
        return headers

    def receive(self, answer: requests.Response, progress: Progress | None) -> None:
        if answer.status_code == 304:
            return self.forget()
        host = _host(answer.url)
        done = self._start(answer)
        total = done + int(answer.headers.get("Content-Length") or 0)
        with self.path.open("ab" if done else "wb") as out:
            for block in answer.iter_content(BLOCK):
                if not done and _is_html(answer, block) and self.target.suffix not in {".html"}:
                    raise FetchError(WEB_PAGE.format(host=host, wanted="d'un fichier"))
                out.write(block)
                done += len(block)
                if progress:
                    progress(done, max(total, done) if total else 0)
        if done < total:
            raise _Passing(FetchError(CUT.format(host=host)))

    def finish(self, sha256: str) -> None:
        if not self.path.exists():
            return
        if sha256 and _sha256(self.path) != sha256.lower():
            self.forget()
            raise FetchError(
                f"{self.target.name} reçu de {_host(self.address)} n'a pas l'empreinte annoncée : "
                "le fichier est abîmé, relancer le téléchargement."
            )
        # The note of the former file goes first: killed here, the next time asks for it whole.
        self.origin.unlink(missing_ok=True)
        self.path.replace(self.target)
        self.note.replace(self.origin)

    def _start(self, answer: requests.Response) -> int:
        """How many bytes are already there and stay; the note of the version for a next time."""
        if answer.status_code == 206:
            start = answer.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
            size = self.path.stat().st_size
            if start != str(size):
                self.forget()
                raise _Passing(FetchError(f"{_host(answer.url)} reprend le téléchargement au "
                                          "mauvais endroit : relancer."))  # fmt: skip
            return size
        self.target.parent.mkdir(parents=True, exist_ok=True)
        tag = answer.headers.get("ETag", "")
        version = tag if not tag.startswith("W/") and tag else answer.headers.get("Last-Modified")
        # Before the new note: killed between the two, it must not vouch for the old bytes.
        self.path.unlink(missing_ok=True)
        self.note.write_text(json.dumps({"address": self.address, "version": version or ""}))
        return 0

    def _version(self, note_file: Path) -> str:
        try:
            note = json.loads(note_file.read_text())
        except (OSError, ValueError):
            return ""
        return str(note["version"]) if note.get("address") == self.address else ""

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _check(answer: requests.Response) -> None:
    """Pass a 2xx; anything else is a refusal, or passing."""
    status, host = answer.status_code, _host(answer.url)
    if status < 300 or status == 304:
        return
    if status == 416:
        raise FetchError(f"{host} refuse de reprendre ce téléchargement : effacer le fichier "
                         "« .part » et relancer.", status)  # fmt: skip
    if status == 429:
        wait_s = _retry_after(answer)
        when = f"dans {wait_s:.0f} secondes" if wait_s else "dans quelques minutes"
        error = FetchError(f"{host} limite le nombre de demandes : réessayer {when}.", status)
        raise _Passing(error, wait_s)
    if status in PASSING:
        error = FetchError(f"{host} est en panne (erreur {status}) : réessayer plus tard.", status)
        raise _Passing(error, _retry_after(answer))
    reason = REFUSALS.get(status, f"le serveur a répondu {status} : réessayer plus tard")
    raise FetchError(f"{host} : {reason}.", status)


def _explain(error: requests.RequestException, address: str) -> None:
    """Raise the library's error as ours: passing, or for good."""
    host = _host(address)
    if isinstance(error, requests.TooManyRedirects):
        raise FetchError(f"{host} renvoie en boucle d'une adresse à l'autre : "
                         "vérifier l'adresse du service dans les réglages.") from error  # fmt: skip
    if isinstance(error, requests.exceptions.SSLError):
        raise FetchError(f"Le certificat de {host} n'est pas reconnu : "
                         "vérifier l'horloge, le proxy et ses certificats.") from error  # fmt: skip
    if isinstance(error, requests.exceptions.ProxyError):
        sentence = f"Le proxy ne laisse pas joindre {host} : vérifier HTTPS_PROXY."
    elif isinstance(error, requests.Timeout):
        sentence = f"{host} ne répond pas à temps : réessayer plus tard."
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        sentence = CUT.format(host=host)
    elif isinstance(error, requests.ConnectionError):
        sentence = f"{host} est injoignable : vérifier la connexion, ou donner des fichiers."
    else:
        raise FetchError(f"L'adresse {address} ne peut pas être demandée : "
                         "la vérifier dans les réglages.") from error  # fmt: skip
    raise _Passing(FetchError(sentence)) from error


def _decoded(answer: requests.Response) -> Any:
    body = _body(answer)
    try:
        return json.loads(body)
    except ValueError as error:
        sentence = f"{_host(answer.url)} a répondu des données tronquées ou illisibles : réessayer."
        raise _Passing(FetchError(sentence)) from error


def _text_of(answer: requests.Response) -> str:
    return _body(answer).decode("utf-8-sig", errors="replace")


def _body(answer: requests.Response) -> bytes:
    """All of a reasonable answer that is not a web page."""
    host, body = _host(answer.url), bytearray()
    for block in answer.iter_content(BLOCK):
        body += block
        if len(body) > MAX_JSON_BYTES:
            raise FetchError(f"{host} répond sans fin : vérifier l'adresse du service.")
    if _is_html(answer, bytes(body[:512])):
        raise FetchError(WEB_PAGE.format(host=host, wanted="de données"))
    return bytes(body)


def _is_html(answer: requests.Response, start: bytes) -> bool:
    if "html" in answer.headers.get("Content-Type", "").lower():
        return True
    return (
        start[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
    )


def _retry_after(answer: requests.Response) -> float | None:
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _host(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2] or address


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
