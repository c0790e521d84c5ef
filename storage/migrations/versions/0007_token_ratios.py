"""Token ratios that searches spoiled: what a search found was once counted as if it had been the conversation's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PLAUSIBLE = (0.67, 1.5)  # of texts that the estimate knows; all others learn theirs anew, which takes one answer


def upgrade() -> None:
    conversation = sa.table("conversation", sa.column("token_ratio", sa.Float()))
    ratio = conversation.c.token_ratio
    op.execute(sa.update(conversation).where(sa.not_(ratio.between(*PLAUSIBLE))).values(token_ratio=1.0))


def downgrade() -> None:
    """Leave the ratios as they are: what they were is not known."""
