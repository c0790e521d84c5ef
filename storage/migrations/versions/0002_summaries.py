"""Summaries: their parts, up to when they told, and the schedules of digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY_COLUMNS = ("platform", "workspace", "channel", "thread")


def upgrade() -> None:
    op.create_table(
        "summary_part",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY_COLUMNS),
        sa.Column("part_id", sa.String(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("headline", sa.String(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY_COLUMNS, "part_id", name="pk_summary_part"),
    )
    op.create_table(
        "summary_mark",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY_COLUMNS),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*KEY_COLUMNS, "person", name="pk_summary_mark"),
    )
    op.create_table(
        "schedule",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedule"),
    )
    op.create_index("ix_schedule_platform_workspace_channel", "schedule", ["platform", "workspace", "channel"])
    op.create_index("ix_schedule_next_at", "schedule", ["next_at"])


def downgrade() -> None:
    for table in ("schedule", "summary_mark", "summary_part"):
        op.drop_table(table)
