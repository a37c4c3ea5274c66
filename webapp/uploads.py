"""Files people send: kept under data_dir/uploads for who sent them, erased after a day."""

import json
import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, abort, current_app, g, request
from werkzeug.datastructures import FileStorage

from sourcing.settings import Settings
from webapp.account import account
from webapp.context import site

P = ParamSpec("P")
R = TypeVar("R")

LARGEST_MB = 200
KEPT_SECONDS = 24 * 3600
LONGEST_NAME = 120
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,40}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


class UploadError(ValueError):
    """Nothing usable was sent; one French sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file someone sent; `folder` is its own, for what is made of it."""

    token: str
    folder: Path
    path: Path
    owner: str

    @property
    def name(self) -> str:
        """As the person named it."""
        return self.path.name


def takes_file(page: Callable[P, R]) -> Callable[P, R]:
    """A page whose form holds a file: its body may be larger than a form's, once signed in."""
    cast(Any, page).takes_file = True
    return page


def register(app: Flask, settings: Settings) -> None:
    """Before anything reads the body: only these pages, and only for a known person.

    What was sent too long ago is erased as the site starts, as at each upload.
    """
    sweep(settings.data_dir / "uploads")
    app.before_request(_widen)


def _widen() -> None:
    page = current_app.view_functions.get(request.endpoint or "")
    if request.method == "POST" and getattr(page, "takes_file", False) and account():
        request.max_content_length = LARGEST_MB * 1024 * 1024
        g.largest_mb = LARGEST_MB


def receive(field: str = "file") -> Upload:
    """Keep the file of the form; those of yesterday are erased at the same time."""
    sent: FileStorage | None = request.files.get(field)
    if sent is None or not sent.filename:
        raise UploadError("Choisir un fichier avant de l’envoyer.")
    root = _root()
    sweep(root)
    token = secrets.token_urlsafe(18)
    folder = root / token
    path = folder / "file" / _name(sent.filename)
    path.parent.mkdir(parents=True)
    sent.save(path)
    (folder / "about.json").write_text(json.dumps({"owner": _who()}), "utf-8")
    return Upload(token, folder, path, _who())


def find(token: str) -> Upload:
    """The upload of this token, for who sent it; 404 for anyone else, and once it is erased."""
    folder = _root() / token
    if not _TOKEN.fullmatch(token) or not (folder / "about.json").is_file():
        abort(404)
    owner = json.loads((folder / "about.json").read_text("utf-8"))["owner"]
    files = [path for path in (folder / "file").iterdir() if path.is_file()]
    if owner != _who() or not files or _is_old(folder):
        abort(404)
    return Upload(token, folder, files[0], owner)


def sweep(root: Path) -> None:
    """Erase what was sent more than a day ago, with all that was made of it."""
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.is_dir() and _is_old(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    about = folder / "about.json"
    known = about if about.exists() else folder
    return time.time() - known.stat().st_mtime > KEPT_SECONDS


def _root() -> Path:
    return site().settings.data_dir / "uploads"


def _who() -> str:
    known = account()
    return known.email if known else abort(403)


def _name(sent: str) -> str:
    """The last part of the name, accents kept: errors quote it."""
    bare = _UNSAFE.sub(" ", sent.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem, dot, ending = bare.rpartition(".")
    if len(bare) > LONGEST_NAME:
        bare = (stem or ending)[: LONGEST_NAME - 10] + (dot + ending[:9] if stem else "")
    return bare or "fichier"
