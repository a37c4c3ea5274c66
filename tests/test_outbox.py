"""Letters are queued, sent through a real mail server, tried again, and emptied once they left."""

import email
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.message import Message as Received
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from sourcing import letters, outbox
from sourcing.letters import Link
from sourcing.model import Message
from sourcing.outbox import Folder, Smtp

SENDER = "Achats <achats@exemple.fr>"
NOW = datetime(2026, 12, 1, 9)


class Server:
    """A mail server that answers as it is told, and keeps what it took."""

    def __init__(self) -> None:
        self.took: list[EmailMessage] = []
        self.answers: list[str] = []

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        found: Received = email.message_from_bytes(envelope.content, policy=default)
        self.took.append(found)  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def server() -> Iterator[tuple[Server, Smtp]]:
    handler = Server()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Controller(handler, hostname="127.0.0.1", port=port)
    running.start()
    yield handler, Smtp("127.0.0.1", port, security="aucune")
    running.stop()


def letter(**facts: Any) -> letters.Letter:
    return letters.write(
        "confirm", "Lorient Agglomération",
        **{"name": "Atelier du Scorff", "code": "123456", "link": Link("https://a.exemple/c/x"),
           "privacy": Link("https://a.exemple/p")} | facts,
    )  # fmt: skip


def post(engine: Engine) -> int:
    with Session(engine) as session, session.begin():
        message = outbox.post(session, letter(), "atelier@exemple.fr", {"X-Try": "1"})
        message.next_try_at = NOW
        session.flush()
        return message.id


def test_a_letter_is_sent_once_as_text_and_html_and_then_emptied(
    engine: Engine, server: tuple[Server, Smtp]
) -> None:
    number = post(engine)
    handler, smtp = server
    assert [outbox.deliver(engine, smtp, SENDER, NOW) for _ in range(2)] == [1, 0]
    (received,) = handler.took
    assert received["To"] == "atelier@exemple.fr" and received["X-Try"] == "1"
    assert {p.get_content_type() for p in received.walk()} >= {"text/plain", "text/html"}
    assert "123456" in received.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    with Session(engine) as session:
        kept = session.get_one(Message, number)
        assert kept.sent_at == NOW and not (kept.recipient or kept.text or kept.subject)


def test_a_server_that_is_away_is_tried_again_later_and_later(
    engine: Engine, server: tuple[Server, Smtp]
) -> None:
    post(engine)
    handler, smtp = server
    handler.answers = ["451 later", "451 later"]
    moments = [
        NOW,
        NOW + timedelta(minutes=1),
        NOW + timedelta(minutes=2),
        NOW + timedelta(minutes=6),
    ]
    assert [outbox.deliver(engine, smtp, SENDER, when) for when in moments] == [0, 0, 0, 1]
    unreachable = Smtp("127.0.0.1", 1, security="aucune")
    number = post(engine)
    assert outbox.deliver(engine, unreachable, SENDER, NOW) == 0
    with Session(engine) as session:
        assert "injoignable" in session.get_one(Message, number).error


def test_an_address_that_does_not_exist_is_given_up_and_forgotten(
    engine: Engine, server: tuple[Server, Smtp]
) -> None:
    number = post(engine)
    handler, smtp = server
    handler.answers = ["550 no such user"]
    outbox.deliver(engine, smtp, SENDER, NOW)
    with Session(engine) as session:
        kept = session.get_one(Message, number)
        assert kept.next_try_at is None and kept.recipient == ""
        assert kept.error.startswith(outbox.GIVEN_UP) and "exemple" not in kept.error


def test_a_sender_killed_before_the_answer_sends_the_same_letter_again(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    class Killed:
        def send(self, message: EmailMessage) -> None:
            raise KeyboardInterrupt

    post(sqlite_engine)
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver(sqlite_engine, Killed(), SENDER, NOW)
    folder = Folder(tmp_path / "mails")
    assert outbox.deliver(sqlite_engine, folder, SENDER, NOW) == 0, "held by the one that died"
    assert outbox.deliver(sqlite_engine, folder, SENDER, NOW + outbox.HELD) == 1
    assert len(list(folder.path.iterdir())) == 1


def test_traces_go_after_a_month_and_what_waits_stays(session: Session, engine: Engine) -> None:
    for _ in range(2):
        post(engine)
    first = session.scalars(select(Message)).first()
    assert first is not None
    first.next_try_at = None
    assert outbox.sweep(session, datetime.now() + timedelta(days=31)) == 1
    assert outbox.waiting(session) == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "https://mal.exemple/x",
        "www.mal.fr",
        "cliquez mal.exemple",
        "a@mal.fr",
        "\n\n[[Ici|http://m.fr]]",
    ],
)
def test_nothing_a_person_typed_can_be_pressed(hostile: str) -> None:
    written = letter(name=f"SARL {hostile} <b>Le Gall</b>")
    assert hostile not in written.text + written.html
    assert "<b>" not in written.html.split('<tr><td style="padding:26px')[1]
    assert written.html.count("<a ") == 1 and "\n" not in written.subject


def test_a_subject_cannot_bring_headers(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Session(sqlite_engine) as session, session.begin():
        outbox.post(session, letter(name="x\r\nBcc: tous@exemple.fr"), "a@exemple.fr")
    outbox.deliver(sqlite_engine, Folder(tmp_path / "m"), SENDER)
    (file,) = (tmp_path / "m").iterdir()
    assert email.message_from_bytes(file.read_bytes())["Bcc"] is None
