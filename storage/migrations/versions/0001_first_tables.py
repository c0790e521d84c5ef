"""The first tables: transcripts, turns, the ledger, settings and the playground's workspaces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String().with_variant(sa.String(collation="C"), "postgresql")
IS_OPEN = sa.text("state IN ('queued', 'running')")
IS_MERGED = sa.text("merged_into IS NOT NULL")
KEY_COLUMNS = ("platform", "workspace", "channel", "thread")


def upgrade() -> None:
    _create_transcripts()
    _create_media()
    _create_turns()
    _index_turns()
    _create_ledger_and_settings()
    _create_workspaces()
    _create_channel_messages()


def downgrade() -> None:
    for table in (
        "channel_message",
        "person",
        "channel",
        "workspace",
        "feedback",
        "adapter_state",
        "setting",
        "ledger",
        "turn",
        "entry_media",
        "media",
        "entry",
        "conversation",
    ):
        op.drop_table(table)


def _create_transcripts() -> None:
    op.create_table(
        "conversation",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY_COLUMNS),
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("next_position", sa.Integer(), nullable=False),
        sa.Column("window_start", sa.Integer(), nullable=False),
        sa.Column("last_request_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("head_digest", sa.String(), nullable=False),
        sa.Column("token_ratio", sa.Float(), nullable=False),
        sa.Column("memory", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
        sa.UniqueConstraint(
            "platform", "workspace", "channel", "thread", name="uq_conversation_platform_workspace_channel_thread"
        ),
    )
    op.create_table(
        "entry",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_entry_conversation_id_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "position", name="pk_entry"),
        sa.UniqueConstraint("conversation_id", "entry_id", name="uq_entry_conversation_id_entry_id"),
    )


def _create_media() -> None:
    op.create_table(
        "media",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_media"),
    )
    op.create_table(
        "entry_media",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id", "position"],
            ["entry.conversation_id", "entry.position"],
            name="fk_entry_media_conversation_id_position_entry",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["digest"], ["media.digest"], name="fk_entry_media_digest_media"),
        sa.PrimaryKeyConstraint("conversation_id", "position", "ordinal", name="pk_entry_media"),
    )
    op.create_index("ix_entry_media_digest", "entry_media", ["digest"])


def _create_turns() -> None:
    op.create_table(
        "turn",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY_COLUMNS),
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("author_is_bot", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("addressed", sa.Boolean(), nullable=False),
        sa.Column("starts_thread", sa.Boolean(), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("administers", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("first_ref", sa.String(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("reply_ref", sa.String(), nullable=True),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("stop", sa.Boolean(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("request", sa.JSON(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_turn"),
        sa.UniqueConstraint("platform", "dedupe_key", name="uq_turn_platform_dedupe_key"),
    )


def _index_turns() -> None:
    op.create_index(
        "ix_turn_merged_into",
        "turn",
        ["merged_into"],
        sqlite_where=IS_MERGED,
        postgresql_where=IS_MERGED,
    )
    op.create_index(
        "ix_turn_open",
        "turn",
        ["platform", "workspace", "channel", "thread", "at", "id"],
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )


def _create_ledger_and_settings() -> None:
    op.create_table(
        "ledger",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY_COLUMNS),
        sa.Column("turn_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("input", sa.Integer(), nullable=False),
        sa.Column("cached", sa.Integer(), nullable=False),
        sa.Column("output", sa.Integer(), nullable=False),
        sa.Column("reasoning", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("cost", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("turn_id", "purpose", name="pk_ledger"),
    )
    op.create_index("ix_ledger_platform_workspace_at", "ledger", ["platform", "workspace", "at"])
    op.create_table(
        "setting",
        sa.Column("scope_kind", sa.String(), nullable=False),
        sa.Column("scope_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("scope_kind", "scope_key", "name", name="pk_setting"),
    )
    op.create_table(
        "adapter_state",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "name", name="pk_adapter_state"),
    )
    op.create_table(
        "feedback",
        sa.Column("turn_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", "person", name="pk_feedback"),
    )


def _create_workspaces() -> None:
    op.create_table(
        "workspace",
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspace"),
    )
    op.create_table(
        "channel",
        sa.Column("workspace", ORDERED, nullable=False),
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.id"], name="fk_channel_workspace_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace", "id", name="pk_channel"),
    )
    op.create_table(
        "person",
        sa.Column("workspace", ORDERED, nullable=False),
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.id"], name="fk_person_workspace_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace", "id", name="pk_person"),
    )


def _create_channel_messages() -> None:
    op.create_table(
        "channel_message",
        sa.Column("workspace", ORDERED, nullable=False),
        sa.Column("channel", ORDERED, nullable=False),
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("author_is_bot", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("thread", ORDERED, nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("last_reply_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace", "channel"],
            ["channel.workspace", "channel.id"],
            name="fk_channel_message_workspace_channel_channel",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace", "channel", "id", name="pk_channel_message"),
    )
    op.create_index(
        "ix_channel_message_workspace_channel_thread_at_id",
        "channel_message",
        ["workspace", "channel", "thread", "at", "id"],
    )
