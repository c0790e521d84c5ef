"""What was spent is kept by day, and when answers began to come and to be seen."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COUNTS = ("requests", "input", "cached", "output", "reasoning")


def upgrade() -> None:
    table = op.create_table(
        "spending_day",
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
        sa.Column("cost", sa.String(), nullable=False),
        sa.Column("estimated", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "day", "key", name="pk_spending_day"),
    )
    op.add_column("ledger", sa.Column("first_byte_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ledger", sa.Column("first_text_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("turn", sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True))
    rows = _sums(op.get_bind())
    for start in range(0, len(rows), 500):
        op.bulk_insert(table, rows[start : start + 500])


def downgrade() -> None:
    op.drop_table("spending_day")
    op.drop_column("turn", "shown_at")
    op.drop_column("ledger", "first_text_at")
    op.drop_column("ledger", "first_byte_at")


def _sums(connection: sa.Connection) -> list[dict[str, object]]:
    """Return the sums of all settled lines; the arithmetic of decimals is Python's, which both databases share."""
    ledger = sa.table("ledger", *(sa.column(name) for name in ("platform", "workspace", "channel", "author_id")))
    wanted = sa.select(
        *ledger.c,
        *(sa.column(name) for name in ("purpose", "model", "cost", "estimated", "turn_id", *COUNTS)),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("tools", sa.JSON()),
    )
    digests = set(connection.scalars(sa.text("SELECT id FROM turn WHERE dedupe_key LIKE 'digest:%'")))
    sums: defaultdict[tuple[str, object, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * (len(COUNTS) + 2))
    settled = wanted.select_from(ledger).where(sa.text("settled_at IS NOT NULL"))
    lines = connection.execute(settled.execution_options(stream_results=True))
    for line in lines:
        cost = Decimal(line.cost or 0)
        figures = [*(Decimal(getattr(line, name)) for name in COUNTS), cost, cost if line.estimated else Decimal(0)]
        for dimension, key in _keys(line, is_digest=line.turn_id in digests):
            place = (dimension, line.at.date(), key)
            sums[place] = [before + figure for before, figure in zip(sums[place], figures, strict=True)]
    return [
        {
            "dimension": dimension,
            "day": day,
            "key": key,
            **{name: int(figure) for name, figure in zip(COUNTS, figures, strict=False)},
            "cost": str(figures[-2]),
            "estimated": str(figures[-1]),
        }
        for (dimension, day, key), figures in sums.items()
    ]


def _keys(line: Any, *, is_digest: bool) -> list[tuple[str, str]]:
    kind = "search" if line.purpose == "answer" and line.tools else line.purpose
    workspace = f"{line.platform}/{line.workspace}"
    return [
        ("total", ""),
        ("workspace", workspace),
        ("channel", f"{workspace}/{line.channel}"),
        ("person", f"{line.platform}/{line.author_id}"),
        ("kind", "digest" if is_digest and kind == "summary" else kind),
        ("model", line.model),
    ]
