"""Many answers at once in one server, and the start with many servers, against the Discord emulator.

`python -m benchmarks.discord_load [--answers N] [--guilds N] [--cuts N] [--json]`. The emulator is a process of its own
with Discord's rate limits; this process is the bot, with SQLite and a model that streams each answer for some seconds.
With `--cuts` the gateway's connection is broken that often, at random moments. Memory is this process's resident set.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from adapters.discord.api.client import DiscordOptions
from adapters.discord.platform import DiscordPlatform, open_discord
from benchmarks.bot_process import FixedRates
from benchmarks.unhurried import lift_pace
from bot.app.core import Core, open_core
from bot.ports import Clock, Model, Rates
from bot.settings import Settings
from bot.types import Finish, Finished, ModelEvent, ModelRequest, RequestSent, TextDelta, Usage, UsageReported
from tests.emulators.discord import TOKEN, discord_process

CHANNELS = 10
WORDS = 240
WORD_SECONDS = 0.05
START_SECONDS = 120.0
END_SECONDS = 600.0
ENDING = "the end of the answer."


class StreamingModel:
    """A model that writes a word at a time."""

    name = "streaming"
    context_tokens = 256_000

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:  # noqa: ARG002  the port's
        """Yield a long answer, some seconds long."""
        yield RequestSent(tokens=100, most=4_096)
        for number in range(WORDS):
            await asyncio.sleep(WORD_SECONDS)
            yield TextDelta(f"word{number} ")
        yield TextDelta(ENDING)
        yield UsageReported(Usage(input=100, output=WORDS))
        yield Finished(Finish.STOP)


@asynccontextmanager
async def streaming_model(_: Settings) -> AsyncIterator[tuple[Model, Rates]]:
    """Yield the model without a price list."""
    yield StreamingModel(), FixedRates()


class People:
    """The emulator from outside."""

    def __init__(self, origin: str, session: aiohttp.ClientSession) -> None:
        self.origin = origin
        self._session = session

    async def do(self, what: str, **words: Any) -> Mapping[str, Any]:
        """Carry out one act."""
        async with self._session.post(f"{self.origin}/_control/do", json={"do": what, **words}) as response:
            made: Mapping[str, Any] = await response.json()
        if "error" in made:
            raise RuntimeError(made["error"])
        return made

    async def get(self, what: str) -> Any:
        """Look at something."""
        async with self._session.get(f"{self.origin}/_control/{what}") as response:
            return await (response.json() if response.content_type == "application/json" else response.text())


def memory_mb() -> float:
    """Return this process's resident set."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def run(options: argparse.Namespace) -> Mapping[str, Any]:
    """Start the bot, let people ask, and count what came of it."""
    figures: dict[str, Any] = {"answers": options.answers, "guilds": options.guilds, "cuts": options.cuts}
    arguments = ["--guilds", str(options.guilds), "--keep-requests", "200000"]
    async with discord_process(*arguments) as origin, aiohttp.ClientSession() as session:
        people = People(origin, session)
        with tempfile.TemporaryDirectory() as folder:
            figures["memory before (MB)"] = round(memory_mb(), 1)
            async with _bot(origin, folder) as (core, platform):
                await _listen(core, platform, people, figures, options)
    return figures


@asynccontextmanager
async def _bot(origin: str, folder: str) -> AsyncIterator[tuple[Core, DiscordPlatform]]:
    settings = Settings.model_validate(
        {
            "database_url": f"sqlite:///{folder}/load.db",
            "burst_pause_seconds": 0,
            "seed_api_key": "sk-none",
        }
    )
    discord = DiscordOptions(
        token=TOKEN, api_url=f"{origin}/api/v10", gateway_url=f"{origin.replace('http', 'ws', 1)}/gateway/"
    )
    opened: list[DiscordPlatform] = []

    @asynccontextmanager
    async def platforms(store: Any, _: str, clock: Clock) -> AsyncIterator[dict[str, Any]]:
        async with open_discord(discord, store, clock=clock) as platform:
            opened.append(platform)
            yield {platform.name: platform}

    async with open_core(settings, platforms, grace=30, model_of=streaming_model) as core:
        yield core, opened[0]


async def _listen(
    core: Core, platform: DiscordPlatform, people: People, figures: dict[str, Any], options: argparse.Namespace
) -> None:
    started = time.perf_counter()
    listening = asyncio.create_task(platform.run(core.inbox))
    try:
        await asyncio.wait_for(platform.wait_ready(), START_SECONDS)
        figures["ready after (s)"] = round(time.perf_counter() - started, 1)
        figures["memory with the guilds (MB)"] = round(memory_mb(), 1)
        cutting = asyncio.create_task(_cut(people, options.cuts))
        await _ask(core, people, figures, options.answers)
        await cutting
        figures["memory at the end (MB)"] = round(memory_mb(), 1)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    figures |= await _counted(people)


async def _cut(people: People, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.5, 5))
        await people.do("cut")


async def _ask(core: Core, people: People, figures: dict[str, Any], answers: int) -> None:
    """All questions at once, over the channels of one server."""
    ada = (await people.do("person", name="ada"))["id"]
    names = [f"channel-{number}" for number in range(CHANNELS)]
    guild = (await people.do("guild", name="busy", people=[ada], channels=names))["id"]
    state = await people.get("state")
    bot = state["bot"]
    channels = next(list(item["channels"].values()) for item in state["guilds"] if item["id"] == guild)
    await lift_pace(core.store, f"discord/{guild}")
    started = time.perf_counter()
    asked = [
        (await people.do("say", user=ada, channel=channels[n % len(channels)], text=f"<@{bot}> question {n}"))["id"]
        for n in range(answers)
    ]
    await _until(lambda: _ended(core, answers), END_SECONDS)
    figures["all answered after (s)"] = round(time.perf_counter() - started, 1)
    shown = [str(await people.get(f"transcript/{id}")) for id in asked]
    figures["answers complete"] = sum(ENDING in text and "word0 " in text for text in shown)


async def _ended(core: Core, answers: int) -> bool:
    figures = await core.store.queue_figures()
    return figures.done + figures.failed >= answers


async def _counted(people: People) -> dict[str, Any]:
    state, requests = await people.get("state"), await people.get("requests")
    report = state["report"]
    edits = sum(request["method"] == "PATCH" for request in requests)
    return {
        "requests": len(requests),
        "edits": edits,
        "statuses": dict(sorted(state["statuses"].items())),
        "429": sum(request["status"] == 429 for request in requests),
        "429 by route": dict(Counter(f"{e['method']} {e['template']}" for e in requests if e["status"] == 429)),
        "requests checked": report["requests"],
        "requests refused by the specification": report["refused"],
        "frames checked": report["frames_in"],
        "wrong frames": len(report["frame_problems"]),
        "identifies": state["identifies"],
        "identifies too soon": state["storms"],
    }


async def _until(holds: Callable[[], bool | Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=60)
    parser.add_argument("--guilds", type=int, default=1_000)
    parser.add_argument("--cuts", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    figures = asyncio.run(run(options))
    print(json.dumps(figures) if options.json else "\n".join(f"{name:40} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
