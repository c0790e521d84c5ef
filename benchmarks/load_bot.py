"""Bots for `benchmarks.load`: the real core, with a platform and a model that take no time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection

from benchmarks.bot_process import NAME, BotOptions, FixedRates, serve
from bot.ports import Model, Rates
from bot.settings import Settings
from bot.types import (
    ConversationKey,
    Draft,
    Finish,
    Finished,
    Incoming,
    ModelEvent,
    ModelRequest,
    Place,
    RequestSent,
    TextDelta,
    ThreadMessage,
    Turn,
    Usage,
    UsageReported,
)


class SilentPlatform:
    """A platform that takes everything at once and keeps the newest state."""

    name = NAME

    def __init__(self, pace: float) -> None:
        self.min_update_interval = pace

    async def open_reply(self, turn: Turn) -> SilentReply:
        """Return a reply in memory."""
        return SilentReply(f"m{turn.id}")

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:  # noqa: ARG002  the port's
        """Nothing stands there."""
        return []

    async def describe(self, key: ConversationKey) -> Place:  # noqa: ARG002  the port's
        """Return a place without a name."""
        return Place()

    async def known_refusal(self, turn: Turn) -> None:
        """Do nothing: everything is taken."""

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Do nothing: nothing is refused."""


class SilentReply:
    """A message in memory."""

    def __init__(self, ref: str) -> None:
        self._ref = ref
        self.draft: Draft | None = None

    async def show(self, draft: Draft) -> str:
        """Keep it."""
        self.draft = draft
        return self._ref

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002  the port's
        """Keep the last one."""
        return await self.show(draft)

    @property
    def messages(self) -> tuple[str, ...]:
        return ()

    async def retract(self, keep: str) -> None:
        """There is nobody else's message."""


class InstantModel:
    """A model that answers at once."""

    name = "instant"
    context_tokens = 256_000

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:  # noqa: ARG002  the port's
        """One word."""
        yield RequestSent(tokens=100, most=4_096)
        yield TextDelta("fine")
        yield UsageReported(Usage(input=100, output=1))
        yield Finished(Finish.STOP)


@asynccontextmanager
async def instant_model(_: Settings) -> AsyncIterator[tuple[Model, Rates]]:
    """Yield the instant model without a price list."""
    yield InstantModel(), FixedRates()


def run_instant_bot(options: BotOptions, ready: Connection) -> None:
    """Serve a bot with nothing slow around it."""
    asyncio.run(serve(options, ready, platform=SilentPlatform(0), model_of=instant_model))


def run_streaming_bot(options: BotOptions, ready: Connection) -> None:
    """Serve a bot that reads real streams."""
    asyncio.run(serve(options, ready, platform=SilentPlatform(options.pace)))
