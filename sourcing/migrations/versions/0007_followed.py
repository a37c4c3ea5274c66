"""Suppliers followed from one month to the next, and runs that hold a whole source."""

import sqlalchemy as sa
from alembic import op

revision = "0007_followed"
down_revision = "0006_labels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("supplier", sa.Column("run_id", sa.Integer(), nullable=True))
    op.add_column("supplier", sa.Column("gone_on", sa.Date(), nullable=True))
    op.add_column("supplier", sa.Column("moved_on", sa.Date(), nullable=True))
    op.add_column("supplier", sa.Column("moved_from", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "run", sa.Column("is_whole", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("run", sa.Column("territory", sa.Text(), nullable=False, server_default=""))
