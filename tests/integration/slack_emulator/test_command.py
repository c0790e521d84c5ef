"""The emulator's own command."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options
from tests.emulators.slack.__main__ import make_parser

ROOT = Path(__file__).parents[3]


def test_every_option_can_be_given_and_has_its_default() -> None:
    given = vars(make_parser().parse_args([]))
    assert {name: given[name] for name in asdict(Options())} == asdict(Options())
    line = "--no-limits --minute-s 6 --scopes chat:write,im:history --retry-delays-s 0,1 --redeliveries 5"
    chosen = make_parser().parse_args(line.split())
    assert (chosen.limits, chosen.minute_s, chosen.redeliveries) == (False, 6.0, 5)
    assert (chosen.scopes, chosen.retry_delays_s) == (("chat:write", "im:history"), (0.0, 1.0))


async def test_the_command_serves_until_it_is_ended() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.slack", "--port", "0", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    client = AsyncWebClient(Options().bot_token, base_url=url)
    assert (await client.auth_test())["team"] == "Garden Works"
    process.terminate()
    assert await process.wait() == 0
