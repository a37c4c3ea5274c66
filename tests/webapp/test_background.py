"""Work a page starts goes on beside the site, says how far it is, and is known when it died."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import db
from sourcing.model import Setting
from sourcing.progress import Advance
from webapp import background
from webapp.context import KEY, Site


def wait(said: Callable[[], Advance | None]) -> Advance:
    """What is said at the end; a machine that does much else takes its time to start Python."""
    for _ in range(1_200):
        if (found := said()) and found.state != "running":
            return found
        time.sleep(0.1)
    raise AssertionError(said())


def test_a_command_runs_on_the_sites_own_base_and_tells_how_it_ended(
    app: Flask, base: Session
) -> None:
    site: Site = app.extensions[KEY]
    before = base.scalars(select(Setting.value).where(Setting.key == "data_version")).one()
    base.rollback()
    assert background.start(site, "etiquettes", ["tag", "--all"])
    assert not background.start(site, "etiquettes", ["tag", "--all"])
    assert wait(lambda: background.advance(site, "etiquettes")).state == "done"
    after = base.scalars(select(Setting.value).where(Setting.key == "data_version")).one()
    assert int(after) == int(before) + 1


def test_a_failure_is_told_in_the_commands_own_words(app: Flask, tmp_path: Path) -> None:
    site: Site = app.extensions[KEY]
    with db.filling(site.engine):
        background.start(site, "liens", ["link"])
        found = wait(lambda: background.advance(site, "liens"))
    assert (found.state, found.lines[-1][:14]) == ("failed", "Une autre comm")


def test_work_that_was_killed_is_said_to_be_interrupted(app: Flask, tmp_path: Path) -> None:
    site: Site = app.extensions[KEY]
    past = (datetime.now() - timedelta(minutes=5)).isoformat()
    path = tmp_path / "progress" / "liens.json"
    path.parent.mkdir()
    said = {"state": "running", "step": "Liens", "share": 0.4, "lines": [],
            "started_at": past, "written_at": past}  # fmt: skip
    path.write_text(json.dumps(said))
    found = background.advance(site, "liens")
    assert found and found.state == "failed" and "reprendra" in found.lines[-1]
    with db.filling(site.engine):
        assert background.is_running(site, "liens")
