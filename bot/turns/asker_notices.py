"""Show whoever asked that their question has come in, and tell them when an answer that took long is complete."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from bot.errors import PlatformError
from bot.language import gettext, gettext_noop
from bot.parameter_resolver import effective_parameters, values_of
from bot.ports import Acknowledging, Clock, Notifying, Platform, Store
from bot.types import ConversationKey, Incoming, Turn, TurnState

logger = logging.getLogger(__name__)

LONG: Final = timedelta(seconds=30)
"""How long an answer takes that its asker is told of: nobody waits in front of it any more."""

DONE: Final = gettext_noop("The answer is complete.")


class AskerNotices:
    """Notices around a turn; whatever goes wrong with one of them keeps nothing else."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], *, clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock
        self._tasks: dict[asyncio.Task[None], ConversationKey] = {}

    def acknowledge(self, asked: Incoming) -> None:
        """Let the platform show that a question has come in, where it can: its answer begins only after the pause in
        which people may add to it.
        """
        platform: object = self._platforms.get(asked.key.platform)
        if isinstance(platform, Acknowledging):
            self._start(asked.key, platform.acknowledge(asked))

    def take_back(self, key: ConversationKey) -> None:
        """Let the platform show no more that a question has come in: it is gone, and nobody may ever run it.

        Who runs it sees to that as well; then it is done twice.
        """
        platform: object = self._platforms.get(key.platform)
        if isinstance(platform, Acknowledging):
            under_way = [task for task, of in self._tasks.items() if of == key]
            self._start(key, _after(under_way, platform.take_back(key)))

    def _start(self, key: ConversationKey, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_tried(key, work), name="acknowledgement")
        self._tasks[task] = key
        task.add_done_callback(self._tasks.pop)

    async def tell_done(self, turn: Turn) -> None:
        """Notify the asker of a turn that has just been closed, where it took long and people want that: platforms show
        an edited message as read. A crash before it tells nothing, which is better than telling twice.
        """
        asked = turn.incoming
        platform: object = self._platforms.get(asked.key.platform)
        if asked.private or self._clock() - asked.sent_at < LONG or not isinstance(platform, Notifying):
            return
        closed = await self._store.get_turn(turn.id)
        if closed is None or closed.state is not TurnState.DONE:
            return
        if values_of(await effective_parameters(asked, self._store)).get("notify") is False:
            return
        try:
            await platform.notify(closed, gettext(DONE))
        except PlatformError as error:
            logger.info("asker not notified", extra={"turn": turn.id, "error": str(error)})

    async def aclose(self) -> None:
        """End the acknowledgements that are under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _after(earlier: Sequence[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*earlier, return_exceptions=True)
    await work


async def _tried(key: ConversationKey, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except PlatformError as error:
        logger.info("acknowledgement of a question not shown", extra={"conversation": str(key), "error": str(error)})
