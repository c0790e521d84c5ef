"""A channel of the playground knows who made it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel", sa.Column("maker", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("channel") as table:
        table.drop_column("maker")
