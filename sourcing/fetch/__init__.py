"""The only network: JSON and files over HTTP, with quotas, retries, resume and checks."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

from sourcing.fetch.answers import Answer, Passing, decoded, text_of
from sourcing.fetch.answers import FetchError as FetchError
from sourcing.fetch.parts import Part, has_checksum, writing

USER_AGENT = "sourcing-territorial/0.1 (outil de sourcing des acheteurs publics)"
MAX_REDIRECTS = 8

# done bytes, total bytes (0 when the server does not say)
Progress = Callable[[int, int], None]
Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for a file: an address, with parameters in it or a form beside it."""

    url: str
    params: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _http() -> Any:
    # A tenth of a command's start, for those that ask something of somebody.
    return import_module("sourcing.fetch.line")


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

    def __post_init__(self) -> None:
        self._line = _http().Line()
        self._line.headers["User-Agent"] = USER_AGENT
        self._line.headers.update(self.headers)
        self._line.keys = frozenset(self.headers)
        self._line.max_redirects = MAX_REDIRECTS
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
                return decoded(answer)

        return self._insist(ask)

    def upload(
        self, url: str, content: bytes, form: Mapping[str, str], name: str = "data.csv"
    ) -> str:
        """The text answered to a file sent as the member `data` of a form."""
        address = urljoin(self.base_url + "/", url) if self.base_url else url

        def ask() -> str:
            files = {"data": (name, content, "text/csv")}
            with self._open(address, form=form, files=files) as answer:
                return text_of(answer)

        return self._insist(ask)

    def download(
        self,
        asked: str | Question,
        target: Path,
        progress: Progress | None = None,
        checksum: str = "",
    ) -> Path:
        """The file at `target`, whole and checked, or what was there; a part is resumed later.

        `checksum`: "sha1:…", or any other of hashlib's. What is there already is not sent again
        when it has it, or while the server says it is the same.
        """
        asked = Question(asked) if isinstance(asked, str) else asked
        address = urljoin(self.base_url + "/", asked.url) if self.base_url else asked.url
        if asked.params:
            address = _http().with_params(address, asked.params)
        if checksum and target.exists() and has_checksum(target, checksum):
            return target
        part = Part(target, address)

        def receive() -> None:
            headers = {**asked.headers, **part.request_headers()}
            try:
                with self._open(address, form=asked.form, headers=headers) as answer:
                    part.receive(answer, progress)
            except FetchError as error:
                if error.status != 416:
                    raise
                part.forget()
                raise Passing(error, wait_s=0) from error

        with writing(target):
            self._insist(receive)
            part.finish(checksum)
        return target

    def _insist(self, action: Callable[[], Answered]) -> Answered:
        wait_s = self.backoff_s
        for left in range(self.retries, -1, -1):
            try:
                return action()
            except Passing as failure:
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
    ) -> Iterator[Answer]:
        """A checked answer, its body not read yet; failures as FetchError or Passing."""
        self._wait_for_turn()
        with self._line.opened(
            "POST" if form is not None else "GET",
            address,
            params=params,
            data=form,
            files=files,
            headers=headers,
            timeout=(self.connect_timeout_s, self.read_timeout_s),
        ) as answer:
            yield answer

    def _wait_for_turn(self) -> None:
        if not self.requests_per_second:
            return
        with self._turn:
            now = time.monotonic()
            turn = max(now, self._next_turn)
            self._next_turn = turn + 1 / self.requests_per_second
        time.sleep(turn - now)
