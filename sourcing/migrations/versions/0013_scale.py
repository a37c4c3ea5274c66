"""NAF hints in a table of their own; codes compared byte by byte; indexes nobody reads dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0013_scale"
down_revision = "0012_geocode"
branch_labels = None
depends_on = None

UNREAD = ("ix_supplier_position", "ix_listing_position", "ix_listing_in_territory")
CODES = {
    "supplier": ("uid", "siret", "siren", "commune_code", "naf"),
    "tag": ("kind", "value", "source"),
    "listing": ("commune_code",),
}


def upgrade() -> None:
    op.create_table(
        "naf_hint",
        sa.Column("naf", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("naf", "segment"),
    )
    for name in UNREAD:
        op.drop_index(name)
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in CODES.items():
        for column in columns:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE "C"')
    op.execute("DROP INDEX ix_supplier_text_name, ix_supplier_text_all")
    op.execute("CREATE INDEX ix_supplier_text ON supplier_text USING gin (name, body)")
