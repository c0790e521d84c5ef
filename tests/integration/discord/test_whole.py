"""`seedling run` as people start it, joined to Discord: the embedded model, SQLite, an emulator in another process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.local import find_weights
from tests.emulators.discord import TOKEN, discord_process
from tests.emulators.seed.options import Options as SeedOptions
from tests.emulators.seed.server import running_seed
from tests.processes import seedling

pytestmark = pytest.mark.timeout(300)

PATIENCE = 120.0


class People:
    """The emulator from outside."""

    def __init__(self, origin: str, session: aiohttp.ClientSession) -> None:
        self.origin = origin
        self._session = session

    async def do(self, what: str, **words: Any) -> Any:
        """Carry out one act."""
        async with self._session.post(f"{self.origin}/_control/do", json={"do": what, **words}) as response:
            made = await response.json()
        assert "error" not in made, made
        return made

    async def state(self) -> Any:
        """What there is."""
        async with self._session.get(f"{self.origin}/_control/state") as response:
            return await response.json()

    async def transcript(self, channel: str) -> str:
        """A channel as people see it."""
        async with self._session.get(f"{self.origin}/_control/transcript/{channel}") as response:
            return await response.text() if response.status == 200 else ""

    async def until(self, what: Callable[[], Awaitable[Any]]) -> Any:
        """Wait until something is so; what it is."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await what()):
                await asyncio.sleep(0.1)
        return found


def joined(origin: str) -> dict[str, str]:
    """The settings with which the bot joins the emulator."""
    return {
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_URL": f"{origin}/api/v10",
        "DISCORD_GATEWAY_URL": f"{origin.replace('http', 'ws', 1)}/gateway/",
    }


@pytest.mark.local_model
@pytest.mark.skipif(find_weights() is None, reason="the embedded model's weights are not installed")
async def test_people_ask_are_answered_and_go_on_although_the_gateway_breaks(tmp_path: Path) -> None:
    arguments = ("--guilds", "2")
    async with (
        discord_process(*arguments) as origin,
        aiohttp.ClientSession() as session,
        seedling("run", folder=tmp_path, **joined(origin)) as process,
    ):
        people = People(origin, session)
        ada = (await people.do("person", name="ada"))["id"]
        channel, me = await _garden(people, ada)
        first = (await people.do("say", user=ada, channel=channel, text=f"{me} What is a garden?"))["id"]
        seen = await people.until(lambda: _ended(people, first, 1))
        await people.do("cut")
        await people.do("say", user=ada, channel=first, text="And who works in it?")
        seen = await people.until(lambda: _ended(people, first, 2))
        await people.do("invalidate")
        await people.until(lambda: _sessions(people))
        other = (await people.do("say", user=ada, channel=channel, text=f"{me} !help set"))["id"]
        told = await people.until(lambda: _told(people, channel, "/set [workspace|channel|thread]"))

        process.send_signal(signal.SIGTERM)
        _, log = await process.communicate()
        report = (await people.state())["report"]

    assert other
    assert "What is a garden?" in seen
    assert seen.count("tokens in") == 2
    assert seen.count("Regenerate") == 2
    assert "SmolLM2" in seen
    assert "for example" in told or "parameter value" in told
    assert process.returncode == 0
    assert not report["refused"], report
    assert not report["frame_problems"], report
    assert TOKEN not in log.decode()
    assert "Traceback" not in log.decode(), log.decode()
    print(seen, report, sep="\n")


async def test_one_process_listens_and_another_answers(tmp_path: Path, new_postgresql: str) -> None:
    database = {"DATABASE_URL": new_postgresql}
    async with (
        discord_process() as origin,
        aiohttp.ClientSession() as session,
        running_seed(SeedOptions(api_key="")) as seed,
        seedling("discord", folder=tmp_path, SEED_BASE_URL=seed.url, **database, **joined(origin)) as listening,
        seedling("worker", folder=tmp_path, SEED_BASE_URL=seed.url, **database, **joined(origin)) as working,
    ):
        people = People(origin, session)
        ada = (await people.do("person", name="ada"))["id"]
        channel, me = await _garden(people, ada)
        question = (await people.do("say", user=ada, channel=channel, text=f"{me} What is a garden?"))["id"]
        seen = await people.until(lambda: _ended(people, question, 1))
        for process in (listening, working):
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 60)
        report = (await people.state())["report"]

    assert seen.count("tokens in") == 1
    assert [listening.returncode, working.returncode] == [0, 0]
    assert not report["refused"], report


async def _garden(people: People, ada: str) -> tuple[str, str]:
    """A server with the bot in it: its channel, and how the bot is mentioned."""
    guild = (await people.do("guild", name="Garden", people=[ada]))["id"]
    await people.until(lambda: _sessions(people))
    state = await people.state()
    channel = next(item["channels"]["general"] for item in state["guilds"] if item["id"] == guild)
    return channel, f"<@{state['bot']}>"


async def _sessions(people: People) -> Any:
    return (await people.state())["sessions"]


async def _ended(people: People, channel: str, answers: int) -> str:
    text = await people.transcript(channel)
    return text if text.count("Regenerate") >= answers else ""


async def _told(people: People, channel: str, words: str) -> str:
    text = await people.transcript(channel)
    return text if words in text else ""
