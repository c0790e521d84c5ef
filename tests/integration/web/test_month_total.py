"""The month costs the same wherever it is asked: in the console, on the command line, in Slack and in Discord."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from adapters.web.console import console_part
from adapters.web.frame import FrameOptions, WebRole, frame_app, make_frame
from bot.app.clock import utc_now
from bot.delivery.footer import money
from bot.types import Usage
from storage import SqlStore, migrate, open_store
from tests.contract.stores.test_daily_spending import ask
from tests.emulators.discord import running_discord
from tests.fakes import ManualClock, ScriptedModel, words
from tests.integration.discord.scene import QUICK, scene_on, settings_for
from tests.integration.discord.scene import Scene as DiscordScene
from tests.integration.slack.scene import Scene as SlackScene
from tests.integration.slack.scene import scene
from tests.processes import seedling
from tests.quiet_bot import QuietBot
from tests.unit.web.console.console_stage import FakeOperations
from tests.unit.web.frame.browsers import PASSWORD, browser, sign_in


def answer(number: int) -> list[Any]:
    return words("Yes.", Usage(input=number * 10_007, cached=number * 1_003, output=number * 997))


async def told_in_slack(play: SlackScene) -> str:
    slack = play.slack
    boss = slack.person("Cleo", is_admin=True)
    slack.general.members.append(boss.id)
    await slack.slash(boss, slack.general, "/seed", "usage everywhere month")
    await play.until(lambda: slack.whispers)
    return slack.shown(slack.whispers[-1])


async def told_in_discord(play: DiscordScene) -> str:
    owner, options = play.discord.developer, {"of": "everywhere", "period": "month"}
    shown = await play.discord.slash(owner, play.general, "usage", options).shown()
    assert shown.original is not None
    for file in shown.original.attachments:  # none on the first day of a month, which has but one bar
        assert (file.content_type, file.data[:4]) == ("image/png", b"\x89PNG")
        assert file.description
        assert file.description.startswith("The whole installation, this month (UTC): $")
    assert len(shown.original.attachments) == (utc_now().day > 1)
    return shown.original.content or str(shown.original.components)


async def in_the_console(store: SqlStore) -> tuple[str, str]:
    part = console_part(store, FakeOperations(ManualClock()), utc_now)
    frame = await make_frame(FrameOptions(host="0.0.0.0", password=PASSWORD, secret="s"), store, utc_now, parts=[part])
    app = frame_app(part.routes(frame, QuietBot()), frame)
    async with browser(httpx.ASGITransport(app=app)) as client:
        await frame.accounts.put("ada", WebRole.VIEWER, PASSWORD)
        await sign_in(client, PASSWORD, name="ada")
        return (await client.get("/console")).text, (await client.get("/console/spending")).text


async def on_the_command_line(folder: Path) -> str:
    async with seedling("usage", "--month", folder=folder) as process:
        assert process.stdout is not None
        return (await process.stdout.read()).decode()


async def spend_in_the_month_before(url: str) -> None:
    await migrate(url)
    before = utc_now().replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(microseconds=1)
    async with open_store(url, clock=lambda: before) as store:
        await ask(store, "old", "1000")


async def test_the_months_total_is_the_same_everywhere(tmp_path: Path) -> None:
    url = settings_for(tmp_path).database_url
    await spend_in_the_month_before(url)
    async with (
        running_discord(QUICK) as emulator,
        scene_on(emulator, tmp_path, ScriptedModel(answer(1), answer(2))) as discord,
        discord.bot(),
        open_store(url, clock=utc_now) as store,
        scene(answer(3), store=store) as slack,
    ):
        for number in range(1, 3):
            question = discord.mention(f"What grows, {number}?")
            await discord.done(await discord.thread_of(question))
        await slack.slack.say(slack.slack.ada, slack.slack.general, f"{slack.slack.mention()} What grows?")
        await slack.settled()
        in_slack = await told_in_slack(slack)
        in_discord = await told_in_discord(discord)
        overview, spending = await in_the_console(store)
        since = utc_now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        cost = (await store.usage_totals(since=since, until=utc_now())).cost
    assert Decimal("0.03") < cost < 1
    assert f"| {money(cost)}" in in_slack
    assert money(cost) in in_discord
    assert re.search(rf"<dt>This month</dt><dd>{re.escape(money(cost))}</dd>", overview)
    assert re.search(rf"<dt>Cost</dt><dd>{re.escape(money(cost))}</dd>", spending)
    assert f" {cost:.6f}\n" in await on_the_command_line(tmp_path)
