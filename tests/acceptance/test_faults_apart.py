"""One process with Slack, Discord and the playground: what goes wrong on one of them, the others never notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.emulators.discord import TOKEN, DiscordEmulator, payloads, running_discord
from tests.emulators.discord import Options as DiscordOptions
from tests.emulators.seed import API_KEY, running_seed
from tests.emulators.slack import Options as SlackOptions
from tests.emulators.slack import RunningSlack, running_slack
from tests.processes import line_with, seedling

PATIENCE_S = 60
OLD = "11111111111111111"


@dataclass(frozen=True, kw_only=True)
class House:
    """The process, and the emulators around it."""

    process: asyncio.subprocess.Process
    slack: RunningSlack
    discord: DiscordEmulator
    url: str

    async def slack_answers(self) -> bool:
        slack = self.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} Echo: here")
        async with asyncio.timeout(PATIENCE_S):
            while not any(
                "here" in self.slack.shown(answer) for answer in self.slack.answers(question.channel, question.ts)
            ):
                await asyncio.sleep(0.05)
        return True

    async def playground_answers(self) -> bool:
        async with aiohttp.ClientSession() as session, session.get(self.url) as response:
            return response.status == 200

    async def discord_answers(self) -> bool:
        guild = next(iter(self.discord.guilds.values()))
        ada = next(member.user for member in guild.members.values() if member.user.name == "ada")
        question = self.discord.say(ada, next(iter(guild.channels.values())), f"{self.discord.mention()} Echo: here")
        await self.discord.until(lambda: question.thread is not None, PATIENCE_S)
        thread = question.thread
        assert thread is not None
        await self.discord.until(
            lambda: any(
                "here" in message.content and message.author is self.discord.bot for message in thread.messages.values()
            ),
            PATIENCE_S,
        )
        return True


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(running_slack(SlackOptions(limits=False)))
        discord = await stack.enter_async_context(running_discord(DiscordOptions(identify_interval_s=0)))
        seed = await stack.enter_async_context(running_seed())
        discord.guild("Garden", discord.person("ada"))
        settings = {
            "SEED_API_KEY": API_KEY,
            "SEED_BASE_URL": seed.url,
            "SLACK_BOT_TOKEN": slack.options.bot_token,
            "SLACK_APP_TOKEN": slack.options.app_token,
            "SLACK_API_URL": slack.api_url,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "BURST_PAUSE_SECONDS": "0",
        }
        process = await stack.enter_async_context(seedling("run", folder=folder, **settings))
        line = await line_with(process, "Seedling is ready", seconds=PATIENCE_S)
        await slack.sockets.connected(2)
        await discord.connected(1, PATIENCE_S)
        yield House(process=process, slack=slack, discord=discord, url=line.split()[-1])
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_S)
        assert process.returncode == 0


async def test_what_cannot_be_read_on_discord_is_nobody_elses_trouble(tmp_path: Path) -> None:
    async with house(tmp_path) as all_of_it:
        discord = all_of_it.discord
        guild = next(iter(discord.guilds.values()))
        voice = {"id": OLD, "type": 2, "name": "talk", "position": 0}
        where = {"guild_id": str(guild.id), "channel_id": OLD}
        discord.garble("GUILD_CREATE", payloads.guild_create(guild, discord.bot) | {"channels": [voice]})
        discord.garble("MESSAGE_CREATE", {"id": OLD, "content": "no author", **where})
        discord.garble("CHANNEL_CREATE", {"id": OLD, "type": 99, **where})
        discord.garble("INTERACTION_CREATE", {"id": OLD, "type": 3, "application_id": OLD, "token": "t", **where})
        discord.garble("GUILD_ROLE_UPDATE", None)
        assert await all_of_it.slack_answers()
        assert await all_of_it.playground_answers()
        assert await all_of_it.discord_answers()
        assert len(discord.identifies) == 1


async def test_a_discord_that_cannot_be_joined_is_nobody_elses_trouble(tmp_path: Path) -> None:
    async with house(tmp_path) as all_of_it:
        for _ in range(50):
            all_of_it.discord.spoil_ready("user")
        all_of_it.discord.gateway.say("{")
        await all_of_it.discord.until(lambda: len(all_of_it.discord.identifies) > 1, PATIENCE_S)
        assert await all_of_it.slack_answers()
        assert await all_of_it.playground_answers()


async def test_what_cannot_be_read_on_slack_is_nobody_elses_trouble(tmp_path: Path) -> None:
    async with house(tmp_path) as all_of_it:
        slack = all_of_it.slack
        await slack.sockets.garble("{")
        slack.sockets.greetings = ["[]"] * 4
        slack.sockets.addresses = [None] * 2
        await slack.sockets.drop()
        assert await all_of_it.discord_answers()
        assert await all_of_it.playground_answers()
        assert await all_of_it.slack_answers()


@pytest.mark.parametrize("key", ["sk-very-secret", ""], ids=["refused", "missing"])
async def test_a_key_that_is_refused_ends_the_start_with_one_line(tmp_path: Path, key: str) -> None:
    async with (
        running_seed() as seed,
        seedling("run", folder=tmp_path, SEED_API_KEY=key, SEED_BASE_URL=seed.url) as process,
    ):
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, out) == (78, b"")
    assert err.startswith(b"seedling: SEED_API_KEY: ")
    assert err.count(b"\n") == 1
    assert b"very-secret" not in err


async def test_a_provider_that_is_away_does_not_end_the_start(tmp_path: Path) -> None:
    settings = {"SEED_API_KEY": "sk-very-secret", "SEED_BASE_URL": "http://127.0.0.1:9/v1"}
    async with seedling("run", folder=tmp_path, **settings) as process:
        await line_with(process, "Seedling is ready", seconds=PATIENCE_S)
        process.terminate()
        _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0
    assert b"WARNING adapters.seed.key_check: the model API cannot be reached" in err
    assert b"very-secret" not in err
