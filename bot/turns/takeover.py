"""Settle what two runners of one turn have shown: whoever lost it gives way, and what is recorded stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from bot.delivery import Presenter
from bot.errors import PlatformError, StorageError
from bot.ports import Platform, TurnStore
from bot.turns.retries import was_interrupted
from bot.types import OPEN_STATES, Turn

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverTimes:
    """Waits of a takeover for calls that are still on their way, in seconds.

    A call that a runner sent before its end may reach the platform `late` seconds after it. Whoever lost a turn looks
    for the other's message so many `looks`, `between` them a pause; a conversation's runner is not free for that long.
    """

    late: float = 3.0
    looks: int = 10
    between: float = 1.0


DEFAULT_TIMES = TakeoverTimes()


class Takeover:
    """Keep two runners of one turn from leaving two answers, or the wrong one."""

    def __init__(self, store: TurnStore, platforms: Mapping[str, Platform], times: TakeoverTimes) -> None:
        self._store = store
        self._platforms = platforms
        self._times = times

    async def give_way(self, turn: Turn, presenter: Presenter) -> None:
        """Take back what was shown here beside the other runner's message, and mend what was shown over it.

        For a runner that was held up while another took `turn` over.
        """
        try:
            current = await self._taken_over(turn)
            if current is not None:
                await presenter.retract(current.reply_ref or "")
        except PlatformError as error:
            logger.warning("duplicate message not deleted", extra=_told(turn, error))
        await self._show_again(turn)

    async def show_over_latecomers(self, turn: Turn) -> None:
        """Show the answer of an interrupted turn once more.

        What an earlier runner sent before its end may arrive after it, and nobody else would mend that. One whose
        message was not noted before this claim was not editing any: no runner edits before that.
        """
        if was_interrupted(turn) and turn.reply_ref:
            await asyncio.sleep(self._times.late)
            await self._show_again(turn)

    async def _taken_over(self, turn: Turn) -> Turn | None:
        """Return the turn as soon as the other runner has noted its message, or needs none any more.

        None when neither comes: the other may be going on with the very message that this runner has shown. A database
        that is away meanwhile is asked again.
        """
        for _ in range(self._times.looks):
            try:
                current = await self._store.get_turn(turn.id)
            except StorageError as error:
                logger.warning("could not read who runs the turn", extra=_told(turn, error))
            else:
                if current is None or current.reply_ref or current.state not in OPEN_STATES:
                    return current
            await asyncio.sleep(self._times.between)
        return None

    async def _show_again(self, turn: Turn) -> None:
        """Show a recorded answer again in its message; while it is being written, its runner does so itself.

        Where no message is noted there is none to mend, and a post from here could be a second one.
        """
        try:
            current = await self._store.get_turn(turn.id)
            if current is None or not current.reply_ref or current.outcome is None or current.draft is None:
                return
            reply = await self._platforms[turn.incoming.key.platform].open_reply(current)
            await reply.finish(current.draft)
        except (PlatformError, StorageError) as error:
            logger.warning("answer not shown again", extra=_told(turn, error))


def _told(turn: Turn, error: Exception) -> dict[str, object]:
    return {"turn": turn.id, "conversation": str(turn.incoming.key), "epoch": turn.epoch, "error": str(error)}
