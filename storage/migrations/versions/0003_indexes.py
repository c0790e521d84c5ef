"""Indexes for what is asked for often, so that no question, reply or sweep reads a whole table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY_COLUMNS = ("platform", "workspace", "channel", "thread")
IS_KEPT = "author_id <> '(forgotten)'"
IS_REMARKABLE = "(attempt > 1 OR retries > 0 OR state IN ('cancelled', 'failed'))"

INDEXES = (
    ("ix_turn_conversation", "turn", (*KEY_COLUMNS, "accepted_at", "id"), ""),
    ("ix_turn_platform_at", "turn", ("platform", "at"), ""),
    ("ix_turn_platform_author_id", "turn", ("platform", "author_id"), ""),
    ("ix_turn_kept", "turn", ("accepted_at",), IS_KEPT),
    ("ix_turn_remarkable", "turn", ("state",), IS_REMARKABLE),
    ("ix_ledger_conversation_at", "ledger", (*KEY_COLUMNS, "at"), ""),
    ("ix_ledger_platform_author_id_workspace_at", "ledger", ("platform", "author_id", "workspace", "at"), ""),
    ("ix_ledger_at", "ledger", ("at",), ""),
    ("ix_entry_conversation_id_source_id", "entry", ("conversation_id", "source_id"), ""),
    ("ix_entry_author", "entry", ("author",), ""),
    ("ix_setting_name", "setting", ("name",), ""),
    ("ix_channel_message_author_id", "channel_message", ("author_id",), ""),
)


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        part = sa.text(condition) if condition else None
        op.create_index(name, table, list(columns), sqlite_where=part, postgresql_where=part)


def downgrade() -> None:
    for name, table, *_ in INDEXES:
        op.drop_index(name, table)
