"""`seedling run` as an operator starts it: the emulated Slack, SQLite, a real small model once; what people see."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.local import find_weights
from tests.emulators.seed.options import Options as SeedOptions
from tests.emulators.seed.server import running_seed
from tests.emulators.slack import Message, Options, RunningSlack, running_slack
from tests.processes import line_with, seedling

PATIENCE_S = 180

pytestmark = pytest.mark.timeout(400)  # the model is slow where others use the machine, too


@asynccontextmanager
async def seedling_run(folder: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The whole bot as a process."""
    async with seedling("run", folder=folder, **settings) as process:
        await line_with(process, "Listening to Slack", seconds=PATIENCE_S)
        yield process
        process.terminate()
        await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0


async def answered(slack: RunningSlack, question: Message, count: int) -> list[str]:
    """What people read below a question, or in the direct message, once so many answers are whole."""
    thread = "" if question.channel.kind == "im" else question.ts
    async with asyncio.timeout(PATIENCE_S):
        while True:
            shown = [slack.shown(answer) for answer in slack.answers(question.channel, thread)]
            if len(shown) == count and all("Regenerate" in item for item in shown):
                return shown
            await asyncio.sleep(0.1)


async def conversation(slack: RunningSlack) -> str:
    """People use the bot in all its ways; what they saw of it."""
    delivery = await slack.slash(slack.ada, slack.general, "/seed", "set max_tokens 40")
    assert delivery.acknowledged
    async with asyncio.timeout(PATIENCE_S):
        while not any("max_tokens" in slack.shown(whisper) for whisper in slack.whispers):
            await asyncio.sleep(0.1)
    question = await slack.say(slack.ada, slack.general, f"{slack.mention()} Name a colour, please.")
    (answer,) = await answered(slack, question, 1)
    assert "tokens in" in answer  # the small print
    await slack.say(slack.ben, slack.general, "And another one?", thread_ts=question.ts)
    await answered(slack, question, 2)
    direct = slack.direct(slack.ada)
    private = await slack.say(slack.ada, direct, "!set channel max_tokens 40")
    hello = await slack.say(slack.ada, direct, "Say hello.")
    await answered(slack, hello, 1)
    first = slack.answers(slack.general, question.ts)[0]
    before = slack.shown(first)
    await slack.press(slack.ada, first, "seedling_regenerate")
    async with asyncio.timeout(PATIENCE_S):
        while slack.shown(first) == before or "Regenerate" not in slack.shown(first):
            await asyncio.sleep(0.1)
    await slack.settled()
    assert slack.violations == []
    assert slack.pings == []
    assert slack.deliveries.lost == []
    assert private.deleted is False
    return f"{slack.transcript(slack.general, slack.ada)}\n\n{slack.transcript(direct, slack.ada)}"


@pytest.mark.local_model
@pytest.mark.skipif(find_weights() is None, reason="the embedded model's weights are not installed")
async def test_over_socket_mode(tmp_path: Path) -> None:
    async with running_slack(Options()) as slack:
        settings = {
            "SLACK_BOT_TOKEN": slack.options.bot_token,
            "SLACK_APP_TOKEN": slack.options.app_token,
            "SLACK_API_URL": slack.api_url,
        }
        async with seedling_run(tmp_path, **settings):
            await slack.sockets.connected(2)
            print(await conversation(slack))


async def test_over_http(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with (
        running_slack(Options(request_url=f"http://127.0.0.1:{port}/slack/events")) as slack,
        running_seed(SeedOptions(api_key="")) as seed,
    ):
        settings = {
            "SLACK_BOT_TOKEN": slack.options.bot_token,
            "SLACK_SIGNING_SECRET": slack.options.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "SLACK_PORT": str(port),
            "SEED_BASE_URL": seed.url,
        }
        async with seedling_run(tmp_path, **settings):
            async with asyncio.timeout(PATIENCE_S):
                while not await slack.webhooks.verify("a challenge"):
                    await asyncio.sleep(0.1)
            print(await conversation(slack))
