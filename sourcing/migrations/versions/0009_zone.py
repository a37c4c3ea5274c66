"""Where a supplier says it works, beyond its address."""

import sqlalchemy as sa
from alembic import op

revision = "0009_zone"
down_revision = "0008_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mention", sa.Column("zone", sa.JSON(), nullable=True))
    op.add_column("listing", sa.Column("reach_km", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("listing", "reach_km")
    op.drop_column("mention", "zone")
