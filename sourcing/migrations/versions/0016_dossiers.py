"""Baskets and sourcing files."""

import sqlalchemy as sa
from alembic import op

revision = "0016_dossiers"
down_revision = "0015_reverse"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _of_dossier() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], ondelete="CASCADE")


def upgrade() -> None:
    op.add_column("person", sa.Column("organisation", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "basket_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("uid", CODE, nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "uid"),
    )
    op.create_table(
        "dossier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("segment", CODE, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("estimate_eur", sa.Double(), nullable=True),
        sa.Column("answers_by", sa.Date(), nullable=True),
        sa.Column("launch_on", sa.Date(), nullable=True),
        sa.Column("information", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("launched_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dossier_organisation", "dossier", ["organisation"])
    op.create_table(
        "dossier_share",
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        _of_dossier(),
        sa.PrimaryKeyConstraint("dossier_id", "organisation"),
    )
    op.create_index("ix_dossier_share_organisation", "dossier_share", ["organisation"])
    op.create_table(
        "dossier_query",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("ordering", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        _of_dossier(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dossier_query_dossier_id", "dossier_query", ["dossier_id"])
    op.create_table(
        "panelist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("query_id", sa.Integer(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("sent_digest", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        _of_dossier(),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"]),
        sa.ForeignKeyConstraint(["query_id"], ["dossier_query.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dossier_id", "supplier_id"),
    )
    op.create_index("ix_panelist_supplier_id", "panelist", ["supplier_id"])
    op.create_table(
        "dossier_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("panelist_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_confidential", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        _of_dossier(),
        sa.ForeignKeyConstraint(["panelist_id"], ["panelist.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dossier_act_dossier_id", "dossier_act", ["dossier_id"])
    op.create_table(
        "dossier_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("panelist_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        _of_dossier(),
        sa.ForeignKeyConstraint(["panelist_id"], ["panelist.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dossier_document_dossier_id", "dossier_document", ["dossier_id"])


def downgrade() -> None:
    for table in (
        "dossier_document", "dossier_act", "panelist", "dossier_query", "dossier_share",
        "dossier", "basket_item",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_column("person", "organisation")
