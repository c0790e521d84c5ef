"""Add up money inside the database, exact to the last digit.

A cost is kept as the text of a decimal. PostgreSQL sums its NUMERIC exactly; SQLite has floats alone, so it is given
a function of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Any

import sqlalchemy as sa

_EXACT = Context(prec=1_000)  # digits, more than any sum of money has

_SUM_ON_SQLITE = "exact_sum"
_PLUS_ON_SQLITE = "exact_plus"


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """Return the sum, without the rounding to 28 digits that is the default."""
    total = Decimal(0)
    for number in numbers:
        total = _EXACT.add(total, number)
    return total


def sum_of(column: sa.SQLColumnExpression[str | None], *, dialect: str) -> sa.ColumnElement[str | None]:
    """Return the exact sum of decimals kept as text, as text; None of no number."""
    if dialect == "sqlite":
        return getattr(sa.func, _SUM_ON_SQLITE)(column, type_=sa.String())  # type: ignore[no-any-return]
    return sa.cast(sa.func.sum(sa.cast(column, sa.Numeric())), sa.String())


def plus(
    one: sa.SQLColumnExpression[str], other: sa.SQLColumnExpression[str], *, dialect: str
) -> sa.ColumnElement[str]:
    """Return the exact sum of two decimals kept as text, as text."""
    if dialect == "sqlite":
        return getattr(sa.func, _PLUS_ON_SQLITE)(one, other, type_=sa.String())  # type: ignore[no-any-return]
    return sa.cast(sa.cast(one, sa.Numeric()) + sa.cast(other, sa.Numeric()), sa.String())


class _ExactSum:
    """`exact_sum` as SQLite calls it: once a row, then once for the result."""

    def __init__(self) -> None:
        self._total: Decimal | None = None

    def step(self, text: str | None) -> None:
        if text is not None:
            self._total = Decimal(text) if self._total is None else _EXACT.add(self._total, Decimal(text))

    def finalize(self) -> str | None:
        return None if self._total is None else str(self._total)


def teach(connection: Any) -> None:
    """Give a connection to SQLite the functions that `sum_of` and `plus` need."""
    connection.create_aggregate(_SUM_ON_SQLITE, 1, _ExactSum)
    connection.create_function(
        _PLUS_ON_SQLITE, 2, lambda one, other: str(_EXACT.add(Decimal(one), Decimal(other))), deterministic=True
    )
