"""Where a text stands in a database, whatever the tables are called."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def copies_of(text: str, path: Path) -> list[str]:
    """Return every "table.column" of a SQLite file that holds `text` anywhere in a value."""
    found = []
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            for column in columns:
                query = f'SELECT count(*) FROM "{table}" WHERE instr(CAST("{column}" AS BLOB), CAST(? AS BLOB))'
                if connection.execute(query, [text]).fetchone()[0]:
                    found.append(f"{table}.{column}")
    return found
