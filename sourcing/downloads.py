"""What `sourcing fetch` brings: a source's downloads, as one file, or answer after answer."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from sourcing import portions
from sourcing.fetch import Fetcher, FetchError, Progress, Question
from sourcing.fetch.answers import member
from sourcing.fetch.parts import writing
from sourcing.source import Download, Paging, Portions, SourceError

# No list has more answers than this: a service that goes on is not counting.
MAX_ANSWERS = 100_000
# A resource of data.gouv.fr; where it says its checksum; the kinds that mean one digest only.
RESOURCE = re.compile(r"/api/1/datasets/r/([0-9a-f-]{36})")
ABOUT_RESOURCE = "/api/2/datasets/resources/{}/"
CHECKSUMS = frozenset({"md5", "sha1", "sha256"})
# A quota by the minute is waited for.
LEAST_BACKOFF_S, TURNS_LOST = 1.0, 2
# A service puts together an answer of 200,000 lines before it begins to give it.
TIMEOUT_S, PORTION_TIMEOUT_S = 60.0, 600.0
_NAMED = re.compile(r"\{(\w+)\}")


def wanted(download: Download) -> set[str]:
    """The names of the settings and facts a download may need."""
    groups = (download.params, download.headers, download.form, download.changes)
    return _names((download.url, *(text for group in groups for text in group.values())))


def bring(
    download: Download,
    target: Path,
    facts: Mapping[str, str],
    base_url: str,
    progress: Progress | None = None,
) -> Path:
    """The download, whole, at `target`; nothing there changes when it fails.

    `facts` gives the settings and territory facts it names; a missing one is a SourceError.
    `progress` counts bytes for a file, rows for a list in several answers; such a list of no row
    is an empty file.
    """
    fetcher = Fetcher(
        base_url,
        headers=_filled(download.headers, facts),
        requests_per_second=download.requests_per_second,
        read_timeout_s=PORTION_TIMEOUT_S if download.portions else TIMEOUT_S,
        backoff_s=max(LEAST_BACKOFF_S, TURNS_LOST / (download.requests_per_second or TURNS_LOST)),
    )
    try:
        return _bring(fetcher, download, target, facts, progress)
    except FetchError as error:
        keys = sorted(_names(download.headers.values()))
        if error.status not in (401, 403) or not keys:
            raise
        raise FetchError(
            f"{urlsplit(urljoin(base_url, download.url)).netloc} ne reconnaît pas la clé d'accès, "
            "expirée ou mal recopiée : la renouveler chez le producteur, puis la donner dans "
            f"{_setting(keys[0])}.",
            error.status,
        ) from error


def _bring(
    fetcher: Fetcher,
    download: Download,
    target: Path,
    facts: Mapping[str, str],
    progress: Progress | None,
) -> Path:
    url = _filled({"url": download.url}, facts)["url"]
    if download.portions:
        asked = _portioned(download, download.portions, url, facts)
        return portions.bring(fetcher, asked, target, progress)
    if download.paging:
        answers = _Answers(fetcher, url, download.params, facts, download.paging)
        return answers.write(target, progress)
    params = _filled(download.params, facts)
    return fetcher.download(Question(url, params), target, progress, _checksum(fetcher, url))


def _portioned(
    download: Download, by: Portions, url: str, facts: Mapping[str, str]
) -> portions.Asked:
    """The form to post, its places left open."""
    is_of_changes = bool(download.changes and facts.get("since"))
    form = {**download.form, **(download.changes if is_of_changes else {})}
    filled = _filled(form, {**facts, by.of: portions.PLACES})
    return portions.Asked(url, filled, by, facts.get(by.of, "").split(","), is_of_changes)


def _names(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in _NAMED.findall(text)}


def _setting(name: str) -> str:
    return f"SOURCING_{name.upper()}"


def _filled(texts: Mapping[str, str], facts: Mapping[str, str]) -> dict[str, str]:
    for name in sorted(_names(texts.values())):
        if not facts.get(name):
            raise SourceError(
                f"Ce téléchargement demande une clé d'accès : la demander au producteur, puis la "
                f"donner dans {_setting(name)} (docs/sources.md dit comment)."
            )
    return {key: _NAMED.sub(lambda found: facts[found[1]], text) for key, text in texts.items()}


def _checksum(fetcher: Fetcher, url: str) -> str:
    """What data.gouv.fr publishes of a resource, "sha1:…"; '' when it says nothing of it."""
    resource = RESOURCE.fullmatch(url)
    if resource is None:
        return ""
    try:
        said = fetcher.json(ABOUT_RESOURCE.format(resource[1]))
    except FetchError as error:
        if error.status in (404, 410):
            return ""
        raise
    kind, value = (member(said, f"resource.checksum.{name}") for name in ("type", "value"))
    return f"{kind}:{value}" if kind in CHECKSUMS and value else ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question: the places asked for, and what narrows it further."""

    places: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Answers:
    """A long list that a service gives in several answers."""

    fetcher: Fetcher
    url: str
    params: Mapping[str, str]
    facts: Mapping[str, str]
    paging: Paging
    # Rows of the question at hand, and of those before.
    count: int = 0
    before: int = 0

    def write(self, target: Path, progress: Progress | None) -> Path:
        """Every row on its own line; the file takes its place only when all have come."""
        part = target.with_name(target.name + ".part")
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as out:
                for answer in chain.from_iterable(map(self._all, self._questions())):
                    rows = self._rows(answer)
                    out.writelines(json.dumps(self._kept(row), ensure_ascii=False) + "\n"
                                   for row in rows)  # fmt: skip
                    self.count += len(rows)
                    if progress:
                        done = self.before + self.count
                        progress(done, max(done, self.before + self._total(answer)))
            part.replace(target)
        return target

    def _kept(self, row: Any) -> Any:
        """Of a row, what the source is brought for: "a.b" as {"a": {"b": …}}."""
        if not self.paging.keeps:
            return row
        kept: dict[str, Any] = {}
        for path in self.paging.keeps:
            *steps, last = path.split(".")
            inside = kept
            for step in steps:
                inside = inside.setdefault(step, {})
            inside[last] = member(row, path)
        return kept

    def _questions(self) -> Iterator[_Asked]:
        """One for each group of places."""
        by = self.paging
        if not by.of:
            yield _Asked()
            return
        places = self.facts.get(by.of, "").split(",")
        for start in range(0, len(places), by.together):
            yield _Asked(tuple(places[start : start + by.together]))

    def _narrower(self, asked: _Asked) -> Sequence[_Asked]:
        """The same in several: of half of the places, then of each value of a parameter."""
        if half := len(asked.places) // 2:
            return [replace(asked, places=p) for p in (asked.places[:half], asked.places[half:])]
        name, *values = self.paging.within or ("",)
        return [replace(asked, more={name: value}) for value in values if not asked.more]

    def _all(self, asked: _Asked) -> Iterator[Any]:
        """The answers in order; each is used before the next is asked for."""
        facts = {**self.facts, self.paging.of: ",".join(asked.places)}
        url, params, seen = self.url, _filled(self.params, facts) | dict(asked.more), set()
        self.before, self.count = self.before + self.count, 0
        for _ in range(MAX_ANSWERS):
            answer = self.fetcher.json(url, params)
            narrower = self._narrower(asked) if self._is_cut(answer) else ()
            if narrower:
                yield from chain.from_iterable(map(self._all, narrower))
                return
            self._check_most(answer)
            yield answer
            step = self._next(answer, url, params)
            if step is None:
                return self._check_total(answer)
            url, params = step
            if (url, *params.items()) in seen:
                break
            seen.add((url, *params.items()))
        raise self._spoiled("donne sans fin les mêmes lignes")

    def _next(
        self, answer: Any, url: str, params: dict[str, str]
    ) -> tuple[str, dict[str, str]] | None:
        """Where the next answer is; None after the last."""
        if self.paging.offset:
            if not self._rows(answer):
                return None
            return url, params | {self.paging.offset: str(self.count)}
        if self.paging.page:
            page = int(params.get(self.paging.page, "1"))
            is_last = page >= _number(member(answer, self.paging.pages))
            return None if is_last else (url, params | {self.paging.page: str(page + 1)})
        found = member(answer, self.paging.next)
        if not found:
            return None
        if self.paging.cursor:
            is_last = params.get(self.paging.cursor) == str(found)
            return None if is_last else (url, params | {self.paging.cursor: str(found)})
        return self._same_service(str(found)), {}

    def _same_service(self, address: str) -> str:
        """The next address with our scheme; a key never leaves for another host."""
        start = urlsplit(urljoin(self.fetcher.base_url + "/", self.url))
        there = urlsplit(urljoin(urlunsplit(start), address))
        if there.netloc.partition(":")[0] != start.netloc.partition(":")[0]:
            raise self._spoiled(f"renvoie vers un autre service ({there.netloc})")
        return urlunsplit((start.scheme, start.netloc, there.path, there.query, ""))

    def _rows(self, answer: Any) -> list[Any]:
        found = member(answer, self.paging.rows)
        if not isinstance(found, list):
            raise self._spoiled(f"répond sans « {self.paging.rows} »")
        return found

    def _total(self, answer: Any) -> int:
        return _number(member(answer, self.paging.total))

    def _is_cut(self, answer: Any) -> bool:
        return 0 < self.paging.most <= self._total(answer)

    def _check_most(self, answer: Any) -> None:
        if self._is_cut(answer):
            raise self._spoiled(f"ne donne que les {self.paging.most} premières lignes d'une liste")

    def _check_total(self, answer: Any) -> None:
        if self.count < self._total(answer):
            raise self._spoiled(f"annonce {self._total(answer)} lignes et en donne {self.count}")

    def _spoiled(self, what: str) -> FetchError:
        host = urlsplit(urljoin(self.fetcher.base_url + "/", self.url)).netloc
        return FetchError(f"{host} {what} : réessayer plus tard, rien n'a été remplacé.")


def _number(value: Any) -> int:
    """A number, even as text; 0 for anything else."""
    return int(value) if str(value).isdecimal() else 0
