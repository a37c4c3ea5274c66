"""Public contracts and who won them."""

import sqlalchemy as sa
from alembic import op

revision = "0004_contracts"
down_revision = "0003_decisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("buyer_siret", sa.Text(), nullable=False),
        sa.Column("buyer_siren", sa.Text(), nullable=False),
        sa.Column("buyer_name", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("cpv", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("techniques", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("notified_on", sa.Date(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("modified_on", sa.Date(), nullable=True),
        sa.Column("modifications", sa.Integer(), nullable=False),
        sa.Column("amount_eur", sa.Double(), nullable=True),
        sa.Column("initial_eur", sa.Double(), nullable=True),
        sa.Column("amount_note", sa.Text(), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=True),
        sa.Column("is_innovative", sa.Boolean(), nullable=True),
        sa.Column("social", sa.Text(), nullable=True),
        sa.Column("environmental", sa.Text(), nullable=True),
        sa.Column("winners", sa.Integer(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("segment_score", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("run_id", "buyer_siren", "cpv", "notified_on", "segment"):
        op.create_index(op.f(f"ix_contract_{column}"), "contract", [column], unique=False)
    op.create_table(
        "contract_winner",
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("contract_id", "position"),
    )
    for column in ("siret", "siren", "supplier_id"):
        op.create_index(
            op.f(f"ix_contract_winner_{column}"), "contract_winner", [column], unique=False
        )
