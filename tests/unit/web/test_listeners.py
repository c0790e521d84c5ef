"""A listener towards strangers: their nonsense fills no log, and an early answer reaches who still sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from adapters.listeners import listen, serving

LARGE = 8_000_000  # more than the system's buffers hold


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without reading the body."""
    await PlainTextResponse("This is too long.", status_code=413)(scope, receive, send)


@asynccontextmanager
async def connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    with listen("127.0.0.1", 0) as listening:
        async with serving(refuse, listening):
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            yield reader, writer
            writer.close()


def head(length: int, *more: str) -> bytes:
    lines = ("POST /sign-in HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", *more)
    return "\r\n".join((*lines, "", "")).encode()


async def test_who_sends_too_much_reads_why_it_was_refused() -> None:
    async with connection() as (reader, writer):
        writer.write(head(LARGE, "Connection: close") + b"a" * LARGE)
        await writer.drain()
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.endswith(b"This is too long.")


async def test_who_never_sends_what_was_announced_is_answered_at_once() -> None:
    async with connection() as (reader, writer):
        writer.write(head(LARGE) + b"a")
        assert (await reader.readuntil(b"This is too long.")).startswith(b"HTTP/1.1 413")


async def test_a_connection_goes_on_after_a_body_that_nobody_read() -> None:
    async with connection() as (reader, writer):
        for _ in range(2):
            writer.write(head(LARGE) + b"a" * LARGE)
            await writer.drain()
            assert (await reader.readuntil(b"This is too long.")).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("nonsense", "status"),
    [
        pytest.param(b"\x16\x03\x01\x02\x00\r\n\r\n", b"400", id="another-protocol"),
        pytest.param(
            head(0, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"), b"413", id="websocket"
        ),
    ],
)
async def test_nonsense_of_strangers_fills_no_log(
    caplog: pytest.LogCaptureFixture, nonsense: bytes, status: bytes
) -> None:
    with caplog.at_level(logging.DEBUG, logger="adapters.listeners"):
        async with connection() as (reader, writer):
            writer.write(nonsense)
            assert status in await reader.readline()
    assert [item.levelname for item in caplog.records if "request" in item.getMessage()] in (["DEBUG"], ["DEBUG"] * 2)
    assert max(item.levelno for item in caplog.records) <= logging.INFO
