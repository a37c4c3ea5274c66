"""The documentation is a thing that can fail: its commands, links and settings exist."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from sourcing.cli import cli
from sourcing.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def shown_commands() -> Iterator[tuple[str, str]]:
    """Every `sourcing …` a page shows, in a block or between backticks."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^```\n(.*?)^```", text, re.S | re.M):
            for line in block.splitlines():
                for part in re.split(r"&&|#|\s{2,}", line):
                    if part.strip().startswith("sourcing ") and ".py" not in part:
                        yield page.name, part.strip()
        for part in re.findall(r"`(sourcing [a-z][^`]*)`", text):
            yield page.name, part


@pytest.mark.parametrize(("page", "line"), sorted(set(shown_commands())))
def test_a_shown_command_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(line.replace("…", ""))[1:]
    command: click.Command | None = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words:
        command = command.get_command(context, words.pop(0))
    assert command, f"{page}: {line}"
    known = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        if word.startswith("-"):
            assert word.split("=")[0] in known, f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_setting_is_explained_and_no_other() -> None:
    text = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    named = set(re.findall(rf"`({PREFIX}(?!TEST_)\w+)`", text))
    assert named == {PREFIX + field.name.upper() for field in fields(Settings)}
