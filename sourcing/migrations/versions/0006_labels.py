"""What a list says may hold for a whole firm, and end on a day."""

import sqlalchemy as sa
from alembic import op

revision = "0006_labels"
down_revision = "0005_refresh"
branch_labels = None
depends_on = None


def upgrade() -> None:
    level = sa.Column("level", sa.Text(), nullable=False, server_default="siret")
    op.add_column("mention", level)
    op.add_column("mention", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("tag", sa.Column("ends_on", sa.Date(), nullable=True))
