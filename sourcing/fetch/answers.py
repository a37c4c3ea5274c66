"""What an HTTP answer says: data, a refusal to tell a person, or a failure worth another try."""

import email.utils
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from sourcing.source import SourceError

BLOCK = 256 * 1024
# Larger than any answer we ask for; what is larger is not an answer.
MAX_JSON_BYTES = 300_000_000

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
# Answers worth another try.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class Answer(Protocol):
    """What is read of an HTTP answer."""

    status_code: int
    url: str

    @property
    def headers(self) -> Mapping[str, str]:
        """By name, whatever its case."""

    def iter_content(self, chunk_size: int) -> Iterator[bytes]:
        """Its body, a block at a time."""


class FetchError(SourceError):
    """The network or the server failed for good: one French sentence, host and remedy.

    `status` is the HTTP status of the last answer, 0 when there was none.
    """

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class Passing(Exception):
    """This try failed; another may succeed, after `wait_s` when the server asked for it."""

    def __init__(self, error: FetchError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


def check(answer: Answer) -> None:
    """Pass a 2xx; anything else is a refusal, or passing."""
    status, host = answer.status_code, host_of(answer.url)
    if status < 300 or status == 304:
        return
    if status == 416:
        raise FetchError(f"{host} refuse de reprendre ce téléchargement : effacer le fichier "
                         "« .part » et relancer.", status)  # fmt: skip
    if status == 429:
        wait_s = _retry_after(answer)
        when = f"dans {wait_s:.0f} secondes" if wait_s else "dans quelques minutes"
        error = FetchError(f"{host} limite le nombre de demandes : réessayer {when}.", status)
        raise Passing(error, wait_s)
    if status in PASSING:
        error = FetchError(f"{host} est en panne (erreur {status}) : réessayer plus tard.", status)
        raise Passing(error, _retry_after(answer))
    reason = REFUSALS.get(status, f"le serveur a répondu {status} : réessayer plus tard")
    raise FetchError(f"{host} : {reason}.", status)


def decoded(answer: Answer) -> Any:
    """The JSON of an answer."""
    body = _body(answer)
    try:
        return json.loads(body)
    except ValueError as error:
        sentence = (
            f"{host_of(answer.url)} a répondu des données tronquées ou illisibles : réessayer."
        )
        raise Passing(FetchError(sentence)) from error


def text_of(answer: Answer) -> str:
    """The text of an answer."""
    return _body(answer).decode("utf-8-sig", errors="replace")


def _body(answer: Answer) -> bytes:
    """All of a reasonable answer that is not a web page."""
    host, body = host_of(answer.url), bytearray()
    for block in answer.iter_content(BLOCK):
        body += block
        if len(body) > MAX_JSON_BYTES:
            raise FetchError(f"{host} répond sans fin : vérifier l'adresse du service.")
    if is_html(answer, bytes(body[:512])):
        raise FetchError(WEB_PAGE.format(host=host, wanted="de données"))
    return bytes(body)


def member(answer: Any, path: str) -> Any:
    """What a dotted path leads to, None when a step is missing."""
    for step in path.split(".") if path else ():
        answer = answer.get(step) if isinstance(answer, dict) else None
    return answer if path else None


def is_html(answer: Answer, start: bytes) -> bool:
    """Whether an answer that begins so is a web page."""
    if "html" in answer.headers.get("Content-Type", "").lower():
        return True
    return (
        start[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
    )


def _retry_after(answer: Answer) -> float | None:
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def host_of(address: str) -> str:
    """The service an address is at, without anybody's key."""
    return urlsplit(address).netloc.rpartition("@")[2] or address
