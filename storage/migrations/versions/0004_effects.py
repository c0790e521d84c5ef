"""Deliveries with an effect: done once, and told to their author even after a crash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("incoming", sa.JSON(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("teller", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "dedupe_key", name="pk_delivery"),
    )
    op.create_index("ix_delivery_at", "delivery", ["at"])
    owed = sa.text("due IS NOT NULL")
    op.create_index("ix_delivery_owed", "delivery", ["platform", "due"], sqlite_where=owed, postgresql_where=owed)


def downgrade() -> None:
    op.drop_table("delivery")
