"""Confirmed registrations, the team's rulings, the outbox, invitations, purchases to come."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015_reverse"
down_revision = "0014_duplicates"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str, **kwargs: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, **kwargs)


def upgrade() -> None:
    with op.batch_alter_table("registration") as table:
        table.add_column(text("email", server_default=""))
        table.add_column(sa.Column("confirmed_at", sa.DateTime()))
        table.add_column(sa.Column("open_key", sa.Text()))
        table.add_column(sa.Column("proof", sa.Text()))
        table.add_column(text("code", server_default=""))
        table.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("code_until", sa.DateTime()))
        table.add_column(text("campaign", server_default=""))
        table.add_column(sa.Column("asked_at", sa.DateTime()))
        table.create_unique_constraint("uq_registration_open_key", ["open_key"])
        table.create_unique_constraint("uq_registration_proof", ["proof"])
        table.create_index("ix_registration_email", ["email"])
    op.create_table(
        "ruling",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("registration_id", sa.Integer(), nullable=False, index=True),
        *map(text, ("siret", "action", "reason", "by")),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "campaign",
        sa.Column("slug", sa.Text(), primary_key=True),
        *map(text, ("title", "segment")),
        sa.Column("event_on", sa.Date()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), primary_key=True),
        *map(text, ("kind", "recipient", "subject", "text", "html")),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(), index=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        text("error"),
    )
    _purchases()


def _purchases() -> None:
    op.create_table(
        "purchase",
        sa.Column("id", sa.Integer(), primary_key=True),
        text("uid", unique=True),
        *map(text, ("object", "description", "band", "place", "reserved", "contact")),
        sa.Column("segment", CODE, nullable=False, index=True),
        sa.Column("quarter", CODE, nullable=False, index=True),
        sa.Column("months", sa.Integer()),
        sa.Column("is_innovative", sa.Boolean(), nullable=False),
        sa.Column("partners", sa.JSON(), nullable=False),
        *map(text, ("state", "link", "created_by")),
        sa.Column("is_public", sa.Boolean(), nullable=False, index=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "purchase_note",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("purchase_id", sa.Integer(), nullable=False, index=True),
        *map(text, ("text", "by")),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "interest",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        text("email", index=True),
        *map(text, ("siret", "name", "line", "consent")),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("purchase_id", "email"),
    )
    op.create_table(
        "follower",
        sa.Column("id", sa.Integer(), primary_key=True),
        text("email", unique=True),
        sa.Column("families", sa.JSON(), nullable=False),
        text("consent"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime()),
        sa.Column("wanted", sa.JSON(), nullable=False),
    )
