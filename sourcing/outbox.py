"""The outbox: letters queued in the transaction of what they tell, sent after it, tried again.

A letter is sent at least once. Whoever sends it first puts its next try off; killed before the
server answered, the letter goes again under the same Message-ID, which readers show once.
"""

import contextlib
import hashlib
import smtplib
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import CursorResult, Engine, Select, delete, select, update
from sqlalchemy.orm import Session

from sourcing.letters import Letter
from sourcing.model import Message

# Minutes before each new try; after the last, the letter is given up.
BACKOFF_MIN = (1, 5, 15, 60, 240, 720, 1440)
# While it is being sent, nobody else takes it.
HELD = timedelta(minutes=5)
TRACE = timedelta(days=30)
BATCH = 50
TIMEOUT_S = 20
GIVEN_UP = "abandonnée"


class Undeliverable(Exception):
    """The server will never take this letter; the message is its answer, without any address."""


class Passing(Exception):
    """This try failed, another may succeed."""


class Transport(Protocol):
    """Where letters go."""

    def send(self, message: EmailMessage) -> None: ...


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. `security`: "aucune", "starttls" or "tls"."""

    host: str
    port: int = 25
    user: str = ""
    password: str = ""
    security: str = "starttls"

    def send(self, message: EmailMessage) -> None:
        try:
            with self._open() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _ in error.recipients.values())
            raise (Undeliverable if code >= 500 else Passing)(
                f"destinataire refusé ({code})"
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            raise Passing(f"le serveur refuse l'identifiant ({error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            refusal = Undeliverable if error.smtp_code >= 500 else Passing
            raise refusal(f"réponse {error.smtp_code} du serveur") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Passing(f"serveur injoignable ({type(error).__name__})") from None

    @contextlib.contextmanager
    def _open(self) -> Iterator[smtplib.SMTP]:
        tls = ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=tls)
            if self.security == "tls"
            else smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        )
        with server:
            if self.security == "starttls":
                server.starttls(context=tls)
            if self.user:
                server.login(self.user, self.password)
            yield server


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, one file per letter: for one's own machine."""

    path: Path

    def send(self, message: EmailMessage) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        (self.path / f"{name}.eml").write_bytes(bytes(message))


def post(
    session: Session, letter: Letter, recipient: str, headers: Mapping[str, str] | None = None
) -> Message:
    """Queue a letter; it goes once the caller's transaction is committed."""
    now = datetime.now()
    message = Message(
        kind=letter.kind, recipient=recipient, subject=letter.subject, text=letter.text,
        html=letter.html, headers=dict(headers or {}), created_at=now, next_try_at=now,
    )  # fmt: skip
    session.add(message)
    return message


def deliver(engine: Engine, transport: Transport, sender: str, now: datetime | None = None) -> int:
    """Send what is due, each letter in its own transaction; how many left."""
    moment = now or datetime.now()
    with Session(engine) as session:
        due = session.scalars(
            select(Message.id)
            .where(Message.next_try_at <= moment)
            .order_by(Message.next_try_at, Message.id)
            .limit(BATCH)
        ).all()
    return sum(_deliver(engine, transport, sender, each, moment) for each in due)


def _deliver(
    engine: Engine, transport: Transport, sender: str, message_id: int, now: datetime
) -> bool:
    with Session(engine) as session, session.begin():
        if not _take(session, message_id, now):
            return False
        message = session.get_one(Message, message_id)
        envelope = _envelope(message, sender)
    try:
        transport.send(envelope)
    except (Undeliverable, Passing) as error:
        _failed(engine, message_id, str(error), now, isinstance(error, Undeliverable))
        return False
    with Session(engine) as session, session.begin():
        sent = session.get_one(Message, message_id)
        sent.sent_at, sent.next_try_at, sent.error = now, None, ""
        _empty(sent)
    return True


def _take(session: Session, message_id: int, now: datetime) -> bool:
    """Put off the next try: of two senders, only one can."""
    taken = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.next_try_at <= now)
        .values(next_try_at=now + HELD)
    )
    return cast(CursorResult[Any], taken).rowcount == 1


def _failed(engine: Engine, message_id: int, why: str, now: datetime, is_final: bool) -> None:
    with Session(engine) as session, session.begin():
        message = session.get_one(Message, message_id)
        message.tries += 1
        message.error = why
        if is_final or message.tries > len(BACKOFF_MIN):
            message.next_try_at, message.error = None, f"{GIVEN_UP} : {why}"
            _empty(message)
        else:
            message.next_try_at = now + timedelta(minutes=BACKOFF_MIN[message.tries - 1])


def _empty(message: Message) -> None:
    """Once it has left, nothing personal of it remains."""
    message.recipient = message.subject = message.text = message.html = ""
    message.headers = {}


def _envelope(message: Message, sender: str) -> EmailMessage:
    address = parseaddr(sender)[1]
    said = f"{message.id} {message.created_at.isoformat()} {message.recipient}"
    envelope = EmailMessage()
    envelope["Subject"] = message.subject
    envelope["From"] = sender
    envelope["To"] = message.recipient
    envelope["Date"] = format_datetime(message.created_at.astimezone(UTC))
    envelope["Message-ID"] = (
        f"<{hashlib.sha256(said.encode()).hexdigest()[:24]}@{address.partition('@')[2]}>"
    )
    envelope["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        envelope[name] = value
    envelope.set_content(message.text)
    envelope.add_alternative(message.html, subtype="html")
    return envelope


def fates(session: Session, numbers: Iterable[int]) -> Mapping[int, Message]:
    """Letters by their number: sent, waiting or given up; those sent long ago are missing."""
    wanted = select(Message).where(Message.id.in_(numbers))
    return {message.id: message for message in session.scalars(wanted)}


def given_up(session: Session, numbers: Select[Any]) -> Sequence[Message]:
    """Those of these letters that no server will ever take."""
    lost = select(Message).where(Message.next_try_at.is_(None), Message.sent_at.is_(None))
    return session.scalars(lost.where(Message.id.in_(numbers))).all()


def waiting(session: Session) -> int:
    """How many letters are still to be sent."""
    return len(session.scalars(select(Message.id).where(Message.next_try_at.is_not(None))).all())


def sweep(session: Session, now: datetime) -> int:
    """Erase the traces of what was sent or given up long ago."""
    old = delete(Message).where(Message.next_try_at.is_(None), Message.created_at < now - TRACE)
    return cast(CursorResult[Any], session.execute(old)).rowcount
