"""A long list that a service gives as CSV, so many lines an answer: asked by groups of places."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from sourcing.fetch import Fetcher, FetchError, Progress, Question
from sourcing.fetch.answers import host_of
from sourcing.fetch.parts import Part, writing
from sourcing.source import Portions
from sourcing.workplace import workplace

# Where the places go in the form.
PLACES = "{places}"
AS_CSV = {"Accept": "text/csv"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A form, its places left open, and those asked for."""

    url: str
    form: Mapping[str, str]
    portions: Portions
    places: Sequence[str]
    # There may be nothing to give.
    is_of_changes: bool = False

    def filled(self, more: Mapping[str, str]) -> dict[str, str]:
        """The form for these places, with these entries in place of its own."""
        said = self.portions.between.join(self.places)
        return {name: text.replace(PLACES, said) for name, text in self.form.items()} | dict(more)

    def halves(self) -> Iterator["Asked"]:
        """The same for the first half of the places, and for the others."""
        half = len(self.places) // 2
        for places in (self.places[:half], self.places[half:]):
            yield replace(self, places=places)


def bring(fetcher: Fetcher, asked: Asked, target: Path, progress: Progress | None) -> Path:
    """Every line of every portion, in one file with one header; it takes its place when whole."""
    groups = list(_groups(fetcher, asked))
    total, done = sum(count for _, count in groups), 0
    if not groups and not asked.is_of_changes:
        raise FetchError(
            f"{host_of(asked.url)} n'a aucune ligne pour ces communes : vérifier le territoire et "
            "l'adresse du service."
        )
    arriving = Part(target, asked.url)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with workplace() as folder, arriving.path.open("w", encoding="utf-8", newline="") as out:
            for number, (group, count) in enumerate(groups):
                path = folder / f"{number}.csv"
                question = Question(asked.url, form=group.filled({}), headers=AS_CSV)
                fetcher.download(question, path)
                _append(path, out, has_header=number > 0, count=count)
                done += count
                if progress:
                    progress(done, total)
        # Its note tells it from a file put there by hand.
        arriving.origin.write_text("{}")
        arriving.path.replace(target)
    return target


def _groups(fetcher: Fetcher, asked: Asked) -> Iterator[tuple[Asked, int]]:
    """Groups of places small enough for one answer, with how many lines each has; none of none."""
    many = len(asked.places) > asked.portions.most_places
    count = 0 if many else _count(fetcher, asked)
    if not many and count <= asked.portions.most_lines:
        if count:
            yield asked, count
        return
    if len(asked.places) == 1:
        raise FetchError(
            f"{host_of(asked.url)} a {count} lignes pour {asked.places[0]} seul, et n'en donne pas "
            f"plus de {asked.portions.most_lines} : prendre les fichiers du stock."
        )
    for half in asked.halves():
        yield from _groups(fetcher, half)


def _count(fetcher: Fetcher, asked: Asked) -> int:
    try:
        said: Any = fetcher.json(asked.url, form=asked.filled(asked.portions.counting))
    except FetchError as error:
        # How the service says that there is nothing.
        if error.status == 404:
            return 0
        raise
    for step in asked.portions.total.split("."):
        said = said.get(step) if isinstance(said, dict) else None
    if not isinstance(said, int):
        raise FetchError(
            f"{host_of(asked.url)} répond sans « {asked.portions.total} » : réessayer plus tard, "
            "rien n'a été remplacé."
        )
    return said


def _append(path: Path, out: TextIO, has_header: bool, count: int) -> None:
    """The lines of an answer after those before it; with fewer than announced, it was cut."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        rows = csv.reader(opened)
        header = next(rows, [])
        writer = csv.writer(out, lineterminator="\n")
        if not has_header:
            writer.writerow(header)
        found = 0
        for row in rows:
            writer.writerow(row)
            found += 1
    # More came since they were counted: all the better.
    if found < count:
        raise FetchError(
            f"Réponse coupée, {found} lignes sur les {count} annoncées : réessayer plus tard, "
            "rien n'a été remplacé."
        )
