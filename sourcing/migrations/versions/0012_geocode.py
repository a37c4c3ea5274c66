"""Addresses placed by the geocoding service."""

import sqlalchemy as sa
from alembic import op

revision = "0012_geocode"
down_revision = "0011_succession"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "geocode",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("commune_code", sa.Text(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("address", "postcode", "commune_code"),
    )
