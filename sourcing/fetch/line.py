"""The line to a service, by the library that speaks HTTP: imported by the first who asks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from sourcing.fetch.answers import CUT, Answer, FetchError, Passing, check, host_of

# A body that stops, or that cannot be unpacked.
CUT_OFF = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)


class Line(requests.Session):
    """One that keeps its keys to the service they are for: a redirection takes none elsewhere."""

    keys: frozenset[str] = frozenset()

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]
        if host_of(str(prepared_request.url)) != host_of(str(response.request.url)):
            for key in self.keys:
                prepared_request.headers.pop(key, None)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where it leads; never from a closed line to an open one, where anyone may answer."""
        target: str | None = super().get_redirect_target(resp)
        if target and resp.url.startswith("https:") and target.lower().startswith("http:"):
            raise requests.exceptions.InvalidSchema(f"{resp.url} -> {target}")
        return target

    @contextmanager
    def opened(self, method: str, address: str, **said: Any) -> Iterator[Answer]:
        """A checked answer, its body not read yet; failures as FetchError or Passing."""
        try:
            with self.request(method, address, stream=True, **said) as answer:
                check(answer)
                yield answer
        except requests.RequestException as error:
            _explain(error, address)


def with_params(address: str, params: Mapping[str, str]) -> str:
    """The address with these in it."""
    return requests.Request("GET", address, params=params).prepare().url or address


def _explain(error: requests.RequestException, address: str) -> None:
    """Raise the library's error as ours: passing, or for good."""
    host = host_of(address)
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
    elif isinstance(error, CUT_OFF):
        sentence = CUT.format(host=host)
    elif isinstance(error, requests.ConnectionError):
        sentence = f"{host} est injoignable : vérifier la connexion, ou donner des fichiers."
    else:
        raise FetchError(f"L'adresse {address} ne peut pas être demandée : "
                         "la vérifier dans les réglages.") from error  # fmt: skip
    raise Passing(FetchError(sentence)) from error
