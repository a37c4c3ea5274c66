"""Priority districts (QPV), drawn on the map."""

import sqlalchemy as sa
from alembic import op

revision = "0017_qpv"
down_revision = "0016_dossiers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "qpv",
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contour", sa.Text(), nullable=False),
    )
