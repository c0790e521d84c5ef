"""The product to be measured: everything from the front door to the model, with a platform that shows nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Literal

from bot.context.compaction import Sleep
from bot.parameter_resolver import scopes_of
from bot.ports import Clock, Model, Rates, Store
from bot.turns.conversation_manager import ConversationManager, TurnOptions
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import ConversationKey, Draft, Incoming, Person, Place, ThreadMessage, Turn
from storage import migrate, open_store
from storage.in_memory.store import MemoryStore
from tests.fakes import services

StoreKind = Literal["sqlite", "memory"]

KEY = ConversationKey(platform="measured", workspace="w", channel="c", thread="t")
SOMEBODY = Person(id="u1", name="Somebody")


class Silence:
    """A `Platform` and its `Reply` that show nothing."""

    name = KEY.platform
    min_update_interval = 60.0

    async def open_reply(self, _turn: Turn) -> Silence:
        return self

    async def read_thread(self, _key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:  # noqa: ARG002 - the port's
        return []

    async def describe(self, _key: ConversationKey) -> Place:
        return Place()

    async def show(self, _draft: Draft) -> str:
        return "shown"

    async def finish(self, _draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002 - the port's
        return "shown"

    @property
    def messages(self) -> tuple[str, ...]:
        return ()

    async def retract(self, _keep: str) -> None:
        pass

    async def known_refusal(self, _turn: Turn) -> None:
        pass

    async def tell(self, _asked: Incoming, _draft: Draft) -> None:
        pass


class Product:
    """One conversation with the bot."""

    def __init__(self, store: Store, model: Model, rates: Rates, *, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._store = store
        self._clock = clock
        options, platforms = TurnOptions(sleep=sleep), {KEY.platform: Silence()}
        self._manager = ConversationManager(store, model, rates, platforms, clock=clock, options=options)
        self._dispatcher = Dispatcher(store, self._manager.answer, worker="measured", clock=clock)
        self._inbox = Inbox(
            self._manager, self._dispatcher, services(store, self._manager, platforms, clock=clock, rates=rates)
        )

    async def set(self, **values: str) -> None:
        """Set parameters for the whole workspace."""
        for name, value in values.items():
            await self._store.put_setting(scopes_of(KEY)[0], name, value)

    async def ask(self, question: str, number: int) -> None:
        """Ask a question now and wait until its answer is settled and its notes are; its `number` is its own."""
        name = str(number)
        incoming = Incoming(
            key=KEY, dedupe_key=name, author=SOMEBODY, text=question, sent_at=self._clock(), message_id=name
        )
        await self._inbox.handle(incoming)
        await self._dispatcher.drain(KEY)
        await self._manager.settled()

    async def rest(self) -> None:
        """Wait until what the clock has woken is done."""
        for _ in range(3):
            await asyncio.sleep(0)
        await self._manager.settled()

    async def noted_until(self) -> int:
        """Return up to which entry the notes reach."""
        conversation = await self._store.get_conversation(KEY)
        return 0 if conversation is None else conversation.condensed_until

    async def aclose(self) -> None:
        """End what goes on between turns."""
        await self._manager.aclose()


@asynccontextmanager
async def opened_store(kind: StoreKind, clock: Clock) -> AsyncIterator[Store]:
    """Yield an empty store: in memory, or on SQLite in a folder of its own that goes with it."""
    if kind == "memory":
        yield MemoryStore(clock=clock)
        return
    with TemporaryDirectory(prefix="seedling-") as folder:
        url = f"sqlite:///{folder}/measured.db"
        await migrate(url)
        async with open_store(url, clock=clock) as store:
            yield store
