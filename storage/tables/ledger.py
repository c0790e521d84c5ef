"""Table of the ledger, with the conversion of rows to values and back."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import Charge, Purpose, Usage
from storage.codec import decimal_to_text
from storage.tables.base import JSON, KEY_COLUMNS, SERIAL, BaseTable, Keyed

PURPOSE = sa.Enum(Purpose, native_enum=False, values_callable=lambda purposes: [p.value for p in purposes], length=20)

IS_UNSETTLED = sa.text("settled_at IS NULL")
"""Whether the end of a request is not known."""


class LedgerRow(Keyed, table=True):
    """Usage and cost of one request: numbers and names, never text; it outlives its turn.

    `at` is when it was sent; until `settled_at` is set the figures are those so far. `cost` is an exact decimal,
    and so is what is `reserved` for it under budgets until then.
    In lines of earlier versions `requests` are together.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        sa.Index(None, "platform", "workspace", "at"),
        sa.Index("ix_ledger_conversation_at", *KEY_COLUMNS, "at"),
        sa.Index(None, "platform", "author_id", "workspace", "at"),
        sa.Index(None, "at"),
        sa.Index(None, "turn_id"),
        sa.Index("ix_ledger_unsettled", "turn_id", sqlite_where=IS_UNSETTLED, postgresql_where=IS_UNSETTLED),
    )

    id: int = Field(default=None, primary_key=True, sa_type=SERIAL)
    turn_id: int = Field(sa_type=sa.BigInteger)
    purpose: Purpose = Field(sa_type=PURPOSE)
    author_id: str
    at: datetime
    settled_at: datetime | None = None
    model: str
    requests: int
    input: int
    cached: int
    output: int
    reasoning: int
    estimated: bool
    tools: dict[str, int] = Field(sa_type=JSON)
    cost: str | None = None
    first_byte_at: datetime | None = None
    first_text_at: datetime | None = None
    reserved: str | None = None

    def to_usage(self) -> Usage:
        """Return the tokens of this line; what the response stated as its cost has become the line's cost."""
        return Usage(
            input=self.input,
            cached=self.cached,
            output=self.output,
            reasoning=self.reasoning,
            estimated=self.estimated,
            tools=MappingProxyType(self.tools),
            requests=self.requests,
        )


class SpendingDayRow(BaseTable, table=True):
    """Sum of the settled requests of one day (UTC) under one key of a dimension; amounts are exact decimals."""

    __tablename__ = "spending_day"

    dimension: str = Field(primary_key=True, max_length=20)
    day: date = Field(primary_key=True)
    key: str = Field(primary_key=True)
    requests: int = Field(sa_type=sa.BigInteger)
    input: int = Field(sa_type=sa.BigInteger)
    cached: int = Field(sa_type=sa.BigInteger)
    output: int = Field(sa_type=sa.BigInteger)
    reasoning: int = Field(sa_type=sa.BigInteger)
    cost: str
    estimated: str


def charge_columns(charge: Charge) -> dict[str, Any]:
    """Return the columns of what a request came to, by name."""
    usage = charge.usage
    return {
        "requests": usage.requests,
        "input": usage.input,
        "cached": usage.cached,
        "output": usage.output,
        "reasoning": usage.reasoning,
        "estimated": usage.estimated,
        "tools": dict(usage.tools),
        "cost": decimal_to_text(charge.cost),
        "first_byte_at": charge.first_byte_at,
        "first_text_at": charge.first_text_at,
    }
