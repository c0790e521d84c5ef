"""The tests' own safeguards hold."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from blockbuster import BlockingError

from bot.settings import load_settings
from tests.conftest import NetworkRefused

ELSEWHERE = "192.0.2.1"  # reserved for documentation: RFC 5737


async def test_connecting_to_another_machine_is_refused() -> None:
    with pytest.raises(NetworkRefused, match="must not leave"):
        await asyncio.open_connection(ELSEWHERE, 80)


def test_looking_up_a_name_is_refused() -> None:
    with pytest.raises(NetworkRefused, match="looks up"):
        socket.create_connection(("example.com", 80))


async def test_this_machine_can_be_reached() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "localhost", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.close()


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A file with a setting."""
    file = tmp_path / ".env"
    file.write_text("PORT=1\n")
    return file


async def test_a_call_that_blocks_the_event_loop_is_an_error(env_file: Path) -> None:
    with pytest.raises(BlockingError):
        load_settings(env_file)


def test_settings_of_this_machine_are_out_of_sight() -> None:
    assert load_settings().uses_local_model
    assert "DATABASE_URL" not in os.environ
