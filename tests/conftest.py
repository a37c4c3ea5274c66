"""Fixtures: each test that touches a base runs on SQLite and on PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.linking import kept
from sourcing.model import Base
from sourcing.search import shelf

STATIC = Path(__file__).resolve().parents[1] / "webapp" / "static"
SHARED = Path(__file__).resolve().parents[2] / "shared"
CHROMIUM_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DATABASES = ("sqlite", "postgresql")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: a core that took one last would work alone to the end.

    What drives a browser, and nothing else, is tried a second time when it fails.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    marks = ("browser", "slow")
    long = {item.path for item in items if any(map(item.get_closest_marker, marks))}
    items.sort(key=lambda item: item.path not in long)


def shared(path: str) -> Path:
    """A real file of ../shared, or a skip that says which is missing."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"real file absent: ../shared/{path}")
    return found


def _postgres_bin() -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the whole run: the driver allows only one at a time."""
    path = os.environ.get("SOURCING_TEST_CHROMIUM") or shutil.which("chromium") or ""
    if not path or not Path(path).exists():
        pytest.skip("Chromium is not installed: the browser tests were not run")
    made = STATIC / "built" / ".made"
    if not made.exists():
        pytest.skip("webapp/static/built is empty: run make install")
    newest = max(path.stat().st_mtime for path in STATIC.glob("[cj]s*/*"))
    assert newest <= made.stat().st_mtime, "webapp/static/built is out of date: run make install"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A throw-away PostgreSQL cluster on a socket, or the one SOURCING_TEST_POSTGRES names."""
    if given := os.environ.get("SOURCING_TEST_POSTGRES"):
        yield given
        return
    folder = _postgres_bin()
    if folder is None:
        pytest.skip("PostgreSQL is not installed: its half of the suite was not run")
    home = Path(tempfile.mkdtemp(prefix="sourcing-pg-", dir="/tmp"))
    home.chmod(0o777)
    # initdb refuses root; Debian's package makes the postgres user.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def run(*command: str) -> None:
        subprocess.run([*prefix, *command], check=True, cwd=home, capture_output=True)

    run(
        str(folder / "initdb"),
        "-D",
        str(home / "data"),
        "-U",
        "sourcing",
        "-A",
        "trust",
        "--locale=C.UTF-8",
        "--encoding=UTF8",
    )
    options = f"-k {home} -c listen_addresses='' -c fsync=off -c synchronous_commit=off"
    run(
        str(folder / "pg_ctl"),
        "-D",
        str(home / "data"),
        "-o",
        options,
        "-l",
        str(home / "log"),
        "-w",
        "start",
    )
    yield f"postgresql+psycopg://sourcing@/postgres?host={home}"
    run(str(folder / "pg_ctl"), "-D", str(home / "data"), "-m", "immediate", "stop")
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[Engine]:
    engine = db.connect(postgres_url)
    db.migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("base") / "empty.sqlite"
    engine = db.connect(f"sqlite:///{path}")
    db.migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    return path


def _empty(engine: Engine) -> None:
    """Rows away and numbers from 1 again, where there were any: TRUNCATE remakes every file."""
    tables = [*(t.name for t in Base.metadata.sorted_tables), "supplier_text"]
    asked = " UNION ALL ".join(f"(SELECT '{t}' FROM {t} LIMIT 1)" for t in tables)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for (table,) in connection.execute(text(asked)).all():
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(
            text(
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) "
                "FROM pg_sequences WHERE last_value IS NOT NULL"
            )
        )


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty migrated base, once on each database."""
    if request.param == "sqlite":
        path = tmp_path / "base.sqlite"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        engine = db.connect(f"sqlite:///{path}")
        yield engine
        engine.dispose()
        return
    engine = request.getfixturevalue("migrated_postgres")
    yield engine
    _empty(engine)
    # The next test's base has the same address and version numbers that start again.
    shelf.forget()
    kept.forget()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def sqlite_engine(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Engine]:
    """An empty SQLite base, for tests where the database does not matter."""
    path = tmp_path / "base.sqlite"
    shutil.copy(migrated_sqlite, path)
    engine = create_engine(f"sqlite:///{path}")
    engine.dispose()
    engine = db.connect(f"sqlite:///{path}")
    yield engine
    engine.dispose()
