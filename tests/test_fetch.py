"""The network as it is: slow, cut, limited, redirected, replaced by a web page."""

import gzip
import hashlib
import random
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
import requests

from sourcing.fetch import Fetcher, FetchError
from sourcing.fetch.answers import BLOCK
from sourcing.fetch.line import Line
from sourcing.source import SourceError
from tests.geo_api_server import Answer, LocalServer, as_json, running

CONTENT = bytes(range(256)) * 4000
PAGE = Answer(b"<!DOCTYPE html><p>Maintenance</p>", headers={"Content-Type": "text/html"})


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with running(LocalServer()) as server:
        yield server


def fetcher(server: LocalServer, **knobs: float) -> Fetcher:
    knobs = {"backoff_s": 0.01, "read_timeout_s": 2.0, "retries": 2} | knobs
    return Fetcher(server.url, **knobs)  # type: ignore[arg-type]


def test_json_is_decoded_and_says_who_asks(server: LocalServer) -> None:
    server.on("/communes", as_json([{"nom": "Quéven"}]))
    assert fetcher(server).json("communes", {"fields": "nom"}) == [{"nom": "Quéven"}]
    assert server.seen[0].query == {"fields": "nom"}
    assert "sourcing-territorial" in server.seen[0].headers["User-Agent"]


def test_a_form_is_posted(server: LocalServer) -> None:
    server.on("/siret", as_json({"header": {"statut": 200}}))
    fetcher(server).json("siret", form={"q": "codeCommuneEtablissement:56121"})
    assert (server.seen[0].method, b"56121" in server.seen[0].body) == ("POST", True)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_falls_is_asked_again(server: LocalServer, status: int) -> None:
    server.on("/x", Answer(status=status), Answer(status=status), as_json([1]))
    assert fetcher(server).json("x") == [1]


def test_a_server_that_stays_down_is_reported_with_its_status(server: LocalServer) -> None:
    server.on("/x", Answer(status=503))
    with pytest.raises(
        FetchError, match=r"127\.0\.0\.1:\d+ est en panne \(erreur 503\)"
    ) as failure:
        fetcher(server).json("x")
    assert failure.value.status == 503
    assert isinstance(failure.value, SourceError)
    assert len(server.seen) == 3


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were to be waited, none of which is."""
    asked: list[float] = []
    monkeypatch.setattr("sourcing.fetch.time.sleep", asked.append)
    return asked


def test_the_wait_asked_by_the_server_is_honoured(server: LocalServer, waits: list[float]) -> None:
    server.on("/x", Answer(status=429, headers={"Retry-After": "7"}), as_json([]))
    fetcher(server).json("x")
    assert max(waits) == 7


def test_a_wait_given_as_a_date_is_honoured(server: LocalServer, waits: list[float]) -> None:
    date = formatdate(time.time() + 20, usegmt=True)
    server.on("/x", Answer(status=503, headers={"Retry-After": date}), as_json([]))
    fetcher(server).json("x")
    assert 1 < max(waits) <= 20


def test_a_wait_too_long_is_reported_instead(server: LocalServer) -> None:
    server.on("/x", Answer(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(FetchError, match="limite le nombre de demandes : réessayer dans 3600 s"):
        fetcher(server).json("x")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(400, "vérifier les codes"), (401, "clé d'accès"), (403, "accès est refusé"),
     (404, "rien n'existe"), (414, "moins de communes"), (418, "répondu 418")],
)  # fmt: skip
def test_a_refusal_is_final_and_says_what_to_do(
    server: LocalServer, status: int, remedy: str
) -> None:
    server.on("/x", Answer(status=status))
    with pytest.raises(FetchError, match=remedy) as failure:
        fetcher(server).json("x")
    assert (failure.value.status, len(server.seen)) == (status, 1)


def test_a_web_page_in_place_of_json_is_named(server: LocalServer) -> None:
    server.on("/x", PAGE)
    with pytest.raises(FetchError, match="page web au lieu de données"):
        fetcher(server).json("x")


def test_a_web_page_announced_as_json_is_named_too(server: LocalServer) -> None:
    server.on("/x", Answer(b"\n <HTML>", headers={"Content-Type": "application/json"}))
    with pytest.raises(FetchError, match="page web au lieu de données"):
        fetcher(server).json("x")


def test_a_redirect_loop_stops(server: LocalServer) -> None:
    server.on("/a", Answer(status=302, headers={"Location": "/b"}))
    server.on("/b", Answer(status=302, headers={"Location": "/a"}))
    with pytest.raises(FetchError, match="renvoie en boucle"):
        fetcher(server).json("a")


def test_a_redirect_out_of_the_web_is_refused(server: LocalServer) -> None:
    server.on("/a", Answer(status=302, headers={"Location": "file:///etc/passwd"}))
    with pytest.raises(FetchError, match="ne peut pas être demandée"):
        fetcher(server).json("a")


def test_a_body_cut_on_the_way_is_asked_again(server: LocalServer) -> None:
    whole = as_json(list(range(1000)))
    server.on("/x", Answer(whole.body, headers=whole.headers, cut=100), whole)
    assert len(fetcher(server).json("x")) == 1000


def test_json_that_stops_half_way_is_reported(server: LocalServer) -> None:
    server.on("/x", Answer(b'[{"nom": "Lor'))
    with pytest.raises(FetchError, match="tronquées ou illisibles"):
        fetcher(server).json("x")


def test_a_silent_server_is_left_after_the_timeout(server: LocalServer) -> None:
    server.on("/x", Answer(b"[]", delay_s=0.5))
    with pytest.raises(FetchError, match=r"ne répond pas à temps|a coupé|injoignable"):
        fetcher(server, read_timeout_s=0.1, retries=1).json("x")


def test_nobody_at_the_address_is_reported() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(FetchError, match="est injoignable : vérifier la connexion"):
        Fetcher(url, retries=1, backoff_s=0.01).json("communes")


def test_a_name_that_does_not_exist_is_reported() -> None:
    with pytest.raises(FetchError, match=r"nulle-part\.invalid"):
        Fetcher("http://nulle-part.invalid", retries=0).json("communes")


def test_an_address_that_is_none_is_reported() -> None:
    with pytest.raises(FetchError, match="ne peut pas être demandée"):
        Fetcher().json("communes")


def test_the_quota_spaces_the_requests(server: LocalServer) -> None:
    server.on("/x", as_json([]))
    polite = fetcher(server, requests_per_second=20)
    start = time.monotonic()
    for _ in range(5):
        polite.json("x")
    assert time.monotonic() - start >= 0.2


# --- downloads ---


def test_a_file_arrives_whole_with_its_progress(server: LocalServer, tmp_path: Path) -> None:
    server.on("/stock.zip", Answer(CONTENT))
    steps: list[tuple[int, int]] = []
    target = tmp_path / "new" / "stock.zip"
    fetcher(server).download("stock.zip", target, lambda done, total: steps.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    # Beside it, only the note of the version it is: what a later refresh asks with.
    assert {p.name for p in target.parent.iterdir()} == {"stock.zip", ".stock.zip.origin.json"}


def test_a_cut_download_goes_on_where_it_stopped(server: LocalServer, tmp_path: Path) -> None:
    server.on("/f", Answer(CONTENT, etag='"v1"', cut=300_000), Answer(CONTENT, etag='"v1"'))
    target = fetcher(server).download("f", tmp_path / "f.bin")
    assert target.read_bytes() == CONTENT
    start = int(server.seen[1].headers["Range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= 300_000


def test_a_killed_download_is_resumed_by_the_next_command(
    server: LocalServer, tmp_path: Path
) -> None:
    server.on("/f", Answer(CONTENT, etag='"v1"', cut=500_000))
    with pytest.raises(FetchError, match="a coupé"):
        fetcher(server, retries=0).download("f", tmp_path / "f.bin")
    assert not (tmp_path / "f.bin").exists()
    server.on("/f", Answer(CONTENT, etag='"v1"'))
    assert fetcher(server).download("f", tmp_path / "f.bin").read_bytes() == CONTENT
    assert "Range" in server.seen[-1].headers


def test_a_file_replaced_meanwhile_starts_again(server: LocalServer, tmp_path: Path) -> None:
    newer = CONTENT[::-1]
    server.on("/f", Answer(CONTENT, etag='"v1"', cut=500_000), Answer(newer, etag='"v2"'))
    assert fetcher(server).download("f", tmp_path / "f.bin").read_bytes() == newer


def test_a_part_already_whole_is_not_an_endless_416(server: LocalServer, tmp_path: Path) -> None:
    server.on("/f", Answer(CONTENT, etag='"v1"'))
    (tmp_path / "f.bin.part").write_bytes(CONTENT)
    (tmp_path / "f.bin.part.json").write_text(
        f'{{"address": "{server.url}/f", "version": "\\"v1\\""}}'
    )
    assert fetcher(server).download("f", tmp_path / "f.bin").read_bytes() == CONTENT


def test_without_a_version_nothing_is_glued_together(server: LocalServer, tmp_path: Path) -> None:
    server.on("/f", Answer(CONTENT, cut=500_000), Answer(CONTENT))
    assert fetcher(server).download("f", tmp_path / "f.bin").read_bytes() == CONTENT
    assert "Range" not in server.seen[-1].headers


def test_a_server_that_packs_what_it_sends_is_never_resumed_half_way(
    server: LocalServer, tmp_path: Path
) -> None:
    # Bytes on disk are unpacked: those of a range would not be.
    packed = gzip.compress(random.Random(1).randbytes(600_000))
    coded = {"Content-Encoding": "gzip"}
    server.on("/f", Answer(packed, etag='"v1"', headers=coded, cut=400_000),
              Answer(packed, etag='"v1"', headers=coded))  # fmt: skip
    whole = fetcher(server).download("f", tmp_path / "f.bin").read_bytes()
    assert whole == gzip.decompress(packed)
    assert "Range" not in server.seen[-1].headers


def test_a_rest_of_another_version_is_not_glued_to_the_first(
    server: LocalServer, tmp_path: Path
) -> None:
    newer, at = CONTENT[::-1], 2 * BLOCK
    rest = {"Content-Range": f"bytes {at}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    server.on("/f", Answer(CONTENT, etag='"v1"', cut=at),
              Answer(newer[at:], 206, headers=rest | {"ETag": '"v2"'}),
              Answer(newer, etag='"v2"'))  # fmt: skip
    assert fetcher(server).download("f", tmp_path / "f.bin").read_bytes() == newer


def test_a_rest_nobody_asked_for_is_asked_again(server: LocalServer, tmp_path: Path) -> None:
    rest = {"Content-Range": "bytes 0-99/1000"}
    server.on("/f", Answer(CONTENT[:100], 206, headers=rest), Answer(CONTENT))
    assert fetcher(server).download("f", tmp_path / "f.bin").read_bytes() == CONTENT


def test_a_body_that_cannot_be_unpacked_is_asked_again(server: LocalServer, tmp_path: Path) -> None:
    coded = Answer(b"not gzip at all", headers={"Content-Encoding": "gzip"})
    server.on("/f", coded, Answer(CONTENT))
    assert fetcher(server).download("f", tmp_path / "f.bin").read_bytes() == CONTENT
    server.on("/g", coded)
    with pytest.raises(FetchError, match="a coupé la réponse"):
        fetcher(server, retries=0).json("g")


def test_nobody_is_led_from_a_closed_line_to_an_open_one() -> None:
    answer = requests.Response()
    answer.url, answer.status_code = "https://www.data.gouv.fr/r/1", 302
    answer.headers["Location"] = "http://static.data.gouv.fr/f.zip"
    with pytest.raises(requests.exceptions.InvalidSchema):
        Line().get_redirect_target(answer)
    answer.headers["Location"] = "/f.zip"
    assert Line().get_redirect_target(answer) == "/f.zip"


def test_a_wrong_fingerprint_leaves_nothing(server: LocalServer, tmp_path: Path) -> None:
    server.on("/f", Answer(CONTENT))
    with pytest.raises(FetchError, match="n'a pas l'empreinte annoncée"):
        fetcher(server).download("f", tmp_path / "f.bin", checksum="sha256:" + "0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_a_file_already_there_and_right_is_not_asked_again(
    server: LocalServer, tmp_path: Path
) -> None:
    (tmp_path / "f.bin").write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    fetcher(server).download("f", tmp_path / "f.bin", checksum=f"sha256:{digest}")
    assert server.seen == []


def test_a_web_page_never_takes_the_place_of_a_file(server: LocalServer, tmp_path: Path) -> None:
    (tmp_path / "stock.zip").write_bytes(b"yesterday")
    server.on("/stock.zip", PAGE)
    with pytest.raises(FetchError, match="page web au lieu d'un fichier"):
        fetcher(server).download("stock.zip", tmp_path / "stock.zip")
    assert (tmp_path / "stock.zip").read_bytes() == b"yesterday"


def test_a_folder_that_cannot_be_written_is_named(server: LocalServer, tmp_path: Path) -> None:
    server.on("/f", Answer(CONTENT))
    (tmp_path / "busy").write_text("a file, not a folder")
    with pytest.raises(FetchError, match="Impossible d'écrire f"):
        fetcher(server).download("f", tmp_path / "busy" / "f.bin")
