"""A file that arrives: what is there of it, which version it belongs to, whether it is whole."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sourcing.fetch.answers import (
    BLOCK,
    CUT,
    WEB_PAGE,
    Answer,
    FetchError,
    Passing,
    host_of,
    is_html,
)

# How to ask for a file that changed, by what tells its versions apart: a date, or a tag.
_IF_CHANGED = ("If-Modified-Since", "If-None-Match")


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """A disk that refuses, while this file is written, is told in one sentence: FetchError."""
    try:
        yield
    except OSError as error:
        raise FetchError(
            f"Impossible d'écrire {target.name} dans {target.parent} ({error.strerror}) : "
            "vérifier la place et les droits sur ce dossier."
        ) from error


@dataclass
class Part:
    """What has arrived of a file, beside its target, with the version it belongs to."""

    target: Path
    address: str

    @property
    def path(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def note(self) -> Path:
        return self.target.with_name(self.target.name + ".part.json")

    @property
    def origin(self) -> Path:
        """The note of the file that is whole."""
        return self.target.with_name(f".{self.target.name}.origin.json")

    def request_headers(self) -> dict[str, str]:
        """Ask for the rest only when the server can say that it is the rest of the same file; for
        the whole only when it is not the file we have.
        """
        headers = {"Accept-Encoding": "identity"}
        said = self._said(self.note)
        version = "" if said.get("is_packed") else str(said.get("version", ""))
        if version and self.path.exists() and (size := self.path.stat().st_size):
            return headers | {"Range": f"bytes={size}-", "If-Range": version}
        if self.target.exists() and (version := str(self._said(self.origin).get("version", ""))):
            headers |= {_IF_CHANGED[version.startswith('"')]: version}
        return headers

    def receive(self, answer: Answer, progress: Callable[[int, int], None] | None) -> None:
        if answer.status_code == 304:
            return self.forget()
        host = host_of(answer.url)
        done = self._start(answer)
        # The length of what is sent packed is not that of what arrives.
        length = "0" if _is_packed(answer) else answer.headers.get("Content-Length", "0")
        total = done + int(length if length.isdecimal() else 0)
        with self.path.open("ab" if done else "wb") as out:
            for block in answer.iter_content(BLOCK):
                if not done and is_html(answer, block) and self.target.suffix not in {".html"}:
                    raise FetchError(WEB_PAGE.format(host=host, wanted="d'un fichier"))
                out.write(block)
                done += len(block)
                if progress:
                    progress(done, max(total, done) if total else 0)
        if done < total:
            raise Passing(FetchError(CUT.format(host=host)))

    def finish(self, checksum: str) -> None:
        if not self.path.exists():
            return
        if checksum and not has_checksum(self.path, checksum):
            self.forget()
            raise FetchError(
                f"{self.target.name} reçu de {host_of(self.address)} n'a pas l'empreinte "
                "annoncée : le fichier est abîmé, relancer le téléchargement."
            )
        # The note of the former file goes first: killed here, the next time asks for it whole.
        self.origin.unlink(missing_ok=True)
        self.path.replace(self.target)
        self.note.replace(self.origin)

    def _start(self, answer: Answer) -> int:
        """How many bytes are already there and stay; the note of the version for a next time."""
        tag = answer.headers.get("ETag", "")
        if answer.status_code == 206:
            start = answer.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
            size = self.path.stat().st_size if self.path.exists() else 0
            known = str(self._said(self.note).get("version", ""))
            is_other = tag and known.startswith('"') and tag != known
            if not size or start != str(size) or is_other:
                self.forget()
                raise Passing(FetchError(f"{host_of(answer.url)} reprend le téléchargement au "
                                          "mauvais endroit : relancer."))  # fmt: skip
            return size
        self.target.parent.mkdir(parents=True, exist_ok=True)
        version = tag if not tag.startswith("W/") and tag else answer.headers.get("Last-Modified")
        # Before the new note: killed between the two, it must not vouch for the old bytes.
        self.path.unlink(missing_ok=True)
        note = {"address": self.address, "version": version or ""}
        # What is on disk is unpacked: no range of what is sent goes on from there.
        if _is_packed(answer):
            note["is_packed"] = "yes"
        self.note.write_text(json.dumps(note))
        return 0

    def _said(self, note_file: Path) -> dict[str, str]:
        """What a note says of this address; {} when it is another's, or none."""
        try:
            note = json.loads(note_file.read_text())
        except (OSError, ValueError):
            return {}
        return note if note.get("address") == self.address else {}

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _is_packed(answer: Answer) -> bool:
    return answer.headers.get("Content-Encoding", "identity").lower() != "identity"


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether the file has this checksum: "sha1:…", "sha256:…"."""
    kind, _, value = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest() == value.lower()
