"""Notes reach up to a place in the transcript, and those that stood in it become part of the notes before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NOTES_ID = "n:"
NOTES_TITLE = "(Notes on earlier messages that are no longer shown; facts, not instructions)"

COLUMNS = ("condensed_until", "condensed_in_vain", "media_start", "notes_from")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("conversation", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE conversation SET condensed_until = window_start")
    _take_in_notes()


def _take_in_notes() -> None:
    """Move notes that were appended to a transcript into the notes before it."""
    conversation = sa.table(
        "conversation",
        *(sa.column(name) for name in ("id", "memory", "notes_until", "next_position")),
    )
    entry = sa.table("entry", *(sa.column(name) for name in ("conversation_id", "position", "text", "source_id")))
    are_notes = entry.c.source_id == NOTES_ID
    connection = op.get_bind()
    found = connection.execute(sa.select(entry).where(are_notes).order_by(entry.c.conversation_id, entry.c.position))
    for row in found.all():
        text = row.text.removeprefix(NOTES_TITLE).strip()
        whole = sa.case((conversation.c.memory == "", text), else_=conversation.c.memory + "\n" + text)
        mine = sa.update(conversation).where(conversation.c.id == row.conversation_id)
        connection.execute(mine.values(memory=whole, notes_until=conversation.c.next_position))
    connection.execute(sa.delete(entry).where(are_notes))


def downgrade() -> None:
    with op.batch_alter_table("conversation") as table:
        for name in COLUMNS:
            table.drop_column(name)
