"""Deletions and edits that are followed: what happened to messages, where answers stand, what is withdrawn."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HAS_SOURCE = sa.text("source_id <> ''")
IS_SUMMARY = sa.text("task = 'summary'")
IS_WAITING = sa.text("NOT deleted")
KEY_COLUMNS = ("platform", "workspace", "channel", "thread")
ROWS = 500
UNKNOWN = "2147483647"  # of what no request is known, everything may have been sent

INDEXES = (
    ("ix_turn_source_id", "turn", ["platform", "workspace", "channel", "source_id"], HAS_SOURCE),
    ("ix_turn_summaries", "turn", ["platform", "workspace", "channel", "at"], IS_SUMMARY),
    ("ix_entry_source_id", "entry", ["source_id"], HAS_SOURCE),
    ("ix_message_change_waiting", "message_change", ["platform", "workspace", "channel"], IS_WAITING),
)


def upgrade() -> None:
    op.create_table(
        "message_change",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY_COLUMNS),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("correction", sa.JSON(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*KEY_COLUMNS, "message_id", name="pk_message_change"),
    )
    op.create_index("ix_message_change_kept_at", "message_change", ["kept_at"])
    replies = op.create_table(
        "reply_message",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "message_id", "turn_id", name="pk_reply_message"),
    )
    op.create_index("ix_reply_message_turn_id", "reply_message", ["turn_id"])
    _change_tables()
    _note_replies(replies)


def _change_tables() -> None:
    for name in ("withdrawn", "stale"):
        op.add_column("turn", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("turn", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("revision", "notes_until"):
        op.add_column("conversation", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("conversation", sa.Column("sent_until", sa.Integer(), nullable=False, server_default=UNKNOWN))
    op.execute("UPDATE conversation SET notes_until = next_position WHERE memory <> ''")
    for name, table, columns, part in INDEXES:
        op.create_index(name, table, columns, sqlite_where=part, postgresql_where=part)


def _note_replies(replies: sa.Table) -> None:
    """Find the messages of earlier answers in their references, at whose end they stand."""
    connection = op.get_bind()
    told = sa.text("SELECT id, platform, workspace, reply_ref FROM turn WHERE reply_ref <> ''")
    for rows in connection.execute(told).partitions(ROWS):
        found = [
            {"platform": row.platform, "workspace": row.workspace, "message_id": id, "turn_id": row.id, "ordinal": n}
            for row in rows
            for n, id in enumerate(_messages_of(row.reply_ref))
        ]
        if found:
            connection.execute(replies.insert(), found)


def _messages_of(ref: str) -> list[str]:
    ids = (id.rstrip("s") if "." in id else id for id in re.split("[/:]", ref)[-1].split(","))
    return list(dict.fromkeys(filter(None, ids)))


def downgrade() -> None:
    for name, table, *_ in INDEXES:
        op.drop_index(name, table)
    for name in ("sent_until", "notes_until", "revision"):
        op.drop_column("conversation", name)
    for name in ("edited_at", "stale", "withdrawn"):
        op.drop_column("turn", name)
    for table in ("reply_message", "message_change"):
        op.drop_table(table)
