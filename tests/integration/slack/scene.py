"""A whole core over the emulated Slack: fakes only for the model and the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.media.charts import PillowCharts
from adapters.slack.options import SlackOptions
from adapters.slack.platform import SlackPlatform, open_slack
from bot.ports import Clock, Model, Store
from bot.turns.conversation_manager import ConversationManager, TurnOptions
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.turns.missed_changes import MissedChanges
from bot.types import TextDelta
from tests.emulators.slack import Message, Options, RunningSlack, running_slack
from tests.fakes import FixedRates, ScriptedModel, services, words
from tests.house import AT_ONCE
from tests.loose_store import LooseStore

PATIENCE_S = 20
QUICK_MINUTE = 0.6
"""How long a minute of Slack's limits lasts, in seconds, where the emulator counts none."""


def held(gate: asyncio.Event, first: str, rest: str) -> list[Any]:
    """An answer whose rest comes only when the gate is opened."""
    return [TextDelta(first), gate, *words(rest)]


def now() -> datetime:
    return datetime.now(UTC)


class Scene:
    """The emulator and the bot in it."""

    def __init__(
        self, slack: RunningSlack, platform: SlackPlatform, store: Store, model: Model, *, clock: Clock
    ) -> None:
        self.slack = slack
        self.platform = platform
        self.store: Any = store  # one in memory shows more than the port
        self.model: Any = model
        options, platforms = TurnOptions(takeover=AT_ONCE), {platform.name: platform}
        manager = ConversationManager(store, model, FixedRates(), platforms, clock=clock, options=options)
        self.dispatcher = Dispatcher(store, manager.answer, worker="w", clock=clock)
        carried_out = services(store, manager, platforms, clock=clock, charts=PillowCharts())
        self.inbox = Inbox(manager, self.dispatcher, carried_out)
        self.missed = MissedChanges(self.inbox, store, platforms)
        self.dispatcher.prepare_with(self.missed.follow)

    async def settled(self) -> None:
        """Everything delivered, and every answer complete."""
        async with asyncio.timeout(PATIENCE_S):
            await self.slack.settled()
            while await self.store.open_conversations():
                await asyncio.sleep(0.01)
            await self.slack.settled()

    async def until(self, condition: Any) -> None:
        """Wait until something comes true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.01)

    def answers(self, question: Message) -> list[str]:
        """What people read of the bot's answers below a question."""
        return [self.slack.shown(answer) for answer in self.slack.answers(question.channel, question.root_ts)]


@asynccontextmanager
async def scene(
    *scripts: Sequence[Any],
    model: Model | None = None,
    store: Store | None = None,
    emulator: Options | None = None,
    slack: RunningSlack | None = None,
    listens: bool = True,
    clock: Clock = now,
    **options: Any,
) -> AsyncIterator[Scene]:
    """The bot, listening over Socket Mode unless it `listens` not; `options` are those of `SlackOptions`."""
    async with AsyncExitStack() as stack:
        if slack is None:
            slack = await stack.enter_async_context(running_slack(emulator or Options(limits=False)))
        slack.general.creator = slack.ada.id
        store = store or LooseStore(clock=now)
        given = replace(slack_options(slack), **options)
        platform = await stack.enter_async_context(open_slack(given, store, clock=clock))
        play = Scene(slack, platform, store, model or ScriptedModel(*scripts), clock=clock)
        await play.missed.begin()
        tasks = [asyncio.create_task(play.dispatcher.run(["slack"]))]
        if listens:
            tasks.append(asyncio.create_task(platform.run(play.inbox)))
            async with asyncio.timeout(PATIENCE_S):
                await slack.sockets.connected(given.sockets.connections)
        try:
            yield play
        finally:
            await play.dispatcher.aclose(grace=PATIENCE_S)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def slack_options(slack: RunningSlack) -> SlackOptions:
    """The options of an app in the emulator's first workspace."""
    return SlackOptions(
        bot_token=slack.options.bot_token,
        app_token=slack.options.app_token,
        signing_secret=slack.options.signing_secret,
        api_url=slack.api_url.rstrip("/"),
        http_seconds=2.0,
        minute=slack.options.minute_s if slack.options.limits else QUICK_MINUTE,
        port=0,
    )
