"""A turn knows that a message of its answer was being posted, and since when somebody else has it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = ("post_begun_at", "post_left_at")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("turn", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("turn", name)
