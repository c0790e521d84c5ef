"""How long people wait for an answer whose process is killed, beyond the time that the answer itself takes.

`python -m benchmarks.recovery [--platform slack|discord] [--before FOLDER] [--questions N] [--json]`. The bot is a
process of its own on SQLite, joined to the platform's emulator with its rate limits; the Seed emulator answers. It is
killed with SIGKILL while the model thinks, in the middle of answers, or (on Slack, which can be held up there) when
answers are recorded and not yet shown whole, and started again at once. What is printed is the time from the moment at
which the new process listens to the whole answer, less what an answer takes undisturbed, and beside it what the start
itself took. `--before` names another checkout of this repository, whose bot is measured as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from tests.emulators.discord import TOKEN, DiscordEmulator, running_discord
from tests.emulators.seed import Options as SeedOptions
from tests.emulators.seed import RunningSeed, running_seed
from tests.emulators.seed.options import API_KEY
from tests.emulators.slack import Options as SlackOptions
from tests.emulators.slack import RunningSlack, running_slack

ROOT = Path(__file__).parents[1]
THINKING_SECONDS = 1.5
TOKENS_A_SECOND = 40.0
QUESTION = "Echo: " + "some words of an answer that takes a while " * 12
HELD_SECONDS = 30.0  # the ends of answers, while they are only to be recorded
PATIENCE_SECONDS = 110.0
LOOK_SECONDS = 0.02
PEOPLE = 64  # each asks one question or two: of one person not many are taken in a minute, and few answered at once


@dataclass(kw_only=True)
class Place:
    """A platform with people on it: how a question is asked, and what is seen of its answer.

    `begun` and `whole` say so of one question; `hold` keeps the ends of answers back until the next start.
    """

    settings: dict[str, str]
    ask: Callable[[int], Any]
    begun: Callable[[Any], bool]
    whole: Callable[[Any], bool]
    hold: Callable[[], None] | None = None
    release: Callable[[], None] = lambda: None


@dataclass(kw_only=True)
class Run:
    """One bot, killed and started again."""

    code: Path
    folder: Path
    settings: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    starts: list[float] = field(default_factory=list)

    async def start(self) -> float:
        """Start the process; the moment of that."""
        surroundings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.code), "PORT": "0", **self.settings}
        began = time.monotonic()
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self.folder,
            env=surroundings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return began

    async def listening(self, began: float) -> None:
        """Wait until it says that it listens to the platform."""
        assert self.process is not None
        assert self.process.stdout is not None
        while b"Listening to" not in await self.process.stdout.readline():
            pass
        self.starts.append(time.monotonic() - began)

    async def kill(self) -> None:
        """Kill it as nothing can be caught."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - of databases and emulators, which tell nobody
            await asyncio.sleep(LOOK_SECONDS)


async def recover(place: Place, run: Run, count: int, kill_when: Callable[[Sequence[Any]], bool]) -> list[float]:
    """Ask, kill when it is time, start again; seconds from that start until each answer is whole."""
    asked = [await place.ask(number) for number in range(count)]
    await until(lambda: kill_when(asked))
    await run.kill()
    place.release()
    began = await run.start()
    took: dict[int, float] = {}

    def all_whole() -> bool:
        for number, question in enumerate(asked):
            if number not in took and place.whole(question):
                took[number] = time.monotonic() - began
        return len(took) == count

    await asyncio.gather(until(all_whole), run.listening(began))
    return list(took.values())


async def measure(place: Place, seed: RunningSeed, code: Path, questions: int) -> list[dict[str, Any]]:
    """Every scenario on one platform with one version of the bot."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run(code=code, folder=Path(folder), settings=place.settings)
        await run.listening(await run.start())
        began = time.monotonic()
        question = await place.ask(0)
        await until(lambda: place.whole(question))
        own = time.monotonic() - began
        rows = []
        scenarios: list[tuple[str, int, Callable[[Sequence[Any]], bool], float]] = [
            ("killed while thinking", 1, _thinks(seed), own),
            ("killed in the middle of its answer", 1, lambda asked: place.begun(asked[0]), own),
            (f"{questions} open questions", questions, lambda asked: any(map(place.begun, asked)), own),
        ]
        if place.hold is not None:
            scenarios.append((f"{questions} recorded answers", questions, _recorded(run, questions), 0.0))
        for name, count, when, less in scenarios:
            if less == 0.0 and place.hold is not None:
                place.hold()
            try:
                seconds = await recover(place, run, count, when)
                took = [max(0.0, item - less - run.starts[-1]) for item in seconds]
            except TimeoutError:
                took = [float("inf")]
            rows.append({"scenario": name, "p50": median(took), "max": max(took), "own": own, "start": run.starts[-1]})
        await run.kill()
    return rows


def _thinks(seed: RunningSeed) -> Callable[[Sequence[Any]], bool]:
    known: list[int] = []

    def holds(_: Sequence[Any]) -> bool:
        known[:] = known or [len(seed.requests)]
        return len(seed.requests) > known[0]

    return holds


def _recorded(run: Run, count: int) -> Callable[[Sequence[Any]], bool]:
    import sqlite3  # noqa: PLC0415 - only here

    def holds(_: Sequence[Any]) -> bool:
        with sqlite3.connect(run.folder / "seedling.db", timeout=5) as database:
            statement = "SELECT count(*) FROM turn WHERE state = 'running' AND outcome IS NOT NULL"
            return bool(database.execute(statement).fetchone()[0] >= count)

    return holds


@asynccontextmanager
async def on_slack(seed: RunningSeed) -> AsyncIterator[Place]:
    """Slack with six channels."""
    async with running_slack(SlackOptions()) as slack:
        people = cycle([slack.person(f"person-{number}") for number in range(PEOPLE)])
        channels = [slack.channel(f"room-{number}") for number in range(6)]
        yield Place(
            settings={
                "SLACK_BOT_TOKEN": slack.options.bot_token,
                "SLACK_APP_TOKEN": slack.options.app_token,
                "SLACK_API_URL": slack.api_url.rstrip("/"),
                **to(seed),
            },
            ask=lambda number: slack.say(next(people), channels[number % 6], f"{slack.mention()} {QUESTION}"),
            begun=lambda asked: bool(slack.answers(asked.channel, asked.ts)),
            whole=lambda asked: _has_buttons(slack.answers(asked.channel, asked.ts)),
            hold=lambda: _hold(slack),
            release=slack.faults.clear,
        )


def _hold(slack: RunningSlack) -> None:
    for method in ("chat.stopStream", "chat.update"):
        slack.fault(method, delay_s=HELD_SECONDS, drop=True, times=1_000)


@asynccontextmanager
async def on_discord(seed: RunningSeed) -> AsyncIterator[Place]:
    """Discord with six channels."""
    async with running_discord() as discord:
        everybody = [discord.person(f"person-{number}") for number in range(PEOPLE)]
        people = cycle(everybody)
        guild = discord.guild("Garden", *everybody, channels=[f"room-{number}" for number in range(6)])
        channels = list(guild.channels.values())

        async def ask(number: int) -> Any:
            return discord.say(next(people), channels[number % 6], f"{discord.mention()} {QUESTION}")

        yield Place(
            settings={
                "DISCORD_TOKEN": TOKEN,
                "DISCORD_API_URL": discord.api_url,
                "DISCORD_GATEWAY_URL": discord.gateway_url,
                **to(seed),
            },
            ask=ask,
            begun=lambda asked: any("words" in item.content for item in _answers(discord, asked)),
            whole=lambda asked: _has_buttons(_answers(discord, asked)),
        )


def _answers(discord: DiscordEmulator, asked: Any) -> list[Any]:
    thread = asked.thread
    return [] if thread is None else [item for item in thread.messages.values() if item.author is discord.bot]


def _has_buttons(messages: Sequence[Any]) -> bool:
    """Whether an answer stands whole: what can be done with it stands below it."""
    return any(
        "regenerate" in str(getattr(item, "blocks", ()) or getattr(item, "components", ())).lower() for item in messages
    )


def to(seed: RunningSeed) -> dict[str, str]:
    """Return the settings that lead to the model."""
    return {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url}


PLATFORMS = {"slack": on_slack, "discord": on_discord}


async def _all(platforms: Sequence[str], versions: dict[str, Path], questions: int) -> list[dict[str, Any]]:
    options = SeedOptions(first_token_s=THINKING_SECONDS, tokens_per_second=TOKENS_A_SECOND)
    rows = []
    for platform in platforms:
        for version, code in versions.items():
            async with running_seed(options) as seed, PLATFORMS[platform](seed) as place:
                found = await measure(place, seed, code, questions)
            rows += [{"platform": platform, "version": version, **row} for row in found]
            _table(rows[-len(found) :])
    return rows


def _table(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        numbers = " | ".join(f"{row[name]:.1f}" for name in ("p50", "max", "start", "own"))
        print(f"| {row['platform']} | {row['version']} | {row['scenario']} | {numbers} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", choices=sorted(PLATFORMS), action="append")
    parser.add_argument("--before", type=Path, help="another checkout, measured as well")
    parser.add_argument("--questions", type=int, default=18)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    versions = {"before": given.before.resolve()} if given.before else {}
    print("| platform | version | what | p50, s | max, s | start, s | answer alone, s |\n|---|---|---|---|---|---|---|")
    rows = asyncio.run(_all(given.platform or sorted(PLATFORMS), versions | {"now": ROOT}, given.questions))
    if given.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
