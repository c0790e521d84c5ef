"""Tell what bots and a PostgreSQL server have used so far, for `benchmarks.load`; on Linux."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from storage.database import is_sqlite, parse_url
from storage.schema import migration_connection

TICKS = os.sysconf("SC_CLK_TCK")


def used_by(url: str, pids: Sequence[int]) -> dict[str, float]:
    """Return milliseconds of the processors, and rows written on PostgreSQL, since the beginning."""
    used = {"bot_ms": sum(map(_processor_ms, pids)), "server_ms": 0.0, "queue_rows": 0.0, "own_rows": 0.0}
    if is_sqlite(parse_url(url)):
        return used
    with migration_connection(parse_url(url)) as connection:
        server = _parent(int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()))
        written = connection.exec_driver_sql(
            "SELECT relname LIKE 'procrastinate%%', sum(n_tup_ins + n_tup_upd + n_tup_del) "
            "FROM pg_stat_user_tables GROUP BY 1"
        )
        rows = {bool(is_queue): float(count) for is_queue, count in written}
    used["server_ms"] = _processor_ms(server, ended_children=True) + sum(map(_processor_ms, _children(server)))
    used["queue_rows"], used["own_rows"] = rows.get(True, 0.0), rows.get(False, 0.0)
    return used


def _stat(pid: int) -> list[str]:
    """Return the fields of a process behind its name, as Linux tells them (proc_pid_stat)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ["0"] * 20


def _processor_ms(pid: int, *, ended_children: bool = False) -> float:
    return sum(map(int, _stat(pid)[11 : 15 if ended_children else 13])) * 1_000 / TICKS


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _children(pid: int) -> list[int]:
    return [int(id) for id in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
