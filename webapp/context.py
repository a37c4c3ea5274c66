"""What a page may ask of the running site: its session, the nomenclature, the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Flask, Response, current_app, g
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sourcing import provenance
from sourcing.directory import Directory
from sourcing.geocoding import Addresses
from sourcing.linking.review import Waiting
from sourcing.model import Setting
from sourcing.segments import Nomenclature
from sourcing.settings import Settings
from sourcing.source import Source
from webapp.outlines import Outlines

KEY = "sourcing"


@dataclass(slots=True)
class Site:
    """One running site: what create_app was given, and what it learnt of its base."""

    settings: Settings
    engine: Engine
    nomenclature: Nomenclature
    sources: Mapping[str, Source]
    # Asked for what the base does not know; None when the settings say never.
    directory: Directory | None = None
    # Asked where a typed address is; None when the settings say never.
    addresses: Addresses | None = None
    # Last answer of is_demo(): the error page must not need the base.
    was_demo: bool = field(default=False)
    # The links to check, and what the base was when they were read.
    queue: tuple[str, list[Waiting]] = field(default_factory=lambda: ("", []))
    # The outlines of the map, and which data they were drawn from.
    drawn: tuple[tuple[str, str], Outlines] | None = field(default=None)
    # When the edited nomenclature was last changed, as far as this process knows; 0: none.
    nomenclature_changed: int = field(default=0)


def site() -> Site:
    """The running site."""
    found: Site = current_app.extensions[KEY]
    return found


def session() -> Session:
    """This request's session, opened at its first use."""
    if "session" not in g:
        g.session = Session(site().engine)
    opened: Session = g.session
    return opened


def every_source() -> Mapping[str, Source]:
    """The connectors' sources and the lists people named, read once per request."""
    if "every_source" not in g:
        g.every_source = provenance.known(session(), site().sources)
    found: Mapping[str, Source] = g.every_source
    return found


def is_demo() -> bool:
    """Whether the base holds invented suppliers; the last known answer when it cannot be read."""
    if "is_demo" not in g:
        try:
            origin = None if g.get("broken") else session().get(Setting, "origin")
            site().was_demo = (
                site().was_demo if g.get("broken") else bool(origin and origin.value == "demo")
            )
        except SQLAlchemyError:
            g.broken = True
        g.is_demo = site().was_demo
    return bool(g.is_demo)


def register(app: Flask) -> None:
    """One session per request: committed when the answer is a success, else rolled back."""
    app.after_request(_commit)
    app.teardown_request(_close)


def _commit(response: Response) -> Response:
    if "session" in g and response.status_code < 400:
        g.session.commit()
    return response


def _close(_error: BaseException | None) -> None:
    if opened := g.pop("session", None):
        opened.close()
