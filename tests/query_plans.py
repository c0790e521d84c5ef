"""How a database carries out a statement: its plan, and how much of the tables it looks at.

Work is counted, not timed: rows that PostgreSQL's executor met, instructions that SQLite's virtual machine ran.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg import ClientCursor

from storage.database import is_sqlite, make_engine, parse_url
from storage.tables import BaseTable

EXECUTIONS = 7  # after five PostgreSQL compares the plans made so far with one for any values: `plan_cache_mode`
INSTRUCTIONS = 50  # counted at a time
INSTRUCTIONS_FOR_A_ROW = 10  # of a plain scan; what makes the two counts alike

SMALL = {"workspace", "channel", "alembic_version"}
"""Tables that do not grow with use."""

PARTIAL = {"ix_turn_open"}
"""Indexes over few rows, which may be read from end to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Plan of a statement: its steps as the database tells them, the tables read whole, and the rows met."""

    statement: str
    steps: tuple[str, ...]
    whole: tuple[str, ...]
    rows: int

    def __str__(self) -> str:
        return "\n".join(
            (" ".join(self.statement.split()), f"  rows met: {self.rows}", *(f"  {s}" for s in self.steps))
        )


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is sent to any database meanwhile, with its parameters; of many of one statement the first."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        seen.append((statement, parameters[0] if many else parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


class Explainer:
    """Explains statements on one database and undoes what they did."""

    def __init__(self, url: str) -> None:
        parsed = parse_url(url)
        self.is_sqlite = is_sqlite(parsed)
        engine = make_engine(parsed) if self.is_sqlite else sa.create_engine(parsed)
        assert isinstance(engine, sa.Engine)
        self._engine = engine

    def close(self) -> None:
        self._engine.dispose()

    def explain(self, seen: Iterable[tuple[str, Any]]) -> list[Plan]:
        """The plans of statements that read or change rows; what only adds some reads none, and cannot be repeated."""
        explain = self._on_sqlite if self.is_sqlite else self._on_postgresql
        return [explain(*item) for item in seen if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)\b", item[0])]

    # ------------------------------------------------------------ SQLite

    def _on_sqlite(self, statement: str, parameters: Any) -> Plan:
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += INSTRUCTIONS
            return 0

        connection = self._engine.raw_connection()
        driver: Any = connection.driver_connection
        try:
            steps = tuple(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
            driver.set_progress_handler(count, INSTRUCTIONS)
            driver.execute(statement, parameters).fetchall()
        finally:
            driver.set_progress_handler(None, 0)
            driver.rollback()
            connection.close()
        whole = tuple(step for step in steps if _is_scan(step))
        return Plan(statement=statement, steps=steps, whole=whole, rows=counted // INSTRUCTIONS_FOR_A_ROW)

    # ------------------------------------------------------------ PostgreSQL

    def _on_postgresql(self, statement: str, parameters: Any) -> Plan:
        """Prepare a statement and carry it out until the server has settled on a plan: for these values, or any."""
        text, names = _numbered(statement)
        values = f"({', '.join(f'%({name})s' for name in names)})" if names else ""
        told: list[dict[str, Any]] = []
        with closing(self._engine.raw_connection()) as connection:
            driver: Any = connection.driver_connection
            cursor = ClientCursor(driver)
            cursor.execute(f"PREPARE probe AS {text}")
            for _ in range(EXECUTIONS):
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE probe {values}", parameters)
                told.extend(row[0][0]["Plan"] for row in cursor)
                driver.rollback()
            cursor.execute("DEALLOCATE probe")
        return max((_plan(statement, item) for item in (told[0], told[-1])), key=lambda plan: (plan.whole, plan.rows))


def _is_scan(step: str) -> bool:
    """Whether a step of SQLite reads a growing table, or an index of it, from end to end."""
    words = step.split()
    if words[0] != "SCAN" or any(name in words for name in PARTIAL):
        return False
    return any(_is_of(words[1], name) for name in BaseTable.metadata.tables if name not in SMALL)


def _is_of(alias: str, table: str) -> bool:
    return re.fullmatch(rf"{table}(_\d+)?", alias) is not None


def _is_seq_scan(step: str) -> bool:
    found = re.match(r"(Seq Scan|Index Only Scan|Index Scan|Bitmap Index Scan) (\w+)", step)
    if found is None or found[2] in SMALL or any(name in step for name in PARTIAL):
        return False
    return found[1] == "Seq Scan" or "Cond" not in step


def _plan(statement: str, told: dict[str, Any]) -> Plan:
    nodes = list(_nodes(told))
    steps = tuple(map(_step, nodes))
    whole = tuple(step for step in steps if _is_seq_scan(step))
    return Plan(statement=statement, steps=steps, whole=whole, rows=sum(map(_rows, nodes)))


def _numbered(statement: str) -> tuple[str, list[str]]:
    """A statement with the server's own parameters, and the names that psycopg has for them."""
    names: dict[str, int] = {}
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.setdefault(found[1], len(names) + 1)}", statement)
    return numbered.replace("%%", "%"), list(names)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _step(node: dict[str, Any]) -> str:
    kind = node["Node Type"]
    name = node.get("Relation Name", "")
    index = f" by {node['Index Name']}" if "Index Name" in node else ""
    condition = f" Cond {node['Index Cond']}" if "Index Cond" in node else ""
    return f"{kind} {name}{index}{condition}".strip()


def _rows(node: dict[str, Any]) -> int:
    """The rows that a node read and kept or threw away, all its rounds together."""
    if "Relation Name" not in node and "Index Name" not in node:
        return 0
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int(each * node["Actual Loops"])
