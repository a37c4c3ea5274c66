"""Decisions of persons, links at the level of a firm, and what linking found of each line."""

import sqlalchemy as sa
from alembic import op

revision = "0003_decisions"
down_revision = "0002_stale"
branch_labels = None
depends_on = None

# As SQL: SQLite takes a reference in ADD COLUMN, Alembic would write it apart.
COLUMNS = (
    "supplier ADD COLUMN merged_into INTEGER REFERENCES supplier (id)",
    "mention ADD COLUMN firm TEXT NOT NULL DEFAULT ''",
    "judgement ADD COLUMN level TEXT NOT NULL DEFAULT 'siret'",
    "judgement ADD COLUMN other_id INTEGER REFERENCES mention (id)",
    "judgement ADD COLUMN decision_id INTEGER REFERENCES decision (id)",
    "judgement ADD COLUMN seen JSON",
)
INDEXES = (
    ("ix_supplier_merged_into", "supplier", ["merged_into"]),
    ("ix_mention_firm", "mention", ["firm"]),
    ("ix_judgement_other_id", "judgement", ["other_id"]),
    ("ix_judgement_decision_id", "judgement", ["decision_id"]),
    ("ix_judgement_standing", "judgement", ["author", "verdict", "withdrawn_at"]),
    ("ix_likeness_other_id", "likeness", ["other_id"]),
)


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "finding",
        sa.Column("mention_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mention_id"),
    )
    op.create_table(
        "likeness",
        sa.Column("one_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("is_sure", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["one_id"], ["mention.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["mention.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("one_id", "other_id"),
    )
    op.create_table(
        "alias",
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("mention_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("uid"),
    )
    for column in COLUMNS:
        op.execute(f"ALTER TABLE {column}")
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
