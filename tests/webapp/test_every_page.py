"""What holds on every page: policy, look, weight, errors, and one session per request."""

import gzip
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sourcing import db
from sourcing.model import Setting
from tests.webapp import invented
from tests.webapp.conftest import Visitor, site
from webapp.context import session
from webapp.headers import content_policy

SIRET = invented.siret(0)
PUBLIC = (
    "/fournisseurs", "/fournisseurs?q=jardin&statut=ess&autour=Lorient&rayon=10",
    "/fournisseurs?q=introuvable", f"/fournisseurs/{SIRET}", "/reunion", "/inscription",
    f"/inscription?siret={SIRET}", "/connexion", "/sources",
    "/achats-a-venir", "/achats-a-venir/suivre", "/inscription/acces",
    "/donnees-personnelles",
    "/mentions-legales", "/accessibilite", "/api", "/attributions", "/attributions?q=jardin",
    "/innovation",
    "/panier", "/reservabilite?segment=EV-01", "/kit/EV-01", "/parametres",
)  # fmt: skip
ASKED = (*PUBLIC, "/carte/contours.json", "/inconnue")
LARGEST_PAGE = 60_000


@pytest.fixture(scope="module")
def answers(
    filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, TestResponse]:
    """What each address answers, asked once."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(filled_sqlite, folder / "base.sqlite")
    engine = db.connect(f"sqlite:///{folder / 'base.sqlite'}")
    visitor = Visitor(site(engine, folder))
    answers = {path: visitor.get(path) for path in ASKED}
    engine.dispose()
    return answers


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_carries_no_inline_script_and_no_inline_style(
    answers: dict[str, TestResponse], path: str
) -> None:
    page = answers[path].text
    assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=\s*[\"']|javascript:", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_has_one_heading_its_language_and_a_light_weight(
    answers: dict[str, TestResponse], path: str
) -> None:
    page = answers[path].text
    assert page.count("<h1") == 1
    assert '<html lang="fr">' in page
    assert len(gzip.compress(page.encode())) < LARGEST_PAGE


@pytest.mark.parametrize("path", ASKED)
def test_every_answer_carries_the_security_headers(
    answers: dict[str, TestResponse], path: str
) -> None:
    headers = answers[path].headers
    assert headers["Content-Security-Policy"] == content_policy("aucun")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert {"Referrer-Policy", "Permissions-Policy"} <= set(headers.keys())


def test_only_the_chosen_background_enters_the_policy() -> None:
    assert "https:" not in content_policy("aucun")
    assert "img-src 'self' data: https://data.geopf.fr;" in content_policy("ign")


def test_a_demonstration_says_so_on_every_page(answers: dict[str, TestResponse]) -> None:
    assert all("noms et structures fictifs" in answers[path].text for path in PUBLIC)


def test_real_data_are_not_called_fictitious(visitor: Visitor, base: Session) -> None:
    base.merge(Setting(key="origin", value="real"))
    base.commit()
    assert "fictifs" not in visitor.read("/fournisseurs")


def test_a_page_that_does_not_exist_looks_like_the_site(visitor: Visitor) -> None:
    answer = visitor.get("/nulle-part")
    assert answer.status_code == 404
    assert "Page introuvable" in answer.text
    assert "Chercher un fournisseur" in answer.text


def test_an_unexpected_error_keeps_nothing_and_says_little(app: Flask, base: Session) -> None:
    @app.get("/panne")
    def broken() -> str:
        session().add(Setting(key="half", value="written"))
        session().flush()
        raise RuntimeError("a secret detail")

    answer = Visitor(app).get("/panne")
    assert answer.status_code == 500
    assert "Une erreur est survenue" in answer.text
    assert "secret" not in answer.text
    assert base.get(Setting, "half") is None


def test_a_lost_base_is_still_a_page_in_the_same_look(app: Flask, tmp_path: Path) -> None:
    app.extensions["sourcing"].engine.dispose()
    (tmp_path / "base.sqlite").write_bytes(b"not a database" * 500)
    answer = Visitor(app).get("/fournisseurs")
    assert (answer.status_code, "Sourcing territorial" in answer.text) == (500, True)


def test_the_cookie_is_hidden_from_scripts_and_sent_over_https_alone(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    app = site(sqlite_engine, tmp_path, https=True)
    cookie = app.test_client().get("/connexion").headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Secure"))


def test_a_signing_key_is_made_once_and_kept(sqlite_engine: Engine, tmp_path: Path) -> None:
    keys = {site(sqlite_engine, tmp_path).secret_key for _ in range(2)}
    assert keys == {"for the tests"}


def test_text_travels_compressed_unless_it_holds_a_form_token(visitor: Visitor) -> None:
    ask = {"Accept-Encoding": "gzip"}
    assert visitor.client.get("/sources", headers=ask).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in visitor.client.get("/connexion", headers=ask).headers


def test_what_was_built_travels_as_brotli_to_whoever_reads_it(visitor: Visitor) -> None:
    address = re.search(r'src="(/statique/[^"]+built/search\.js)"', visitor.read("/fournisseurs"))
    assert address is not None
    sizes = []
    for coding in ("br", "gzip"):
        answer = visitor.client.get(address[1], headers={"Accept-Encoding": f"gzip, {coding}"})
        assert answer.headers["Content-Encoding"] == coding
        assert "Accept-Encoding" in answer.headers["Vary"]
        sizes.append(len(answer.data))
    assert sizes[0] < sizes[1]


def test_static_files_may_be_kept_for_a_year(visitor: Visitor) -> None:
    address = re.search(r'href="(/statique/[^"]+base\.css)"', visitor.read("/sources"))
    assert address is not None
    answer = visitor.client.get(address[1], headers={"Accept-Encoding": "gzip"})
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert b"--paper" in gzip.decompress(answer.data)
