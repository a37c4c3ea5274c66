"""A list's line without a SIRET remembers which masked supplier it was linked to."""

import sqlalchemy as sa
from alembic import op

revision = "0025_masked_siret"
down_revision = "0024_fewer_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "mention", sa.Column("masked_siret", sa.Text(), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("mention", "masked_siret")
