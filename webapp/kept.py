"""Pages kept in memory: what two visitors ask between two changes of the data is made once."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from threading import Lock

from flask import Flask, current_app, request
from flask import session as visit
from sqlalchemy import select

from sourcing.model import Run, Setting
from webapp.account import account
from webapp.context import session, site

MOST_CHARACTERS = 32_000_000
KEPT = "kept pages"
LAST_RUN = select(Run.id, Run.finished_at).order_by(Run.id.desc()).limit(1)
SAID = select(Setting.key, Setting.value).order_by(Setting.key)


class Kept:
    """The last pages asked for, within a total size; the oldest go first."""

    def __init__(self) -> None:
        self.pages: OrderedDict[object, str] = OrderedDict()
        self.size = 0
        self.lock = Lock()

    def get(self, key: object) -> str | None:
        with self.lock:
            if key in self.pages:
                self.pages.move_to_end(key)
            return self.pages.get(key)

    def put(self, key: object, page: str) -> None:
        with self.lock:
            self.size += len(page) - len(self.pages.pop(key, ""))
            self.pages[key] = page
            while self.size > MOST_CHARACTERS:
                self.size -= len(self.pages.popitem(last=False)[1])


def register(app: Flask) -> None:
    app.extensions[KEPT] = Kept()


def page(make: Callable[[], str]) -> str:
    """The page of this address; kept for visitors of whom we know nothing, who all see the same."""
    if visit or account() is not None:
        return make()
    key = _key()
    kept: Kept = current_app.extensions[KEPT]
    found = kept.get(key)
    if found is None:
        found = make()
        kept.put(key, found)
    return found


def _key() -> object:
    """The address and all that its page is made from: base, nomenclature, day."""
    run, said = (session().execute(each) for each in (LAST_RUN, SAID))
    base = (tuple(map(tuple, said)), tuple(map(tuple, run)))
    return (request.full_path, base, site().nomenclature.fingerprint, date.today())
