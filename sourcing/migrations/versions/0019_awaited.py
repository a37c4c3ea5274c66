"""What lists say of firms the base does not have yet."""

import sqlalchemy as sa
from alembic import op

revision = "0019_awaited"
down_revision = "0018_layout"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "awaited",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False, index=True),
        sa.Column("sirens", sa.LargeBinary(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
    )
