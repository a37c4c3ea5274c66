"""Who took over an establishment that closed."""

import sqlalchemy as sa
from alembic import op

revision = "0011_succession"
down_revision = "0010_saved"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "succession",
        sa.Column("closed_siret", sa.Text(), nullable=False),
        sa.Column("successor_siret", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("closed_siret", "successor_siret"),
    )
