"""Indexes a load paid for and nearly nobody read: who leads to another supplier, communes twice."""

from alembic import op

revision = "0024_fewer_indexes"
down_revision = "0023_panelist_message"
branch_labels = None
depends_on = None

MERGED, COMMUNE = "ix_supplier_merged_into", "ix_listing_commune_code"


def upgrade() -> None:
    op.execute(f"DROP INDEX {COMMUNE}")
    op.execute(f"DROP INDEX {MERGED}")
    op.execute(f"CREATE INDEX {MERGED} ON supplier (merged_into) WHERE merged_into IS NOT NULL")


def downgrade() -> None:
    op.execute(f"DROP INDEX {MERGED}")
    op.execute(f"CREATE INDEX {MERGED} ON supplier (merged_into)")
    op.execute(f"CREATE INDEX {COMMUNE} ON listing (commune_code)")
