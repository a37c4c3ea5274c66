"""Long work a page starts: a `sourcing` command of its own, whose progress the page reads."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from sourcing import db, progress
from sourcing.progress import Advance
from sourcing.settings import PREFIX
from webapp.context import Site

# Python takes a second or two to start; after that, who works holds the base.
STARTING = timedelta(seconds=20)
INTERRUPTED = "Interrompu avant la fin : relancer reprendra le travail où il en est."
_started: dict[Path, subprocess.Popen[bytes]] = {}
_turn = Lock()


def start(site: Site, name: str, arguments: Sequence[str]) -> bool:
    """Run `sourcing ARGUMENTS --progress …` beside the site; False when this work is under way.

    `name` is the work's: the page asks `advance` under it. The command outlives the site.
    """
    with _turn:
        if is_running(site, name):
            return False
        path = _path(site, name)
        progress.Report(path)
        # The command says what went wrong in its report; what Python itself says goes beside.
        with path.with_suffix(".log").open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - our own command, its arguments ours
                [sys.executable, "-m", "sourcing", *arguments, "--progress", str(path)],
                env=_environment(site), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        _started[path] = child
        return True


def advance(site: Site, name: str) -> Advance | None:
    """How far this work is, or how it ended; None when it was never started here."""
    found = progress.read(_path(site, name))
    if found and found.state == "running" and _is_dead(site, name, found):
        return Advance("failed", lines=(*found.lines, INTERRUPTED), started_at=found.started_at,
                       written_at=found.written_at)  # fmt: skip
    return found


def is_running(site: Site, name: str) -> bool:
    found = advance(site, name)
    return found is not None and found.state == "running"


def _is_dead(site: Site, name: str, found: Advance) -> bool:
    silent = datetime.now() - datetime.fromisoformat(found.written_at)
    child = _started.get(_path(site, name))
    # A command that only reads holds nothing: the child itself tells.
    is_alive = child is not None and child.poll() is None
    return silent > STARTING and not is_alive and not db.is_filling(site.engine)


def _path(site: Site, name: str) -> Path:
    return (site.settings.data_dir / "progress" / f"{name}.json").resolve()


def _environment(site: Site) -> dict[str, str]:
    """This process's environment, with the settings and the base this very site runs on."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
    base = site.engine.url.render_as_string(hide_password=False)
    return kept | site.settings.environ() | {PREFIX + "DATABASE_URL": base}
