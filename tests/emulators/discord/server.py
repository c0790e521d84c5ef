"""Serving the emulator on a loopback port, inside a test or in a process of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.emulators.discord.app import make_app
from tests.emulators.discord.emulator import DiscordEmulator
from tests.emulators.discord.options import Options

LOOPBACK = "127.0.0.1"
LINE_BYTES = 1 << 16  # of an address; longer than any that is meant
ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def running_discord(options: Options | None = None, *, port: int = 0) -> AsyncIterator[DiscordEmulator]:
    """Serve an emulator in this event loop until the block is left; port 0 is a free one."""
    with socket.create_server((LOOPBACK, port)) as listener:
        emulator = DiscordEmulator(options or Options(), f"http://{LOOPBACK}:{listener.getsockname()[1]}")
        runner = web.AppRunner(make_app(emulator), access_log=None, shutdown_timeout=0, max_line_size=LINE_BYTES)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            yield emulator
        finally:
            for line in list(emulator.gateway.lines):
                line.cut()
            await runner.cleanup()


@asynccontextmanager
async def discord_process(*arguments: str) -> AsyncIterator[str]:
    """Serve an emulator in a process of its own, with arguments of its command; yields its origin."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.discord", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode().strip()
        if not line:
            raise RuntimeError("the emulator did not start")
        yield line.partition(" ")[2].removesuffix("/api/v10")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
