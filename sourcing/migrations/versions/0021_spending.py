"""Spending lines, and the values of indicators entered by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0021_spending"
down_revision = "0020_law"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("siret", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount_eur", sa.Double(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("directorate", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("segment", CODE, nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("year", "supplier_id"):
        op.create_index(f"ix_spending_{column}", "spending", [column])
    op.create_table(
        "indicator_value",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", "year"),
    )


def downgrade() -> None:
    op.drop_table("indicator_value")
    op.drop_table("spending")
