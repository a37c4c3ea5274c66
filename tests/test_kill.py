"""Killed at any moment, the next command finishes the work: same base, byte for byte."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from sqlalchemy import create_engine, text

import demo
from tests.geo_api_server import Answer, LocalServer, running
from tests.nursery import Nursery

ROOT = Path(__file__).resolve().parents[1]
EPV = "/api/1/datasets/r/9bca3cea-1659-422d-8c4d-40137b2a1ee8"
# Commands of a territory's first two months, and at how many moments each is killed.
FIRST, SECOND = "first month", "second month"
KILLS = {"territory": 2, FIRST: 9, SECOND: 9}
# All that is said, but numbers given in the order of arrival and moments of the clock.
SAID = (
    "SELECT uid, siret, origin, name, legal_name, diffusion, state, closed_on, address, naf, "
    "commune_code, gone_on, moved_on, moved_from FROM supplier ORDER BY uid",
    "SELECT m.source, m.key, m.line, m.name, m.gone_on, s.uid FROM mention m "
    "LEFT JOIN supplier s ON s.id = m.supplier_id ORDER BY m.source, m.key",
    "SELECT s.uid, t.kind, t.value, t.because, t.source, t.weight FROM tag t "
    "JOIN supplier s ON s.id = t.supplier_id ORDER BY s.uid, t.kind, t.value, t.source",
    "SELECT name, columns FROM saved_mapping ORDER BY name",
    "SELECT count(*) FROM stale",
    "SELECT count(*) FROM supplier_text",
)


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources' folders for two months; in the second, some rows changed in each."""
    folder = tmp_path_factory.mktemp("months")
    files = demo.generate(folder / "made", 500)
    files["territory"] = demo.territory_files(folder / "made")
    for month in (FIRST, SECOND):
        for source in ("sirene", "marche_inclusion", "innovation"):
            into = folder / month / source / ("audelor" if source == "innovation" else "")
            into.mkdir(parents=True)
            for path in files[source]:
                shutil.copy(path, into)
    stock = folder / SECOND / "sirene" / "StockEtablissement_utf8.parquet"
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE e AS FROM '{stock}'")
        con.execute("UPDATE e SET etatAdministratifEtablissement = 'F' WHERE rowid % 50 = 7")
        con.execute("UPDATE e SET enseigne1Etablissement = 'NOUVELLE' WHERE rowid % 50 = 8")
        con.execute("DELETE FROM e WHERE rowid % 50 = 9")
        con.execute(f"COPY e TO '{stock}'")
    for path in (folder / SECOND / "marche_inclusion").iterdir():
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-2]))
    shutil.copytree(folder / "made", folder / "territory")
    return folder


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery(ROOT)
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with running(LocalServer()) as server:
        firms = ("Forge", "Cirerie", "Tannerie", "Voilerie", "Vannerie")
        ours = "".join(f";{firm} du Blavet;Lorient;56100\n" for firm in firms)
        rows = ours + "".join(f";Reliure {n};Nice;06000\n" for n in range(6_000))
        body = ("SIRET;Raison sociale;Commune;Code postal\n" + rows).encode()
        server.on(EPV, Answer(body, etag='"one"', headers={"Content-Type": "text/csv"}))
        yield server


@dataclass
class Home:
    """A territory's data directory and base, and who fills it."""

    folder: Path
    url: str
    nursery: Nursery
    server: LocalServer
    months: Path

    def seconds(self, step: str) -> float:
        """How long a step takes when nothing stops it."""
        start = time.monotonic()
        self.run(step)
        return time.monotonic() - start

    def run(self, step: str, killed_after: float | None = None) -> None:
        process = self.nursery.start(self.arguments(step), self.env(), self.folder / "log")
        if killed_after is not None:
            time.sleep(killed_after)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        code = self.nursery.end()
        said = (self.folder / "log").read_text()
        assert code in ((0,) if killed_after is None else (0, -signal.SIGKILL)), said

    def arguments(self, step: str) -> list[str]:
        if step == "territory":
            communes = next((self.months / "made").glob("communes*"))
            return ["territory", "200042174", "--from-file", str(communes)]
        if step == "export":
            return ["search", "--all", "--format", "csv", "-o", str(self.folder / "export.csv")]
        sources = self.folder / "sources"
        for source in (self.months / step).iterdir():
            shutil.copytree(source, sources / source.name, dirs_exist_ok=True)
        return ["refresh", "epv", "sirene", "marche_inclusion", "innovation"]

    def env(self) -> dict[str, str]:
        return {
            "SOURCING_DATA_DIR": str(self.folder),
            "SOURCING_DATABASE_URL": self.url,
            "SOURCING_DATAGOUV_URL": self.server.url,
            "SOURCING_GEOCODING_URL": "",
        }

    def said(self) -> tuple[bytes, list[Any]]:
        """The export, and all that the base says."""
        self.run("export")
        engine = create_engine(self.url)
        with engine.connect() as connection:
            rows = [list(map(tuple, connection.execute(text(sql)))) for sql in SAID]
        engine.dispose()
        return (self.folder / "export.csv").read_bytes(), rows


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_twenty_kills_leave_the_base_of_an_uninterrupted_run(
    database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    nursery: Nursery,
    server: LocalServer,
    months: Path,
) -> None:
    def home(name: str) -> Home:
        folder = tmp_path / name
        folder.mkdir()
        url = f"sqlite:///{folder}/base.sqlite"
        if database == "postgresql":
            url = fresh_base(request.getfixturevalue("postgres_url"), name)
        return Home(folder, url, nursery, server, months)

    whole, broken = home("whole"), home("broken")
    chance = Random(56)
    for step, kills in KILLS.items():
        seconds = whole.seconds(step)
        for _ in range(kills):
            broken.run(step, killed_after=chance.uniform(0, seconds))
        broken.run(step)
    export, rows = broken.said()
    assert (export, rows) == whole.said()
    assert len(export) > 10_000
    assert rows[-2] == [(0,)]
    assert not list((broken.folder / "sources").rglob("*.part*"))


def fresh_base(url: str, name: str) -> str:
    """An empty base of its own on the tests' server."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS kill_{name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE kill_{name}"))
    engine.dispose()
    return url.replace("/postgres?", f"/kill_{name}?")
