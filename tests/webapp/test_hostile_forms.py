"""Whatever is sent to the registration form: no failure, no script kept alive, nobody twice."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Message, Registration
from tests import hostile
from tests.webapp import invented
from tests.webapp.conftest import Visitor
from webapp import protection

# On each database; the benchmark sends ten thousand.
FORMS = 150
LIVE = ("<script>zz", "<img src=x onerror=zz", 'href="javascript:')


def test_hostile_forms_break_nothing_and_nobody_registers_twice(
    either: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protection, "FASTEST_S", 0)
    app = either
    app.config["WTF_CSRF_ENABLED"] = False
    visitor = Visitor(app)
    shown = visitor.get("/inscription?creation=1").text
    opened = shown.split('name="opened"')[1].split('value="')[1].split('"')[0]
    for form in hostile.submissions(FORMS):
        protection.register(app)
        answer = visitor.client.post("/inscription", data={"opened": opened} | form)
        assert answer.status_code in (200, 302, 303, 413), form
        assert not any(word in answer.text for word in LIVE), form
    with Session(app.extensions["sourcing"].engine) as base:
        kept = base.scalars(select(Registration)).all()
        letters = base.scalars(select(Message)).all()
    assert len(kept) > 5, "some were good enough to be kept"
    keys = {(r.siret, r.answers["name"] if not r.siret else "", r.email) for r in kept}
    assert len(keys) == len(kept)
    assert not any("<script" in str(each.answers) for each in kept), "no tag is kept"
    for message in letters:
        assert not any(word in message.html for word in LIVE) and "\n" not in message.subject


def test_what_was_accepted_is_shown_as_text(app: Flask, admin: Visitor, base: Session) -> None:
    for registration in base.scalars(select(Registration)):
        base.delete(registration)
    form = next(f for f in hostile.submissions(400) if "<script>" in str(f.get("name")))
    base.add(
        Registration(
            siret=invented.siret(2), state="pending", received_at=invented.run("x").started_at,
            email="a@exemple.fr", open_key="k", answers={
                "siret": invented.siret(2), "name": form["name"], "activity": hostile.HOSTILE[1],
                "references": hostile.HOSTILE[0], "segments": ["EV-01"], "email": "a@exemple.fr",
            },
        )
    )  # fmt: skip
    base.commit()
    page = admin.get("/moderation").text
    assert hostile.MARK in page and not any(word in page for word in LIVE)
    number = base.scalars(select(Registration.id)).one()
    admin.send("/moderation", to=f"/moderation/{number}/accepter")
    sheet = admin.get(f"/fournisseurs/{invented.siret(2)}").text
    assert hostile.MARK in sheet and not any(word in sheet for word in LIVE)
