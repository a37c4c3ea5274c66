"""The site on an invented territory, and a visitor who fills its forms as a browser would."""

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from connectors import liste
from sourcing import db
from sourcing.search import shelf
from sourcing.settings import Settings
from sourcing.source import Source
from tests.webapp import invented
from webapp import create_app

SOURCES = {
    name: Source(name, title, publisher, "Licence Ouverte 2.0", "https://exemple.fr", "list", ())
    for name, title, publisher in (
        ("sirene", "Répertoire Sirene", "Insee"),
        ("marche_inclusion", "Marché de l’inclusion", "Plateforme de l’inclusion"),
    )
}


class Compiled(BytecodeCache):
    """Templates compiled once for all the sites of a run."""

    codes: ClassVar[dict[tuple[str, str], Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key, bucket.checksum] = bucket.code


class Visitor:
    """A browser without JavaScript."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def read(self, path: str) -> str:
        """The page as text, which must exist."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status}"
        return unescape(answer.text)

    def send(self, page: str, to: str = "", **answers: str | list[str]) -> TestResponse:
        """Fill the form of a page and send it, following to the page it leads to."""
        data = {"csrf_token": self.token(page), **answers}
        return self.client.post(to or page, data=data, follow_redirects=True)

    def token(self, page: str) -> str:
        """What a form of this page proves it comes from us with."""
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get(page).text)
        return token[1] if token else ""

    def sign_in(self, email: str, password: str) -> TestResponse:
        return self.send("/connexion", email=email, password=password)


def site(engine: Engine, folder: Path, **settings: str | bool) -> Flask:
    """The site on this base."""
    shelf.forget()
    # Nothing is asked of the network unless a test says where.
    usual: dict[str, Any] = {
        "secret_key": "for the tests", "recherche_entreprises_url": "", "geocoding_url": "",
    }  # fmt: skip
    chosen = Settings(data_dir=folder, **usual | settings)
    app = create_app(chosen, engine, sources=SOURCES)
    app.jinja_env.bytecode_cache = Compiled()
    return app


@pytest.fixture(scope="session")
def filled_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "base.sqlite"
    shutil.copy(migrated_sqlite, path)
    engine = db.connect(f"sqlite:///{path}")
    with Session(engine) as session:
        invented.fill(session)
    engine.dispose()
    return path


@pytest.fixture
def app(filled_sqlite: Path, tmp_path: Path) -> Iterator[Flask]:
    """The site on SQLite, where the database does not matter."""
    path = tmp_path / "base.sqlite"
    shutil.copy(filled_sqlite, path)
    engine = db.connect(f"sqlite:///{path}")
    yield site(engine, tmp_path)
    engine.dispose()


@pytest.fixture
def either(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Flask:
    """The site once on each database."""
    if engine.dialect.name == "sqlite":
        shutil.copy(request.getfixturevalue("filled_sqlite"), tmp_path / "base.sqlite")
    else:
        with Session(engine) as session:
            invented.fill(session)
    return site(engine, tmp_path)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def admin(app: Flask) -> Visitor:
    known = Visitor(app)
    known.sign_in(*invented.ADMIN)
    return known


@pytest.fixture
def buyer(app: Flask) -> Visitor:
    """Signed in, where lists of unknown columns are read."""
    app.extensions["sourcing"].sources = SOURCES | {"liste": liste.SOURCE}
    known = Visitor(app)
    known.sign_in(*invented.BUYER)
    return known


@pytest.fixture
def base(app: Flask) -> Iterator[Session]:
    """The same base as the visitor's, to look behind the pages."""
    with Session(app.extensions["sourcing"].engine) as session:
        yield session
