"""Open pages hear of what happens in the playground over a table, and its messages carry files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables.base import ORDERED, SERIAL

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _ordered(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, ORDERED, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "playground_event",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_text("kind"),
        *_ordered("workspace", "channel"),
        *_text("thread", "message", "person"),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("text_from", sa.Integer(), nullable=False),
        sa.Column("reasoning_from", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_playground_event"),
    )
    op.create_index("ix_playground_event_at", "playground_event", ["at"])
    op.create_index("ix_playground_event_workspace_channel", "playground_event", ["workspace", "channel"])
    op.create_table(
        "playground_file",
        *_text("id"),
        *_ordered("workspace", "channel"),
        *_text("author", "name", "media_type"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_playground_file"),
        sa.ForeignKeyConstraint(
            ["workspace", "channel"],
            ["channel.workspace", "channel.id"],
            name="fk_playground_file_workspace_channel_channel",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_playground_file_workspace_channel", "playground_file", ["workspace", "channel"])
    op.create_index("ix_playground_file_author", "playground_file", ["author"])
    op.create_index("ix_playground_file_at", "playground_file", ["at"])


def downgrade() -> None:
    op.drop_table("playground_file")
    op.drop_table("playground_event")
