"""Files people send: their size, their owner, their end."""

import io
import os
import time
from pathlib import Path

import pytest
from flask import Flask

from tests.webapp import invented
from tests.webapp.conftest import Visitor
from webapp import uploads


@pytest.fixture
def box(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The site with one page that takes a file and gives it back."""
    monkeypatch.setattr(uploads, "LARGEST_MB", 1)

    @app.post("/boite")
    @uploads.takes_file
    def take() -> str:
        kept = uploads.receive()
        return f"{kept.token} {kept.name}"

    @app.get("/boite/<token>")
    def give(token: str) -> bytes:
        return uploads.find(token).path.read_bytes()

    return app


def person(app: Flask, who: tuple[str, str]) -> Visitor:
    known = Visitor(app)
    known.sign_in(*who)
    return known


def send(visitor: Visitor, content: bytes, name: str = "liste.csv") -> tuple[int, str]:
    page = visitor.get("/connexion").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    data = {"csrf_token": token, "file": (io.BytesIO(content), name)}
    answer = visitor.client.post("/boite", data=data)
    return answer.status_code, answer.text


def test_a_file_larger_than_a_form_is_kept_for_who_sent_it(box: Flask) -> None:
    content = b"Nom;Ville\n" * 50_000
    nolwenn = person(box, invented.ADMIN)
    code, said = send(nolwenn, content, "Liste Audélor.csv")
    token, _, name = said.partition(" ")
    assert (code, name) == (200, "Liste Audélor.csv")
    assert nolwenn.get(f"/boite/{token}").data == content
    assert person(box, invented.BUYER).get(f"/boite/{token}").status_code == 404


def test_a_file_too_large_is_refused_with_the_limit(box: Flask) -> None:
    code, page = send(person(box, invented.ADMIN), b"x" * 1_200_000)
    assert (code, "dépasse 1 Mo" in page) == (413, True)


def test_nobody_sends_a_large_file_without_signing_in(box: Flask) -> None:
    assert send(Visitor(box), b"x" * 100_000)[0] == 413


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("../../etc/passwd", "passwd"), ("a<b>:c?.csv", "a b c .csv"), ("..", "fichier"),
     ("é" * 300 + ".xlsx", "é" * 110 + ".xlsx")],
)  # fmt: skip
def test_a_name_never_leaves_its_folder(box: Flask, sent: str, kept: str) -> None:
    _, said = send(person(box, invented.ADMIN), b"Nom\nA\n", sent)
    assert said.split(" ", 1)[1] == kept


def test_yesterdays_files_are_gone(box: Flask, tmp_path: Path) -> None:
    nolwenn = person(box, invented.ADMIN)
    token = send(nolwenn, b"Nom\nA\n")[1].split()[0]
    folder = tmp_path / "uploads" / token
    old = time.time() - uploads.KEPT_SECONDS - 60
    os.utime(folder / "about.json", (old, old))
    assert nolwenn.get(f"/boite/{token}").status_code == 404
    send(nolwenn, b"Nom\nB\n")
    assert not folder.exists()


def test_nothing_chosen_is_said(box: Flask) -> None:
    with (
        box.test_request_context("/boite", method="POST"),
        pytest.raises(uploads.UploadError, match="Choisir un fichier"),
    ):
        uploads.receive()
