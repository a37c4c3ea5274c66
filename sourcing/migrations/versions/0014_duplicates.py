"""Firms registered twice, under two SIREN."""

import sqlalchemy as sa
from alembic import op

revision = "0014_duplicates"
down_revision = "0013_scale"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duplicate_siren",
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("duplicate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("siren", "duplicate"),
    )
