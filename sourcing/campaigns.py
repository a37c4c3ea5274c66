"""Printed invitations to register: each has its address, and counts what it brought."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from sourcing.model import Campaign, Registration
from sourcing.normalise import fold

LONGEST_TITLE = 80
SLUG = re.compile(r"[a-z0-9-]{1,50}")


class CampaignError(ValueError):
    """The invitation cannot be made so; the message is one French sentence."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What an invitation brought, step by step."""

    opened: int = 0
    sent: int = 0
    confirmed: int = 0
    accepted: int = 0


def create(
    session: Session, title: str, segment: str = "", event_on: date | None = None
) -> Campaign:
    """An invitation under this title; CampaignError when it has none, or another has it."""
    title = " ".join(title.split())
    slug = re.sub(r"[^a-z0-9]+", "-", fold(title).lower()).strip("-")[:50]
    if not slug or len(title) > LONGEST_TITLE:
        raise CampaignError(f"Donner un titre de {LONGEST_TITLE} caractères au plus.")
    if session.get(Campaign, slug) is not None:
        raise CampaignError("Une invitation porte déjà ce titre : en choisir un autre.")
    made = Campaign(slug=slug, title=title, segment=segment, event_on=event_on,
                    created_at=datetime.now(), opened=0)  # fmt: skip
    session.add(made)
    session.flush()
    return made


def everyone(session: Session) -> Sequence[Campaign]:
    """All invitations, the latest first."""
    return session.scalars(select(Campaign).order_by(Campaign.created_at.desc())).all()


def count_opening(session: Session, slug: str) -> bool:
    """Its address was opened once more; False when there is no such invitation."""
    counted = session.execute(
        update(Campaign).where(Campaign.slug == slug).values(opened=Campaign.opened + 1)
    )
    return cast(CursorResult[Any], counted).rowcount == 1


def brought(session: Session) -> dict[str, Brought]:
    """Slug -> what it brought so far."""
    states = session.execute(
        select(Registration.campaign, Registration.state, func.count())
        .where(Registration.campaign != "")
        .group_by(Registration.campaign, Registration.state)
    ).all()
    found: dict[str, Brought] = {}
    for campaign in everyone(session):
        of = {state: number for slug, state, number in states if slug == campaign.slug}
        sent = sum(of.values())
        found[campaign.slug] = Brought(
            campaign.opened, sent, sent - of.get("unconfirmed", 0), of.get("accepted", 0)
        )
    return found
