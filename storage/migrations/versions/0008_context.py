"""What is not answered is remembered until the next question, and questions know whether they were asked directly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY_COLUMNS = ("platform", "workspace", "channel", "thread")
IS_REMEMBERED = sa.text("state = 'remembered'")


def upgrade() -> None:
    op.add_column("turn", sa.Column("direct", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_turn_remembered",
        "turn",
        [*KEY_COLUMNS, "at", "id"],
        sqlite_where=IS_REMEMBERED,
        postgresql_where=IS_REMEMBERED,
    )


def downgrade() -> None:
    op.execute("DELETE FROM turn WHERE task = 'context'")  # what the code before does not know
    op.drop_index("ix_turn_remembered", "turn")
    op.drop_column("turn", "direct")
