"""SQL statements that are compiled once for all engines of a process.

SQLAlchemy keeps them for each engine, and tests open thousands: compiling took half the time of their statements.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


class CompiledStatements:
    """Compiled statements by what they are made of and the kind of database, whichever engine had them made."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def get(self, key: Any) -> Any:
        """The compiled statement, None where there is none yet."""
        return self._kept.get(_of_any_engine(key))

    def __setitem__(self, key: Any, compiled: Any) -> None:
        self._kept[_of_any_engine(key)] = compiled


def _of_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *rest = key
    return (type(dialect), *rest)


def share_compiled_statements() -> None:
    """Let every connection that is opened from now on keep its compiled statements in one place."""
    shared = CompiledStatements()

    def share(connection: sa.Connection) -> None:
        connection.execution_options(compiled_cache=shared)

    sa.event.listen(sa.Engine, "engine_connect", share)
