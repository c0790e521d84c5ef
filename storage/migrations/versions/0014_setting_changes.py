"""The last change that somebody made to a setting is kept, so that they can undo it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = ("platform", "person", "scope_kind", "scope_key")


def upgrade() -> None:
    op.create_table(
        "setting_change",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, name="pk_setting_change"),
    )
    op.create_index("ix_setting_change_at", "setting_change", ["at"])


def downgrade() -> None:
    op.drop_table("setting_change")
