"""What repeats the first words of a message, since it replies to that, names it: they go with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

IS_REPLY = sa.text("replies_to <> ''")


def upgrade() -> None:
    for table, place in (("turn", ["platform", "workspace", "channel"]), ("entry", [])):
        op.add_column(table, sa.Column("replies_to", sa.String(), nullable=False, server_default=""))
        columns = [*place, "replies_to"]
        op.create_index(f"ix_{table}_replies_to", table, columns, sqlite_where=IS_REPLY, postgresql_where=IS_REPLY)


def downgrade() -> None:
    for table in ("turn", "entry"):
        op.drop_index(f"ix_{table}_replies_to", table)
        with op.batch_alter_table(table) as changed:
            changed.drop_column("replies_to")
