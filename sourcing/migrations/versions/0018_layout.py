"""A named list keeps how its file is laid out, its sheet included, and where it is downloaded."""

import sqlalchemy as sa
from alembic import op

revision = "0018_layout"
down_revision = "0017_qpv"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("saved_mapping") as table:
        table.add_column(sa.Column("layout", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("file_url", sa.Text(), nullable=False, server_default=""))
    kept = sa.table("saved_mapping", sa.column("source"), sa.column("sheet"),
                    sa.column("layout", sa.JSON))  # fmt: skip
    connection = op.get_bind()
    of_sheet = connection.execute(sa.select(kept.c.source, kept.c.sheet).where(kept.c.sheet != ""))
    for source, sheet in of_sheet.all():
        its = kept.c.source == source
        connection.execute(sa.update(kept).where(its).values(layout={"sheet": sheet}))
    with op.batch_alter_table("saved_mapping") as table:
        table.drop_column("sheet")
