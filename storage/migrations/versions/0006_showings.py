"""Turns count how often their recorded answer was put off apart from how often the model was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turn", sa.Column("showings", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("turn", "showings")
