"""The emulator's own command."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

import aiohttp
import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.command_line import read_fault
from tests.emulators.slack import Options
from tests.emulators.slack.__main__ import make_parser
from tests.emulators.slack.faults import Fault
from tests.integration.slack_emulator.apps import refusal

ROOT = Path(__file__).parents[3]


def test_every_option_can_be_given_and_has_its_default() -> None:
    given = vars(make_parser().parse_args([]))
    assert {name: given[name] for name in asdict(Options())} == asdict(Options())
    line = "--no-limits --minute-s 6 --scopes chat:write,im:history --retry-delays-s 0,1 --redeliveries 5"
    chosen = make_parser().parse_args(line.split())
    assert (chosen.limits, chosen.minute_s, chosen.redeliveries) == (False, 6.0, 5)
    assert (chosen.scopes, chosen.retry_delays_s) == (("chat:write", "im:history"), (0.0, 1.0))


def test_faults_are_read_from_the_command_line() -> None:
    fault = read_fault("chat.update,error=internal_error,times=2,delay_s=0.5,drop=true", Fault, "method")
    assert fault == Fault(method="chat.update", error="internal_error", times=2, delay_s=0.5, drop=True)
    with pytest.raises(ValueError, match="no 'tims'"):
        read_fault("*,tims=2", Fault, "method")


async def test_the_command_serves_until_it_is_ended_and_can_be_steered() -> None:
    command = [sys.executable, "-m", "tests.emulators.slack", "--port", "0", "--fault", "auth.test,error=fatal_error"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    control = url.removesuffix("/api/") + "/_control"
    async with httpx.AsyncClient() as steering, aiohttp.ClientSession() as session:
        client = AsyncWebClient(Options().bot_token, base_url=url, session=session)
        assert await refusal(client.auth_test()) == "fatal_error"
        said = {"person": "Ada", "channel": "general", "text": "hello"}
        ts = (await steering.post(f"{control}/say", json=said)).json()["ts"]
        channel = (await client.conversations_list())["channels"][0]["id"]
        await client.chat_postMessage(channel=channel, text="hello Ada", thread_ts=ts)
        seen = (await steering.get(f"{control}/transcript")).text
        assert seen == "#general\nAda: hello\n    Seedling: hello Ada"
        asked = (await steering.get(f"{control}/requests")).json()
        assert [item["method"] for item in asked] == ["auth.test", "conversations.list", "chat.postMessage"]
        assert (await steering.post(f"{control}/say", json={"person": "Nobody"})).status_code == 400
        assert (await steering.post(f"{control}/clock", json={"advance": -1})).status_code == 400
    process.terminate()
    assert await process.wait() == 0
