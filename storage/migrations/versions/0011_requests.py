"""The ledger has a line for each request, written before it is sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY_COLUMNS = ("platform", "workspace", "channel", "thread")
FIGURES = "author_id, at, model, requests, input, cached, output, reasoning, estimated, tools, cost"
IS_UNSETTLED = sa.text("settled_at IS NULL")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.execute("CREATE TABLE ledger_before AS SELECT * FROM ledger")
    op.drop_table("ledger")
    _create(
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("turn_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )
    op.create_index("ix_ledger_turn_id", "ledger", ["turn_id"])
    op.create_index(
        "ix_ledger_unsettled", "ledger", ["turn_id"], sqlite_where=IS_UNSETTLED, postgresql_where=IS_UNSETTLED
    )
    place = ", ".join(KEY_COLUMNS)
    op.execute(
        f"INSERT INTO ledger ({place}, turn_id, purpose, settled_at, {FIGURES}) "  # noqa: S608 - names from above
        f"SELECT {place}, turn_id, CASE purpose WHEN 'memory' THEN 'notes' ELSE 'answer' END, at, {FIGURES} "
        "FROM ledger_before ORDER BY at, purpose DESC"
    )
    op.drop_table("ledger_before")


def downgrade() -> None:
    op.execute("CREATE TABLE ledger_before AS SELECT * FROM ledger")
    op.drop_table("ledger")
    _create(
        sa.Column("turn_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", "purpose", name="pk_ledger"),
    )
    place = ", ".join(KEY_COLUMNS)
    is_last = (
        "id = (SELECT max(id) FROM ledger_before AS other "
        "WHERE other.turn_id = ledger_before.turn_id AND other.purpose = ledger_before.purpose)"
    )
    op.execute(
        f"INSERT INTO ledger ({place}, turn_id, purpose, {FIGURES}) "  # noqa: S608 - names from above
        f"SELECT {place}, turn_id, CASE WHEN purpose = 'notes' AND {is_last} THEN 'memory' "
        f"WHEN purpose = 'answer' AND {is_last} THEN 'answer' ELSE 'dropped:' || id END, {FIGURES} FROM ledger_before"
    )
    op.drop_table("ledger_before")


def _create(*differing: sa.Column[object] | sa.PrimaryKeyConstraint) -> None:
    op.create_table(
        "ledger",
        *(sa.Column(name, sa.String(), nullable=False) for name in KEY_COLUMNS),
        *differing,
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("requests", "input", "cached", "output")),
        sa.Column("reasoning", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("cost", sa.String(), nullable=True),
    )
    op.create_index("ix_ledger_platform_workspace_at", "ledger", ["platform", "workspace", "at"])
    op.create_index("ix_ledger_conversation_at", "ledger", [*KEY_COLUMNS, "at"])
    op.create_index("ix_ledger_platform_author_id_workspace_at", "ledger", ["platform", "author_id", "workspace", "at"])
    op.create_index("ix_ledger_at", "ledger", ["at"])
