"""Lists named by a person are sources of their own, with their provenance."""

import json
import re
import unicodedata
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008_lists"
down_revision = "0007_followed"
branch_labels = None
depends_on = None

TEXTS = ("sheet", "title", "publisher", "licence", "attribution", "url")
# Until now every named list was a part of this source.
FORMER = "innovation"


def upgrade() -> None:
    known = sa.table("saved_mapping", sa.column("name"), sa.column("columns", sa.JSON),
                     sa.column("saved_at", sa.DateTime))  # fmt: skip
    rows = op.get_bind().execute(sa.select(known)).all()
    op.drop_table("saved_mapping")
    table = op.create_table(
        "saved_mapping",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("columns", "cells", "always")),
        sa.Column("headers", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
    )
    for name, columns, saved_at in rows:
        source = _source(name)
        op.bulk_insert(table, [_row(source, name, columns, saved_at)])
        _hand_over(source, name)


def _source(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return "liste-" + "-".join(re.findall(r"[a-z0-9]+", plain))


def _row(source: str, name: str, columns: dict[str, Any], saved_at: datetime) -> dict[str, Any]:
    status = [f"{FORMER}:{name}"]
    always = {"statuses": status, "sectors": [], "departement": "", "level": "siret"}
    texts = dict.fromkeys(TEXTS, "") | {"title": name}
    return {"source": source, "name": name, "columns": columns, "cells": {}, "always": always,
            "headers": list(columns), "saved_at": saved_at, **texts}  # fmt: skip


def _hand_over(source: str, name: str) -> None:
    """Its lines become its own, their identifiers without the name that told them apart."""
    mention = sa.table("mention", sa.column("source"), sa.column("key"), sa.column("statuses"))
    said = [f"{FORMER}:{name}"]
    written = (json.dumps(said), json.dumps(said, ensure_ascii=False))
    its = sa.cast(mention.c.statuses, sa.Text).in_(written)
    prefix = f"{name}:"
    bare = sa.func.substr(mention.c.key, len(prefix) + 1)
    key = sa.case((mention.c.key.startswith(prefix, autoescape=True), bare), else_=mention.c.key)
    op.execute(
        sa.update(mention).where(mention.c.source == FORMER, its).values(source=source, key=key)
    )
