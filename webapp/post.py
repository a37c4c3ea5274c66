"""Letters the pages write: queued with the request's own transaction, sent beside the site."""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from sourcing import db, letters, outbox, registrations
from sourcing.dossiers import panel
from sourcing.letters import Letter
from sourcing.model import Message, Panelist, Registration
from sourcing.outbox import Folder, Smtp, Transport
from sourcing.settings import Settings
from webapp import links
from webapp.context import KEY, Site, session, site

_log = logging.getLogger(__name__)
PAUSE_S = 2.0
UPKEEP_S = 3600.0


def send(
    kind: str, recipient: str, *, headers: Mapping[str, str] | None = None, **facts: Any
) -> Message | None:
    """Queue the letter of this kind; None when there is nobody to write to."""
    return outbox.post(session(), write(kind, **facts), recipient, headers) if recipient else None


def write(kind: str, **facts: Any) -> Letter:
    """The letter of this kind, from the organisation that runs the site."""
    usual = {"privacy": links.absolute("about.privacy")}
    return letters.write(kind, site().settings.organisation, **usual | facts)


def transport(settings: Settings) -> Transport:
    """The mail server of the settings, or a folder when there is none."""
    if not settings.smtp_host:
        return Folder(settings.data_dir / "mails")
    return Smtp(
        settings.smtp_host, settings.smtp_port, settings.smtp_user, settings.smtp_password,
        settings.smtp_security,
    )  # fmt: skip


def sender(settings: Settings) -> str:
    """Who letters come from."""
    return settings.mail_from or settings.contact or "ne-pas-repondre@localhost"


def deliver(at: Site) -> int:
    """Send what is due; how many letters left. Files are told of letters that never will."""
    left = outbox.deliver(at.engine, transport(at.settings), sender(at.settings))
    with db.transaction(at.engine) as base:
        written = select(Panelist.message_id).where(Panelist.message_id.is_not(None))
        for letter in outbox.given_up(base, written):
            to = select(Panelist).where(Panelist.message_id == letter.id)
            panel.returned(base, base.scalars(to).one(), letter.error)
    return left


def upkeep(app: Flask) -> tuple[int, int]:
    """Erase what is past its term and ask what is a year old: (erased, asked)."""
    now = datetime.now()
    with app.test_request_context(base_url=app.extensions[KEY].settings.public_url or None):
        gone = registrations.erase_forgotten(session(), now) + outbox.sweep(session(), now)
        due = registrations.to_ask_again(session(), now)
        for each in due:
            _ask_again(each)
        session().commit()
        return gone, len(due)


def _ask_again(registration: Registration) -> None:
    link = links.absolute(
        "mine.enter", token=links.signed("still", *links.holder("r", registration))
    )
    send("still", registration.email, name=registration.answers["name"], link=link)


def start(app: Flask) -> None:
    """A thread of this process that sends letters while it serves."""
    threading.Thread(target=_work, args=(app,), name="letters", daemon=True).start()


def _work(app: Flask) -> None:
    pause, next_upkeep = threading.Event(), monotonic() + UPKEEP_S
    while not pause.wait(PAUSE_S):
        try:
            deliver(app.extensions[KEY])
            if monotonic() > next_upkeep:
                next_upkeep = monotonic() + UPKEEP_S
                upkeep(app)
        except (SQLAlchemyError, db.DatabaseError, OSError) as error:
            # The base is away or being filled: the next round tries again.
            _log.warning("letters wait: %s", type(error).__name__)
            pause.wait(timedelta(seconds=30).total_seconds())
