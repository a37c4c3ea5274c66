"""What a run changes beside the one before, and how a list's line is recognised."""

import sqlalchemy as sa
from alembic import op

revision = "0005_refresh"
down_revision = "0004_contracts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mention", sa.Column("digest", sa.BigInteger(), nullable=True))
    for name in ("added", "changed", "gone"):
        op.add_column("run", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run", sa.Column("forced_by", sa.Text(), nullable=False, server_default=""))
