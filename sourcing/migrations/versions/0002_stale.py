"""Suppliers whose tags and index must be redone, and how the register's last line is recognised."""

import sqlalchemy as sa
from alembic import op

revision = "0002_stale"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stale",
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("supplier_id"),
    )
    op.add_column("supplier", sa.Column("digest", sa.BigInteger(), nullable=True))
