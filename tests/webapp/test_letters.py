"""What the site does by itself: send what waits, ask what is a year old, erase what is past."""

from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing import registrations
from sourcing.model import Message, Registration
from sourcing.registrations import Answers
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from webapp import post


def test_a_declaration_is_asked_about_after_a_year_and_kept_by_a_button(
    app: Flask, base: Session, tmp_path: Path
) -> None:
    said = Answers(invented.siret(2), "Atelier", "tonte", email="contact@exemple.fr")
    new = registrations.receive(base, said, "key").registration
    registrations.confirm(base, new, datetime.now())
    registrations.accept(base, new.id, "nolwenn@exemple.fr")
    new.decided_at = datetime.now() - timedelta(days=366)
    base.commit()
    assert post.upkeep(app) == (0, 1)
    path = (
        "/inscription"
        + base.scalars(select(Message.text)).one().split("/inscription")[1].split()[0]
    )
    assert post.deliver(app.extensions["sourcing"]) == 1
    assert len(list((tmp_path / "mails").glob("*.eml"))) == 1
    structure = Visitor(app)
    assert "Ma fiche" in structure.send(path).text
    structure.send("/inscription/ma-fiche", to="/inscription/ma-fiche/exacte")
    base.expire_all()
    kept = base.scalars(select(Registration)).one()
    assert kept.asked_at is None and kept.decided_at
    assert kept.decided_at > datetime.now() - timedelta(days=1)


def test_what_nobody_confirmed_is_erased_by_the_same_round(app: Flask, base: Session) -> None:
    said = Answers("", "Atelier", "tonte", email="contact@exemple.fr")
    registrations.receive(base, said, "key").registration.received_at -= timedelta(days=4)
    base.commit()
    assert post.upkeep(app) == (1, 0)
    assert base.scalars(select(Registration)).all() == []
