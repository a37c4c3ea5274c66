"""The letter that carries the questions of a sourcing file."""

import sqlalchemy as sa
from alembic import op

revision = "0023_panelist_message"
down_revision = "0022_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("panelist", sa.Column("message_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("panelist", "message_id")
