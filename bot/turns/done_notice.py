"""Tell who asked that an answer stands which took long: platforms show an edited message as read."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bot.errors import PlatformError
from bot.language import gettext, gettext_noop
from bot.parameter_resolver import effective_parameters, values_of
from bot.ports import Clock, Notifying, Platform, Store
from bot.types import Turn, TurnState

logger = logging.getLogger(__name__)

LONG: Final = timedelta(seconds=30)
"""How long an answer takes that its asker is told of: nobody waits in front of it any more."""

DONE: Final = gettext_noop("The answer is complete.")


class DoneNotice:
    """Tells once, after a turn was closed; a crash in between tells nothing, which is better than telling twice."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], *, clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock

    async def tell(self, turn: Turn) -> None:
        """Notify the asker of a turn that has just been run, where it took long and people want that."""
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
