"""A long list that a service gives as CSV, so many lines an answer: asked by groups of places."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TextIO

from sourcing.fetch import Fetcher, FetchError, Progress, Question
from sourcing.fetch.answers import host_of, member
from sourcing.fetch.parts import Part, writing
from sourcing.source import Pages, Portions
from sourcing.workplace import workplace

# Where the places go in the form.
PLACES = "{places}"
AS_CSV = {"Accept": "text/csv"}
# Lines between two words of progress.
TOLD = 1_000


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
    # Those given as CSV first: the others follow their columns.
    groups.sort(key=lambda group: group[1] > asked.portions.most_lines)
    arriving = Part(target, asked.url)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with workplace() as folder, arriving.path.open("w", encoding="utf-8", newline="") as out:
            file = _File(out)
            for group, count in groups:
                if count > group.portions.most_lines and group.portions.pages:
                    pages = _pages(fetcher, group, group.portions.pages)
                    lines: Iterable[Mapping[str, str] | Sequence[str]] = chain.from_iterable(pages)
                else:
                    lines = _answer(fetcher, group, folder / "answer.csv")
                for found in file.append(lines, count):
                    if progress:
                        progress(done + found, total)
                done += count
        # Its note tells it from a file put there by hand.
        arriving.origin.write_text("{}")
        arriving.path.replace(target)
    return target


def _answer(fetcher: Fetcher, asked: Asked, path: Path) -> Iterator[Sequence[str]]:
    """The lines of one answer, its header first."""
    path.unlink(missing_ok=True)
    fetcher.download(Question(asked.url, form=asked.filled({}), headers=AS_CSV), path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        yield from csv.reader(opened)


def _pages(fetcher: Fetcher, asked: Asked, by: Pages) -> Iterator[list[Mapping[str, str]]]:
    """The lines of a place too large for one answer, page after page."""
    form = asked.filled(by.form)
    while True:
        answer = fetcher.json(asked.url, form=form)
        yield [by.line(row) for row in member(answer, by.rows) or ()]
        after = member(answer, by.next)
        if not after or str(after) == form[by.cursor]:
            return
        form[by.cursor] = str(after)


@dataclass(slots=True)
class _File:
    """The file that is made, its columns those of the first lines."""

    out: TextIO
    header: Sequence[str] = ()

    def append(
        self, lines: Iterable[Mapping[str, str] | Sequence[str]], count: int
    ) -> Iterator[int]:
        """Write lines after those before, telling how many from time to time; fewer: it was cut."""
        writer, found, is_header = csv.writer(self.out, lineterminator="\n"), 0, True
        for line in lines:
            if not self.header:
                self.header = list(line)
                writer.writerow(self.header)
            if isinstance(line, Mapping):
                writer.writerow([line.get(column, "") for column in self.header])
            elif not is_header:
                writer.writerow(line)
            found += not is_header or isinstance(line, Mapping)
            is_header = False
            if found and not found % TOLD:
                yield found
        # More came since they were counted: all the better.
        if found < count:
            raise FetchError(
                f"Réponse coupée, {found} lignes sur les {count} annoncées : réessayer plus tard, "
                "rien n'a été remplacé."
            )
        yield found


def _groups(fetcher: Fetcher, asked: Asked) -> Iterator[tuple[Asked, int]]:
    """Groups of places small enough for one answer, with how many lines each has; none of none."""
    many = len(asked.places) > asked.portions.most_places
    count = 0 if many else _count(fetcher, asked)
    if not many and count <= asked.portions.most_lines:
        if count:
            yield asked, count
        return
    if len(asked.places) == 1 and asked.portions.pages:
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
        answer = fetcher.json(asked.url, form=asked.filled(asked.portions.counting))
    except FetchError as error:
        # How the service says that there is nothing.
        if error.status == 404:
            return 0
        raise
    said = member(answer, asked.portions.total)
    if not isinstance(said, int):
        raise FetchError(
            f"{host_of(asked.url)} répond sans « {asked.portions.total} » : réessayer plus tard, "
            "rien n'a été remplacé."
        )
    return said
